"""What was expected of a command against what it said. Nothing here runs or writes anything.

A session accounts for every line, so its lines are searched with a way back over `...` and optional
lines. A script names some lines, and the first line that fits is the one that was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.scripts.alignment import Found, Row, Want, align, rows_of, wants_of
from freerouter.scripts.nodes import written
from freerouter.volatile import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freerouter.scripts.nodes import Item, Talk

_Trail = tuple["_Trail", int, int] | None
"""The way taken so far: which want took which line."""

LONGEST_DIFF = 40
MOST_VISITS = 50_000
"""After so many places the search no longer tells them apart by what is bound there."""


class Failure(NamedTuple):
    """`line` is that of the first expectation that failed, 0 where nothing was expected at all.

    The lines of `diff` begin with ` ` for what is as written, `-` for what is missing and `+` for
    what came instead.
    """

    line: int
    diff: tuple[str, ...]


class Matched(NamedTuple):
    """`bound` are all bindings; `rows` say of everything expected and said where it belongs."""

    bound: dict[str, str]
    failures: tuple[Failure, ...]
    rows: tuple[Row, ...]


def match(
    expected: Sequence[Talk], actual: Sequence[Item], bound: Mapping[str, str], *, strict: bool
) -> Matched:
    """Hold the talk of a step against the lines of output and questions that really came.

    `strict` is for a session, where every line is accounted for. In a script the lines that are
    written must come in their order, among any others. `bound` is what is bound already.
    """
    wants = wants_of(expected)
    said = [item._replace(text=plain(item.text)) for item in actual]
    if strict:
        found = _search(wants, said, bound) or align(wants, said, bound)
    else:
        found = _in_order(wants, said, bound)
    rows = rows_of(expected, wants, actual, found, free=not strict)
    failures = () if all(row.holds for row in rows) else (_failure(rows),)
    return Matched(found.bound, failures, rows)


def _search(
    wants: Sequence[Want], actual: Sequence[Item], bound: Mapping[str, str]
) -> Found | None:
    """A way to account for every line, `...` as short as possible. None where there is no way."""
    least, most = _lengths(wants)
    telling = _telling_names(wants, bound)
    seen: set[tuple[int, int, tuple[str | None, ...]]] = set()
    stack: list[tuple[int, int, dict[str, str], _Trail]] = [(0, 0, dict(bound), None)]
    while stack:
        i, j, known, trail = stack.pop()
        if not least[i] <= len(actual) - j <= most[i]:
            continue
        values = tuple(map(known.get, telling[i])) if len(seen) < MOST_VISITS else ()
        if (i, j, values) in seen:
            continue
        seen.add((i, j, values))
        if i == len(wants):
            return Found(_takers(trail, len(actual)), set(), known)
        want = wants[i]
        new = want.fits(actual[j], known) if j < len(actual) else None
        if want.many:
            if new is not None:
                stack.append((i, j + 1, known, (trail, i, j)))
            stack.append((i + 1, j, known, trail))
            continue
        if want.optional:
            stack.append((i + 1, j, known, trail))
        if new is not None:
            stack.append((i + 1, j + 1, {**known, **new} if new else known, (trail, i, j)))
    return None


def _takers(trail: _Trail, length: int) -> list[int]:
    takers = [-1] * length
    while trail:
        trail, position, place = trail
        takers[place] = position
    return takers


def _lengths(wants: Sequence[Want]) -> tuple[list[int], list[float]]:
    """How few and how many lines each want and all that follow can account for."""
    least, most = [0], [0.0]
    for want in reversed(wants):
        least.append(least[-1] + (not want.many and not want.optional))
        most.append(most[-1] + (float("inf") if want.many else 1))
    return least[::-1], most[::-1]


def _telling_names(wants: Sequence[Want], bound: Mapping[str, str]) -> list[tuple[str, ...]]:
    """For each want the names bound before it on which it, or what follows, depends."""
    names = [set(want.pattern.kinds) - set(bound) if want.pattern else set() for want in wants]
    after: list[set[str]] = [set()]
    for own in reversed(names):
        after.append(after[-1] | own if own else after[-1])
    before: set[str] = set()
    telling: list[tuple[str, ...]] = []
    for own, following in zip((*names, set()), reversed(after), strict=True):
        telling.append(tuple(sorted(before & following)))
        before |= own
    return telling


def _in_order(wants: Sequence[Want], actual: Sequence[Item], bound: Mapping[str, str]) -> Found:
    """Every wanted line where it first comes; an optional one only before the next that must."""
    found = Found([-1] * len(actual), set(), dict(bound))
    begin = 0
    for position, want in enumerate(wants):
        if want.many:
            continue
        end = len(actual)
        if want.optional:
            must = next((w for w in wants[position:] if not w.optional and not w.many), None)
            end = next(_places(must, actual, begin, end, found.bound), end) if must else end
        place = next(_places(want, actual, begin, end, found.bound), None)
        if place is None:
            found.missed.update(() if want.optional else (position,))
            continue
        found.bound.update(want.fits(actual[place], found.bound) or {})
        found.takers[place], begin = position, place + 1
    return found


def _places(
    want: Want, actual: Sequence[Item], begin: int, end: int, bound: Mapping[str, str]
) -> Iterator[int]:
    return (n for n in range(begin, end) if want.fits(actual[n], bound) is not None)


def _failure(rows: Sequence[Row]) -> Failure:
    first = next(number for number, row in enumerate(rows) if not row.holds)
    after = [row.expected.line for row in rows[first:] if row.expected]
    before = [row.expected.line for row in rows[:first] if row.expected]
    lines: list[str] = []
    begin = 0
    for number, row in enumerate(rows):
        begin = len(lines) if number == first else begin
        lines += _diff(row)
    start = max(0, min(begin - LONGEST_DIFF // 2, len(lines) - LONGEST_DIFF))
    return Failure((after or before[-1:] or [0])[0], tuple(lines[start : start + LONGEST_DIFF]))


def _diff(row: Row) -> Iterator[str]:
    if row.expected:
        yield f"{' ' if row.holds else '-'} {written(row.expected)}"
    if not row.expected or not row.holds:
        for item in row.actual:
            text = f"{item.id}: {item.text}" if item.kind == "?" else item.text
            yield f"+ {item.kind} {plain(text)}".rstrip()
