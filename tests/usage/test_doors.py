"""Doors before the real LiteLLM: a day that is over, a budget that is spent, in every dialect."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from rationed import LIMIT, OK, Rationed
from recording import MASTER, recording

from freerouter.config.yaml_file import dump_yaml

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import World

pytestmark = pytest.mark.gateway
DAY = 86_400
SPENT = 402
HELLO = [{"role": "user", "content": "Hi"}]
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": HELLO}),
    "streamed": ("/v1/chat/completions", {"messages": HELLO, "stream": True}),
    "messages": ("/v1/messages", {"messages": HELLO, "max_tokens": 9}),
    "messages streamed": ("/v1/messages", {"messages": HELLO, "max_tokens": 9, "stream": True}),
    "responses": ("/v1/responses", {"input": "Hi"}),
    "responses streamed": ("/v1/responses", {"input": "Hi", "stream": True}),
    "embeddings": ("/v1/embeddings", {"input": "Hi"}),
}


class Gateway(NamedTuple):
    port: int
    child: subprocess.Popen[str]
    providers: dict[str, Rationed]

    def ask(self, model: str, way: str = "chat") -> tuple[int, dict[str, str], str]:
        path, body = WAYS[way]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {MASTER}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps({"model": model, **body}), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, text

    def tell(self, line: str) -> None:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(f"{line}\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline()


@pytest.fixture
def gateway(world: World, free_port: int, tmp_path: Path) -> Iterator[Gateway]:
    """Two providers with two answers a day each, one of which tells its limit in headers only."""
    told = {"x-ratelimit-limit-requests-day": "2", "x-ratelimit-remaining-requests-day": "0",
            "x-ratelimit-reset-requests-day": "40000"}  # fmt: skip
    providers = {"lab": Rationed(2, "m"), "attic": Rationed(2, "m", headers=told)}
    limits = {"lab": {"requests/day": 2, "resets": "rolling"}, "attic": {}}
    rows = [
        {"type": "oai", "name": name, "api_base": one.base, "limits": limits[name]}
        for name, one in providers.items()
    ]
    aliases = {"both": ["lab/m", "attic/m"], "first": ["lab/m"]}
    world.providers(dump_yaml({"providers": rows, "aliases": aliases}))
    assert world.cli("fetch").code == 0
    with recording(world, free_port, tmp_path / "requests.jsonl") as child:
        yield Gateway(free_port, child, providers)
    for one in providers.values():
        one.close()


def test_after_the_reset_it_flows_again(gateway: Gateway) -> None:
    assert [gateway.ask("both")[0] for _ in range(6)] == [OK] * 4 + [LIMIT] * 2
    status, headers, text = gateway.ask("both")
    assert status == LIMIT
    assert 39_000 < int(headers["retry-after"]) <= 40_000, "the soonest of the two"
    assert "lab: 2 of 2 requests in 24 hours, again in 2" in text
    assert "attic/m: 2 of 2 requests today, again in 11 h" in text
    gateway.providers["lab"].renew()
    gateway.tell(f"later {DAY - 60}")
    assert gateway.ask("first")[0] == LIMIT
    gateway.tell(f"later {DAY / 60 + 120}")
    assert [gateway.ask("first")[0] for _ in range(3)] == [OK, OK, LIMIT]
    assert [one.log[LIMIT] for one in gateway.providers.values()] == [0, 1]


@pytest.mark.parametrize("model", ["both", "first"])
def test_each_dialect_is_told_in_its_own_shape(gateway: Gateway, model: str) -> None:
    while gateway.ask(model)[0] == OK:
        pass
    asked = [dict(one.log) for one in gateway.providers.values()]
    for status, kind in ((LIMIT, "rate_limit_error"), (SPENT, "billing_error")):
        if status == SPENT:
            gateway.tell("spent")
            gateway.tell(f"later {3 * DAY}")
        for way in WAYS:
            found, headers, text = gateway.ask(model, way)
            error = json.loads(text)["error"]
            assert (way, found) == (way, status)
            assert "used up. " in error["message"]
            assert ("retry-after" in headers) is (status == LIMIT)
            if "messages" in way:
                assert (json.loads(text)["type"], error["type"]) == ("error", kind)
            elif status == SPENT:
                assert error["type"] == "insufficient_quota"
    assert [dict(one.log) for one in gateway.providers.values()] == asked
