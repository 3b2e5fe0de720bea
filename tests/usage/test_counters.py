"""The numbers that a worker tells while it runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from freerouter.usage import counters
from freerouter.usage.counters import Counters, LastError

if TYPE_CHECKING:
    import pytest


def at(monkeypatch: pytest.MonkeyPatch, minute: int) -> None:
    monkeypatch.setattr(counters, "time", SimpleNamespace(time=lambda: minute * 60 + 30.0))


def test_what_began_is_in_flight_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 1000)
    found = Counters()
    found.begin()
    found.begin()
    assert found.snapshot()["in_flight"] == 2
    found.end(failed=False)
    found.end(failed=True)
    seen = found.snapshot()
    assert (seen["done"], seen["errors"], seen["in_flight"]) == (2, 1, 0)
    assert seen["minutes"] == {1000: 2}


def test_what_is_forgotten_never_was() -> None:
    found = Counters()
    found.begin()
    found.forget()
    seen = found.snapshot()
    assert (seen["done"], seen["in_flight"], seen["minutes"]) == (0, 0, {})


def test_an_hour_is_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Counters()
    for minute in (1000, 1059, 1060):
        at(monkeypatch, minute)
        found.begin()
        found.end(failed=False)
    assert found.snapshot()["minutes"] == {1059: 1, 1060: 1}
    at(monkeypatch, 1119)
    assert found.snapshot()["minutes"] == {1060: 1}


def test_the_last_error_is_told_as_data() -> None:
    found = Counters()
    assert found.snapshot()["last_error"] is None
    found.last_error = LastError("2026-11-24T13:47:21+00:00", 429, "slow down", "fast")
    assert found.snapshot()["last_error"] == {
        "time": "2026-11-24T13:47:21+00:00",
        "status": 429,
        "message": "slow down",
        "alias": "fast",
    }
