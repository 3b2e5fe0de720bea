"""`config show`, `get`, `set`, `unset`, `redacted`: settings by name, and who says so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from freerouter.commands.writing import reload_hint, rewrite
from freerouter.config import atomic
from freerouter.config.hiding import as_text, hide, secrets_of, stored_secrets
from freerouter.config.profiles import profile_names
from freerouter.config.providers_file import USUAL_PORT, read_providers
from freerouter.config.put_setting import put, typed
from freerouter.config.references import is_key
from freerouter.config.secrets import KEYRING, MASTER_KEY, load_secrets
from freerouter.config.settings import Setting, find, setting, settings, worded
from freerouter.config.state import has_models
from freerouter.config.workspace import DEFAULT, PROFILE, chosen_profile, shown
from freerouter.config.yaml_file import read_yaml
from freerouter.errors import (
    FileError,
    NotConfiguredError,
    NotFoundError,
    ProviderError,
    UsageError,
)
from freerouter.process.probe import url_of
from freerouter.process.record import running
from freerouter.redact import masked, names_secret
from freerouter.result import Block, Line, Result, Table
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.config.put_setting import Put
    from freerouter.config.yaml_file import Document
    from freerouter.context import Context

ADDRESS = ("gateway.host", "gateway.port")
OWN_VARIABLES = "FREEROUTER_"
SHOWN = ("FREEROUTER_HOME", PROFILE, USUAL_PORT)
"""Those that are told of as the source of another setting."""


def show(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Everything that is in force, and what says so."""
    document, secrets = _read(ctx)
    found = [_clean(ctx, one, secrets) for one in settings(document, ctx.environ)]
    rows = [*_whereabouts(ctx), *found, *_master(ctx), *_address(ctx, found), *_variables(ctx)]
    table = [(one.name, _cell(ctx, one), _source(ctx, one)) for one in rows]
    data = [{**one._asdict(), "source": _source(ctx, one)} for one in rows]
    show: list[Block] = [Table(("SETTING", "VALUE", "FROM"), tuple(table))]
    record = running(ctx.workspace)
    if record is not None and url_of(record.host, record.port) not in [r.value for r in rows]:
        where = url_of(record.host, record.port)
        what = f"The gateway that runs still has {where}: `stop` and `start` change that."
        show.append(Line(what, "warn", err=True))
    return Result({"settings": data}, tuple(show))


def get(ctx: Context, args: Mapping[str, Any]) -> Result:
    """One value alone."""
    document, secrets = _read(ctx)
    name = args["key"]
    found = find(name, document, read_providers(document), ctx.environ)
    if found.value is None:
        raise NotFoundError(
            f"{name} is not set, and has no default.", fix=f"`config set {name} VALUE` sets it."
        )
    found = _clean(ctx, found, secrets)
    data = {"key": name, "value": found.value, "source": _source(ctx, found), "kind": found.kind}
    return Result(data, tuple(Line(line) for line in worded(found.value).splitlines()))


def put_value(ctx: Context, args: Mapping[str, Any]) -> Result:
    name, word = args["key"], args["value"]
    value = typed(word, name)
    if value is None:
        raise UsageError(f"{word} is no value.", fix=f"`config unset {name}` takes it out.")
    _refuse_secret(ctx, name, value)
    return _written(ctx, name, value)


def unset(ctx: Context, args: Mapping[str, Any]) -> Result:
    document, _ = _read(ctx)
    name = args["key"]
    found = find(name, document, read_providers(document), ctx.environ)
    if found.kind != "file":
        line = Line(f"{name} is not set in providers.yaml: nothing was changed.", "ok")
        return Result({"key": name, "value": None, "before": None, "changed": False}, (line,))
    return _written(ctx, name, None)


def _written(ctx: Context, name: str, value: Any) -> Result:
    """providers.yaml, and config.yaml in step with it where that is made already."""
    done = put(ctx.workspace, name, value, ctx.now())
    clear = secrets_of(done.text.encode())
    before = _hidden(ctx, done.before, name, clear)
    data = {"key": name, "value": value, "before": before, "changed": done.changed}
    # Also where it was written before, and broken off before config.yaml was.
    notes = _in_step(ctx, done)
    if not done.changed:
        return Result(data, (Line(f"{name} is {_inline(value)} already.", "ok"), *notes))
    what = f"{name} is {_inline(value)} now."
    if value is None:
        default = setting(name, read_yaml(ctx.workspace.providers_file), ctx.environ)
        now = f" It is {_inline(default.value)} now ({_source(ctx, default)})."
        what = f"{name} is taken out.{'' if default.value is None else now}"
    undo: tuple[tuple[str, ...], ...] = (("config", "unset", name),)
    if done.before is not None:
        secret = before != done.before
        undo = (("undo",) if secret else ("config", "set", name, _inline(done.before)),)
    return Result(data, (Line(what, "ok"), *notes, *_next(ctx, name, notes)), undo=undo)


def _in_step(ctx: Context, done: Put) -> list[Line]:
    if not has_models(ctx.workspace):
        return []
    try:
        rewrite(ctx, backed_up=done.changed)
    except (NotConfiguredError, ProviderError) as error:
        return [Line(f"config.yaml stays as it is: {error}", "warn")]
    except BaseException:
        if not done.changed:
            raise
        atomic.write_text(ctx.workspace.providers_file, done.text)
        raise
    return []


def _next(ctx: Context, name: str, notes: list[Line]) -> list[Line]:
    """What brings the change to the gateway."""
    if running(ctx.workspace) is not None:
        if name in ADDRESS:
            text = "The gateway keeps its address until it is started anew: `stop`, then `start`."
            return [Line(text, "warn")]
        return reload_hint(ctx) or [Line("Next: `reload` brings it to the gateway.")]
    if notes or not has_models(ctx.workspace):
        return [Line("Next: `fetch`.")]
    return [Line("Next: `start`.")]


def redacted(ctx: Context, args: Mapping[str, Any]) -> Result:
    """A file as it may be shown to anybody: every secret is a mark, everything else as it is."""
    workspace = ctx.workspace
    path = workspace.config_file if args["made"] else workspace.providers_file
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except FileNotFoundError:
        raise NotConfiguredError(
            f"There is no {shown(path, ctx.environ)} yet.", fix="`freerouter fetch` makes it."
        ) from None
    except OSError as error:
        raise FileError(f"Cannot read {path}.", f"{error.strerror}.") from None
    known = stored_secrets(workspace, ctx.environ) | secrets_of(raw)
    text = hide(as_text(raw), known)
    lines = tuple(Line(line) for line in text.splitlines())
    return Result({"file": path, "text": text, "hidden": text.count("hidden-")}, lines)


def _refuse_secret(ctx: Context, name: str, value: Any) -> None:
    """A key never stands in providers.yaml; this is for what the line itself did not show."""
    load_secrets(ctx)
    for key, text in _texts(value, name):
        if is_key(text) and (names_secret(key) or ctx.redact.name_of(text)):
            ctx.redact.learn({name: text})
            raise UsageError(
                f"{name} would hold a key itself, and providers.yaml holds none.",
                "Nothing was changed.",
                "`keys set PROVIDER` stores it; '${NAME}' stands for a variable.",
            )


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every text in a value, with the name under which it stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, str):
        yield name, value


def _read(ctx: Context) -> tuple[Document, set[str]]:
    """The file, and what stands in it in clear."""
    load_secrets(ctx)
    path = ctx.workspace.providers_file
    document = read_yaml(path)
    read_providers(document)
    with open(path, "rb") as file:
        return document, secrets_of(file.read())


def _clean(ctx: Context, one: Setting, secrets: set[str]) -> Setting:
    return one._replace(value=_hidden(ctx, one.value, one.name, secrets))


def _hidden(ctx: Context, value: Any, name: str, secrets: set[str]) -> Any:
    """The value without what stands in it in clear."""
    if isinstance(value, dict):
        return {key: _hidden(ctx, item, str(key), secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(ctx, item, name, secrets) for item in value]
    if not isinstance(value, str):
        return value
    if value in secrets or (is_key(value) and names_secret(name)):
        return masked(value)
    return ctx.redact(hide(value, secrets))


def _whereabouts(ctx: Context) -> Iterator[Setting]:
    workspace = ctx.workspace
    from_what = {
        "project": ("file", "./config of this directory"),
        "env": ("variable", "FREEROUTER_HOME"),
        "user": ("variable", "XDG_CONFIG_HOME")
        if ctx.environ.get("XDG_CONFIG_HOME")
        else ("default", "default"),
    }
    yield Setting("workspace", workspace.root, *from_what[workspace.origin])
    yield Setting("profile", workspace.profile or DEFAULT, *_who_chose(ctx))
    for name, path in (
        ("providers.yaml", workspace.providers_file),
        ("config.yaml", workspace.config_file),
        (".env", workspace.env_file),
        ("backups", workspace.backups),
        ("log", workspace.log_file),
    ):
        state = "" if os.path.exists(path) else "not there yet"
        yield Setting(name, path, "path", state)


def _who_chose(ctx: Context) -> tuple[str, str]:
    name = ctx.workspace.profile or DEFAULT
    if ctx.environ.get(PROFILE) == name:
        return "variable", PROFILE
    if chosen_profile(ctx.workspace.base) == name:
        return "file", f"{shown(ctx.workspace.chosen_file, ctx.environ)} (`profile use`)"
    if name == DEFAULT:
        others = len(profile_names(ctx.workspace)) > 1
        return "default", "default" if not others else "default (`profile use` changes it)"
    return "option", "--profile"


def _master(ctx: Context) -> Iterator[Setting]:
    secrets = load_secrets(ctx)
    where = secrets.origin(MASTER_KEY)
    if where == KEYRING:  # which need not be opened to say so
        yield Setting(MASTER_KEY, "…", "secret", KEYRING)
    elif key := secrets.get(MASTER_KEY):
        source = shown(ctx.workspace.env_file, ctx.environ) if where == ".env" else where
        yield Setting(MASTER_KEY, volatile("any", masked(key)), "secret", source)
    else:
        yield Setting(MASTER_KEY, None, "secret", "made at the next `fetch` or `start`")


def _address(ctx: Context, found: list[Setting]) -> Iterator[Setting]:
    values = {one.name: one.value for one in found}
    url = url_of(values["gateway.host"], values["gateway.port"])
    yield Setting("address", url, "made", " and ".join(ADDRESS))


def _variables(ctx: Context) -> Iterator[Setting]:
    """Switches of ours that the environment sets."""
    for name in sorted(ctx.environ):
        if name.startswith(OWN_VARIABLES) and name not in SHOWN:
            value = masked(ctx.environ[name]) if names_secret(name) else ctx.environ[name]
            yield Setting(name, volatile("any", value), "variable", "environment")


def _cell(ctx: Context, one: Setting) -> str:
    if one.value is None:
        return "-"
    return shown(_inline(one.value), ctx.environ)


def _inline(value: Any) -> str:
    if isinstance(value, dict | list):
        from freerouter.config.splice import inline

        return inline(value)
    return worded(value)


def _source(ctx: Context, one: Setting) -> str:
    if one.kind == "variable" and one.source != "environment":
        return f"{one.source} (environment)"
    return shown(one.source, ctx.environ)
