"""Unified diffs of long YAML files: entry by entry first, then line by line where entries differ.

`difflib` alone takes minutes for two config.yaml of 10,000 models, whose lines are much alike.
"""

from __future__ import annotations

from difflib import Match, SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTEXT = 3


def unified(old: str, new: str, old_name: str, new_name: str) -> Iterator[str]:
    """The lines that `diff -u` prints; none where both are the same."""
    before, after = old.splitlines(), new.splitlines()
    groups = _ByEntries(before, after).get_grouped_opcodes(CONTEXT)
    for number, group in enumerate(groups):
        if not number:
            yield from (f"--- {old_name}", f"+++ {new_name}")
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        yield f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@"
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                yield from (f" {line}" for line in before[a1:a2])
                continue
            yield from (f"-{line}" for line in before[a1:a2])
            yield from (f"+{line}" for line in after[b1:b2])


def _range(start: int, end: int) -> str:
    """As GNU diff writes it: lines from 1, and no length where it is one."""
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + bool(length)},{length}"


class _ByEntries(SequenceMatcher[str]):
    """Finds what two lists of lines have in common by whole entries of the list of models."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__(None, "", "", autojunk=False)
        self.a, self.b = before, after

    def get_matching_blocks(self) -> list[Match]:
        found: list[Match] = []
        for a, b, size in self._matches():
            last = found[-1] if found else Match(0, 0, 0)
            if found and (last.a + last.size, last.b + last.size) == (a, b):
                found[-1] = Match(last.a, last.b, last.size + size)
            elif size:
                found.append(Match(a, b, size))
        return [*found, Match(len(self.a), len(self.b), 0)]

    def _matches(self) -> Iterator[tuple[int, int, int]]:
        olds, news = _entries(self.a), _entries(self.b)
        texts = [tuple(self.a[slice(*s)]) for s in olds], [tuple(self.b[slice(*s)]) for s in news]
        coded: dict[tuple[str, ...], int] = {}
        first, second = ([coded.setdefault(t, len(coded)) for t in side] for side in texts)
        matcher = SequenceMatcher(None, first, second, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            alike = tag == "equal" or i2 - i1 == j2 - j1
            for i, j in zip(range(i1, i2), range(j1, j2), strict=False) if alike else ():
                a, b = olds[i][0], news[j][0]
                if tag == "equal":
                    yield a, b, olds[i][1] - a
                    continue
                inner = SequenceMatcher(None, texts[0][i], texts[1][j], autojunk=False)
                yield from ((a + m.a, b + m.b, m.size) for m in inner.get_matching_blocks())


def _entries(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Where each entry of a list begins and ends; every other line is alone."""
    starts = [n for n, line in enumerate(lines) if n == 0 or line[:1] not in (" ", "")]
    return [(start, end) for start, end in zip(starts, [*starts[1:], len(lines)], strict=False)]
