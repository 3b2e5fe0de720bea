"""Sums of whole days, made of those of their slots: a report of a month reads few of them.

A day is one of the zone in which the gateway runs, and has 23 or 25 hours where clocks are changed.
It is kept with its bounds, so that whoever is in another zone can tell that it is none of theirs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from freerouter.usage.schema import SLOT
from freerouter.usage.spans import SETTLED, Span, added, columns

if TYPE_CHECKING:
    import sqlite3


def join_days(db: sqlite3.Connection, now: float) -> int:
    """Sum up every day that is over and has none of its slots open; how many those were."""
    joined = 0
    slot = _next(db, 0)
    while slot is not None:
        first, last = day_of(slot)
        if last * SLOT + SETTLED > now * 1000:
            break
        joined += _join(db, first, last)
        slot = _next(db, last)
    return joined


def forget_day(db: sqlite3.Connection, slot: int) -> None:
    """Something new came into the slot: the sums of its day no longer hold."""
    for (first,) in db.execute(
        "SELECT first FROM days WHERE first <= ? AND last > ?", (slot, slot)
    ):
        db.execute("DELETE FROM day_spans WHERE slot = ?", (first,))
        db.execute("DELETE FROM days WHERE first = ?", (first,))


def day_of(slot: int) -> tuple[int, int]:
    """The slots of its local day: the first one, and the one after the last."""
    date = date_of(slot)
    first, last = slot, slot + 1
    while date_of(first - 1) == date:
        first -= 1
    while date_of(last) == date:
        last += 1
    return first, last


def date_of(slot: int) -> tuple[int, ...]:
    return time.localtime(slot * SLOT / 1000)[:3]


def _next(db: sqlite3.Connection, slot: int) -> int | None:
    found: int | None
    found = db.execute("SELECT min(slot) FROM spans WHERE slot >= ?", (slot,)).fetchone()[0]
    return found


def _join(db: sqlite3.Connection, first: int, last: int) -> bool:
    """False where it is joined already, overlaps a day of another zone, or is not over yet."""
    bounds = (first, last)
    db.execute("BEGIN IMMEDIATE")
    try:
        there = db.execute("SELECT 1 FROM days WHERE last > ? AND first < ?", bounds).fetchone()
        busy = db.execute("SELECT 1 FROM open WHERE slot >= ? AND slot < ?", bounds).fetchone()
        if there or busy:
            db.execute("ROLLBACK")
            return False
        sums: dict[int, list[Span]] = {}
        query = f"SELECT way, {columns()} FROM spans WHERE slot >= ? AND slot < ?"  # noqa: S608 - names of ours
        for way, *found in db.execute(query, bounds):
            sums.setdefault(way, []).append(Span._make(found))
        marks = ", ".join("?" * (2 + len(Span._fields)))
        db.executemany(
            f"INSERT INTO day_spans VALUES ({marks})",  # noqa: S608 - no names
            [(first, way, *added(spans)) for way, spans in sums.items()],
        )
        db.execute("INSERT INTO days VALUES (?, ?)", bounds)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return True
