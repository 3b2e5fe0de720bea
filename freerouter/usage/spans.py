"""Sums of a slot for each way: of rows as they are, and kept in `spans` once a slot is over.

A sum is made from the rows and can always be made again; a slot that gets a row more loses its own
(`store.py`) until it is summed up anew.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from freerouter.usage.buckets import bucket_of, packed
from freerouter.usage.entry import FAILED
from freerouter.usage.schema import SLOT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

SETTLED = 60_000
"""Milliseconds after the end of a slot in which requests of it may still be written."""
STEP = 500
"""Rows that are read at once: whoever serves requests has its turn in between."""
BREATH = 0.005

REQUESTS = (
    "SELECT at, way, latency, first_token, tokens_in, tokens_out, cost FROM requests"
    " WHERE at >= ? AND at < ?"
)
FAILED_WAYS = (
    f"SELECT ways.id FROM ways JOIN texts ON texts.id = ways.error WHERE ways.status >= {FAILED}"  # noqa: S608 - a number of ours
    " OR texts.text <> ''"
)
"""Those whose requests and calls count as failed, as `Way.failed` says it."""
ATTEMPTS = "SELECT at, way FROM attempts WHERE at >= ? AND at < ?"


class Span(NamedTuple):
    """What one way came to in one slot. Durations in microseconds, cost in billionths of a USD.

    `unpriced` requests told tokens and have no known cost; `talked` is how long those took that
    told what they answered; `latencies` and `firsts` are packed buckets.
    """

    requests: int = 0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: int = 0
    unpriced: int = 0
    took: int = 0
    talked: int = 0
    latencies: bytes = b""
    firsts: bytes = b""


def added(spans: Sequence[Span]) -> Span:
    """Several sums in one."""
    numbers = [sum(column) for column in zip(*(span[:-2] for span in spans), strict=True)]
    latencies = b"".join(span.latencies for span in spans)
    firsts = b"".join(span.firsts for span in spans)
    return Span._make((*numbers, latencies, firsts))


def columns() -> str:
    """The fields of a sum, as a query names them."""
    return ", ".join(Span._fields)


class Summing:
    """Adds rows up by (slot, way)."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int], list[int]] = {}
        self._latencies: dict[tuple[int, int], list[int]] = {}
        self._firsts: dict[tuple[int, int], list[int]] = {}

    def requests(self, rows: Iterable[tuple[int, ...]]) -> None:
        for at, way, latency, first, tokens_in, tokens_out, cost in rows:
            key = (at // SLOT, way)
            sums = self._of(key)
            sums[0] += 1
            sums[2] += tokens_in or 0
            sums[3] += tokens_out or 0
            sums[4] += cost or 0
            sums[5] += cost is None and (tokens_in is not None or tokens_out is not None)
            sums[6] += latency
            sums[7] += latency if tokens_out else 0
            self._latencies[key].append(bucket_of(latency))
            if first is not None:
                self._firsts[key].append(bucket_of(first))

    def attempts(self, rows: Iterable[tuple[int, ...]]) -> None:
        for at, way in rows:
            self._of((at // SLOT, way))[1] += 1

    def _of(self, key: tuple[int, int]) -> list[int]:
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = [0] * 8
            self._latencies[key], self._firsts[key] = [], []
        return found

    def spans(self) -> Iterator[tuple[int, int, Span]]:
        """Slot, way, and what it came to."""
        for key, sums in self._sums.items():
            latencies = packed(sorted(self._latencies[key]))
            firsts = packed(sorted(self._firsts[key]))
            yield (*key, Span._make((*sums, latencies, firsts)))


def sum_up(db: sqlite3.Connection, begin: int, end: int) -> Summing:
    """The rows from `begin` to before `end`, in ms."""
    found = Summing()
    found.requests(db.execute(REQUESTS, (begin, end)))
    found.attempts(db.execute(ATTEMPTS, (begin, end)))
    return found


def seal(db: sqlite3.Connection, now: float, breath: float = BREATH) -> int:
    """Keep the sums of all slots that are over; how many those were.

    A slot that lies ahead (the clock was set back since) is summed up too.
    """
    here = int(now * 1000)
    rows = db.execute("SELECT slot FROM open ORDER BY slot").fetchall()
    over = [s for (s,) in rows if (s + 1) * SLOT + SETTLED <= here or s * SLOT > here + SLOT]
    return sum(_seal(db, slot, breath) for slot in over)


def _seal(db: sqlite3.Connection, slot: int, breath: float) -> bool:
    """False where somebody else wrote into it meanwhile: it stays open until the next time."""
    begin, end = slot * SLOT, (slot + 1) * SLOT
    before = _mark(db, begin, end)
    summing = Summing()
    for query, add in ((REQUESTS, summing.requests), (ATTEMPTS, summing.attempts)):
        cursor = db.execute(query, (begin, end))
        while rows := cursor.fetchmany(STEP):
            add(rows)
            time.sleep(breath)
    spans = [(*key, *span) for *key, span in summing.spans()]
    db.execute("BEGIN IMMEDIATE")
    try:
        same = _mark(db, begin, end) == before
        still = db.execute("DELETE FROM open WHERE slot = ?", (slot,)).rowcount if same else 0
        if still:
            marks = ", ".join("?" * (2 + len(Span._fields)))
            db.executemany(f"INSERT INTO spans VALUES ({marks})", spans)  # noqa: S608 - no names
            _keep_whole(db, slot, ((way, span) for _, way, span in summing.spans()))
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return bool(still)


def sum_whole(db: sqlite3.Connection) -> int:
    """What an older version summed up by ways only; how many slots those were."""
    slots = db.execute("SELECT slot FROM unsummed").fetchall()
    for (slot,) in slots:
        db.execute("BEGIN IMMEDIATE")
        try:
            if db.execute("DELETE FROM unsummed WHERE slot = ?", (slot,)).rowcount:
                query = f"SELECT way, {columns()} FROM spans WHERE slot = ?"  # noqa: S608 - names of ours
                rows = db.execute(query, (slot,))
                _keep_whole(db, slot, [(way, Span._make(found)) for way, *found in rows])
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
    return len(slots)


def _keep_whole(db: sqlite3.Connection, slot: int, spans: Iterable[tuple[int, Span]]) -> None:
    failed = {way for (way,) in db.execute(FAILED_WAYS)}
    sums: dict[bool, list[Span]] = {}
    for way, span in spans:
        sums.setdefault(way in failed, []).append(span)
    marks = ", ".join("?" * (2 + len(Span._fields)))
    db.executemany(
        f"INSERT INTO whole_spans VALUES ({marks})",  # noqa: S608 - no names
        [(slot, int(bad), *added(some)) for bad, some in sums.items()],
    )


def _mark(db: sqlite3.Connection, begin: int, end: int) -> list[tuple[int, int]]:
    """What is another one when a row has come or gone."""
    return [
        db.execute(
            f"SELECT count(*), max(id) FROM {table} WHERE at >= ? AND at < ?",  # noqa: S608 - a name of ours
            (begin, end),
        ).fetchone()
        for table in ("requests", "attempts")
    ]
