"""What workers counted, also those that are gone."""

from __future__ import annotations

from freerouter.process.tally import Tally

NOW = 60.0 * 1000


def test_the_last_hour_of_all_workers_is_added_up() -> None:
    tally = Tally()
    tally.keep({"minutes": {"999": 2, "940": 50}})
    tally.keep({})
    found = tally.summary([{"minutes": {"1000": 3}}, {"minutes": {"999": 1}}], NOW)
    assert found == {"requests_last_hour": 6, "last_error": None}


def test_the_hour_moves_on() -> None:
    tally = Tally()
    tally.keep({"minutes": {"941": 1, "999": 1}})
    assert tally.summary([], NOW)["requests_last_hour"] == 2
    assert tally.summary([], NOW + 60)["requests_last_hour"] == 1


def test_the_latest_error_is_told() -> None:
    tally = Tally()
    tally.keep({"last_error": {"time": "2026-01-01T10:00:00Z", "message": "old"}})
    assert tally.summary([], NOW)["last_error"]["message"] == "old"
    newer = {"last_error": {"time": "2026-01-01T11:00:00Z", "message": "new"}}
    assert tally.summary([newer, {}], NOW)["last_error"]["message"] == "new"
