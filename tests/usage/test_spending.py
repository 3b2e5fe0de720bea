"""What was spent and is held: by provider and local day, whatever zone and version, and once."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from ledger_entries import GOOD, NOON, entry, keep

from freerouter.config.budgets_file import Budget
from freerouter.usage.entry import Attempt
from freerouter.usage.prune import prune
from freerouter.usage.schema import migrate, open_to_write
from freerouter.usage.spending import (
    NANO,
    Hold,
    Standing,
    day_of,
    hold,
    period_of,
    standing_of,
)
from freerouter.usage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOUR, DAY = 3600, 86400
FIVE = Budget("all", Decimal(5), "month")
GROQ = Budget("groq", Decimal("0.50"), "day")


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def be_in(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    be_in("UTC")
    yield be_in
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "usage.db")


def cents(number: int) -> int:
    return number * NANO // 100


def held(found: Hold | Standing) -> Hold:
    assert isinstance(found, Hold)
    return found


def at(zone: str, *when: int) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[arg-type,misc] # its parts in their order


@pytest.mark.parametrize(
    ("named", "period", "now", "expected"),
    [
        ("UTC", "month", (2026, 11, 24, 12), ("2026-11-01", (2026, 12, 1))),
        ("UTC", "month", (2026, 12, 31, 23), ("2026-12-01", (2027, 1, 1))),
        ("UTC", "week", (2026, 11, 29, 23), ("2026-11-23", (2026, 11, 30))),
        ("UTC", "week", (2026, 11, 30, 0), ("2026-11-30", (2026, 12, 7))),
        ("Asia/Kolkata", "day", (2026, 11, 24, 2), ("2026-11-24", (2026, 11, 25))),
        # Where clocks are changed: 25 hours, 23, and a midnight that is left out.
        ("Europe/Berlin", "day", (2026, 10, 25, 2), ("2026-10-25", (2026, 10, 26))),
        ("Europe/Berlin", "day", (2026, 3, 29, 12), ("2026-03-29", (2026, 3, 30))),
        ("Europe/Berlin", "week", (2026, 3, 31, 1), ("2026-03-30", (2026, 4, 6))),
        ("America/Havana", "day", (2026, 3, 8, 12), ("2026-03-08", (2026, 3, 9))),
    ],
)
def test_a_period_is_one_of_the_local_calendar(
    zone: Callable[[str], None],
    named: str,
    period: str,
    now: tuple[int, ...],
    expected: tuple[str, tuple[int, ...]],
) -> None:
    zone(named)
    first, until = expected
    assert period_of(period, at(named, *now)) == (first, at(named, *until))


def test_a_day_of_25_hours_is_one_day(zone: Callable[[str], None], path: str) -> None:
    zone("Europe/Berlin")
    begin = at("Europe/Berlin", 2026, 10, 25)
    entries = [entry(begin + hour * HOUR, cost=cents(1)) for hour in range(26)]
    with closing(keep(path, entries)) as db:
        rows = db.execute("SELECT day, cost FROM spending ORDER BY day").fetchall()
        assert rows == [("2026-10-25", cents(25)), ("2026-10-26", cents(1))]


def test_what_is_spent_counts_in_its_period_and_scope(path: str) -> None:
    other = GOOD._replace(provider="lab")
    entries = [
        entry(NOON, cost=cents(40)),
        entry(NOON - DAY, cost=cents(100)),
        entry(NOON - 40 * DAY, cost=cents(1000)),
        entry(NOON, other, cost=cents(7)),
        entry(NOON, cost=None),
    ]
    with closing(keep(path, entries)) as db:
        assert standing_of(db, FIVE, NOON).spent == cents(147)
        groq = standing_of(db, GROQ, NOON)
        assert (groq.spent, groq.runs_out, groq.used_up) == (cents(40), True, False)
        assert standing_of(db, GROQ, NOON + DAY).spent == 0


def test_holds_count_until_they_are_released_with_what_it_came_to(path: str) -> None:
    with closing(open_to_write(path)) as db:
        one = held(hold(db, [GROQ], "groq", cents(30), NOON))
        two = held(hold(db, [GROQ], "groq", cents(30), NOON))
        full = hold(db, [GROQ, FIVE], "groq", cents(1), NOON)
        assert isinstance(full, Standing)
        assert (full.budget, full.held) == (GROQ, cents(60))
        told = entry(NOON, cost=cents(5), holds=((one, False),))
        failed = entry(NOON, cost=None, holds=((two, False),))
        Store(db).add([told, failed])
        found = standing_of(db, GROQ, NOON)
        assert (found.spent, found.held) == (cents(5), 0)


def test_what_nobody_told_counts_with_its_estimate(path: str) -> None:
    with closing(open_to_write(path)) as db:
        one = held(hold(db, [GROQ], "groq", cents(30), NOON))
        Store(db).add([entry(NOON, cost=None, holds=((one, True),))])
        found = standing_of(db, GROQ, NOON)
        assert (found.spent, found.held) == (cents(30), 0)


def test_a_batch_that_fails_releases_and_spends_nothing(path: str) -> None:
    with closing(open_to_write(path)) as db:
        one = held(hold(db, [GROQ], "groq", cents(30), NOON))
        broken: Any = Attempt(None, GOOD, 1)  # type: ignore[arg-type] # what must not be
        with pytest.raises(TypeError):
            Store(db).add([entry(NOON, holds=((one, True),)), entry(NOON, attempts=(broken,))])
        found = standing_of(db, GROQ, NOON)
        assert (found.spent, found.held) == (0, cents(30))


def test_a_hold_of_a_database_that_is_gone_releases_no_other(path: str, tmp_path: Path) -> None:
    with closing(open_to_write(str(tmp_path / "old.db"))) as old:
        gone = held(hold(old, [GROQ], "groq", 1, NOON - 5))
    with closing(open_to_write(path)) as db:
        held(hold(db, [GROQ], "groq", cents(3), NOON))
        Store(db).add([entry(NOON, cost=None, holds=((gone, False),))])
        assert standing_of(db, GROQ, NOON).held == cents(3)


def test_old_holds_are_pruned_and_what_was_spent_stays(path: str) -> None:
    with closing(keep(path, [entry(NOON - 100 * DAY, cost=cents(9))])) as db:
        hold(db, [], "groq", 1, NOON - 100 * DAY)
        hold(db, [], "groq", 2, NOON)
        prune(db, round((NOON - 90 * DAY) * 1000))
        assert db.execute("SELECT cost FROM held").fetchall() == [(2,)]
        assert db.execute("SELECT sum(cost) FROM spending").fetchone() == (cents(9),)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_database_knows_what_was_spent(
    zone: Callable[[str], None], path: str, version: int
) -> None:
    zone("Asia/Kolkata")
    os.makedirs(os.path.dirname(path))
    late = at("Asia/Kolkata", 2026, 11, 25, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, version)
        db.execute("INSERT INTO texts VALUES (1, 'groq'), (2, '')")
        db.execute("INSERT INTO targets VALUES (1, 1, 1, 1)")
        db.execute("INSERT INTO ways VALUES (1, 1, 1, 1, 1, 0, 200, 2)")
        for number, (when, cost) in enumerate([(late, 5), (late - HOUR, 6), (late - 2 * HOUR, 7)]):
            row = (number + 1, round(when * 1000), cost)
            db.execute("INSERT INTO requests VALUES (?, ?, 1, 5000, 0, 4, 2, ?, 0, 0)", row)
    with closing(open_to_write(path)) as db:
        rows = db.execute("SELECT * FROM spending ORDER BY day").fetchall()
        assert rows == [("groq", "2026-11-24", 7), ("groq", "2026-11-25", 11)]
        assert day_of(late - 2 * HOUR) == "2026-11-24"
