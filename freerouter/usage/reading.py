"""What usage.db says of a time: sums where slots are over, rows where they are not."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, NamedTuple

from freerouter.usage.buckets import percentiles_in
from freerouter.usage.days import date_of
from freerouter.usage.entry import Way
from freerouter.usage.schema import SLOT, open_to_read, unreadable
from freerouter.usage.spans import Span, columns, sum_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SHORT = 3 * 60 * 60 * 1000
"""Milliseconds up to which requests are counted one by one for the course of time."""
LAST = 1 << 62
WHOLE = {-2: Way(status=200), -1: Way(status=500, error="failed")}
"""What stands for all ways of a whole slot, by the numbers that no way has."""
PARTS = (0.5, 0.95, 0.99)
WAYS = (
    "SELECT w.id, alias.text, provider.text, model.text, deployment.text, client.text,"
    " dialect.text, w.stream, w.status, error.text FROM ways w"
    " JOIN targets t ON t.id = w.target"
    " JOIN texts alias ON alias.id = w.alias JOIN texts provider ON provider.id = t.provider"
    " JOIN texts model ON model.id = t.model JOIN texts deployment ON deployment.id = t.deployment"
    " JOIN texts client ON client.id = w.client JOIN texts dialect ON dialect.id = w.dialect"
    " JOIN texts error ON error.id = w.error"
)


class Usage(NamedTuple):
    """`rows` are slot, way and what that came to; `course` is requests by equal steps of time.

    The slot of a whole day is its first one. Where only time tells groups apart, a way stands for
    all that went well, and one for all that failed.
    """

    ways: dict[int, Way]
    rows: list[tuple[int, int, Span]]
    course: list[int]
    lost: int


class Figures:
    """Some of the sums, added up. Durations are sorted when they are asked for."""

    def __init__(self) -> None:
        self.requests = self.failed = self.calls = self.failed_calls = 0
        self.tokens_in = self.tokens_out = self.cost = self.unpriced = 0
        self._talked = 0
        self._packs: tuple[list[bytes], list[bytes]] = ([], [])

    def add(self, way: Way, span: Span) -> None:
        self.requests += span.requests
        self.calls += span.calls
        if way.failed:
            self.failed += span.requests
            self.failed_calls += span.calls
        self.tokens_in += span.tokens_in
        self.tokens_out += span.tokens_out
        self.cost += span.cost
        self.unpriced += span.unpriced
        self._talked += span.talked
        self._packs[0].append(span.latencies)
        self._packs[1].append(span.firsts)

    def join(self, other: Figures) -> None:
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._talked += other._talked
        for mine, packs in zip(self._packs, other._packs, strict=True):
            mine.extend(packs)

    @property
    def rate(self) -> float | None:
        """Tokens a second, of the time that requests took which were answered with some."""
        return self.tokens_out * 1e6 / self._talked if self._talked else None

    @property
    def latencies(self) -> list[float | None]:
        """Seconds below which half, 95 and 99 of a hundred requests lie."""
        return percentiles_in(self._packs[0], PARTS)

    @property
    def first_token(self) -> float | None:
        """Half of the streams had begun after so many seconds."""
        return percentiles_in(self._packs[1], PARTS[:1])[0]


SUMS = (
    "requests", "failed", "calls", "failed_calls", "tokens_in", "tokens_out", "cost", "unpriced",
)  # fmt: skip


def read_usage(
    path: str, since: float, now: float, by: str = "model", steps: int = 48
) -> Usage | None:
    """From `since` on, in seconds since 1970. None where nothing was ever recorded."""
    db = open_to_read(path)
    if db is None:
        return None
    begin, end = round(since * 1000), round(now * 1000)
    try:
        db.execute("BEGIN")
        ways = {**read_ways(db), **WHOLE}
        rows = list(_spans(db, begin, by))
        course = _course(db, begin, max(end, begin + 1), steps)
        lost = db.execute("SELECT sum(number) FROM lost WHERE at >= ?", (begin,)).fetchone()[0]
    except sqlite3.Error as error:
        raise unreadable(path, error) from None
    finally:
        db.close()
    return Usage(ways, rows, course, lost or 0)


def requests_today(path: str, now: float) -> int:
    """Of the local day. Raises FileError where usage.db cannot be read."""
    return requests_since(path, midnight_before(now))


def requests_since(path: str, moment: float) -> int:
    """How many ended then (in seconds since 1970) or later. Raises as above."""
    db = open_to_read(path)
    if db is None:
        return 0
    begin = round(moment * 1000)
    first = -(-begin // SLOT)
    sums = "SELECT coalesce(sum(requests), 0) FROM spans WHERE slot >= ?"
    rows = "SELECT count(*) FROM requests WHERE at >= ? AND at < ?"
    try:
        db.execute("BEGIN")
        found = db.execute(sums, (first,)).fetchone()[0]
        found += db.execute(rows, (begin, first * SLOT)).fetchone()[0]
        for (slot,) in db.execute("SELECT slot FROM open WHERE slot >= ?", (first,)).fetchall():
            found += db.execute(rows, (slot * SLOT, (slot + 1) * SLOT)).fetchone()[0]
    except sqlite3.Error as error:
        raise unreadable(path, error) from None
    finally:
        db.close()
    return int(found)


def midnight_before(now: float) -> float:
    """When the local day began."""
    day = time.localtime(now)
    return time.mktime((day.tm_year, day.tm_mon, day.tm_mday, 0, 0, 0, 0, 0, -1))


def read_ways(db: sqlite3.Connection) -> dict[int, Way]:
    return {
        number: Way._make((*names, bool(stream), status, error))
        for number, *names, stream, status, error in db.execute(WAYS)
    }


def _spans(db: sqlite3.Connection, begin: int, by: str) -> Iterator[tuple[int, int, Span]]:
    """Sums of whole days where there are some that may be used, of slots else, of rows else."""
    first = -(-begin // SLOT)
    by_way = "whole_spans" if by == "hour" else "spans"
    if begin < first * SLOT:
        yield from sum_up(db, begin, first * SLOT).spans()
    here = first
    days = "SELECT first, last FROM days WHERE first >= ? ORDER BY first"
    for start, end in db.execute(days, (first,)).fetchall() if by != "hour" else ():
        if by != "day" or date_of(start) == date_of(end - 1):
            yield from _kept(db, "spans", here, start)
            yield from _kept(db, "day_spans", start, start + 1)
            here = end
    yield from _kept(db, by_way, here, LAST)
    for (slot,) in db.execute("SELECT slot FROM open WHERE slot >= ?", (first,)).fetchall():
        yield from sum_up(db, slot * SLOT, (slot + 1) * SLOT).spans()


def _kept(
    db: sqlite3.Connection, table: str, first: int, last: int
) -> Iterator[tuple[int, int, Span]]:
    if first >= last:
        return
    whole = table == "whole_spans"
    way = "failed - 2" if whole else "way"
    query = f"SELECT slot, {way}, {columns()} FROM {table} WHERE slot >= ? AND slot < ?"  # noqa: S608 - names of ours
    for slot, number, *sums in db.execute(query, (first, last)):
        yield slot, number, Span._make(sums)
    for slot in _unsummed(db, first) if whole else ():
        yield from _kept(db, "spans", slot, slot + 1)


def _unsummed(db: sqlite3.Connection, first: int) -> list[int]:
    """Slots that have sums by way only."""
    return [slot for (slot,) in db.execute("SELECT slot FROM unsummed WHERE slot >= ?", (first,))]


def _course(db: sqlite3.Connection, begin: int, end: int, steps: int) -> list[int]:
    """Requests in each of `steps` parts of the time. What lies ahead counts as the last one's."""
    found = [0] * steps
    step = max((end - begin) / steps, 1)

    def note(at: int, number: int) -> None:
        found[min(max(int((at - begin) / step), 0), steps - 1)] += number

    single = "SELECT at / 1000, count(*) FROM requests WHERE at >= ? AND at < ? GROUP BY at / 1000"
    if end - begin <= SHORT:
        for second, number in db.execute(single, (begin, LAST)):
            note(second * 1000, number)
        return found
    for table, where in (("whole_spans", ""), ("spans", " AND slot IN unsummed")):
        sums = f"SELECT slot, sum(requests) FROM {table} WHERE slot >= ?{where} GROUP BY slot"  # noqa: S608 - names of ours
        for slot, number in db.execute(sums, (begin // SLOT,)):
            note(slot * SLOT, number)
    for (slot,) in db.execute("SELECT slot FROM open WHERE slot >= ?", (begin // SLOT,)).fetchall():
        for second, number in db.execute(single, (max(begin, slot * SLOT), (slot + 1) * SLOT)):
            note(second * 1000, number)
    return found


def grouped(usage: Usage, by: str) -> dict[str, Figures]:
    """By model, provider, alias, client, hour or day, in the order of time or of the alphabet.

    Hours and days are those of the local zone; hours are named with their distance to UTC.
    """
    keys = _KEYS.get(by)
    name = _named(by) if keys is None else lambda _slot, way: keys(way)
    seen: dict[tuple[int, int], str] = {}
    groups: dict[str, Figures] = {}
    for slot, number, span in usage.rows:
        way = usage.ways[number]
        place = (0, number) if keys else (slot, 0)
        key = seen.get(place)
        if key is None:
            key = seen[place] = name(slot, way)
        if key not in groups:
            groups[key] = Figures()
        groups[key].add(way, span)
    return dict(sorted(groups.items()))


def total(groups: Mapping[str, Figures]) -> Figures:
    found = Figures()
    for one in groups.values():
        found.join(one)
    return found


def _named(by: str) -> Callable[[int, Way], str]:
    shape = "%Y-%m-%d" if by == "day" else "%Y-%m-%d %H:00%z"

    def name(slot: int, _way: Way) -> str:
        return time.strftime(shape, time.localtime(slot * SLOT / 1000))

    return name


def _model(way: Way) -> str:
    return f"{way.model} ({way.provider})" if way.provider else way.model or "-"


_KEYS: dict[str, Callable[[Way], str]] = {
    "model": _model,
    "provider": lambda way: way.provider or "-",
    "alias": lambda way: way.alias or "-",
    "client": lambda way: way.client or "-",
}
GROUPS = (*_KEYS, "hour", "day")
