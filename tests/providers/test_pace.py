"""How often and how many at once providers are asked."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from freerouter.config.providers_file import Entry
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Provider
from freerouter.providers.pace import LONGEST_REST, Pace, in_lanes, rpm_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def starts(rpm: int, calls: int) -> list[float]:
    """When each of so many calls starts, one after another."""
    clock = Clock()
    pace = Pace(rpm, clock.sleep, clock)
    found = []
    for _ in range(calls):
        pace.wait()
        found.append(clock.now - 100.0)
    return found


def test_half_of_a_minutes_calls_may_come_at_once_and_the_rest_evenly() -> None:
    assert starts(10, 7) == [0.0, 0.0, 0.0, 0.0, 0.0, 6.0, 12.0]


def test_without_a_known_limit_nobody_waits() -> None:
    assert starts(0, 50) == [0.0] * 50


def test_a_provider_that_asks_for_a_rest_gets_it_within_reason() -> None:
    clock = Clock()
    pace = Pace(0, clock.sleep, clock)
    pace.rest(3)
    pace.wait()
    assert clock.now == 103.0
    pace.rest(10_000)
    pace.wait()
    assert clock.now == 103.0 + LONGEST_REST


@pytest.mark.parametrize(
    ("options", "rpm"), [({}, 20), ({"rpm": 5}, 5), ({"plan": "paid"}, 0), ({"plan": "free"}, 20)]
)
def test_the_users_word_on_the_rate_wins(options: Mapping[str, object], rpm: int) -> None:
    record = Provider("x", "X", limits=({"note": "n", "requests/minute": 20}, {"note": "m"}))
    assert rpm_of(Account(record, Entry("x", "x", options=options), "http://x")) == rpm


def test_the_users_own_limit_is_kept_to() -> None:
    record = Provider("x", "X", limits=({"note": "n", "rpm": 20},))
    entry = Entry("x", "x", limits=({"requests/minute": 3}, {"requests/day": 1}))
    assert rpm_of(Account(record, entry, "http://x")) == 3


def test_no_more_than_two_at_once_of_each_group_and_all_are_done() -> None:
    lock, both = threading.Lock(), threading.Barrier(4)
    running: dict[str, int] = {"a": 0, "b": 0}
    most = dict(running)

    def job(group: str, number: int) -> str:
        with lock:
            running[group] += 1
            most[group] = max(most[group], running[group])
        if number < 2:
            both.wait(10)  # two of each group are under way together
        with lock:
            running[group] -= 1
        return f"{group}{number}"

    groups = [[partial(job, group, number) for number in range(5)] for group in ("a", "b")]
    assert sorted(in_lanes(groups)) == sorted(f"{g}{n}" for g in "ab" for n in range(5))
    assert most == {"a": 2, "b": 2}


def test_what_a_job_raises_is_raised_where_it_is_seen() -> None:
    def job() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        list(in_lanes([[job]]))
