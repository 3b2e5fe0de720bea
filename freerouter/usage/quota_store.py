"""quota.db: what of each limit is used, shared by all workers of a gateway.

A *pot* is what is counted together: an account's calls, or those of one model of it, against one
limit. Its count is kept in buckets: one for a fixed period, sixty for one that rolls, of which the
oldest counts until all of it is over. So nothing is ever let through too early, and never more
than one bucket's length too late.

It is a cache of counts, not a record: nothing waits for the disk. A worker that is killed loses
none of it; a machine that goes down may lose the last minutes, and the counts are then a little too
low until the provider says otherwise. Everything here may raise sqlite3.Error, and
opening it OSError.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from freerouter.limits import SECONDS, Limit, as_data, from_data, window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

VERSION = 1
PATIENCE = 0.5
"""Seconds that a request may wait for another worker's turn."""
READERS_PATIENCE = 2.0
PARTS = 60
"""Buckets of a period that rolls."""
SHARE = 64
"""Of what is left, one part of so many may be counted ahead."""
NEARLY = 9
"""With so many times more used than left, tokens are looked at before every call."""
LONGEST = 32 * 86400
"""Seconds for which a provider may say that nothing is left."""
KEPT = 40 * 86400
"""Seconds after which a pot that nobody asked for is forgotten."""
SCHEMA = f"""
CREATE TABLE pots (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, model TEXT NOT NULL, what TEXT NOT NULL,
    limited TEXT NOT NULL, asked REAL NOT NULL,
    said_most INTEGER, said_left INTEGER, said_at REAL, shut_until REAL NOT NULL DEFAULT 0,
    UNIQUE (account, model, what)
);
CREATE TABLE used (
    pot INTEGER NOT NULL, bucket INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (pot, bucket)
) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""
LOOK = """
SELECT shut_until, said_most, (
    SELECT coalesce(sum(number), 0) FROM used WHERE pot = ?1 AND bucket BETWEEN ?2 AND ?3
) FROM pots WHERE id = ?1
"""
ADD = """
INSERT INTO used VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number
"""
ONE_LESS = "UPDATE used SET number = max(0, number - 1) WHERE pot = ? AND bucket = ?"
SAY = """
UPDATE pots SET said_most = coalesce(?, said_most), said_left = ?, said_at = ?,
    shut_until = CASE WHEN ? THEN ? ELSE shut_until END WHERE id = ?
"""
POT = """
INSERT INTO pots (account, model, what, limited, asked) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET limited = excluded.limited, asked = excluded.asked RETURNING id
"""
SHUT = "SELECT account, model, limited, said_most, shut_until FROM pots WHERE shut_until > ?"
BUCKETS = """
SELECT bucket, number FROM used WHERE pot = ? AND bucket BETWEEN ? AND ? AND number > 0
ORDER BY bucket
"""
POTS = """
SELECT id, account, model, limited, said_most, said_left, said_at, shut_until FROM pots
ORDER BY account, model, id
"""


class Pot(NamedTuple):
    """`account` is a provider's name, with `#2` for its second key; `model` "" where all count."""

    account: str
    model: str
    limit: Limit


class Full(NamedTuple):
    """A pot that holds nothing more. `until` is in seconds since 1970."""

    pot: Pot
    used: int
    most: int
    until: float


class Standing(NamedTuple):
    """How a pot stands. `said_*`: what the provider told last, None where it never did."""

    account: str
    model: str
    limit: Limit
    used: int
    begins: float
    ends: float
    said_left: int | None
    said_at: float | None


class News(NamedTuple):
    """What a provider says of a pot; None where it does not."""

    pot: Pot
    most: int | None
    left: int | None
    resets_at: float | None


Ticket = list[tuple[int, int]]
"""Where a call was counted: pots and buckets."""


class Grant(NamedTuple):
    """`number` calls that are counted where the ticket says; they may be made before `until`."""

    ticket: Ticket
    number: int
    until: float


class Look(NamedTuple):
    """What a pot is like now: full, or how much more it holds, until its bucket is over."""

    full: Full | None
    place: tuple[int, int]
    room: int
    used: int
    until: float


def what(limit: Limit) -> str:
    """What tells a pot's limit from others of the same account: a new figure is the same pot."""
    zone = limit.zone if limit.resets == "fixed" else ""
    return " ".join((limit.kind, limit.resets, zone, *limit.models))


class QuotaStore:
    """One worker's connection. Not for several threads."""

    def __init__(self, path: str) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        self._ids: dict[Pot, int] = {}
        self._periods: dict[int, tuple[float, float]] = {}
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = OFF")
            if self._db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                self._begin_anew()
        except sqlite3.Error:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    def _begin_anew(self) -> None:
        """A new file, or one of another version: its counts are not worth a migration."""
        with self._transaction():
            if self._db.execute("PRAGMA user_version").fetchone()[0] == VERSION:
                return
            for table in ("pots", "used"):
                self._db.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in SCHEMA.split(";")[:-1]:
                self._db.execute(statement)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def reserve(self, pots: Sequence[Pot], now: float, wanted: int = 1) -> Grant | Full:
        """Count requests in every pot that counts requests; in none, where one is full.

        As many as are wanted where there is plenty, and one near the end of a limit.
        """
        with self._transaction():
            ticket: Ticket = []
            number, until = wanted, float("inf")
            for pot in pots:
                look = self._look_into(pot, now)
                if look.full:
                    return look.full
                until = min(until, look.until)
                if pot.limit.counts == "requests":
                    ticket.append(look.place)
                    number = min(number, look.room // SHARE)
                elif look.room * NEARLY < look.used:
                    number = 1
            number = max(number, 1)
            for ident, bucket in ticket:
                self._db.execute(ADD, (ident, bucket, number))
        return Grant(ticket, number, until)

    def full(self, pots: Iterable[Pot], now: float) -> list[Full]:
        """Those that hold nothing more."""
        with self._transaction():
            looked = [self._look_into(pot, now).full for pot in pots]
        return [full for full in looked if full]

    def _look_into(self, pot: Pot, now: float) -> Look:
        ident = self._id(pot, now)
        first, bucket, until = self._buckets(ident, pot.limit, now)
        shut, said, used = self._db.execute(LOOK, (ident, first, bucket)).fetchone()
        most = most_of(pot.limit, said)
        full = None
        if shut > now:
            full = Full(pot, max(used, most), most, shut)
        elif used >= most:
            full = Full(pot, used, most, self._opens(ident, pot.limit, used - most, now))
        return Look(full, (ident, bucket), most - used, used, until)

    def settle(
        self,
        unused: Iterable[Ticket],
        spent: Iterable[tuple[Pot, int]],
        said: Iterable[News],
        now: float,
    ) -> None:
        """What is known after calls: those that were not made, what was spent, what was said."""
        with self._transaction():
            for ticket in unused:
                self._db.executemany(ONE_LESS, ticket)
            for pot, number in spent:
                ident = self._id(pot, now)
                place = ident, self._buckets(ident, pot.limit, now)[1]
                self._db.execute(ADD, (*place, number))
            for news in said:
                self._say(news, now)

    def _say(self, news: News, now: float) -> None:
        pot, ident = news.pot, self._id(news.pot, now)
        shut = 0.0
        if news.left is not None and news.left <= 0:
            shut = min(news.resets_at or window(pot.limit, now)[1], now + LONGEST)
        self._db.execute(SAY, (news.most, news.left, now, shut, shut, ident))
        if news.left is None:
            return
        first, bucket = buckets(pot.limit, now)
        _, most, used = self._db.execute(LOOK, (ident, first, bucket)).fetchone()
        missing = most_of(pot.limit, most) - news.left - used
        if missing > 0:
            self._db.execute(ADD, (ident, bucket, missing))

    def shut(self, now: float) -> list[Full]:
        """The pots that are used up as their provider says."""
        rows = self._db.execute(SHUT, (now,)).fetchall()
        return [
            Full(Pot(account, model, limit), most, most, until)
            for account, model, limited, said, until in rows
            for limit in [from_data(json.loads(limited))]
            for most in [most_of(limit, said)]
        ]

    def tidy(self, now: float) -> None:
        """Forget periods that are over, and pots that nobody counts in any more."""
        with self._transaction():
            mine = [(now, ident) for ident in self._ids.values()]
            self._db.executemany("UPDATE pots SET asked = ? WHERE id = ?", mine)
            rows = self._db.execute("SELECT id, limited, asked FROM pots").fetchall()
            for ident, limited, asked in rows:
                if asked < now - KEPT:
                    self._db.execute("DELETE FROM pots WHERE id = ?", (ident,))
                    self._db.execute("DELETE FROM used WHERE pot = ?", (ident,))
                    continue
                first, last = buckets(from_data(json.loads(limited)), now)
                over = "DELETE FROM used WHERE pot = ? AND bucket NOT BETWEEN ? AND ?"
                self._db.execute(over, (ident, first, last + PARTS))

    def _id(self, pot: Pot, now: float) -> int:
        ident = self._ids.get(pot)
        if ident is None:
            limited = json.dumps(as_data(pot.limit))
            values = (pot.account, pot.model, what(pot.limit), limited, now)
            ident = self._ids[pot] = int(self._db.execute(POT, values).fetchone()[0])
        return ident

    def _buckets(self, ident: int, limit: Limit, now: float) -> tuple[int, int, float]:
        """As `buckets`, and when the last one is over. A fixed period is looked up in the calendar
        once.
        """
        if limit.resets != "fixed":
            first, last = buckets(limit, now)
            return first, last, (last + 1) * SECONDS[limit.per] / PARTS
        begin, end = self._periods.get(ident, (0.0, 0.0))
        if not begin <= now < end:
            begin, end = self._periods[ident] = window(limit, now)
        return int(begin), int(begin), end

    def _opens(self, ident: int, limit: Limit, over: int, now: float) -> float:
        """When a pot holds one more again."""
        if limit.resets == "fixed":
            return window(limit, now)[1]
        first, last = buckets(limit, now)
        rows = self._db.execute(BUCKETS, (ident, first, last)).fetchall()
        for bucket, number in rows:
            over -= number
            if over < 0:
                return _over(limit, bucket)
        return window(limit, now)[1]


def most_of(limit: Limit, said: int | None) -> int:
    """What the provider says holds; but nobody gets more than the user allows himself."""
    if said is None or not limit.most:
        return said or limit.most
    return min(limit.most, said) if limit.source == "yours" else said


def buckets(limit: Limit, now: float) -> tuple[int, int]:
    """The first bucket that counts, and the one of now."""
    if limit.resets == "fixed":
        begin = int(window(limit, now)[0])
        return begin, begin
    width = SECONDS[limit.per] / PARTS
    return int((now - SECONDS[limit.per]) // width), int(now // width)


def _over(limit: Limit, bucket: int) -> float:
    """When a bucket of a period that rolls counts no longer."""
    return (bucket + 1) * SECONDS[limit.per] / PARTS + SECONDS[limit.per]


def standing(path: str, now: float) -> list[Standing]:
    """How every pot stands; nothing where there is no quota.db, or none that can be read."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(path)}?mode=ro", READERS_PATIENCE, uri=True)
        ) as db:
            rows = db.execute(POTS).fetchall()
            return [_standing(db, row, now) for row in rows]
    except (sqlite3.Error, ValueError):
        return []


def _standing(db: sqlite3.Connection, row: Sequence[Any], now: float) -> Standing:
    ident, account, model, limited, most, left, at, until = row
    limit = from_data(json.loads(limited))
    limit = limit._replace(most=most_of(limit, most))
    first, last = buckets(limit, now)
    counted = db.execute(BUCKETS, (ident, first, last)).fetchall()
    used = sum(number for _, number in counted)
    begins, ends = window(limit, now)
    if limit.resets == "rolling" and counted:
        ends = _over(limit, counted[0][0])
    if until > now:
        used, ends = max(used, limit.most), until
    if at is not None and until <= now and (at < begins or not left):
        left = at = None
    return Standing(account, model, limit, used, begins, ends, left, at)
