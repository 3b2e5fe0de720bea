"""Retention: what is older is taken out of usage.db, a little at a time; its totals stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.usage.schema import SLOT
from freerouter.usage.spans import sum_up

if TYPE_CHECKING:
    import sqlite3

DAY = 24 * 60 * 60 * 1000
BATCH = 16
"""Slots that are taken out in one transaction: who writes waits no longer than for that."""
PAGES = 1000
"""Pages that are given back in one transaction."""


class Pruned(NamedTuple):
    """How many rows went."""

    requests: int = 0
    attempts: int = 0


def prune(db: sqlite3.Connection, before: int) -> Pruned:
    """Take out whole slots that ended before that (ms since 1970), and give the space back."""
    gone = Pruned()
    last = before // SLOT
    while True:
        oldest = min((row for row in _oldest(db) if row is not None), default=None)
        if oldest is None or oldest >= last:
            break
        more = _take_out(db, oldest, min(oldest + BATCH, last))
        gone = Pruned(gone.requests + more.requests, gone.attempts + more.attempts)
    for table in ("lost", "held"):
        db.execute(f"DELETE FROM {table} WHERE at < ?", (before,))  # noqa: S608 - a name of ours
    _give_back(db)
    return gone


def _give_back(db: sqlite3.Connection) -> None:
    free = db.execute("PRAGMA freelist_count").fetchone()[0]
    while free:
        # A statement that gives no rows is stepped through only by a script.
        db.executescript(f"PRAGMA incremental_vacuum({PAGES})")
        before, free = free, db.execute("PRAGMA freelist_count").fetchone()[0]
        if free >= before:
            return


def _oldest(db: sqlite3.Connection) -> list[int | None]:
    found = [db.execute("SELECT min(slot) FROM spans").fetchone()[0]]
    for table in ("requests", "attempts"):
        at = db.execute(f"SELECT min(at) FROM {table}").fetchone()[0]  # noqa: S608 - a name of ours
        found.append(None if at is None else at // SLOT)
    return found


def _take_out(db: sqlite3.Connection, first: int, end: int) -> Pruned:
    """The slots from `first` to before `end`, summed up into `before`."""
    db.execute("BEGIN IMMEDIATE")
    try:
        slots = db.execute("SELECT slot FROM open WHERE slot >= ? AND slot < ?", (first, end))
        for (slot,) in slots.fetchall():
            summing = sum_up(db, slot * SLOT, (slot + 1) * SLOT)
            _keep_totals(db, [(way, *span[:5], span.took) for _, way, span in summing.spans()])
        kept = (
            "SELECT way, requests, calls, tokens_in, tokens_out, cost, took FROM spans"
            " WHERE slot >= ? AND slot < ?"
        )
        _keep_totals(db, db.execute(kept, (first, end)).fetchall())
        # What of its last day is not taken out is still there by the slot.
        db.execute("DELETE FROM day_spans WHERE slot < ?", (end,))
        db.execute("DELETE FROM days WHERE first < ?", (end,))
        for table in ("spans", "whole_spans", "unsummed", "open"):
            db.execute(
                f"DELETE FROM {table} WHERE slot >= ? AND slot < ?",  # noqa: S608 - a name of ours
                (first, end),
            )
        gone = [
            db.execute(
                f"DELETE FROM {table} WHERE at >= ? AND at < ?",  # noqa: S608 - a name of ours
                (first * SLOT, end * SLOT),
            ).rowcount
            for table in ("requests", "attempts")
        ]
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return Pruned(*gone)


def _keep_totals(db: sqlite3.Connection, rows: list[tuple[int, ...]]) -> None:
    db.executemany(
        "INSERT INTO before VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (way) DO UPDATE SET"
        " requests = requests + excluded.requests, calls = calls + excluded.calls,"
        " tokens_in = tokens_in + excluded.tokens_in,"
        " tokens_out = tokens_out + excluded.tokens_out,"
        " cost = cost + excluded.cost, took = took + excluded.took",
        rows,
    )
