"""What was spent, in usage.db: a sum for each provider and local day, and what is held for calls
that are under way.

A call that costs is held for before it is made, by an estimate; the entry of its request releases
that and adds what it came to, in one transaction. What is never released (its worker was killed,
its entry was lost) goes on counting: nobody knows what it cost.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.budgets_file import ALL

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from freerouter.config.budgets_file import Budget

NANO = 1_000_000_000
WARNS = 0.8
"""The part of a budget from which on it is told that it runs out."""
FIELDS = 3
"""Of a time: year, month, day."""


class Hold(NamedTuple):
    """What is set aside for a call: its row in `held`, when in ms since 1970, and how much in
    billionths of a USD.
    """

    number: int
    at: int
    provider: str
    cost: int


class Standing(NamedTuple):
    """A budget as it stands: `spent` and `held` in billionths of a USD."""

    budget: Budget
    spent: int
    held: int
    until: float
    """When its period ends, in seconds since 1970."""

    @property
    def limit(self) -> int:
        return int(self.budget.limit * NANO)

    @property
    def used_up(self) -> bool:
        return self.spent + self.held >= self.limit

    @property
    def runs_out(self) -> bool:
        return self.spent + self.held >= self.limit * WARNS

    @property
    def part(self) -> float:
        """Of the limit; a budget of nothing is used up."""
        return (self.spent + self.held) / self.limit if self.limit else 1.0


def day_of(seconds: float) -> str:
    """The local day, as it stands in the tables."""
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def period_of(period: str, now: float) -> tuple[str, float]:
    """The first day of the local day, week (from Monday on) or month, and when it is over.

    A day may have 23 or 25 hours.
    """
    year, month, day = time.localtime(now)[:FIELDS]
    if period == "month":
        return _named(year, month, 1), _midnight(year, month + 1, 1)
    if period == "day":
        return _named(year, month, day), _midnight(year, month, day + 1)
    monday = day - time.localtime(now).tm_wday
    return _named(year, month, monday), _midnight(year, month, monday + 7)


def _named(year: int, month: int, day: int) -> str:
    # Noon is on that day also where midnight is left out.
    return day_of(time.mktime((year, month, day, 12, 0, 0, 0, 0, -1)))


def _midnight(year: int, month: int, day: int) -> float:
    return time.mktime((year, month, day, 0, 0, 0, 0, 0, -1))


def standing_of(db: sqlite3.Connection, budget: Budget, now: float) -> Standing:
    """Raises sqlite3.Error where it cannot be read."""
    first, until = period_of(budget.period, now)
    scope, names = ("", ()) if budget.scope == ALL else (" AND provider = ?", (budget.scope,))
    spent, held = (
        db.execute(
            f"SELECT coalesce(sum(cost), 0) FROM {table} WHERE day >= ?{scope}",  # noqa: S608 - names of ours
            (first, *names),
        ).fetchone()[0]
        for table in ("spending", "held")
    )
    return Standing(budget, spent, held, until)


def hold(
    db: sqlite3.Connection, budgets: Iterable[Budget], provider: str, cost: int, now: float
) -> Hold | Standing:
    """Set an estimate aside for a call; where a budget is used up, that one instead.

    Of several workers one is let in after the other. Raises sqlite3.Error.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        for budget in budgets:
            standing = standing_of(db, budget, now)
            if standing.used_up:
                db.execute("ROLLBACK")
                return standing
        row = (round(now * 1000), provider, day_of(now), cost)
        number = db.execute("INSERT INTO held VALUES (NULL, ?, ?, ?, ?)", row).lastrowid or 0
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return Hold(number, row[0], provider, cost)


def spend(db: sqlite3.Connection, costs: Mapping[tuple[str, str], int]) -> None:
    """Add what was spent, by provider and day. In the transaction of the entries."""
    db.executemany(
        "INSERT INTO spending VALUES (?, ?, ?) ON CONFLICT (provider, day) DO UPDATE SET"
        " cost = cost + excluded.cost",
        [(*key, cost) for key, cost in costs.items() if cost > 0],
    )


def release(db: sqlite3.Connection, holds: Iterable[Hold]) -> None:
    """What it came to is known. In the transaction of the entries."""
    db.executemany("DELETE FROM held WHERE id = ? AND at = ?", [one[:2] for one in holds])
