"""A value inside a decoded answer, by its path: `pricing.input`, `properties[name=context].value`.

In brackets stands which element of a list is meant: the first whose field has that value.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Finder = Callable[[Any], Any]
    Column = Callable[[Sequence[Mapping[str, Any]]], list[Any]]

_STEP = re.compile(r"([^.\[\]]+)(?:\[([^=\[\]]+)=([^\]]*)\])?(?:\.|$)")
_TEMPLATE = re.compile(r"\{([^{}]+)\}")


def dig(data: Any, path: str) -> Any:
    """The value, or None."""
    return finder(path)(data)


@lru_cache(maxsize=512)
def finder(path: str) -> Finder:
    """What finds the value of that path; None where there is none."""
    steps = [(m.group(1), m.group(2), m.group(3)) for m in _STEP.finditer(path)]
    if len(steps) == 1 and steps[0][1] is None:
        name = steps[0][0]
        return lambda data: data.get(name) if isinstance(data, dict) else None
    return lambda data: _walk(data, steps)


def _walk(data: Any, steps: Iterable[tuple[Any, Any, Any]]) -> Any:
    for name, field, wanted in steps:
        data = data.get(name) if isinstance(data, dict) else None
        if data is None:
            return None
        if field is not None:
            rows = data if isinstance(data, list) else []
            data = next((r for r in rows if isinstance(r, dict) and r.get(field) == wanted), None)
    return data


def first_of(paths: str | Iterable[str]) -> Finder:
    """What finds the first value that says something: no None, no empty text, no 0."""
    finders = [finder(path) for path in many(paths)]
    if len(finders) == 1:
        return finders[0]

    names = [(path, None if path.isidentifier() else finder(path)) for path in many(paths)]

    def find(data: Any) -> Any:
        if not isinstance(data, dict):
            return None
        get = data.get
        for name, deeper in names:
            value = get(name) if deeper is None else deeper(data)
            if value is not None and value not in ("", 0):
                return value
        return None

    return find


def column_of(paths: str | Iterable[str]) -> Column:
    """What `first_of` finds in each of many rows: looked for path by path, not row by row."""
    given = many(paths)
    if len(given) == 1:
        return lambda rows: _column(given[0], rows)

    def find(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        found: list[Any] = [None] * len(rows)
        gaps = [*range(len(rows))]
        for path in given:
            values = _column(path, [rows[gap] for gap in gaps] if len(gaps) < len(rows) else rows)
            if values.count(None) == len(values):
                continue  # most paths are another provider's
            for gap, value in zip(gaps, values, strict=True):
                found[gap] = value if value is not None and value not in ("", 0) else None
            gaps = [gap for gap in gaps if found[gap] is None]
            if not gaps:
                break
        return found

    return find


def _column(path: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    if path.isidentifier():
        return [row.get(path) for row in rows]
    find = finder(path)
    return [find(row) for row in rows]


def texts_of(paths: str | Iterable[str]) -> Column:
    """The same for names, which may also be put together: `{parent.id}:{provider}`."""
    given = many(paths)
    if not any("{" in path for path in given):
        return column_of(given)
    finders = [_filled(path) if "{" in path else finder(path) for path in given]
    return lambda rows: [
        next((value for one in finders if (value := one(row))), None) for row in rows
    ]


def _filled(template: str) -> Finder:
    inside = [finder(path) for path in _TEMPLATE.findall(template)]
    pattern = _TEMPLATE.sub("{}", template)

    def find(data: Any) -> Any:
        values = [one(data) for one in inside]
        whole = all(isinstance(value, str) and value for value in values)
        return pattern.format(*values) if whole else None

    return find


def many(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
