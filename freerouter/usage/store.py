"""Entries into usage.db: one transaction a batch, names and ways looked up once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.usage.days import forget_day
from freerouter.usage.schema import SLOT
from freerouter.usage.spending import day_of, release, spend

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from freerouter.usage.entry import Entry, Way

MOST_NAMES = 20_000
"""Different texts that are told apart: clients make names up, and the database must not grow."""
OTHERS = "(others)"
LONGEST_NAME = 200
MOST_VARIABLES = 900
"""Values of one statement; some builds of SQLite take no more than 999."""


class Store:
    """A connection that writes. After an error the same batch may be added again."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._texts: dict[str, int] = {}
        self._ways: dict[Way, int] = {}

    def close(self) -> None:
        self._db.close()

    def add(self, entries: Iterable[Entry], lost: int = 0, at: int = 0) -> None:
        """All of them or none; `lost` is how many went unwritten until now."""
        entries = list(entries)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            slots = self._insert(entries)
            self._reopen(slots)
            holds = [held for entry in entries for held, _ in entry.holds]
            if holds:
                release(self._db, holds)
            costs = _spent(entries)
            if costs:
                spend(self._db, costs)
            if lost:
                self._db.execute("INSERT INTO lost VALUES (?, ?)", (at, lost))
            self._db.execute("COMMIT")
        except BaseException:
            self._texts.clear()
            self._ways.clear()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _insert(self, entries: Sequence[Entry]) -> set[int]:
        last = self._db.execute("SELECT max(id) FROM requests").fetchone()[0] or 0
        requests, attempts, slots = [], [], set()
        for number, entry in enumerate(entries, last + 1):
            requests.append((number, entry.at, self._way(entry.way), *entry[2:9]))
            slots.add(entry.at // SLOT)
            for one in entry.attempts:
                attempts.append((None, one.at, self._way(one.way), one.latency, number))
                slots.add(one.at // SLOT)
        self._add_rows("requests", requests)
        self._add_rows("attempts", attempts)
        return slots

    def _add_rows(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Many in one statement: after each one, whoever serves requests would have to give way."""
        while rows:
            some = rows[: MOST_VARIABLES // len(rows[0])]
            marks = f"({', '.join('?' * len(some[0]))})"
            self._db.execute(
                f"INSERT INTO {table} VALUES {', '.join([marks] * len(some))}",  # noqa: S608 - a name of ours
                [value for row in some for value in row],
            )
            rows = rows[len(some) :]

    def _reopen(self, slots: set[int]) -> None:
        """A slot with something new in it has no sums; the clock may have been set back."""
        for slot in slots:
            fresh = self._db.execute("INSERT OR IGNORE INTO open VALUES (?)", (slot,)).rowcount
            if fresh:
                for table in ("spans", "whole_spans", "unsummed"):
                    self._db.execute(f"DELETE FROM {table} WHERE slot = ?", (slot,))  # noqa: S608 - a name of ours
                forget_day(self._db, slot)

    def _way(self, way: Way) -> int:
        known = self._ways.get(way)
        if known is not None:
            return known
        names = (way.provider, way.model, way.deployment)
        target = self._id("targets", tuple(self._text(name) for name in names))
        row = (
            self._text(way.alias), target, self._text(way.client), self._text(way.dialect),
            int(way.stream), way.status, self._text(way.error),
        )  # fmt: skip
        found = self._ways[way] = self._id("ways", row)
        if len(self._ways) > MOST_NAMES:
            self._ways = {way: found}
        return found

    def _text(self, text: str) -> int:
        text = text[:LONGEST_NAME]
        known = self._texts.get(text)
        if known is not None:
            return known
        row = self._db.execute("SELECT id FROM texts WHERE text = ?", (text,)).fetchone()
        if row is None:
            number = self._db.execute("SELECT max(id) FROM texts").fetchone()[0] or 0
            if number >= MOST_NAMES and text != OTHERS:
                return self._text(OTHERS)
            row = (self._db.execute("INSERT INTO texts VALUES (NULL, ?)", (text,)).lastrowid,)
        self._texts[text] = int(row[0])
        return self._texts[text]

    def _id(self, table: str, row: tuple[int, ...]) -> int:
        """The number of a row in one of the two tables of numbers."""
        names = {
            "targets": ("provider", "model", "deployment"),
            "ways": ("alias", "target", "client", "dialect", "stream", "status", "error"),
        }[table]
        same = " AND ".join(f"{name} = ?" for name in names)
        found = self._db.execute(f"SELECT id FROM {table} WHERE {same}", row).fetchone()  # noqa: S608 - names of ours
        if found is None:
            marks = ", ".join("?" * len(row))
            insert = f"INSERT INTO {table} VALUES (NULL, {marks})"  # noqa: S608 - a name of ours
            return int(self._db.execute(insert, row).lastrowid or 0)
        return int(found[0])


def _spent(entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
    """By provider and local day, in billionths of a USD."""
    found: dict[tuple[str, str], int] = {}
    for entry in entries:
        costs = [(entry.way.provider, entry.cost or 0)]
        costs += [(held.provider, held.cost) for held, counts in entry.holds if counts]
        for provider, cost in costs:
            if cost > 0:
                key = provider, day_of(entry.at / 1000)
                found[key] = found.get(key, 0) + cost
    return found
