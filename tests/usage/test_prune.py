"""An end for old numbers, whose totals stay."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from ledger_entries import BAD, NOON, entry, keep

from freerouter.usage.days import join_days
from freerouter.usage.prometheus import exposition
from freerouter.usage.prune import Pruned, prune
from freerouter.usage.reading import grouped, read_usage, total
from freerouter.usage.schema import open_to_read
from freerouter.usage.spans import seal

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86400


def counters(path: Path) -> list[str]:
    text = exposition(str(path), NOON)
    return [line for line in text.splitlines() if "_total" in line or "_sum" in line]


@pytest.mark.parametrize("summed", [True, False])
def test_what_is_older_goes_and_totals_stay(tmp_path: Path, summed: bool) -> None:
    path = tmp_path / "usage.db"
    old = [entry(NOON - days * DAY, way) for days in range(1, 40) for way in (BAD, entry().way)]
    with closing(keep(path, old)) as db:
        if summed:
            seal(db, NOON, 0)
            assert join_days(db, NOON) > 30
        before = counters(path)
        assert prune(db, (NOON - 30 * DAY + 60) * 1000) == Pruned(18, 18)
        assert counters(path) == before
        usage = read_usage(str(path), 0, NOON)
        assert usage is not None
        assert total(grouped(usage, "day")).requests == 60
        assert prune(db, (NOON - 30 * DAY + 60) * 1000) == Pruned(0, 0)
        assert prune(db, NOON * 1000) == Pruned(60, 60)
        assert counters(path) == before
        for table in ("requests", "attempts", "spans", "open", "days", "day_spans"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - ours


def test_a_quarter_of_an_hour_goes_whole_or_stays(tmp_path: Path) -> None:
    with closing(keep(tmp_path / "usage.db", [entry(NOON), entry(NOON + 600)])) as db:
        assert prune(db, (NOON + 899) * 1000) == Pruned(0, 0)
        assert prune(db, (NOON + 900) * 1000) == Pruned(2, 2)


def test_the_space_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    with closing(keep(path, [entry(NOON + n) for n in range(4000)])) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.stat().st_size
        prune(db, (NOON + DAY) * 1000)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < before / 3


def test_who_reads_meanwhile_sees_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    with closing(keep(path, [entry(NOON)])) as db:
        reading = open_to_read(str(path))
        assert reading is not None
        reading.execute("BEGIN")
        count = "SELECT count(*) FROM requests"
        assert reading.execute(count).fetchone() == (1,)
        prune(db, (NOON + DAY) * 1000)
        assert reading.execute(count).fetchone() == (1,)
        reading.close()


def test_an_empty_database_has_nothing_to_prune(tmp_path: Path) -> None:
    with closing(keep(tmp_path / "usage.db", [])) as db:
        assert prune(db, NOON * 1000) == Pruned(0, 0)
