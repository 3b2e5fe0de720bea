"""What a worker makes of limits: whom it lets through, what it hears, and a quota.db that fails."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.usage.doors import Shut
from freerouter.usage.quota_store import standing
from freerouter.usage.quotas import Quotas, tells_limits, way_of

if TYPE_CHECKING:
    from pathlib import Path

NOON = 1_800_014_400.0
MIDNIGHT = NOON + 43_200
DAY = {"requests/day": 3}


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


class Worker:
    """Quotas as a worker has them; `told` are the lines of its log."""

    def __init__(self, path: Path) -> None:
        self.path = str(path / "quota.db")
        self.told: list[str] = []
        self.clock = Clock()
        self.quotas = Quotas(self.path, self.told.append, self.clock)

    def call(self, row: Any) -> str:
        """What it is told that it may not be asked; "" where it was."""
        found = self.quotas.door(row) or self.quotas.enter(row)
        return found.reason if isinstance(found, Shut) else ""

    def used(self) -> dict[str, int]:
        found = standing(self.path, self.clock.now)
        return {f"{one.account}/{one.model}": one.used for one in found}


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path)


def row(
    *limits: dict[str, Any], provider: str = "groq", model: str = "llama", key: int = 1
) -> dict[str, Any]:
    end = f"#{key}" if key > 1 else ""
    info: dict[str, Any] = {"id": f"{provider}/{model}{end}", "freerouter_provider": provider}
    if limits:
        info["freerouter_limits"] = list(limits)
    if key > 1:
        info["freerouter_key"] = key
    params = {"model": f"groq/{model}"}
    return {"model_name": model, "litellm_params": params, "model_info": info}


def test_a_day_is_let_through_and_no_more(worker: Worker) -> None:
    assert [worker.call(row(DAY)) for _ in range(3)] == ["", "", ""]
    assert worker.call(row(DAY)) == "groq: 3 of 3 requests today"
    shut = worker.quotas.door(row(DAY))
    assert shut
    assert (shut.status, shut.until) == (429, MIDNIGHT)
    worker.clock.now = MIDNIGHT
    assert worker.call(row(DAY)) == ""


@pytest.mark.parametrize(
    ("scope", "others"),
    [("key", {"model": ""}), ("model", {}), ("account", {"model": "", "key": ""})],
)
def test_the_scope_says_who_shares_it(worker: Worker, scope: str, others: dict[str, str]) -> None:
    limit = {"requests/day": 1, "scope": scope}
    assert worker.call(row(limit)) == ""
    assert bool(worker.call(row(limit, model="gemma"))) is ("model" in others)
    assert bool(worker.call(row(limit, key=2))) is ("key" in others)


def test_only_the_models_that_a_limit_is_for_are_held_back(worker: Worker) -> None:
    limit = {"requests/day": 1, "models": ["*:free"]}
    assert worker.call(row(limit, model="a:free")) == ""
    assert worker.call(row(limit, model="b:free")) == "groq: 1 of 1 requests today"
    assert worker.call(row(limit, model="paid")) == ""


def test_one_without_limits_costs_no_database(worker: Worker) -> None:
    assert worker.call(row()) == ""
    worker.quotas.flush()
    assert not os.path.exists(worker.path)


def test_several_calls_of_one_attempt_are_all_counted_and_none_where_none_left(
    worker: Worker,
) -> None:
    async def calls() -> None:
        for made in (1, 2, 0):
            ticket = worker.quotas.enter(row({"requests/day": 9}))
            worker.quotas.leave(row({"requests/day": 9}), ticket, made)  # type: ignore[arg-type] # a ticket
        worker.quotas.flush()

    asyncio.run(calls())
    assert worker.used() == {"groq/": 3}


def test_tokens_of_an_answer_count_in_its_pots(worker: Worker) -> None:
    limits = row({"tokens/minute": 50})

    async def calls() -> None:
        worker.quotas.enter(limits)
        worker.quotas.spent("groq/llama", 60)
        worker.quotas.spent("nobody/knows", 60)
        await asyncio.sleep(0.5)

    asyncio.run(calls())
    assert worker.call(limits) == "groq: 60 of 50 tokens in a minute"


def hear(worker: Worker, deployment: Any, status: int, headers: dict[str, str], body: str) -> None:
    async def heard() -> None:
        worker.quotas.heard(deployment, status, headers, body)
        worker.quotas.flush()

    asyncio.run(heard())


def test_a_429_that_says_for_how_long_shuts_and_other_workers_hear_of_it(tmp_path: Path) -> None:
    worker, other = Worker(tmp_path), Worker(tmp_path)
    hear(worker, row(), 429, {"retry-after": "7200"}, "")
    for one in (worker, other):
        shut = one.quotas.door(row())
        assert shut
        assert (shut.reason, shut.until) == ("groq/llama: all requests today", NOON + 7200)
        assert one.call(row(model="gemma")) == ""
        one.clock.now = NOON + 7200
        assert one.call(row()) == ""


def test_a_429_that_asks_for_a_moment_shuts_nothing(worker: Worker) -> None:
    hear(worker, row(DAY), 429, {"retry-after": "7"}, "")
    assert worker.call(row(DAY)) == ""


def test_headers_correct_the_count_and_the_figure(worker: Worker) -> None:
    said = {"x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "2"}
    worker.call(row(DAY))
    hear(worker, row(DAY), 200, said, "")
    assert worker.used() == {"groq/": 8}
    assert [worker.call(row(DAY)) for _ in range(3)] == ["", "", "groq: 10 of 10 requests today"]


def test_a_database_that_is_locked_holds_nobody_up_for_long(worker: Worker) -> None:
    worker.call(row(DAY))
    with closing(sqlite3.connect(worker.path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert [worker.call(row(DAY)) for _ in range(20)] == [""] * 20
    assert len(worker.told) == 1
    assert worker.told[0].startswith("quota.db cannot be used, and calls are not counted meanwhile")


@pytest.mark.parametrize("what", ["a clock that was wrong", "counts that were lost"])
def test_a_door_does_not_stay_shut_for(worker: Worker, what: str) -> None:
    worker.clock.now = NOON + 400 * 86_400
    while not worker.call(row(DAY)):
        pass
    if what == "counts that were lost":
        os.unlink(worker.path)
    else:
        worker.clock.now = NOON
    while worker.quotas.door(row(DAY)):
        time.sleep(0.05)
    assert worker.call(row(DAY)) == ""


def test_a_full_disk_fails_no_request(worker: Worker) -> None:
    limit = {"requests/day": 1, "scope": "model"}
    worker.call(row(DAY))
    store = worker.quotas._store
    assert store
    store._db.execute("PRAGMA max_page_count = 8")
    assert [worker.call(row(limit, model=f"m{number}")) for number in range(300)] == [""] * 300
    assert worker.told == [
        "quota.db cannot be used, and calls are not counted meanwhile: database or disk is full"
    ]


@pytest.mark.parametrize("content", [b"no database at all, but long enough " * 40, None])
def test_a_broken_database_is_begun_anew(worker: Worker, content: bytes | None) -> None:
    worker.call(row(DAY))
    worker.quotas.close()
    for end in ("", "-wal", "-shm"):
        if os.path.exists(worker.path + end):
            os.unlink(worker.path + end)
    if content:
        with open(worker.path, "wb") as file:
            file.write(content)
    for _ in range(4):
        worker.call(row(DAY))
    assert worker.call(row(DAY)) == "groq: 3 of 3 requests today"


def test_a_place_that_is_no_directory_fails_no_request(tmp_path: Path) -> None:
    (tmp_path / "nowhere").write_text("")
    worker = Worker(tmp_path / "nowhere")
    assert [worker.call(row(DAY)) for _ in range(9)] == [""] * 9


def test_a_limit_that_makes_no_sense_is_left_alone(worker: Worker) -> None:
    rows: list[dict[str, Any]] = [{"requests/fortnight": 3}, {"requests/day": "many"}, {}, DAY]
    assert [one.limit.kind for one in way_of(row(*rows)).pots] == ["requests/day"]
    assert worker.call({"model_name": "bare", "litellm_params": {}}) == ""


@pytest.mark.parametrize(
    ("name", "tells"),
    [(b"x-ratelimit-remaining-requests", True), (b"RateLimit-Limit", True), (b"date", False),
     (b"x-trial-endpoint-call-remaining", True)],
)  # fmt: skip
def test_only_headers_of_limits_are_worth_reading(name: bytes, tells: bool) -> None:
    assert tells_limits([(b"content-type", b"x"), (name, b"1")]) is tells


def test_workers_that_begin_together_count_from_the_first_call_on(tmp_path: Path) -> None:
    limit = row({"requests/day": 10})
    workers = [Worker(tmp_path) for _ in range(8)]
    ready = threading.Barrier(len(workers))

    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(call_in_its_thread, [(worker, limit, ready) for worker in workers]))
    assert workers[0].used() == {"groq/": 10}
    assert [line for worker in workers for line in worker.told] == []


def call_in_its_thread(given: tuple[Worker, Any, threading.Barrier]) -> None:
    """SQLite's connections stay in the thread that opened them."""
    worker, limit, ready = given
    ready.wait()
    for _ in range(3):
        worker.call(limit)
    worker.quotas.close()
