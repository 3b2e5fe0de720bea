"""Records are made beside the requests, and none of those ever pays for a fault of theirs."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from typing import TYPE_CHECKING

import pytest
from test_exchange import TOLD, scope

from freerouter.usage import recorder as module
from freerouter.usage.books import Books
from freerouter.usage.exchange import NOTHING, Exchange
from freerouter.usage.ledger import Ledger
from freerouter.usage.quotas import Quotas
from freerouter.usage.reading import grouped, read_usage, total
from freerouter.usage.record import from_line
from freerouter.usage.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def told(client: bytes) -> Exchange:
    exchange = Exchange({**scope(), "headers": [(b"user-agent", client)]}, bodies=False)
    exchange.answered({"type": "http.response.start", "status": 200, "headers": []})
    exchange.answered({"type": "http.response.body", "body": b"{}"})
    exchange.told = TOLD
    return exchange


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    said: list[str] = []
    ledger = Ledger(str(tmp_path / "usage.db"), said.append)
    quotas = Quotas(str(tmp_path / "quota.db"), said.append)
    yield Recorder(Books(str(tmp_path / "requests.jsonl"), str, ledger), str, quotas)
    assert said == []


def test_a_record_that_cannot_be_made_costs_only_itself(tmp_path: Path) -> None:
    said: list[str] = []

    def redact(text: str) -> str:
        if text == "bad":
            raise ValueError(text)
        return text

    ledger = Ledger(str(tmp_path / "usage.db"), said.append)
    quotas = Quotas(str(tmp_path / "quota.db"), said.append)
    books = Books(str(tmp_path / "requests.jsonl"), redact, ledger)
    recorder = Recorder(books, redact, quotas)

    async def serve() -> None:
        for client in (b"good", b"bad", b"better"):
            recorder.end(told(client))
        recorder.close()

    asyncio.run(serve())
    lines = [from_line(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    assert [line.client for line in lines if line] == ["good", "better"]
    assert recorder.snapshot()["lost"] == 1
    assert said == []


def test_a_rush_is_in_both_files_when_it_is_over(recorder: Recorder, tmp_path: Path) -> None:
    async def serve() -> None:
        for number in range(1000):
            recorder.end(told(b"client-%d" % (number % 3)))
            if number % 250 == 0:
                await asyncio.sleep(0.05)  # the threads write meanwhile
        recorder.close()

    asyncio.run(serve())
    assert len((tmp_path / "requests.jsonl").read_text().splitlines()) == 1000
    usage = read_usage(str(tmp_path / "usage.db"), 0, time.time())
    assert usage
    assert total(grouped(usage, "model")).requests == 1000


def test_a_lone_one_is_handed_on_at_once_and_those_of_a_rush_together(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    monkeypatch.setattr(recorder._keeper, "put", lambda some: batches.append(len(some)))
    monkeypatch.setattr(module, "PAUSE", 60.0)

    async def serve() -> None:
        recorder._handed_on = time.monotonic() - 60.0
        recorder.end(told(b"lone"))
        await asyncio.sleep(0.01)
        assert batches == [1]
        for _ in range(module.MOST + 5):
            recorder.end(told(b"hurried"))
        await asyncio.sleep(0.01)
        assert batches == [1, module.MOST]
        recorder.close()

    asyncio.run(serve())
    assert batches == [1, module.MOST, 5]


def test_what_nobody_tells_is_not_waited_for_for_ever(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATEST", 0.1)
    monkeypatch.setattr(module, "PAUSE", 0.0)
    path = tmp_path / "requests.jsonl"
    path.touch()

    async def serve() -> None:
        for client in (b"first", b"second", b"third"):
            one = told(client)
            one.told = NOTHING
            recorder.end(one)
            await asyncio.sleep(0.02)
        while len(path.read_text().splitlines()) < 3:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)
        assert time.monotonic() - one.ended >= module.LATEST
        recorder.close()

    asyncio.run(asyncio.wait_for(serve(), 10))


def test_a_request_is_let_go_of_when_it_is_written(recorder: Recorder) -> None:
    async def serve() -> None:
        one = told(b"client")
        one.told = NOTHING
        recorder.end(one)
        recorder.told(one, TOLD, failed=False)
        gone = weakref.ref(one)
        del one
        while gone():
            await asyncio.sleep(0.01)
            gc.collect()
        recorder.close()

    asyncio.run(asyncio.wait_for(serve(), 10))
