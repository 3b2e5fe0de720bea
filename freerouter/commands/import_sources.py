"""Where other tools keep their settings, and which reader understands a file."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from freerouter.commands.set_up import text_in
from freerouter.config.secrets import read_env_file
from freerouter.config.workspace import shown
from freerouter.config.yaml_file import Document, parse_yaml, read_yaml
from freerouter.errors import FileError, FreeRouterError, NotFoundError, UsageError
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.from_litellm import read_litellm
from freerouter.providers.from_tools import read_aider, read_llm, read_router, read_variables
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from freerouter.context import Context
    from freerouter.providers.imported import Imported

TOOLS = {
    "claude-code-router": "Claude Code Router",
    "aider": "aider",
    "llm": "llm",
    "litellm": "LiteLLM",
}
ENV = "env"
AIDER_FILE = ".aider.conf.yml"
LLM_FILES = ("keys.json", "extra-openai-models.yaml")
LITELLM_FILES = ("litellm_config.yaml", "litellm-config.yaml", "litellm.yaml", "config.yaml")
KNOWN = "LiteLLM's config.yaml, an .env file, Claude Code Router's config.json, aider's or llm's"


class Source(NamedTuple):
    """A tool's settings: one of TOOLS or `env`, and the files that they stand in."""

    tool: str
    paths: tuple[str, ...]

    def name(self, ctx: Context) -> str:
        """What `import` is to be told."""
        return called(ctx, self.paths[0]) if self.tool == ENV else self.tool


def called(ctx: Context, path: str) -> str:
    """A path as a person writes it: by its name alone where it lies in this directory."""
    if os.path.dirname(path) == ctx.cwd:
        return os.path.basename(path)
    return shown(path, ctx.environ)


def found_sources(ctx: Context) -> list[Source]:
    """What lies in the usual places."""
    sources = [source for tool in TOOLS for source in [_of_tool(ctx, tool)] if source]
    aiders = {os.path.dirname(p) for s in sources if s.tool == "aider" for p in s.paths}
    own = os.path.realpath(ctx.workspace.env_file)
    for directory in dict.fromkeys((ctx.cwd, _home(ctx))):
        path = os.path.join(directory, ".env")
        if os.path.isfile(path) and os.path.realpath(path) != own and directory not in aiders:
            sources.append(Source(ENV, (path,)))
    return sources


def importable(ctx: Context) -> list[str]:
    """What `import` could take something from; what cannot be read is told there."""
    names = []
    for source in found_sources(ctx):
        with contextlib.suppress(FreeRouterError):
            names += [source.name(ctx)] if read(ctx, source).entries else []
    return names


def named_source(ctx: Context, name: str) -> Source:
    """A tool by its name, or a file by its path. Raises NotFoundError where it is not there."""
    if name in TOOLS:
        source = _of_tool(ctx, name)
        if source is None:
            raise NotFoundError(
                f"{TOOLS[name]} has no settings in its usual place.",
                f"Looked for {', '.join(shown(p, ctx.environ) for p in _places(ctx, name))}.",
                "`freerouter import FILE` reads one that lies elsewhere.",
            )
        return source
    path = os.path.join(ctx.cwd, _expanded(ctx, name))
    if not os.path.isfile(path):
        tool = did_you_mean(name, TOOLS)
        raise NotFoundError(
            f'There is no file "{name}".', fix=tool or f"Tools that are known: {', '.join(TOOLS)}."
        )
    return Source(_kind(path, name), (path,))


def _kind(path: str, name: str) -> str:
    """Which tool's file it is, by its name, else by what stands in it."""
    base = os.path.basename(path)
    if base.startswith(".aider"):
        return "aider"
    if base in LLM_FILES:
        return "llm"
    if base.startswith(".env") or base.endswith(".env"):
        return ENV
    text = text_in(path)
    if base.endswith(".json") or text.lstrip().startswith(("{", "//")):
        return "claude-code-router"
    try:
        data = parse_yaml(text.encode(), name).data
    except FileError:
        if base.endswith((".yaml", ".yml")):
            raise
        data = None
    if isinstance(data, dict) and "model_list" in data:
        return "litellm"
    if isinstance(data, dict) and "providers" in data:
        raise UsageError(
            f"{name} is a set-up of FreeRouter.", fix=f"`freerouter apply {name}` makes it so."
        )
    if read_env_file(path) and not isinstance(data, dict):
        return ENV
    raise UsageError(f"{name} is in no format that is known.", f"Known: {KNOWN}.")


def read(ctx: Context, source: Source) -> Imported:
    """What stands there, in our terms."""
    catalogue = catalogue_of(ctx)
    first = source.paths[0]
    if source.tool == ENV:
        return read_variables(read_env_file(first), catalogue)
    if source.tool == "litellm":
        return read_litellm(_yaml(ctx, first), catalogue)
    if source.tool == "claude-code-router":
        return read_router(text_in(first), called(ctx, first), catalogue)
    if source.tool == "llm":
        keys = next((p for p in source.paths if p.endswith(LLM_FILES[0])), "")
        more = next((p for p in source.paths if p.endswith(LLM_FILES[1])), "")
        extra = _yaml(ctx, more).data if more else None
        text = text_in(keys) if keys else ""
        return read_llm(text, called(ctx, keys or more), extra, catalogue)
    settings: dict[str, object] = {}
    variables: dict[str, str] = {}
    document = Document(called(ctx, first), None, None)
    for path in source.paths:
        if os.path.basename(path) == ".env":
            variables |= read_env_file(path)
            continue
        document = _yaml(ctx, path)
        if isinstance(document.data, dict):
            settings |= document.data
    return read_aider(document._replace(data=settings), variables, catalogue)


def _yaml(ctx: Context, path: str) -> Document:
    return read_yaml(path)._replace(name=called(ctx, path))


def _of_tool(ctx: Context, tool: str) -> Source | None:
    paths = [path for path in _places(ctx, tool) if os.path.isfile(path)]
    if tool == "litellm":
        paths = [p for p in paths if _is_litellms(ctx, p)][:1]
    if tool == "aider" and not any(p.endswith(AIDER_FILE) for p in paths):
        paths = []
    return Source(tool, tuple(paths)) if paths else None


def _is_litellms(ctx: Context, path: str) -> bool:
    """Whether it is a configuration of LiteLLM's that is not our own."""
    own = os.path.realpath(ctx.workspace.config_file)
    return os.path.realpath(path) != own and "model_list:" in text_in(path)


def _places(ctx: Context, tool: str) -> list[str]:
    """Where a tool's files lie; of several the later one wins."""
    home = _home(ctx)
    if tool == "claude-code-router":
        return [os.path.join(home, ".claude-code-router", "config.json")]
    if tool == "llm":
        return [os.path.join(_llm(ctx), name) for name in LLM_FILES]
    if tool == "litellm":
        return [os.path.join(ctx.cwd, name) for name in LITELLM_FILES]
    directories = dict.fromkeys((home, _repository(ctx.cwd), ctx.cwd))
    return [os.path.join(d, name) for d in directories if d for name in (AIDER_FILE, ".env")]


def _llm(ctx: Context) -> str:
    if ctx.environ.get("LLM_USER_PATH"):
        return ctx.environ["LLM_USER_PATH"]
    home = _home(ctx)
    base = ctx.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    if sys.platform == "darwin":
        base = os.path.join(home, "Library", "Application Support")
    elif sys.platform == "win32":
        base = ctx.environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    return os.path.join(base, "io.datasette.llm")


def _repository(directory: str) -> str:
    """The root of the git repository that the directory is in; "" where it is in none."""
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return ""
        directory = above
    return directory


def _home(ctx: Context) -> str:
    return ctx.environ.get("HOME") or os.path.expanduser("~")


def _expanded(ctx: Context, path: str) -> str:
    return os.path.join(_home(ctx), path[2:]) if path.startswith("~/") else path
