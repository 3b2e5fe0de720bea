"""Two thousand requests of every kind to the real LiteLLM, counted by three that do not know of
each other: the clients, the providers and usage.db.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from moody import FINE, FLAKY, SLOW, STALLS, Moody
from recording import MASTER, recording

from freerouter.usage.reading import read_usage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import World

    from freerouter.usage.reading import Usage

pytestmark = pytest.mark.gateway
MIX = {
    "good": 900, "good-stream": 500, "limited": 120, "refused": 100, "failing": 80,
    "late": 24, "rescued": 120, "wobbly": 100, "leaves": 40, "nobody": 16,
}  # fmt: skip
"""How many requests of each kind; 2,000 in all."""
CLIENTS = 12
GONE = 499
CONFIG = """\
providers:
  - {type: oai, name: lab, api_base: '%s'}
  - {type: oai, name: attic, api_base: '%s', options: {timeout: 1}}
litellm:
  router_settings:
    num_retries: 1
    retry_after: 0
    disable_cooldowns: true
    fallbacks: [{broken: [good]}]
"""


@pytest.fixture
def providers() -> Iterator[tuple[Moody, Moody]]:
    lab = Moody({"good": FINE, "limited": 429, "refused": 401, "wobbly": FLAKY})
    attic = Moody({"failing": 500, "late": SLOW, "broken": 500, "leaves": STALLS})
    yield lab, attic
    for one in (lab, attic):
        one.close()


@pytest.fixture
def gateway(
    world: World, providers: tuple[Moody, Moody], free_port: int, tmp_path: Path
) -> Iterator[int]:
    world.providers(CONFIG % tuple(one.base for one in providers))
    assert world.cli("fetch").code == 0
    with recording(world, free_port, tmp_path / "requests.jsonl"):
        yield free_port


class Clients:
    """What they asked, and what they saw: by model and status."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, kind: str) -> tuple[str, int]:
        model = {"good-stream": "good", "rescued": "broken"}.get(kind, kind)
        streams = kind in ("good-stream", "leaves")
        answer, connection = self._send({"model": model, "stream": streams})
        if kind == "leaves":
            answer.readline()
            answer.close()
            connection.close()
            return model, GONE
        answer.read()
        connection.close()
        return model, answer.status

    def _send(self, body: dict[str, Any]) -> tuple[http.client.HTTPResponse, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        question = {"messages": [{"role": "user", "content": "How do you do?"}]}
        headers = {"Authorization": f"Bearer {MASTER}", "Content-Type": "application/json"}
        headers["User-Agent"] = "client/1"
        connection.request("POST", "/v1/chat/completions", json.dumps(body | question), headers)
        return connection.getresponse(), connection


def recorded(path: Path, count: int) -> Usage:
    """Waited for, until all are there."""
    while True:
        usage = read_usage(str(path), 0, time.time())
        if usage and sum(span.requests for _, _, span in usage.rows) >= count:
            return usage
        time.sleep(0.1)


def test_every_request_and_every_call_is_counted_once(
    gateway: int, providers: tuple[Moody, Moody], tmp_path: Path
) -> None:
    kinds = [kind for kind, number in MIX.items() for _ in range(number)]
    random.Random(7).shuffle(kinds)  # noqa: S311 - an order, and the same each time
    assert len(kinds) == 2000
    with ThreadPoolExecutor(CLIENTS) as pool:
        seen = Counter(pool.map(Clients(gateway).ask, kinds))
    usage = recorded(tmp_path / "usage.db", len(kinds))

    requests: Counter[tuple[str, int]] = Counter()
    calls: Counter[tuple[str, str, int]] = Counter()
    tokens = [0, 0]
    for _, number, span in usage.rows:
        way = usage.ways[number]
        requests[way.alias, way.status] += span.requests
        calls[way.provider, way.model, way.status] += span.calls
        if way.status == 200:
            tokens = [tokens[0] + span.tokens_in, tokens[1] + span.tokens_out]
            assert not span.requests or way.deployment == f"{way.provider}/{way.model}"
    assert +requests == seen

    lab, attic = providers
    logs = {("lab", *key): number for key, number in lab.log.items()}
    logs |= {("attic", *key): number for key, number in attic.log.items()}
    assert dict(+calls) == logs
    assert tokens == [lab.tokens[0] + attic.tokens[0], lab.tokens[1] + attic.tokens[1]]
    assert usage.lost == 0

    assert seen["broken", 200] == MIX["rescued"]
    assert seen["limited", 429] == MIX["limited"]
    assert sum(calls.values()) > len(kinds), "retries and fallbacks are calls of their own"
    rescued = [usage.ways[number] for _, number, span in usage.rows if span.requests]
    assert {way.model for way in rescued if way.alias == "broken"} == {"good"}
