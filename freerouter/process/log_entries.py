"""The lines of the gateway's log as entries: with a time and a level, and what belongs below.

Three hands write there: uvicorn and FreeRouter with a date, LiteLLM with the time of day alone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DATED = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,]\d+)? +([A-Z]+)\b")
UNDATED = re.compile(r"()(\d\d:\d\d:\d\d) - [^:]+:([A-Z]+): ")
STACK = "Traceback (most recent call last):"
BAD = frozenset(("WARNING", "ERROR", "CRITICAL"))


class Entry(NamedTuple):
    """`time` is local and None where none is known; `lines` in their order."""

    lines: tuple[str, ...]
    time: datetime | None
    level: str

    @property
    def bad(self) -> bool:
        return self.level in BAD


def head_of(line: str) -> tuple[str, str, str] | None:
    """Date, time and level of a line that begins an entry; None for one that belongs above."""
    found = DATED.match(line) or UNDATED.match(line)
    if found:
        return found[1], found[2], found[3]
    return None


def is_bad(line: str, *, before: bool) -> bool:
    """Whether a line is part of a warning or an error; `before` says so of the line above it."""
    head = head_of(line)
    return before or line == STACK if head is None else head[2] in BAD


def entries(lines: Iterable[str], until: datetime) -> Iterator[Entry]:
    """Entries from lines that come newest first, the first of them written `until` then.

    A time of day is of the last day that it can be.
    """
    later = until
    below: list[str] = []
    for line in lines:
        below.append(line)
        head = head_of(line)
        if head is None:
            continue
        later = _moment(head[0], head[1], later)
        yield _entry(below, later, head[2])
        below = []
    if below:
        yield _entry(below, None, "")


def _entry(below: list[str], time: datetime | None, level: str) -> Entry:
    """A stack makes an error of whatever it stands below."""
    bad = STACK in below and level not in BAD
    return Entry(tuple(below[::-1]), time, "ERROR" if bad else level)


def _moment(date: str, time: str, later: datetime) -> datetime:
    found = datetime.fromisoformat(f"{date or later.date().isoformat()}T{time}")
    if not date and found > later:
        found -= timedelta(days=1)
    return found
