"""Limits that are nearly used up are told of where a person looks: status, doctor, the toolbar."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from ledger_entries import NOON

from freerouter.limits import limits_of
from freerouter.shell.toolbar import toolbar
from freerouter.standing import Standing
from freerouter.usage.quota_store import News, Pot, QuotaStore
from freerouter.usage.quota_warnings import Warned, warnings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from conftest import World

HOUR = 3600


def say(path: Path, who: str, said: dict[str, int], left: int, at: float = NOON) -> None:
    """As a provider says it, of an account or of its model."""
    (limit,) = limits_of(said, "catalogue")
    account, _, model = who.partition("/")
    store = QuotaStore(str(path))
    store.settle((), (), [News(Pot(account, model, limit), limit.most, left, None)], at)
    store.close()


def test_only_what_is_nearly_used_up_is_told_the_nearest_first(tmp_path: Path) -> None:
    path = tmp_path / "quota.db"
    assert warnings(str(path), NOON) == []
    say(path, "groq", {"requests/day": 1000}, 80)
    say(path, "groq", {"requests/month": 1000}, 101)
    say(path, "lab", {"tokens/hour": 100}, 11)
    say(path, "attic", {"requests/minute": 10}, 0)
    say(path, "attic/m:free", {"requests/day": 50}, 0)
    found = warnings(str(path), NOON)
    assert found == [
        Warned("attic/m:free", 100, "requests", "day", NOON + 12 * HOUR),
        Warned("groq", 92, "requests", "day", NOON + 12 * HOUR),
    ]
    assert [one.short for one in found] == ["attic/m:free 100 % of today", "groq 92 % of today"]
    assert warnings(str(path), NOON + 12 * HOUR) == []


def test_they_are_told_in_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        today = Warned("groq", 92, "requests", "day", NOON + HOUR)
        later = Warned("lab", 100, "tokens", "month", NOON + 24 * HOUR)
        assert "has 8 % of the requests left" in today.told(NOON)
        assert "until 14:00" in today.told(NOON)
        assert "lab has no tokens left" in later.told(NOON)
        assert "until 25 Nov 13:00" in later.told(NOON)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_toolbar_has_the_nearest_one() -> None:
    one = Warned("groq", 92, "requests", "day", NOON)
    now = Standing(configured=True, address="127.0.0.1:4000", quota=(one,))
    drawn = "".join(text for _, text in toolbar(now, "", 120))
    assert drawn == " gateway 127.0.0.1:4000 · groq 92 % of today · 0 requests today"
    now = now._replace(quota=(one._replace(percent=100), one))
    assert ("class:toolbar class:bad", "groq 100 % of today (and 1 more)") in toolbar(now, "", 120)


def test_doctor_finds_it_with_what_to_do_next(world: World) -> None:
    world.cli("init")
    path = world.workspace / "state" / "quota.db"
    for left, told in ((50, False), (4, True)):
        say(path, "lab", {"requests/hour": 100}, left, time.time())
        ran = world.cli("doctor", "--offline")
        assert ("gateway: lab has 4 % of the requests left until " in ran.out) is told
    assert "`freerouter quota` says what is left, and when it comes back." in ran.out
    found = json.loads(world.cli("doctor", "--offline", "--json").out)["findings"]
    (finding,) = [one for one in found if "quota" in one["id"]]
    assert (finding["id"], finding["state"]) == ("gateway.quota:lab", "warn")
