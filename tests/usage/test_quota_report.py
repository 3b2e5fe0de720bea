"""How limits stand: counted by the gateway, recalled from usage.db, and how long they last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ledger_entries import BAD, GOOD, NOON, entry, keep

from freerouter.limits import Limits, limits_of
from freerouter.usage.quota_report import Holder, Quota, quotas
from freerouter.usage.quota_store import Grant, News, Pot, QuotaStore

if TYPE_CHECKING:
    from pathlib import Path

    from freerouter.limits import Limit

MINUTE, HOUR, DAY = 60, 3600, 86400
MIDNIGHT = NOON + 12 * HOUR


def limit(kind: str = "requests/day", most: int = 100, **how: Any) -> Limit:
    (found,) = limits_of({kind: most, **how}, "catalogue")
    return found


def holder(*limits: Limit, key: int = 1, models: tuple[str, ...] = ("llama",)) -> Holder:
    return Holder("groq", key, Limits(limits), models)


def stand(path: Path, *holders: Holder, now: float = NOON) -> list[Quota]:
    return quotas(str(path / "quota.db"), str(path / "usage.db"), holders, now)


def counted(path: Path, pot: Pot, calls: int, *news: News, now: float = NOON) -> None:
    store = QuotaStore(str(path / "quota.db"))
    for _ in range(calls):
        assert isinstance(store.reserve([pot], now), Grant)
    store.settle((), (), news, now)
    store.close()


def test_nothing_was_used_where_nothing_is_recorded(tmp_path: Path) -> None:
    (found,) = stand(tmp_path, holder(limit()))
    assert (found.account, found.model, found.used, found.left) == ("groq", "", 0, 100)
    assert (found.ends, found.used_from, found.out_at) == (MIDNIGHT, "counted", None)


def test_what_was_asked_today_is_recalled_from_usage_db(tmp_path: Path) -> None:
    yesterday = NOON - 13 * HOUR
    other = GOOD._replace(provider="lab")
    keep(
        tmp_path / "usage.db",
        [
            *(entry(NOON - n * MINUTE) for n in range(1, 41)),
            *(entry(NOON - 7 * HOUR - n * MINUTE) for n in range(20)),
            *(entry(yesterday) for _ in range(7)),
            *(entry(NOON - MINUTE, BAD) for _ in range(9)),
            *(entry(NOON - MINUTE, other) for _ in range(11)),
        ],
    ).close()
    (found,) = stand(tmp_path, holder(limit()))
    assert (found.used, found.left, found.pace) == (60, 40, 40)
    assert found.out_at == NOON + HOUR
    assert not found.used_up


def test_tokens_are_those_of_both_ways(tmp_path: Path) -> None:
    keep(tmp_path / "usage.db", [entry(NOON - MINUTE) for _ in range(3)]).close()
    (found,) = stand(tmp_path, holder(limit("tokens/day", 1000)))
    assert (found.used, found.left) == (45, 955)


def test_a_pace_that_lasts_until_it_is_whole_again_needs_no_forecast(tmp_path: Path) -> None:
    keep(tmp_path / "usage.db", [entry(NOON - MINUTE) for _ in range(3)]).close()
    (found,) = stand(tmp_path, holder(limit(most=100)))
    assert (found.pace, found.out_at) == (3, None)
    (found,) = stand(tmp_path, holder(limit(most=38)))
    assert found.out_at == NOON + (38 - 3) / 3 * HOUR


@pytest.mark.parametrize("kind", ["requests/minute", "requests/hour"])
def test_what_comes_back_as_it_goes_has_no_forecast(tmp_path: Path, kind: str) -> None:
    keep(tmp_path / "usage.db", [entry(NOON - 10) for _ in range(9)]).close()
    (found,) = stand(tmp_path, holder(limit(kind, 10)))
    assert (found.used, found.out_at) == (9, None)


def test_two_keys_have_counts_of_their_own_and_an_account_one(tmp_path: Path) -> None:
    second = GOOD._replace(deployment="fast:groq/llama#2")
    entries = [entry(NOON - 5), entry(NOON - 5, second), entry(NOON - 5, second)]
    keep(tmp_path / "usage.db", entries).close()
    each, whole = limit(), limit("requests/month", scope="account")
    found = stand(tmp_path, holder(each, whole), holder(each, whole, key=2))
    assert [(one.account, one.limit.per, one.used) for one in found] == [
        ("groq", "day", 1),
        ("groq", "month", 3),
        ("groq#2", "day", 2),
    ]


def test_of_limits_for_each_model_only_those_in_use_are_told(tmp_path: Path) -> None:
    models = tuple(f"m{number}" for number in range(50))
    one = holder(limit(scope="model"), models=models)
    (idle,) = stand(tmp_path, one)
    assert (idle.model, idle.used) == ("*", 0)
    keep(tmp_path / "usage.db", [entry(NOON - 5, GOOD._replace(model="m7"))]).close()
    assert [(row.model, row.used) for row in stand(tmp_path, one)] == [("m7", 1)]


def test_patterns_say_which_models_count(tmp_path: Path) -> None:
    free, paid = GOOD._replace(model="x:free"), GOOD._replace(model="x")
    keep(tmp_path / "usage.db", [entry(NOON - 5, free), entry(NOON - 5, paid)]).close()
    (found,) = stand(tmp_path, holder(limit(models=["*:free"]), models=("x:free", "x")))
    assert found.used == 1
    assert stand(tmp_path, holder(limit(models=["*:free"]), models=("x",))) == []


def test_what_the_gateway_counted_comes_before_the_history(tmp_path: Path) -> None:
    keep(tmp_path / "usage.db", [entry(NOON - 5)]).close()
    counted(tmp_path, Pot("groq", "", limit()), 12)
    (found,) = stand(tmp_path, holder(limit()))
    assert (found.used, found.left, found.used_from) == (12, 88, "counted")


def test_what_a_provider_said_is_told_with_its_time(tmp_path: Path) -> None:
    pot = Pot("groq", "", limit())
    counted(tmp_path, pot, 2, News(pot, 50, 10, None))
    (found,) = stand(tmp_path, holder(limit()))
    assert (found.limit.most, found.used, found.left) == (50, 40, 10)
    assert (found.used_from, found.said_at) == ("said", NOON)


def test_what_was_learnt_is_told_and_what_is_configured_no_more_is_not(tmp_path: Path) -> None:
    learnt = limit("requests/day", 0, scope="model")._replace(source="said")
    pot = Pot("groq", "llama", learnt)
    counted(tmp_path, pot, 0, News(pot, None, 0, NOON + 90))
    counted(tmp_path, Pot("groq", "", limit("tokens/day")), 0)
    counted(tmp_path, Pot("gone", "", limit()), 3)
    (found,) = stand(tmp_path, holder())
    assert (found.model, found.left, found.used_up, found.ends) == ("llama", 0, True, NOON + 90)
    assert stand(tmp_path, holder(), now=NOON + 91) == []


def test_a_limit_that_is_used_up_says_so(tmp_path: Path) -> None:
    counted(tmp_path, Pot("groq", "", limit(most=3)), 3)
    (found,) = stand(tmp_path, holder(limit(most=3)))
    assert (found.used_up, found.left, found.part, found.out_at) == (True, 0, 1.0, None)
