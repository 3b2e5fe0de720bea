"""A whole set-up as plain data: providers.yaml, the user's own catalogue records and flows.

`differences` words what leads from one to another, and `put` does it: all of it, or nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config import atomic
from freerouter.config.backups import back_up, keep_file
from freerouter.config.providers_file import TOP, read_providers
from freerouter.config.providers_schema import HEADER, publish
from freerouter.config.rewrite import rewritten
from freerouter.config.versions import VERSION
from freerouter.config.yaml_file import decode, dump_yaml, parse_yaml, read_yaml
from freerouter.errors import FileError, FreeRouterError
from freerouter.result import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.config.workspace import Workspace
    from freerouter.context import Context

SHOWN = ("gateway", "spend", "budgets", "usage")
"""Settings that hold no secret, so that a plan may show their values."""


class SetUp(NamedTuple):
    """Settings as in providers.yaml without its version; records and flows by name."""

    settings: Mapping[str, Any]
    records: Mapping[str, Any]
    flows: Mapping[str, Any]


class Change(NamedTuple):
    """One difference: in words, and as `add`, `change` or `remove` with what it is about."""

    kind: str
    what: str
    detail: str = ""

    @property
    def text(self) -> str:
        return f"{self.kind} {self.what}{f': {self.detail}' if self.detail else ''}"


def read_set_up(workspace: Workspace) -> SetUp:
    """What a workspace is set up as. Raises where one of its files cannot be read."""
    settings = {}
    if os.path.isfile(workspace.providers_file):
        document = read_yaml(workspace.providers_file)
        if document.data is not None:
            read_providers(document)
            settings = document.data
    return SetUp(bare(settings), _files_in(workspace.overrides), _files_in(workspace.flows))


def bare(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without the version, and without keys that hold nothing; in the order of the reference."""
    order = [*TOP, *(key for key in settings if key not in TOP)]
    return {
        key: settings[key]
        for key in order
        if key != "version" and settings.get(key) not in (None, [], {}, "")
    }


def _files_in(directory: str) -> dict[str, Any]:
    if not os.path.isdir(directory):
        return {}
    names = sorted(n for n in os.listdir(directory) if n.endswith(".yaml"))
    return {name[:-5]: read_yaml(os.path.join(directory, name)).data for name in names}


def differences(old: SetUp, new: SetUp) -> list[Change]:
    """What leads from one to the other, in the order of the file."""
    found = [*_providers(old.settings, new.settings)]
    for key in [*TOP, *sorted({*old.settings, *new.settings} - {*TOP})]:
        if key not in ("version", "providers"):
            found += _settings(key, old.settings.get(key), new.settings.get(key))
    found += _named("record", old.records, new.records)
    found += _named("flow", old.flows, new.flows)
    return found


def _providers(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    for name, row in after.items():
        if name not in before:
            yield Change("add", f"provider {name}")
        elif before[name] != row:
            fields = [k for k in {**before[name], **row} if before[name].get(k) != row.get(k)]
            yield Change("change", f"provider {name}", ", ".join(fields))
    yield from (Change("remove", f"provider {name}") for name in before if name not in after)
    if before == after and list(before) != list(after):
        yield Change("change", "the order of providers")


def _by_name(settings: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in settings.get("providers") or ():
        name = row.get("name") or row.get("type")
        number = 1
        while name in found:
            number += 1
            name = f"{row.get('name') or row.get('type')}-{number}"
        found[name] = row
    return found


def _settings(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _settings(f"{path}.{key}", old.get(key), new.get(key))
        return
    if isinstance(new, dict) and old is None and path.count(".") == 0:
        for key, value in new.items():
            yield from _settings(f"{path}.{key}", None, value)
        return
    if new is None:
        yield Change("remove", path)
        return
    detail = str(new) if path.split(".", maxsplit=1)[0] in SHOWN else ""
    if isinstance(new, list):
        detail = counted(len(new), "model") if path.startswith("select.") else ""
    yield Change("add" if old is None else "change", path, detail)


def _named(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield Change("add", f"{what} {name}")
        elif name not in new:
            yield Change("remove", f"{what} {name}")
        elif old[name] != new[name]:
            yield Change("change", f"{what} {name}")


def put(ctx: Context, new: SetUp) -> list[str]:
    """Make the workspace that set-up. Returns the files that were written or taken away.

    What fails on the way is put back, so that either all is new or all is old. Every file that
    is overwritten or taken away is kept in `backups/`.
    """
    workspace = ctx.workspace
    with atomic.lock(workspace.root):
        texts = texts_of(workspace, new)
        done = replace(workspace, texts, ctx.now())
        publish(workspace)
    return done


def texts_of(workspace: Workspace, new: SetUp) -> dict[str, str | None]:
    """The files that are to change, by path; None for one that is to go."""
    texts: dict[str, str | None] = {}
    old = read_set_up(workspace)
    path = workspace.providers_file
    if bare(old.settings) != bare(new.settings) or not os.path.isfile(path):
        texts[path] = settings_text(path, new.settings)
    for directory, before, after in (
        (workspace.overrides, old.records, new.records),
        (workspace.flows, old.flows, new.flows),
    ):
        for name in sorted({*before, *after}):
            if name not in before or before[name] != after.get(name):
                place = os.path.join(directory, f"{name}.yaml")
                texts[place] = dump_yaml(after[name]) if name in after else None
    return texts


def settings_text(path: str, settings: Mapping[str, Any]) -> str:
    """providers.yaml with these settings: an old file keeps its comments and its version."""
    wanted: dict[str, Any] = {"version": VERSION, **bare(settings)}
    text = text_in(path)
    old = parse_yaml(text.encode(), path).data if text else None
    if isinstance(old, dict):
        empty = {k: v for k, v in old.items() if v in (None, [], {}, "") and k not in wanted}
        version = {"version": old["version"]} if "version" in old else {}
        wanted = {**version, **empty, **bare(settings)}
    new = rewritten(text, wanted)
    if not text:
        new = HEADER + new
    read_providers(parse_yaml(new.encode(), path))
    return new


def text_in(path: str) -> str:
    """The text of a file; "" where there is none."""
    try:
        with open(path, "rb") as file:
            return decode(file.read(), path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise FileError(f"Cannot read {path}.", f"{error.strerror}.") from None


def replace(workspace: Workspace, texts: Mapping[str, str | None], now: float) -> list[str]:
    """Write several files as one: what fails on the way is put back. The lock must be held."""
    before: dict[str, str] = {}
    done: list[str] = []
    back_up(workspace, now)
    try:
        for path, text in texts.items():
            before[path] = text_in(path)
            if before[path] and path not in (workspace.providers_file, workspace.config_file):
                keep_file(workspace, path, now)
            if text is None:
                os.unlink(path)
            else:
                atomic.write_text(path, text)
            done.append(path)
    except (FreeRouterError, OSError, KeyboardInterrupt) as error:
        for path in done:
            if before[path]:
                atomic.write_text(path, before[path])
            else:
                os.unlink(path)
        if isinstance(error, OSError):
            raise atomic.unwritable(path, error) from None
        raise
    return done
