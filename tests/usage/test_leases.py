"""Calls that are counted ahead: in a rush, few of what is left, and exact when it is over."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_quotas import MIDNIGHT, NOON, Worker, row

from freerouter.usage import leases
from freerouter.usage.leases import MOST, PAUSE, Leases
from freerouter.usage.quota_store import Grant

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

TICKET = [(1, 7)]


def test_who_asks_once_in_a_while_is_counted_call_by_call(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr(leases, "time", SimpleNamespace(monotonic=lambda: moment))
    found = Leases()
    for _ in range(5):
        moment += PAUSE * 1.01
        assert found.take("m", NOON) is None
        assert found.wanted("m") == 1
        assert not found.keep("m", Grant(TICKET, 1, NOON + 9))
    assert found.give_back() == []


def test_in_a_rush_more_and_more_are_counted_ahead_up_to_so_many() -> None:
    found, asked = Leases(), []
    for _ in range(300):
        if found.take("m", NOON) is None:
            asked.append(found.wanted("m"))
            found.keep("m", Grant(TICKET, asked[-1], NOON + 9))
    assert asked[:8] == [1, 1, 2, 4, 8, 16, 32, 64]
    assert set(asked[8:]) == {MOST}
    assert found.wanted("another") == 1


def test_a_rush_that_goes_on_is_expected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr(leases, "time", SimpleNamespace(monotonic=lambda: moment))
    found = Leases()
    for _ in range(12):
        found.wanted("m")
    moment += PAUSE * 1.5
    assert [found.wanted("m") for _ in range(9)] == [8] * 9
    moment += PAUSE * 3
    assert found.wanted("m") == 3
    moment += PAUSE * 20
    assert found.wanted("m") == 1


def test_what_is_not_needed_is_given_back_and_not_used_any_more() -> None:
    found = Leases()
    found.wanted("m")
    found.keep("m", Grant(TICKET, 4, NOON + 9))
    assert found.take("m", NOON) == TICKET
    assert found.held
    assert found.give_back() == []
    assert found.give_back() == [TICKET, TICKET]
    assert not found.held
    assert found.take("m", NOON) is None
    assert found.give_back() == []


def test_it_is_kept_while_the_rush_goes_on() -> None:
    found = Leases()
    other = [(1, 8)]
    found.keep("m", Grant(TICKET, 4, NOON + 9))
    found.keep("n", Grant(other, 4, NOON + 9))
    assert found.give_back() == []
    assert found.take("m", NOON) == TICKET
    assert found.give_back() == [other] * 3
    assert found.held
    assert found.give_back(everything=True) == [TICKET] * 2


def test_when_its_time_is_over_it_is_not_used_and_still_given_back() -> None:
    found = Leases()
    found.wanted("m")
    found.keep("m", Grant(TICKET, 3, NOON + 9))
    assert found.take("m", NOON + 9) is None
    found.wanted("m")
    found.keep("m", Grant([(1, 8)], 1, NOON + 18))
    assert found.give_back() == [TICKET, TICKET]


@pytest.mark.parametrize("most", [20, 128, 1000])
def test_a_rush_of_two_workers_gets_what_there_is_and_no_more(tmp_path: Path, most: int) -> None:
    limited = row({"requests/day": most})

    async def rush() -> list[str]:
        workers = [Worker(tmp_path), Worker(tmp_path)]
        told = [workers[n % 3 % 2].call(limited) for n in range(most)]
        for one in workers:
            one.quotas.flush(ending=True)
        told += [one.call(limited) for one in workers]
        for one in workers:
            one.quotas.close()
        return told

    told = asyncio.run(rush())
    assert told[:most] == [""] * most
    assert told[most:] == [f"groq: {most} of {most} requests today"] * 2


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 40)), max_size=60))
def test_whatever_workers_do_each_call_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool, int]]
) -> None:
    path = tmp_path_factory.mktemp("leases")
    limited = row({"requests/day": 900}, {"requests/minute": 640})

    async def work() -> tuple[int, dict[str, int]]:
        workers, made = [Worker(path) for _ in range(3)], 0
        for who, flushes, calls in steps:
            made += sum(not workers[who].call(limited) for _ in range(calls))
            if flushes:
                workers[who].quotas.flush()
        for one in workers:
            one.quotas.close()
        return made, workers[0].used()

    made, used = asyncio.run(work())
    assert made <= 640
    assert set(used.values()) <= {made}


def test_a_new_day_counts_for_itself(world: World) -> None:
    limited = row({"requests/day": 1000})

    async def over_midnight() -> list[int]:
        worker = Worker(world.cwd)
        worker.clock.now = MIDNIGHT - 0.1
        for _ in range(40):
            assert worker.call(limited) == ""
        worker.clock.now = MIDNIGHT
        for _ in range(3):
            assert worker.call(limited) == ""
        worker.quotas.close()
        used = [worker.used()["groq/"]]
        worker.clock.now = MIDNIGHT - 0.1
        return [*used, worker.used()["groq/"]]

    assert asyncio.run(over_midnight()) == [3, 40]
