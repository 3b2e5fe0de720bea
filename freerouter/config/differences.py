"""How two configurations differ: value by value, whatever their order and their comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config import variables

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = "(hidden)"
SECRET = ("key", "token", "secret", "password")
"""Parts of the names of values that nobody is shown, unless they only name a variable."""


class Difference(NamedTuple):
    """A value that one has, or both have otherwise; None where it is not there."""

    path: str
    one: Any
    other: Any


def differences(one: Any, other: Any) -> list[Difference]:
    """In the order of the paths, secrets hidden."""
    left, right = dict(_values(one, ())), dict(_values(other, ()))
    return [
        Difference(".".join(path), _shown(path, left.get(path)), _shown(path, right.get(path)))
        for path in sorted({*left, *right})
        if left.get(path) != right.get(path)
    ]


def _values(data: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with its path. Providers are known by their names, not by their places."""
    if isinstance(data, dict) and data:
        for name, value in data.items():
            yield from _values(value, (*path, str(name)))
    elif path == ("providers",) and isinstance(data, list):
        for name, entry in _by_name(data):
            yield from _values(entry, (*path, name))
    elif data not in (None, {}, []):
        yield path, data


def _by_name(entries: list[Any]) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for entry in entries:
        row = entry if isinstance(entry, dict) else {}
        name = str(row.get("name") or row.get("type") or "")
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}", entry


def _shown(path: tuple[str, ...], value: Any) -> Any:
    last = path[-1].lower() if path else ""
    if value is None or not any(part in last for part in SECRET):
        return value
    values = value if isinstance(value, list) else [value]
    open_ = all(isinstance(v, str) and variables.whole(v) for v in values)
    return value if open_ else HIDDEN
