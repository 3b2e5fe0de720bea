"""How many requests there were today: of the local day, out of sums and rows alike."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from ledger_entries import BAD, GOOD, entry, keep

from freerouter.errors import FileError
from freerouter.usage.reading import requests_since, requests_today
from freerouter.usage.spans import seal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MINUTE, HOUR = 60, 3600


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ZoneInfo]]:
    def be_in(name: str) -> ZoneInfo:
        monkeypatch.setenv("TZ", name)
        time.tzset()
        return ZoneInfo(name)

    yield be_in
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/Havana"])
@pytest.mark.parametrize("sealed", [True, False])
def test_a_day_begins_at_local_midnight(
    tmp_path: Path, zone: Callable[[str], ZoneInfo], name: str, *, sealed: bool
) -> None:
    path = tmp_path / "usage.db"
    midnight = datetime(2026, 3, 8, tzinfo=zone(name)).timestamp()  # 00:00 is not there in Havana
    now = midnight + 9 * HOUR
    times = [-2 * HOUR, -MINUTE, -0.001, 0.0, MINUTE, 3 * HOUR, 9 * HOUR - 1]
    with closing(
        keep(path, [entry(midnight + at, BAD if at > HOUR else GOOD) for at in times])
    ) as db:
        if sealed:
            seal(db, now)
        assert requests_today(str(path), now) == 4
        assert requests_today(str(path), midnight - 1) >= 3


@pytest.mark.parametrize("sealed", [True, False])
def test_an_hour_is_one_to_the_second(tmp_path: Path, *, sealed: bool) -> None:
    path, now = tmp_path / "usage.db", time.time() // 1
    times = [now - HOUR - 1, now - HOUR, now - HOUR + 1, now - MINUTE]
    with closing(keep(path, [entry(at) for at in times])) as db:
        if sealed:
            seal(db, now)
        assert requests_since(str(path), now - HOUR) == 3


def test_where_nothing_was_recorded_there_are_none(tmp_path: Path) -> None:
    assert requests_today(str(tmp_path / "usage.db"), time.time()) == 0


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(FileError):
        requests_today(str(path), time.time())
