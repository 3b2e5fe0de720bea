"""From a hand-written YAML text to one that holds other data: what stays the same stays as written.

Line by line where that can be done, else through a round trip, which keeps comments if not always
where they were; each is read again and compared, so that what comes out is what was wanted.
"""

from __future__ import annotations

import io
from typing import Any

from freerouter.config.splice import Lines
from freerouter.config.yaml_file import dump_yaml, parse_yaml
from freerouter.errors import FileError

Place = tuple[str | int, ...]


def rewritten(text: str, wanted: dict[str, Any]) -> str:
    """The text with that data in it."""
    before = parse_yaml(text.encode(), "").data
    if before == wanted:
        return text
    if not isinstance(before, dict) or not before:
        return (
            f"{text.rstrip()}\n\n{dump_yaml(wanted)}".lstrip() if before is None else _new(wanted)
        )
    for way in (_by_lines, _round_trip):
        new = way(text, before, wanted)
        if new is not None and _reads_as(new, wanted):
            return new
    return _new(wanted)


def _new(wanted: dict[str, Any]) -> str:
    return dump_yaml(wanted)


def _reads_as(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return bool(parse_yaml(text.encode(), "").data == wanted)
    except FileError:
        return False


def _by_lines(text: str, before: dict[str, Any], wanted: dict[str, Any]) -> str | None:
    try:
        return _spliced(text, (), before, wanted)
    except FileError:  # an alias, say, whose anchor went
        return None


def _spliced(text: str, place: Place, old: Any, new: Any) -> str | None:
    """The text with another value at a place."""
    if old == new and type(old) is type(new):
        return text
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        return _map(text, place, old, new)
    if isinstance(old, list) and isinstance(new, list) and old and new:
        return _list(text, place, old, new)
    if isinstance(new, dict | list) and new:
        return _replaced(text, place, new)
    return Lines(text).with_value(place, new) or _replaced(text, place, new)


def _map(text: str, place: Place, old: dict[Any, Any], new: dict[Any, Any]) -> str | None:
    changed: str | None = text
    for key, value in new.items():
        if changed is None:
            return None
        if key in old:
            changed = _spliced(changed, (*place, key), old[key], value)
        else:
            changed = Lines(changed).with_entry(place, dump_yaml({key: value}).splitlines())
    for key in old:
        if changed is not None and key not in new:
            changed = Lines(changed).without((*place, key))
    return changed


def _list(text: str, place: Place, old: list[Any], new: list[Any]) -> str | None:
    """Entries that went are taken out, those that stay are changed, new ones stand at the end."""
    names = [_identity(item) for item in new]
    kept = list(old)
    changed: str | None = text
    for number in reversed(range(len(old))):
        if changed is not None and _identity(old[number]) not in names and len(kept) > 1:
            changed = Lines(changed).without((*place, number))
            del kept[number]
    if [_identity(item) for item in kept] != names[: len(kept)]:
        return None
    for number, item in enumerate(kept):
        if changed is not None:
            changed = _spliced(changed, (*place, number), item, new[number])
    for item in new[len(kept) :]:
        if changed is not None:
            changed = Lines(changed).with_entry(place, dump_yaml([item]).splitlines())
    return changed


def _replaced(text: str, place: Place, value: Any) -> str | None:
    """A value of several lines goes, and the new one stands at the end of its map."""
    if not place or isinstance(place[-1], int):
        return None
    bare = Lines(text).without(place)
    if bare is None:
        return None
    return Lines(bare).with_entry(place[:-1], dump_yaml({place[-1]: value}).splitlines())


def _identity(item: Any) -> Any:
    """What an entry is known by, however else it changes."""
    if not isinstance(item, dict):
        return item
    return (item.get("type"), item.get("name"), item.get("model_name"))


def _round_trip(text: str, _before: dict[str, Any], wanted: dict[str, Any]) -> str | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    try:
        data = yaml.load(text)
        _fill(data, wanted)
        yaml.dump(data, out)
    except YAMLError:
        return None
    return out.getvalue()


def _fill(data: Any, wanted: dict[Any, Any]) -> None:
    """Give a map that was read other values, keeping the maps in it as they are where they fit."""
    for key in [key for key in data if key not in wanted]:
        del data[key]
    for key, value in wanted.items():
        old = data.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _fill(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            _fill_list(old, value)
        elif old != value or type(old) is not type(value) or key not in data:
            data[key] = value


def _fill_list(data: Any, wanted: list[Any]) -> None:
    by_name = {_hashable(item): item for item in data if isinstance(item, dict)}
    items = []
    for value in wanted:
        old = by_name.get(_hashable(value)) if isinstance(value, dict) else None
        if old is not None:
            _fill(old, value)
        items.append(value if old is None else old)
    if list(data) != items:
        data[:] = items


def _hashable(item: dict[Any, Any]) -> tuple[str, ...]:
    return tuple(str(part) for part in _identity(item))
