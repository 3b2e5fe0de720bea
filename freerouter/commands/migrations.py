"""What leads from an earlier FreeRouter's files to today's: a chain of named steps.

Each step is a pure function from files to files, and one that has nothing to do gives back what it
was given. The next version is one more entry in STEPS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config import variables
from freerouter.config.references import by_reference, in_clear, is_key, names_a_secret
from freerouter.config.rewrite import rewritten
from freerouter.config.secrets import MASTER_KEY, STRONG_KEY_LENGTH
from freerouter.config.versions import UNVERSIONED, version_of
from freerouter.config.yaml_file import dump_yaml, parse_yaml
from freerouter.errors import FileError
from freerouter.redact import KEY_SHAPES, SHORTEST
from freerouter.result import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ENGINE = "os.environ/"
GONE = "scrubbed"
"""What stands where a key stood that nobody knows any more."""
SECTIONS = ("litellm_settings", "general_settings")


class Files(NamedTuple):
    """What an earlier FreeRouter left, as texts and variables; and what becomes of it."""

    providers: str
    config: str = ""
    stored: Mapping[str, str] = {}
    """The variables of the workspace's `.env`."""
    beside: Mapping[str, str] = {}
    """Those of an `.env` that is not read from now on."""
    outside: Mapping[str, str] = {}
    """Those of the environment."""
    copies: Mapping[str, str] = {}
    """Old backups and logs, by path."""
    told: tuple[str, ...] = ()
    """What the user should know besides."""

    @property
    def known(self) -> dict[str, str]:
        return {**self.beside, **self.stored, **self.outside}

    @property
    def settings(self) -> dict[str, Any]:
        return _parsed(self.providers)

    def with_keys(self, keys: Mapping[str, str]) -> Files:
        """The same with those keys in `.env`."""
        return self._replace(stored={**self.stored, **keys})


class Names(NamedTuple):
    """Who knows the catalogue: the variable of a provider's key, and that of a deployment's."""

    of_provider: Callable[[Mapping[str, Any]], str]
    of_deployment: Callable[[Mapping[str, Any], Iterable[Mapping[str, Any]]], str]


class Step(NamedTuple):
    """One step from a version to the next. `bare`: it takes keys out of files, so no copy is made
    of what it replaces, and whatever the version it is done again where there are some. `asked`: it
    is done only where that is asked for.
    """

    id: str
    start: int
    to: int
    title: str
    change: Callable[[Files, Names], Files]
    bare: bool = False
    asked: bool = False


class Done(NamedTuple):
    """A step that had something to do, and what came of it."""

    step: Step
    before: Files
    after: Files

    @property
    def text(self) -> str:
        new = [n for n in self.after.stored if n not in self.before.stored]
        if self.step.id == "scrub":
            changed = [
                path for path, text in self.after.copies.items() if text != self.before.copies[path]
            ]
            return f"{self.step.id}: {self.step.title.format(counted(len(changed), 'old file'))}"
        names = f": {', '.join(new)}" if new else ""
        return f"{self.step.id}: {self.step.title}{names}"


def walk(
    files: Files, names: Names, *, scrub: bool, steps: Sequence[Step] | None = None
) -> list[Done]:
    """The steps that have something to do, in their order, each with what it was given."""
    done = []
    for step in STEPS if steps is None else steps:
        late = version_of(files.settings) > step.start
        if (step.asked and not scrub) or (late and not step.bare):
            continue
        after = step.change(files, names)
        if after._replace(told=()) != files._replace(told=()):
            done.append(Done(step, files, after))
        files = after
    return done


def move_keys(files: Files, names: Names) -> Files:
    """Keys that stand in providers.yaml go to `.env`, and `${NAME}` stands for them."""
    settings = files.settings
    clear = in_clear(settings, names.of_provider, files.known)
    if not clear:
        return files
    told = tuple(
        f"{one.variable.rpartition('_OLD')[0]} holds another key already, so the one of "
        f"providers.yaml is kept as {one.variable}."
        for one in clear
        if "_OLD" in one.variable
    )
    text = rewritten(files.providers, by_reference(settings, clear))
    moved = files.with_keys({one.variable: one.value for one in clear})
    return moved._replace(providers=text, told=files.told + told)


def move_config_keys(files: Files, names: Names) -> Files:
    """Keys that stand in config.yaml go to `.env`, and `os.environ/NAME` stands for them."""
    config = _parsed(files.config)
    rows = files.settings.get("providers") or []
    keys: dict[str, str] = {}
    told: list[str] = []
    for holder, field in _config_keys(config):
        value = holder[field]
        name = _name_of(value, files.known | keys)
        if not name:
            wanted = MASTER_KEY if field == "master_key" else names.of_deployment(holder, rows)
            if field == "master_key" and len(value) < STRONG_KEY_LENGTH:
                told.append("The gateway had a weak key. A strong one is made at the next fetch.")
                holder[field] = f"{ENGINE}{MASTER_KEY}"
                continue
            name = wanted
            while name in files.known | keys:
                name = f"{name}_OLD"
            if name != wanted:
                told.append(
                    f"{wanted} holds another key than config.yaml: that one is kept as {name}."
                )
        keys[name] = value
        holder[field] = f"{ENGINE}{name}"
    if not keys and not told:
        return files
    moved = files.with_keys(keys)
    return moved._replace(
        config=_generated(files.config, config), told=files.told + tuple(dict.fromkeys(told))
    )


def place_master_key(files: Files, _names: Names) -> Files:
    """LiteLLM reads the gateway's key from general_settings, and ignores it elsewhere."""
    config = _parsed(files.config)
    if "master_key" not in (config.get("litellm_settings") or {}):
        return files
    del config["litellm_settings"]["master_key"]
    config["general_settings"] = {
        **(config.get("general_settings") or {}),
        "master_key": f"{ENGINE}{MASTER_KEY}",
    }
    told = "The gateway was open to everybody who reached it. It wants its key from now on."
    return files._replace(config=_generated(files.config, config), told=(*files.told, told))


def copy_env(files: Files, names: Names) -> Files:
    """Keys that providers.yaml needs are copied out of an `.env` that is not read from now on."""
    wanted = [MASTER_KEY]
    for row in files.settings.get("providers") or ():
        texts = [str(row.get(k) or "") for k in ("api_key", "api_base")]
        texts += [str(key) for key in row.get("keys") or ()]
        named = [name for text in texts for name in variables.names(text)]
        wanted += named or [names.of_provider(row)]
    reached = {**files.stored, **files.outside}
    found = {
        name: files.beside[name]
        for name in dict.fromkeys(wanted)
        if files.beside.get(name) and not reached.get(name)
    }
    if len(found.get(MASTER_KEY, "x" * STRONG_KEY_LENGTH)) < STRONG_KEY_LENGTH:
        del found[MASTER_KEY]
    return files.with_keys(found) if found else files


def take_address(files: Files, _names: Names) -> Files:
    """Host and port were variables of `.env`; now they are settings of the gateway."""
    settings = files.settings
    named = {**files.beside, **files.stored}
    gateway = dict(settings.get("gateway") or {})
    port, host = named.get("LITELLM_PORT", ""), named.get("LITELLM_HOST", "")
    if port.isdigit() and 0 < int(port) < 65536:  # noqa: PLR2004 - the range of TCP ports
        gateway.setdefault("port", int(port))
    if host:
        gateway.setdefault("host", host)
    if gateway == (settings.get("gateway") or {}):
        return files
    return files._replace(providers=rewritten(files.providers, {**settings, "gateway": gateway}))


def write_version(files: Files, _names: Names) -> Files:
    """`version: 1`, above the first setting."""
    settings = files.settings
    if "version" in settings:
        return files
    lines = files.providers.splitlines(keepends=True)
    wanted = {"version": 1, **settings}
    place = _first_setting(files.providers)
    text = "".join([*lines[:place], "version: 1\n\n", *lines[place:]])
    try:
        right = _parsed(text) == wanted
    except FileError:  # all of it stands between braces, say
        right = False
    return files._replace(providers=text if right else rewritten(files.providers, wanted))


def scrub_copies(files: Files, _names: Names) -> Files:
    """In old backups and logs a key gives way to its name, or to a word where it has none."""
    named = variables.names(files.providers)
    known = {k: v for k, v in files.known.items() if k in named or names_a_secret(k)}
    return files._replace(
        copies={path: _scrubbed(text, known) for path, text in files.copies.items()}
    )


STEPS = (
    Step("keys", 0, 1, "move keys from providers.yaml to .env", move_keys, bare=True),
    Step("config-keys", 0, 1, "move keys from config.yaml to .env", move_config_keys, bare=True),
    Step("master-key", 0, 1, "put the key of the gateway where LiteLLM reads it", place_master_key),
    Step("env", 0, 1, "copy keys from ./.env to .env of the workspace", copy_env),
    Step("address", 0, 1, "take host and port from .env into providers.yaml", take_address),
    Step("version", UNVERSIONED, 1, "write version 1 into providers.yaml", write_version),
    Step("scrub", 0, 1, "take the keys out of {}", scrub_copies, bare=True, asked=True),
)


def _parsed(text: str) -> dict[str, Any]:
    data = parse_yaml(text.encode(), "").data if text else None
    return data if isinstance(data, dict) else {}


def _config_keys(config: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a LiteLLM configuration holds keys themselves: the map, and the name in it."""
    for row in config.get("model_list") or ():
        params = row.get("litellm_params") if isinstance(row, dict) else None
        if isinstance(params, dict) and is_key(params.get("api_key")):
            yield params, "api_key"
    for section in SECTIONS:
        settings = config.get(section)
        if isinstance(settings, dict) and is_key(settings.get("master_key")):
            yield settings, "master_key"


def _provider_keys(settings: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Where an old providers.yaml holds keys themselves."""
    for row in settings.get("providers") or ():
        if isinstance(row, dict):
            if is_key(row.get("api_key")):
                yield row, "api_key"
            keys = row.get("keys") or []
            yield from ((keys, number) for number, key in enumerate(keys) if is_key(key))


def holds_keys(config: str) -> bool:
    """Whether a LiteLLM configuration holds keys in clear."""
    return any(True for _ in _config_keys(_parsed(config)))


def _generated(before: str, config: Mapping[str, Any]) -> str:
    """A generated file anew, under the comments that it had at its head."""
    head = [line for line in before.splitlines(keepends=True) if line.startswith("#")]
    return "".join(head) + dump_yaml(dict(config))


def _name_of(value: str, known: Mapping[str, str]) -> str:
    return next((name for name, one in known.items() if one.strip() == value), "")


def _first_setting(text: str) -> int:
    """The line of the first setting, or of the comment that belongs to it alone."""
    node = parse_yaml(text.encode(), "").node
    lines = text.splitlines()
    first = int(node.value[0][0].start_mark.line) if node is not None and node.value else 0
    above = first
    while above and lines[above - 1].startswith("#"):
        above -= 1
    return above or first


def _scrubbed(text: str, known: Mapping[str, str]) -> str:
    values = {value.strip(): f"{ENGINE}{name}" for name, value in known.items()}
    try:
        parsed = _parsed(text)
    except FileError:
        parsed = {}
    for holder, field in (*_config_keys(parsed), *_provider_keys(parsed)):
        values.setdefault(holder[field], GONE)
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= SHORTEST and value in text:
            text = text.replace(value, values[value])
    return re.sub(KEY_SHAPES, GONE, text)
