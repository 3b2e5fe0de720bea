"""What is recorded of requests to the real LiteLLM."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from chat_only import BREAKS, FAILS, FINE, HANGS, MODEL, ChatOnly
from recording import MASTER, recording

from freerouter.usage.reading import Figures, grouped, read_usage, total
from freerouter.usage.record import RequestRecord, from_line

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import World

pytestmark = pytest.mark.gateway
SECRET = "sk-canary-0123456789"
QUESTION = "What is the secret of the prompt?"
MODELS = {MODEL: FINE, "broken": FAILS, "breaks": BREAKS, "hangs": HANGS}


class Gateway(NamedTuple):
    """A running LiteLLM that records."""

    port: int
    path: Path
    child: subprocess.Popen[str]

    def ask(self, path: str = "/v1/chat/completions", **body: Any) -> tuple[int, str]:
        connection = self.connect(path, **body)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, text

    def connect(self, path: str, *, key: str = MASTER, **body: Any) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {key}", "User-Agent": "client/1.2 (a test)"}
        question = {"messages": [{"role": "user", "content": QUESTION}]}
        if "input" in body:
            question = {}
        raw = json.dumps({"model": MODEL, **question, **body})
        connection.request("POST", path, raw, {**headers, "Content-Type": "application/json"})
        return connection

    def records(self, count: int) -> list[RequestRecord]:
        """As many records, waited for."""
        while True:
            lines = self.path.read_text().splitlines() if self.path.exists() else []
            if len(lines) >= count:
                found = [from_line(line) for line in lines]
                return [record for record in found if record]
            assert self.child.poll() is None
            time.sleep(0.02)

    def figures(self, count: int) -> Figures:
        """What the ledger says of so many requests, waited for."""
        path = str(self.path.with_name("usage.db"))
        while True:
            usage = read_usage(path, 0, time.time())
            found = total(grouped(usage, "alias")) if usage else Figures()
            if found.requests >= count:
                return found
            time.sleep(0.02)

    def snapshot(self) -> dict[str, Any]:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write("snapshot\n")
        self.child.stdin.flush()
        found: dict[str, Any] = json.loads(self.child.stdout.readline())
        return found


@pytest.fixture
def provider() -> Iterator[ChatOnly]:
    made = ChatOnly(MODELS)
    yield made
    made.close()


@pytest.fixture
def gateway_with(
    world: World, provider: ChatOnly, free_port: int, tmp_path: Path
) -> Iterator[Callable[..., Gateway]]:
    """Starts LiteLLM with the recorder in it, in front of a provider of four tempers."""
    with contextlib.ExitStack() as children:

        def start(**environ: str) -> Gateway:
            world.providers(
                f"providers: [{{type: oai, name: lab, api_base: '{provider.base}'}}]\n"
                "litellm: {router_settings: {num_retries: 0}}\n"
            )
            assert world.cli("fetch").code == 0
            path = tmp_path / "requests.jsonl"
            child = children.enter_context(recording(world, free_port, path, **environ))
            return Gateway(free_port, path, child)

        yield start


def test_each_request_is_one_record_however_it_ends(
    gateway_with: Callable[..., Gateway], provider: ChatOnly
) -> None:
    gateway = gateway_with()
    assert gateway.ask()[0] == 200
    assert gateway.ask(stream=True)[0] == 200
    assert gateway.ask("/v1/messages", max_tokens=9)[0] == 200
    assert gateway.ask("/v1/responses", input=QUESTION)[0] == 200
    assert gateway.ask("/v1/messages/count_tokens")[0] == 200
    plain, stream, messages, responses, tokens = gateway.records(5)
    for record in (plain, stream, messages, responses):
        assert (record.alias, record.provider, record.model) == (MODEL, "lab", MODEL)
        assert (record.status, record.error, record.message) == (200, "", "")
        assert (record.tokens_in, record.tokens_out, record.cost) == (11, 7, None)
        assert record.client == "client/1.2"
        assert record.call_id
        assert record.latency > 0
        assert (record.request, record.response) == ("", "")
    dialects = [r.dialect for r in (plain, stream, messages, responses, tokens)]
    assert dialects == ["chat", "chat", "messages", "responses", "count_tokens"]
    assert (plain.stream, plain.first_token) == (False, None)
    assert stream.stream
    assert stream.first_token is not None
    assert 0 < stream.first_token <= stream.latency

    assert gateway.ask(model="broken")[0] == 500
    assert gateway.ask(model="no-such-model")[0] in (400, 404)
    assert gateway.ask(key="sk-wrong-0123456789")[0] in (400, 401)
    assert gateway.ask(model="broken", fallbacks=[MODEL])[0] == 200
    failed, unknown, refused, rescued = gateway.records(9)[5:]
    assert (failed.alias, failed.status, failed.error) == ("broken", 500, "InternalServerError")
    assert "It fails" in failed.message
    assert (unknown.alias, unknown.provider) == ("no-such-model", "")
    assert unknown.failed
    assert refused.failed
    assert (rescued.alias, rescued.model, rescued.status) == ("broken", MODEL, 200)
    assert (rescued.error, rescued.fallbacks, rescued.tokens_out) == ("", 1, 7)
    text = gateway.path.read_text()
    assert "secret of the prompt" not in text
    assert MASTER not in text
    assert "sk-wrong" not in text

    seen = gateway.snapshot()
    assert seen["lost"] == 0
    assert seen["last_error"]["status"] == refused.status

    found = gateway.figures(9)
    assert (found.requests, found.failed) == (9, 3)
    assert found.calls == sum(asked.body is not None for asked in provider.asked)
    assert found.failed_calls == 4
    assert (found.tokens_in, found.tokens_out) == (5 * 11, 5 * 7)


def test_a_stream_that_ends_early_is_told_from_one_that_was_read_to_its_end(
    gateway_with: Callable[..., Gateway], provider: ChatOnly
) -> None:
    gateway = gateway_with()
    connection = gateway.connect("/v1/chat/completions", model="breaks", stream=True)
    answer = connection.getresponse()
    answer.readline()
    provider.go_on.set()
    answer.read()
    connection.close()
    broke = gateway.records(1)[0]
    assert (broke.alias, broke.stream, broke.status) == ("breaks", True, 200)
    assert broke.failed
    assert broke.error not in ("", "ClientGone")

    connection = gateway.connect("/v1/chat/completions", model="hangs", stream=True)
    answer = connection.getresponse()
    answer.readline()
    answer.close()
    connection.close()
    gone = gateway.records(2)[1]
    assert (gone.alias, gone.status, gone.error) == ("hangs", 499, "ClientGone")
    assert gateway.snapshot()["lost"] == 0


def test_bodies_are_recorded_where_that_is_wanted_and_secrets_hidden(
    gateway_with: Callable[..., Gateway],
) -> None:
    gateway = gateway_with(FREEROUTER_LOG_BODIES="1")
    gateway.ask(messages=[{"role": "user", "content": f"{QUESTION} {SECRET}"}])
    gateway.ask(stream=True)
    plain, stream = gateway.records(2)
    assert json.loads(plain.request)["messages"][0]["content"] == f"{QUESTION} env:KEY"
    assert "Grüße from the provider" in plain.response
    assert "data: [DONE]" in stream.response
    assert SECRET not in gateway.path.read_text()


def test_what_is_recorded_survives_the_end_of_the_process(
    gateway_with: Callable[..., Gateway],
) -> None:
    gateway = gateway_with()
    gateway.ask()
    gateway.child.terminate()
    gateway.child.wait(timeout=30)
    line = from_line(gateway.path.read_text().splitlines()[-1])
    assert line is not None
    assert line.tokens_out == 7


def test_a_full_disk_fails_no_request(gateway_with: Callable[..., Gateway]) -> None:
    gateway = gateway_with()
    gateway.path.mkdir()  # what cannot be opened for writing
    assert gateway.ask()[0] == 200
    while not gateway.snapshot()["lost"]:
        time.sleep(0.02)
    gateway.path.rmdir()
    assert gateway.ask()[0] == 200
    assert gateway.records(1)[0].status == 200
