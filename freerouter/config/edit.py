"""Changing a hand-written providers.yaml: comments, order and quoting of the rest survive.

Each change is made line by line. Where the file is written so that this cannot be done (all in one
line, say), it goes through a round trip, which keeps comments, if not always where they were.
"""

from __future__ import annotations

import copy
import io
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.config.backups import back_up
from freerouter.config.providers_file import ProvidersFile, read_providers
from freerouter.config.splice import Lines, inline
from freerouter.config.yaml_file import decode, dump_yaml, parse_yaml, read_yaml
from freerouter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from freerouter.config.providers_file import Entry
    from freerouter.config.workspace import Workspace

    Splice = Callable[[str], str | None]


DEFAULTS = {"enabled": True}
"""What a key means where it is not written."""


def put_provider(workspace: Workspace, values: dict[str, Any], now: float) -> str:
    """Add a provider, or change the entry of that name. Returns added, changed or unchanged.

    An empty value takes away what the entry had.
    """
    written = {k: v for k, v in values.items() if v != ""}

    def add(data: Any) -> None:
        if data.get("providers") is None:
            data["providers"] = []
        data["providers"].append(written)

    def added(text: str) -> str | None:
        return Lines(text).with_entry(("providers",), dump_yaml([written]).splitlines())

    with atomic.lock(workspace.root):
        text, file = _read(workspace)
        place = _find(file.entries, values)
        if place is None:
            _change(workspace, text, add, added, now)
            return "added"
        row = parse_yaml(text.encode(), file.path).data["providers"][place]
        changes = {
            k: v
            for k, v in values.items()
            if row.get(k, DEFAULTS.get(k, "" if v == "" else None)) != v
        }
        return "changed" if _set(workspace, text, place, changes, now) else "unchanged"


def switch_provider(workspace: Workspace, name: str, now: float, *, on: bool) -> bool:
    """Switch a provider on or off; whether that changed anything."""
    with atomic.lock(workspace.root):
        text, file = _read(workspace)
        entry = file.get(name)
        changes = {"enabled": on} if entry.enabled != on else {}
        return _set(workspace, text, file.entries.index(entry), changes, now)


def remove_provider(workspace: Workspace, name: str, now: float) -> None:
    """Take a provider out, and what was selected of it."""
    with atomic.lock(workspace.root):
        text, file = _read(workspace)
        place = file.entries.index(file.get(name))
        # Models that are named one by one have numbers for names, which move up.
        left = [e.name for e in file.entries if e.name != name]
        names = dict(zip(left, _names_without(text, place), strict=True))
        chosen = {names[n]: ids for n, ids in file.select.items() if n != name}

        def remove(data: Any) -> None:
            del data["providers"][place]
            _select(data, chosen)

        def removed(text: str) -> str | None:
            shorter = Lines(text).without(("providers", place))
            return None if shorter is None else _selected(shorter, chosen)

        _change(workspace, text, remove, removed, now)


def put_selection(workspace: Workspace, chosen: Mapping[str, Sequence[str]], now: float) -> bool:
    """Write which models are chosen, by provider; whether that changed anything."""

    def select(data: Any) -> None:
        _select(data, chosen)

    with atomic.lock(workspace.root):
        text, file = _read(workspace)
        if file.select == {name: tuple(ids) for name, ids in chosen.items()}:
            return False
        return _change(workspace, text, select, lambda text: _selected(text, chosen), now)


def with_port(text: str, port: int) -> str:
    """The text of a providers.yaml with another port, comments and all."""

    def change(data: Any) -> None:
        data["gateway"] = {**(data.get("gateway") or {}), "port": port}

    def spliced(text: str) -> str | None:
        lines = Lines(text)
        if lines.node(("gateway", "port")) is not None:
            return lines.with_value(("gateway", "port"), port)
        if lines.node(("gateway",)) is None:
            return lines.with_more(["gateway:", f"  port: {port}"])
        return lines.with_entry(("gateway",), [f"port: {port}"])

    wanted = parse_yaml(text.encode(), "").data
    change(wanted)
    return _by_lines(text, spliced, wanted) or _round_trip(text, change)


def put_named(workspace: Workspace, key: str, wanted: Mapping[str, Any], now: float) -> bool:
    """Write all that stands by name under a key (aliases, budgets), as it stands in the file;
    whether that changed anything.
    """

    def put(data: Any) -> None:
        if wanted:
            data[key] = copy.deepcopy(dict(wanted))
        else:
            data.pop(key, None)

    with atomic.lock(workspace.root):
        text, _ = _read(workspace)
        return _change(workspace, text, put, lambda text: _named(text, key, wanted), now)


def put_setting(workspace: Workspace, path: tuple[str, str], value: Any, now: float) -> bool:
    """Write one value of a map at the top, or take it out where it is None; whether that changed
    anything.
    """
    top, name = path

    def put(data: Any) -> None:
        rest = {k: v for k, v in (data.get(top) or {}).items() if k != name}
        data[top] = rest if value is None else {**rest, name: value}

    def spliced(text: str) -> str | None:
        lines = Lines(text)
        if value is None:
            alone = len(parse_yaml(text.encode(), "").data[top]) == 1
            return lines.without((top,) if alone else path)
        if lines.node(path) is not None:
            return lines.with_value(path, value)
        listed = dump_yaml({name: value}).splitlines()
        if lines.node((top,)) is None:
            return lines.with_more([f"{top}:", *(f"  {line}" for line in listed)])
        return lines.with_entry((top,), listed)

    with atomic.lock(workspace.root):
        text, _ = _read(workspace)
        return _change(workspace, text, put, spliced, now)


def rename_alias(workspace: Workspace, old: str, new: str, now: float) -> bool:
    """Give an alias another name, in its place; whether that changed anything."""

    def rename(data: Any) -> None:
        named = data["aliases"]
        data["aliases"] = {new if name == old else name: value for name, value in named.items()}

    with atomic.lock(workspace.root):
        text, _ = _read(workspace)
        return _change(
            workspace, text, rename, lambda text: Lines(text).with_name(("aliases", old), new), now
        )


def _set(
    workspace: Workspace, text: str, place: int, changes: Mapping[str, Any], now: float
) -> bool:
    """Give keys of one provider other values; whether there were any to give."""

    def change(data: Any) -> None:
        data["providers"][place].update(changes)

    def changed(text: str) -> str | None:
        new: str | None = text
        for key, value in changes.items():
            if new is None:
                break
            lines, path = Lines(new), ("providers", place, key)
            present = lines.node(path) is not None
            new = lines.with_value(path, value) if present else lines.with_key(path, "type", value)
        return new

    return bool(changes) and _change(workspace, text, change, changed, now)


def _select(data: Any, chosen: Mapping[str, Iterable[str]]) -> None:
    if chosen:
        data["select"] = {name: list(ids) for name, ids in chosen.items()}
    else:
        data.pop("select", None)


def _selected(text: str, chosen: Mapping[str, Sequence[str]]) -> str | None:
    """The text with that selection, changed line by line."""
    present = Lines(text).node(("select",))
    if not chosen:
        return text if present is None else Lines(text).without(("select",))
    if present is None:
        listed = [line for name, ids in chosen.items() for line in _listed(name, ids)]
        return Lines(text).with_more(["select:", *(f"  {line}" for line in listed)])
    old = parse_yaml(text.encode(), "").data["select"] or {}
    new: str | None = text
    for name in old:
        if new is not None and name not in chosen:
            new = Lines(new).without(("select", name))
    for name, ids in chosen.items():
        if new is not None and old.get(name) != list(ids):
            new = _relisted(new, name, ids, listed=bool(old.get(name)))
    return new


def _named(text: str, key: str, wanted: Mapping[str, Any]) -> str | None:
    """The text with that under a key, changed line by line."""
    present = Lines(text).node((key,))
    if not wanted:
        return text if present is None else Lines(text).without((key,))
    if present is None:
        listed = [line for name, value in wanted.items() for line in _lines_of(name, value)]
        return Lines(text).with_more([f"{key}:", *(f"  {line}" for line in listed)])
    old = parse_yaml(text.encode(), "").data[key] or {}
    new: str | None = text
    for name in old:
        if new is not None and name not in wanted:
            new = Lines(new).without((key, name))
    for name, value in wanted.items():
        if new is not None and (name not in old or old[name] != value):
            new = _revalued(new, (key, name), value)
    return new


def _revalued(text: str, place: tuple[str, str], value: Any) -> str | None:
    """The text with another value at a place. In a list, what stays keeps its comments."""
    lines = Lines(text)
    there = lines.node(place) is not None
    if there and not isinstance(value, dict):
        listed = lines.with_list(place, value) if isinstance(value, list) else None
        listed = listed or lines.with_value(place, value)
        if listed is not None:
            return listed
    bare = lines.without(place) if there else text
    if bare is None:
        return None
    return Lines(bare).with_entry(place[:1], _lines_of(place[1], value))


def _lines_of(name: str, value: Any) -> list[str]:
    listed = isinstance(value, list)
    return _listed(name, value) if listed else dump_yaml({name: value}).splitlines()


def _relisted(text: str, name: str, ids: Sequence[str], *, listed: bool) -> str | None:
    """The text with other models of one provider: in the list that there is, or in a new one."""
    lines, place = Lines(text), ("select", name)
    if listed and ids:
        return lines.with_list(place, ids) or lines.with_value(place, list(ids))
    bare = lines.without(place) if lines.node(place) is not None else text
    return None if bare is None else Lines(bare).with_entry(("select",), _listed(name, ids))


def _listed(name: str, ids: Iterable[str]) -> list[str]:
    models = list(ids)
    if not models:
        return [f"{inline(name)}: []"]
    return [f"{inline(name)}:", *(f"  {line}" for line in dump_yaml(models).splitlines())]


def _change(
    workspace: Workspace, text: str, change: Callable[[Any], None], spliced: Splice, now: float
) -> bool:
    """Write the file changed, readable and whole or not at all; whether that changed anything."""
    path = workspace.providers_file
    before = parse_yaml(text.encode(), path).data
    wanted = copy.deepcopy(before)
    change(wanted)
    if _without_empty(wanted) == _without_empty(before):
        return False
    new = _by_lines(text, spliced, wanted) or _round_trip(text, change)
    read_providers(parse_yaml(new.encode(), path))
    back_up(workspace, now)
    atomic.write_text(path, new)
    return True


def _by_lines(text: str, spliced: Splice, wanted: Any) -> str | None:
    """The text changed line by line, where it then reads as wanted."""
    try:
        new = spliced(text)
        found = None if new is None else parse_yaml(new.encode(), "").data
    except FileError:  # an alias, say, whose anchor went
        return None
    same = isinstance(found, dict) and _without_empty(found) == _without_empty(wanted)
    return new if same else None


def _without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    """A key without a value means as much as none."""
    return {key: value for key, value in data.items() if value not in (None, [], {})}


def _round_trip(text: str, change: Callable[[Any], None]) -> str:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(text.replace("\r\n", "\n"))
    change(data)
    out = io.StringIO()
    yaml.dump(data, out)
    new = out.getvalue()
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def _read(workspace: Workspace) -> tuple[str, ProvidersFile]:
    """The file as it is written, and what is in it. One without any content gets a list."""
    document = read_yaml(workspace.providers_file)
    with open(workspace.providers_file, "rb") as file:
        text = decode(file.read(), document.name)
    if document.node is None:
        return f"{text.rstrip()}\nproviders: []\n".lstrip(), ProvidersFile(document.name, ())
    return text, read_providers(document)


def _find(entries: tuple[Entry, ...], values: dict[str, Any]) -> int | None:
    def same(entry: Entry) -> bool:
        if entry.type == values["type"] == "static" and "name" not in values:
            return (entry.model_name, entry.provider) == (values["model_name"], values["provider"])
        return (entry.type, entry.name) == (values["type"], values.get("name", values["type"]))

    return next((place for place, entry in enumerate(entries) if same(entry)), None)


def _names_without(text: str, place: int) -> list[str]:
    """What the other providers are called once that one is gone."""
    document = parse_yaml(text.encode(), "")
    document.data.pop("select", None)
    del document.data["providers"][place]
    return [entry.name for entry in read_providers(document).entries]
