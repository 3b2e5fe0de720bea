"""Sums of slots and days say what the rows say, whatever the clock did."""

from __future__ import annotations

import random
import time
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from ledger_entries import BAD, GOOD, NOON, entry, keep

from freerouter.usage import days
from freerouter.usage.days import day_of, join_days
from freerouter.usage.reading import grouped, read_usage, total
from freerouter.usage.schema import SLOT
from freerouter.usage.spans import seal, sum_whole
from freerouter.usage.store import OTHERS, Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from freerouter.usage.entry import Entry
    from freerouter.usage.reading import Figures

HOUR, DAY = 3600, 86400
BERLIN, KOLKATA, HAVANA = "Europe/Berlin", "Asia/Kolkata", "America/Havana"


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def be_in(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    be_in("UTC")
    yield be_in
    monkeypatch.undo()
    time.tzset()


def some(count: int, begin: float, seconds: float) -> list[Entry]:
    dice = random.Random(3)  # noqa: S311 - the same entries each time
    return [
        entry(
            begin + dice.random() * seconds,
            dice.choice([GOOD, BAD, GOOD._replace(model="qwen")]),
            latency=dice.randrange(10**7),
            tokens_out=dice.randrange(100),
        )
        for _ in range(count)
    ]


def figures(found: Figures) -> dict[str, Any]:
    plain = {name: value for name, value in vars(found).items() if not name.startswith("_")}
    return {**plain, "times": found.latencies, "first": found.first_token, "rate": found.rate}


def read(path: Path, since: float, by: str = "model") -> dict[str, dict[str, Any]]:
    usage = read_usage(str(path), since, since + 40 * DAY, by)
    assert usage is not None
    return {name: figures(found) for name, found in grouped(usage, by).items()}


def kept(db: sqlite3.Connection) -> tuple[int, int, int]:
    """How many sums of slots and of days there are, and how many slots have none."""
    query = (
        "SELECT (SELECT count(DISTINCT slot) FROM spans),"
        " (SELECT count(*) FROM days), (SELECT count(*) FROM open)"
    )
    found: tuple[int, int, int] = db.execute(query).fetchone()
    return found


@pytest.mark.parametrize("by", ["model", "provider", "alias", "client", "hour", "day"])
@pytest.mark.parametrize("since", [NOON, NOON + 1234.5, NOON + 2 * DAY])
@pytest.mark.usefixtures("zone")
def test_reports_are_the_same_before_and_after_they_are_summed_up(
    tmp_path: Path, by: str, since: float
) -> None:
    path = tmp_path / "usage.db"
    with closing(keep(path, some(600, NOON, 3 * DAY))) as db:
        rows = read(path, since, by)
        assert seal(db, NOON + 4 * DAY, 0) > 200
        slots = read(path, since, by)
        assert join_days(db, NOON + 4 * DAY) == 4
        assert kept(db)[1:] == (4, 0)
        whole = read(path, since, by)
    assert rows
    assert rows == slots == whole


@pytest.mark.usefixtures("zone")
def test_what_an_older_version_summed_up_is_read_by_hour_before_and_after_it_is_whole(
    tmp_path: Path,
) -> None:
    path = tmp_path / "usage.db"
    with closing(keep(path, some(300, NOON, DAY))) as db:
        rows = read(path, NOON, "hour")
        seal(db, NOON + 2 * DAY, 0)
        assert read(path, NOON, "hour") == rows
        db.execute("DELETE FROM whole_spans")
        db.execute("INSERT INTO unsummed SELECT DISTINCT slot FROM spans")
        assert read(path, NOON, "hour") == rows
        assert sum_whole(db) > 90
        assert read(path, NOON, "hour") == rows
        assert db.execute("SELECT count(*) FROM unsummed").fetchone() == (0,)
        assert sum_whole(db) == 0
        Store(db).add([entry(NOON + 1, BAD)])
        found = read(path, NOON, "hour")
        assert sum(one["failed"] for one in found.values()) == 1 + sum(
            one["failed"] for one in rows.values()
        )
        usage = read_usage(str(path), NOON, NOON + DAY, "hour")
        assert usage
        assert sum(usage.course) == 301


def test_only_what_is_over_is_summed_up(tmp_path: Path) -> None:
    with closing(keep(tmp_path / "usage.db", [entry(NOON), entry(NOON + 900)])) as db:
        assert seal(db, NOON + 900 + 59) == 0
        assert seal(db, NOON + 900 + 61) == 1
        assert kept(db) == (1, 0, 1)


@pytest.mark.usefixtures("zone")
def test_a_late_one_has_its_slot_and_its_day_summed_up_anew(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    with closing(keep(path, [entry(NOON), entry(NOON + DAY)])) as db:
        seal(db, NOON + 3 * DAY)
        join_days(db, NOON + 3 * DAY)
        assert kept(db) == (2, 2, 0)
        Store(db).add([entry(NOON + 1, BAD)])
        assert kept(db) == (1, 1, 1)
        before = read(path, NOON - DAY)
        assert before["llama (groq)"]["failed"] == 1
        assert before["llama (groq)"]["requests"] == 3
        seal(db, NOON + 3 * DAY)
        assert join_days(db, NOON + 3 * DAY) == 1
        assert read(path, NOON - DAY) == before


def test_what_is_written_while_a_slot_is_summed_up_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "usage.db"
    with closing(keep(path, [entry(NOON)])) as db, closing(keep(path, [])) as other:
        monkeypatch.setattr(
            "freerouter.usage.spans.time.sleep",
            lambda _seconds: Store(other).add([entry(NOON + 5)]),
        )
        assert seal(db, NOON + DAY) == 0
        monkeypatch.undo()
        assert seal(db, NOON + DAY) == 1
    assert read(path, NOON)["llama (groq)"]["requests"] >= 2


def test_a_clock_that_was_ahead_and_is_set_back_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    with closing(keep(path, [entry(NOON + 365 * DAY), entry(NOON)])) as db:
        assert seal(db, NOON + 365 * DAY + HOUR) == 2
        Store(db).add([entry(NOON + 1)])
        assert seal(db, NOON + HOUR) == 1
        Store(db).add([entry(NOON + 365 * DAY)])
        assert seal(db, NOON + HOUR) == 1
    assert read(path, NOON)["llama (groq)"]["requests"] == 4


def local(when: datetime, name: str) -> float:
    return when.replace(tzinfo=ZoneInfo(name)).timestamp()


@pytest.mark.parametrize(
    ("name", "begin", "hours"),
    [
        (BERLIN, "2026-03-29", 23),
        (BERLIN, "2026-10-25", 25),
        (BERLIN, "2026-07-01", 24),
        (KOLKATA, "2026-07-01", 24),
        (HAVANA, "2026-03-08", 23),
        (HAVANA, "2026-11-01", 25),
    ],
)
def test_a_day_has_as_many_hours_as_the_clocks_make_it(
    zone: Callable[[str], None], name: str, begin: str, hours: int
) -> None:
    zone(name)
    noon = local(datetime.fromisoformat(f"{begin}T12:00"), name)
    first, last = day_of(int(noon * 1000) // SLOT)
    assert last - first == hours * 4
    assert time.strftime("%F", time.localtime(first * SLOT / 1000)) == begin
    assert time.strftime("%F", time.localtime(first * SLOT / 1000 - 1)) < begin
    assert time.strftime("%F", time.localtime(last * SLOT / 1000)) > begin


def test_the_hour_that_comes_twice_has_two_lines(
    tmp_path: Path, zone: Callable[[str], None]
) -> None:
    zone(BERLIN)
    path = tmp_path / "usage.db"
    first = 1_792_886_400  # 2026-10-25, 00:00 UTC: 02:00 in Berlin, for the first time
    keep(path, [entry(first + HOUR * n) for n in (-1, 0, 0, 1, 1, 1, 2)]).close()
    assert {name: row["requests"] for name, row in read(path, first - DAY, "hour").items()} == {
        "2026-10-25 01:00+0200": 1,
        "2026-10-25 02:00+0200": 2,
        "2026-10-25 02:00+0100": 3,
        "2026-10-25 03:00+0100": 1,
    }
    assert [row["requests"] for row in read(path, first - DAY, "day").values()] == [7]


def test_days_are_those_of_whoever_looks(tmp_path: Path, zone: Callable[[str], None]) -> None:
    path = tmp_path / "usage.db"
    midnight = NOON + 12 * HOUR
    with closing(keep(path, [entry(midnight - HOUR), entry(midnight + HOUR)])) as db:
        seal(db, NOON + 4 * DAY)
        assert join_days(db, NOON + 4 * DAY) == 2
        assert len(read(path, NOON, "day")) == 2
        zone(KOLKATA)
        assert list(read(path, NOON, "day")) == ["2026-11-25"]
        zone("America/New_York")
        assert list(read(path, NOON, "day")) == ["2026-11-24"]
        assert read(path, NOON, "model")["llama (groq)"]["requests"] == 2


def test_after_a_move_days_of_the_old_zone_are_not_counted_twice(
    tmp_path: Path, zone: Callable[[str], None]
) -> None:
    path = tmp_path / "usage.db"
    with closing(keep(path, some(80, NOON, 2 * DAY))) as db:
        seal(db, NOON + 9 * DAY, 0)
        join_days(db, NOON + 1.2 * DAY)
        zone(KOLKATA)
        join_days(db, NOON + 9 * DAY)
        bounds = db.execute("SELECT first, last FROM days ORDER BY first").fetchall()
    assert len(bounds) > 1
    assert all(end <= begin for (_, end), (begin, _) in pairwise(bounds))
    assert sum(row["requests"] for row in read(path, NOON).values()) == 80
    assert sum(row["requests"] for row in read(path, NOON, "day").values()) == 80


def test_the_course_of_time_counts_each_request_in_its_part(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    keep(path, [entry(NOON + minutes * 60) for minutes in (1, 31, 32, 59)]).close()
    usage = read_usage(str(path), NOON, NOON + HOUR, steps=4)
    assert usage is not None
    assert usage.course == [1, 0, 2, 1]
    usage = read_usage(str(path), NOON - 3 * HOUR, NOON + HOUR, steps=4)
    assert usage is not None
    assert usage.course == [0, 0, 0, 4]


def test_a_total_is_that_of_all_groups(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    keep(path, some(90, NOON, HOUR)).close()
    usage = read_usage(str(path), NOON, NOON + HOUR)
    assert usage is not None
    found = total(grouped(usage, "model"))
    assert figures(found) == figures(total(grouped(usage, "hour")))
    assert found.requests == found.calls == 90


def test_names_that_clients_make_up_do_not_fill_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("freerouter.usage.store.MOST_NAMES", 12)
    path = tmp_path / "usage.db"
    made_up = [entry(NOON, GOOD._replace(alias=f"model-{n}" + "x" * 999)) for n in range(50)]
    with closing(keep(path, made_up)) as db:
        texts = [text for (text,) in db.execute("SELECT text FROM texts")]
    assert len(texts) <= 13
    assert max(map(len, texts)) == 200
    found = read(path, NOON, "alias")
    assert found[OTHERS]["requests"] > 30
    assert sum(row["requests"] for row in found.values()) == 50


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    db = keep(path, [])
    store = Store(db)
    impossible = entry(NOON)._replace(latency=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        store.add([entry(NOON), impossible])
    assert read_usage(str(path), 0, NOON) is not None
    assert read(path, 0) == {}
    store.add([entry(NOON)])
    assert read(path, 0)["llama (groq)"]["requests"] == 1
    store.close()


def test_who_asks_for_a_day_gets_the_same_from_any_of_its_slots() -> None:
    first, last = days.day_of(NOON // 900)
    assert all(days.day_of(slot) == (first, last) for slot in range(first, last))
