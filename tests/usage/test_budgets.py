"""A worker's budgets: who may be asked, what is told, and what happens to what cannot be known."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ledger_entries import GOOD, entry, keep

from freerouter.config.budgets_file import read_limit
from freerouter.usage import budgets as module
from freerouter.usage.budgets import Budgets, is_free, prices_of, provider_of, tokens_of
from freerouter.usage.doors import BUDGET, Shut
from freerouter.usage.spending import NANO, Hold

if TYPE_CHECKING:
    from collections.abc import Callable

DEAR: dict[str, Any] = {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-5}


def row(free: str = "no", provider: str = "groq", **info: Any) -> dict[str, Any]:
    told = {"id": f"{provider}/m", "freerouter_provider": provider, "freerouter_free": free}
    return {
        "model_name": "m",
        "litellm_params": {"model": "openai/m"},
        "model_info": {**told, **info},
    }


@pytest.fixture
def providers(tmp_path: Path) -> Path:
    path = tmp_path / "providers.yaml"
    path.write_text("providers: [{type: groq}]\n")
    return path


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def make(
    providers: Path, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Budgets]:
    """Budgets that look anew each time."""
    monkeypatch.setattr(module, "OFTEN", -1.0)
    monkeypatch.setattr(module, "FRESH", -1.0)
    monkeypatch.setattr("freerouter.usage.schema.PATIENCE", 0.01)

    def budgets(*texts: str, **more: Any) -> Budgets:
        scopes = ", ".join(f"groq: {text}" for text in texts)
        providers.write_text(f"providers: [{{type: groq}}]\nbudgets: {{{scopes}}}\n")
        started = [read_limit("groq", text) for text in texts]
        path = str(tmp_path / "state" / "usage.db")
        return Budgets(started, str(providers), path, said.append, **more)

    return budgets


def spend(tmp_path: Path, usd: float) -> None:
    path = tmp_path / "state" / "usage.db"
    keep(path, [entry(time.time(), GOOD, cost=round(usd * NANO))]).close()


@pytest.mark.parametrize(
    ("info", "free"),
    [
        ({"free": "yes"}, True),
        ({"free": "quota"}, True),
        ({"free": "quota", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0}, True),
        ({"free": "quota", **DEAR}, False),
        ({"free": "unknown"}, False),
        ({"free": "no", **DEAR}, False),
    ],
)
def test_only_what_is_known_to_cost_nothing_is_free(info: dict[str, Any], free: bool) -> None:
    assert is_free(row(**info)) is free


def test_prices_are_known_or_not() -> None:
    assert prices_of(row(**DEAR)) == (1e-6, 1e-5)
    assert prices_of(row(input_cost_per_token=0.0, output_cost_per_token=0.0)) is None
    assert prices_of(row(input_cost_per_token=-1.0, output_cost_per_token=-1.0)) is None
    assert prices_of(row(input_cost_per_token=1.0)) is None
    own = {"litellm_params": {"model": "azure/m", **DEAR}}
    assert prices_of(own) == (1e-6, 1e-5)
    assert provider_of(own) == "azure"


def test_an_answer_is_held_for_as_it_is_limited() -> None:
    assert tokens_of(row(), {"max_tokens": 7}, 30) == (10, 7)
    assert tokens_of(row(), {"max_completion_tokens": 9, "max_tokens": 7}, 0) == (0, 9)
    assert tokens_of(row(), {}, 0) == (0, module.LONG_ANSWER)
    assert tokens_of(row(max_output_tokens=50), {}, 0) == (0, 50)


def test_who_has_a_budget_is_asked_until_it_is_used_up(
    make: Callable[..., Budgets], tmp_path: Path, said: list[str]
) -> None:
    budgets = make("1/month")
    assert budgets.door(row(**DEAR)) is None
    spend(tmp_path, 0.85)
    assert budgets.door(row(**DEAR)) is None
    assert said == ["budget: groq: $0.85 of $1 this month are spent"]
    spend(tmp_path, 0.15)
    shut = budgets.door(row(**DEAR))
    assert shut
    assert (shut.status, shut.reason) == (BUDGET, "groq: $1 of $1 this month are spent")
    assert shut.until
    assert shut.until > time.time()
    budgets.door(row(**DEAR))
    assert len(said) == 2
    assert isinstance(budgets.admit(row(**DEAR), {}, 0), Shut)
    assert budgets.door(row("yes")) is None
    assert budgets.admit(row("yes"), {}, 0) is None
    assert budgets.door(row(provider="lab", **DEAR)) is None


def test_what_calls_under_way_have_taken_is_told_as_that(
    make: Callable[..., Budgets], tmp_path: Path
) -> None:
    now = time.time()
    budgets = make("0.02/month", clock=lambda: now)
    spend(tmp_path, 0.01)
    assert isinstance(budgets.admit(row(**DEAR), {"max_tokens": 5000}, 0), Hold)
    for shut in (budgets.admit(row(**DEAR), {}, 0), budgets.door(row(**DEAR))):
        assert isinstance(shut, Shut)
        assert shut.until == now + module.SOON
        assert shut.reason == (
            "groq: $0.01 of $0.02 this month are spent, and $0.05 are set aside for calls under way"
        )


def test_one_of_nothing_is_used_up_at_once(make: Callable[..., Budgets]) -> None:
    assert make("0/day").door(row(**DEAR))


def test_it_flows_again_when_the_clock_has_come_so_far(
    make: Callable[..., Budgets], tmp_path: Path
) -> None:
    ahead = [0.0]
    budgets = make("1/month", clock=lambda: time.time() + ahead[0])
    spend(tmp_path, 2)
    shut = budgets.door(row(**DEAR))
    assert shut
    assert shut.until
    ahead[0] = shut.until - time.time() + 1
    assert budgets.door(row(**DEAR)) is None
    assert isinstance(budgets.admit(row(**DEAR), {}, 0), Hold)


def test_a_file_that_changes_counts_and_one_that_is_broken_does_not(
    make: Callable[..., Budgets], providers: Path, tmp_path: Path
) -> None:
    budgets = make("1/month")
    spend(tmp_path, 2)
    assert budgets.door(row(**DEAR))
    providers.write_text("providers: [{type: groq}]\nbudgets: {groq: 3/month}\n")
    assert budgets.door(row(**DEAR)) is None
    for text in ("providers: [", "budgets: {nobody: 9/month}\n", ""):
        providers.write_text(text)
        assert budgets.door(row(**DEAR)) is None
        spend(tmp_path, 0)
    spend(tmp_path, 1)
    assert budgets.door(row(**DEAR))
    providers.unlink()
    assert budgets.door(row(**DEAR))
    providers.write_text("providers: [{type: groq}]\n")
    assert budgets.door(row(**DEAR)) is None


def test_a_price_that_nobody_knows_is_not_paid(make: Callable[..., Budgets]) -> None:
    budgets = make("1/month")
    for found in (budgets.door(row("unknown")), budgets.admit(row("unknown"), {}, 0)):
        assert isinstance(found, Shut)
        assert found.reason == "groq: there is a budget, and what m costs is not known"


def test_a_locked_one_lets_nobody_in_that_costs(
    make: Callable[..., Budgets], tmp_path: Path
) -> None:
    budgets = make("1/month")
    assert isinstance(budgets.admit(row(**DEAR), {}, 0), Hold)
    with closing(sqlite3.connect(tmp_path / "state" / "usage.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = budgets.admit(row(**DEAR), {}, 0)
        assert isinstance(found, Shut)
        assert "what was spent is not known (usage.db: database is locked)" in found.reason
        assert budgets.admit(row("yes"), {}, 0) is None
    assert isinstance(budgets.admit(row(**DEAR), {}, 0), Hold)


@pytest.mark.parametrize("replaced", [True, False])
def test_one_that_is_gone_lets_nobody_in_until_it_is_begun_anew(
    make: Callable[..., Budgets], tmp_path: Path, replaced: bool
) -> None:
    budgets = make("1/month")
    assert budgets.door(row(**DEAR)) is None
    for end in ("", "-wal", "-shm"):
        Path(f"{tmp_path}/state/usage.db{end}").unlink(missing_ok=True)
    if replaced:
        spend(tmp_path, 0)
    shut = budgets.door(row(**DEAR))
    assert shut
    assert "it was removed or replaced" in shut.reason
    assert make("1/month").door(row(**DEAR)) is None


def test_who_has_not_looked_into_it_yet_knows_which_one_it_was(
    make: Callable[..., Budgets], tmp_path: Path
) -> None:
    idle = make("1/month")
    spend(tmp_path, 2)
    idle.look()
    path = tmp_path / "state" / "usage.db"
    with path.open("rb"):  # or the new one may get the old one's inode
        path.unlink()
        spend(tmp_path, 0)
    shut = idle.door(row(**DEAR))
    assert shut
    assert "it was removed or replaced" in shut.reason


def test_one_that_broke_in_this_time_lets_nobody_in(
    make: Callable[..., Budgets], tmp_path: Path
) -> None:
    os.makedirs(tmp_path / "state")
    today = time.strftime("%Y%m%d")
    for name in ("20010101-101010", f"{today}-101010"):
        (tmp_path / "state" / f"usage.db.broken-{name}").touch()
    shut = make("1/month").door(row(**DEAR))
    assert shut
    assert f"it broke on {time.strftime('%Y-%m-%d')}" in shut.reason
    (tmp_path / "state" / f"usage.db.broken-{today}-101010").unlink()
    assert make("1/month").door(row(**DEAR)) is None


def test_where_nothing_is_recorded_nothing_is_paid(make: Callable[..., Budgets]) -> None:
    shut = make("1/month", recorded=False).door(row(**DEAR))
    assert shut
    assert "FREEROUTER_RECORDER is off" in shut.reason
