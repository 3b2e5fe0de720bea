"""Jobs in threads: all at once, in time, and nothing that they raise is lost."""

from __future__ import annotations

import threading
import time

import pytest

from freerouter.errors import ProviderError
from freerouter.providers.parallel import in_parallel


def test_all_jobs_run_at_once_and_keep_their_numbers() -> None:
    together = threading.Barrier(3, timeout=5)

    def job(value: str) -> str:
        together.wait()
        return value

    assert dict(in_parallel([lambda v=v: job(v) for v in "abc"], 10)) == {0: "a", 1: "b", 2: "c"}  # type: ignore[misc] # a lambda's default


def test_the_quick_do_not_wait_for_the_slow() -> None:
    never = threading.Event()
    try:
        found = dict(in_parallel([lambda: never.wait(20), lambda: True], 0.3))
    finally:
        never.set()
    assert found == {1: True}


def test_no_time_at_all_is_still_an_answer() -> None:
    never = threading.Event()
    assert list(in_parallel([lambda: never.wait(5)], 0)) == []
    never.set()


def test_what_a_job_raises_is_raised_here() -> None:
    def refused() -> None:
        raise ProviderError("Lab refused this key.")

    with pytest.raises(ProviderError, match="refused"):
        list(in_parallel([refused], 5))


def test_meanwhile_is_done_once_while_the_jobs_are_out() -> None:
    done: list[float] = []
    go = threading.Event()

    def meanwhile() -> None:
        done.append(time.monotonic())
        go.set()

    assert list(in_parallel([lambda: go.wait(10)], 10, meanwhile)) == [(0, True)]
    assert len(done) == 1


def test_nothing_to_do() -> None:
    assert list(in_parallel([], 5)) == []
