"""Which line of output belongs to which expectation, also where not all of them agree."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from freerouter.scripts.nodes import AnswerLine, ExitCode, Expect, Item, Question, Talk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freerouter.scripts.patterns import Pattern

MOST_CELLS = 4_000_000
"""Beyond this many pairs of lines nothing is compared: all is told as changed."""


class Want(NamedTuple):
    """What one entry of the talk takes: a line, or `many`, or none where it is `optional`.

    `number` says which entry it is. Without a pattern it is a question.
    """

    number: int
    kinds: str
    pattern: Pattern | None = None
    id: str = ""
    text: str | None = None
    optional: bool = False
    many: bool = False

    def fits(self, item: Item, bound: Mapping[str, str]) -> dict[str, str] | None:
        """What the line newly binds, or None where it is another one."""
        if item.kind not in self.kinds:
            return None
        if self.pattern is None:
            return {} if self.asks(item) and self.text in (None, item.text) else None
        return self.pattern.match(item.text, bound)

    def asks(self, item: Item) -> bool:
        """Is this the same question, however it is worded?"""
        return item.kind == self.kinds == "?" and item.id == self.id


class Row(NamedTuple):
    """An expectation and the lines that it took; a line that none took has no `expected`."""

    expected: Talk | None
    actual: tuple[Item, ...]
    holds: bool


class Found(NamedTuple):
    """`takers` has the want of every line, -1 for none; `missed` the wants that do not hold."""

    takers: list[int]
    missed: set[int]
    bound: dict[str, str]


def wants_of(talk: Sequence[Talk]) -> list[Want]:
    """What the talk of a step wants to be said.

    A second answer to a question stands for the question that is asked again. `|...` and `!...`
    next to one another are lines of both kinds in any order.
    """
    wants: list[Want] = []
    question, answered = "", False
    for index, said in enumerate(talk):
        if isinstance(said, Question):
            wants.append(Want(index, "?", id=said.id, text=said.text))
            question, answered = said.id, False
        elif isinstance(said, AnswerLine):
            if answered:
                wants.append(Want(index, "?", id=question, optional=True))
            answered = True
        elif isinstance(said, Expect):
            pattern, kind = said.pattern, "!" if said.error else "|"
            optional, many = pattern.is_optional, pattern.is_any_lines
            wants.append(Want(index, kind, pattern, optional=optional, many=many))
    for position, (want, following) in enumerate(pairwise(wants)):
        if want.many and following.many and want.kinds != following.kinds:
            wants[position] = want._replace(kinds="|!")
            wants[position + 1] = following._replace(kinds="|!")
    return wants


def rows_of(
    talk: Sequence[Talk], wants: Sequence[Want], actual: Sequence[Item], found: Found, *, free: bool
) -> tuple[Row, ...]:
    """Everything expected and everything said, in order. Where they are `free`, others hold."""
    rows: list[Row] = []
    positions = {want.number: position for position, want in enumerate(wants)}
    taken: dict[int, list[int]] = {}
    for place, position in enumerate(found.takers):
        taken.setdefault(position, []).append(place)
    told = 0
    for index, said in enumerate(talk):
        position = positions.get(index, len(wants))
        mine = list(_together(taken.get(position, [])))
        until = mine[0] if mine else len(actual) if isinstance(said, ExitCode) else told
        rows += [Row(None, (item,), free) for item in actual[told:until]]
        told = mine[-1] + 1 if mine else until
        items = tuple(actual[place] for place in mine)
        rows.append(Row(said, items, position not in found.missed))
    rows += [Row(None, (item,), free) for item in actual[told:]]
    return tuple(rows)


def _together(places: Sequence[int]) -> Iterator[int]:
    """The places up to the first gap: what comes after another line is not `...` any more."""
    for number, place in enumerate(places):
        if place != places[0] + number:
            return
        yield place


def align(wants: Sequence[Want], actual: Sequence[Item], bound: Mapping[str, str]) -> Found:
    """The fewest differences between what was wanted and what was said, line by line."""
    head, tail = _agreeing_ends(wants, actual, bound)
    middle, said = wants[head : len(wants) - tail], actual[head : len(actual) - tail]
    pairs = [(n, n) for n in range(head)]
    if len(middle) * len(said) <= MOST_CELLS:
        steps = _cheapest(middle, said, bound)
        pairs += [(head + i, head + j) for i, j in _walk(middle, said, bound, steps)]
    pairs += [(len(wants) - n, len(actual) - n) for n in range(tail, 0, -1)]
    return _held(wants, actual, bound, pairs)


def _agreeing_ends(
    wants: Sequence[Want], actual: Sequence[Item], bound: Mapping[str, str]
) -> tuple[int, int]:
    """How many lines agree one by one from the beginning, and how many from the end."""

    def agreeing(pairs: Iterator[tuple[Want, Item]]) -> int:
        count = 0
        for want, item in pairs:
            if want.many or want.optional or want.fits(item, bound) is None:
                break
            count += 1
        return count

    head = agreeing(zip(wants, actual, strict=False))
    rest = zip(reversed(wants[head:]), reversed(actual[head:]), strict=False)
    return head, agreeing(rest)


def _cheapest(
    wants: Sequence[Want], actual: Sequence[Item], bound: Mapping[str, str]
) -> list[list[int]]:
    """The number of differences from every pair of positions to the end."""
    width = len(actual)
    costs = [list(range(width, -1, -1))]
    for want in reversed(wants):
        below = costs[-1]
        skipped = 0 if want.many or want.optional else 1
        row = [below[width] + skipped] * (width + 1)
        for j in range(width - 1, -1, -1):
            cost = min(below[j] + skipped, row[j + 1] + 1)
            if want.fits(actual[j], bound) is not None:
                cost = min(cost, row[j + 1] if want.many else below[j + 1])
            elif want.asks(actual[j]):
                cost = min(cost, below[j + 1] + 1)
            row[j] = cost
        costs.append(row)
    costs.reverse()
    return costs


def _walk(
    wants: Sequence[Want],
    actual: Sequence[Item],
    bound: Mapping[str, str],
    costs: list[list[int]],
) -> Iterator[tuple[int, int]]:
    """The pairs on the cheapest way, each line taken as early as it can be."""
    i = j = 0
    while i < len(wants) and j < len(actual):
        want, item, cost = wants[i], actual[j], costs[i][j]
        skipped = 0 if want.many or want.optional else 1
        fits = want.fits(item, bound) is not None
        reworded = not fits and want.asks(item)
        if not want.many and (fits or reworded) and cost == costs[i + 1][j + 1] + reworded:
            yield i, j
            i, j = i + 1, j + 1
        elif cost == costs[i + 1][j] + skipped:
            i += 1
        else:
            if want.many and fits:
                yield i, j
            j += 1


def _held(
    wants: Sequence[Want],
    actual: Sequence[Item],
    bound: Mapping[str, str],
    pairs: Sequence[tuple[int, int]],
) -> Found:
    """The pairs that hold, one after the other, with what is bound on the way."""
    found = Found([-1] * len(actual), set(), dict(bound))
    kept: set[int] = set()
    for position, place in pairs:
        want = wants[position]
        new = want.fits(actual[place], found.bound)
        if new is not None:
            kept.add(position)
            found.bound.update(new)
        if new is not None or want.asks(actual[place]):
            found.takers[place] = position
    found.missed.update(
        position
        for position, want in enumerate(wants)
        if not (want.many or want.optional or position in kept)
    )
    return found
