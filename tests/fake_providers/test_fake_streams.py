"""Streams of the providers' own dialects, read by the clients that are made for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anthropic
import httpx
import pytest

from freerouter.fakes import FakeProviders
from freerouter.fakes.description import read_fakes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

TEXT = "I am a fake."
HELLO: Any = [{"role": "user", "content": "Who are you?"}]


@pytest.fixture
def urls(tmp_path: Path) -> Iterator[dict[str, str]]:
    names = ("anthropic", "bedrock", "cohere", "gemini")
    described = {name: {"models": ["m"], "answer": TEXT} for name in names}
    path = tmp_path / "fakes.yaml"
    path.write_text(json.dumps({"providers": described}), encoding="utf-8")
    with FakeProviders(read_fakes(str(path))) as running:
        yield dict(running.urls)


def ask(url: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    answer = httpx.post(url, json=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer


def test_anthropics_own_client_reads_its_stream(urls: dict[str, str]) -> None:
    base = urls["anthropic"].removesuffix("/v1")
    sent = {"x-api-key": "any-key", "anthropic-version": "2023-06-01"}  # as LiteLLM sends them
    client = anthropic.Anthropic(
        base_url=base, api_key="any-key", max_retries=0, default_headers=sent
    )
    with client.messages.stream(model="m", max_tokens=3, messages=HELLO) as stream:
        words = list(stream.text_stream)
        whole = stream.get_final_message()
    assert words == ["I ", "am ", "a "]
    assert (whole.stop_reason, whole.usage.output_tokens) == ("max_tokens", 3)


def test_gemini_sends_whole_answers_one_after_another(urls: dict[str, str]) -> None:
    url = f"{urls['gemini']}/models/m:streamGenerateContent?alt=sse"
    body = {"contents": [{"role": "user", "parts": [{"text": "Who are you?"}]}]}
    answer = ask(url, body, **{"x-goog-api-key": "any-key"})
    assert answer.headers["content-type"] == "text/event-stream"
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line]
    texts = [event["candidates"][0]["content"]["parts"][0]["text"] for event in events]
    assert "".join(texts) == TEXT
    assert events[-1]["candidates"][0]["finishReason"] == "STOP"
    assert events[-1]["usageMetadata"]["candidatesTokenCount"] == 4


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_cohere_sends_lines_unless_events_are_asked_for(urls: dict[str, str], accept: str) -> None:
    body = {"model": "m", "messages": HELLO, "stream": True}
    key = {"Authorization": "Bearer any-key", "Accept": accept}
    answer = ask(f"{urls['cohere']}/v2/chat", body, **key)
    lines = [line for line in answer.text.splitlines() if line]
    if accept == "text/event-stream":
        assert lines[0] == "event: message-start"
        lines = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    events = [json.loads(line) for line in lines]
    deltas = [event["delta"] for event in events if event["type"] == "content-delta"]
    assert "".join(one["message"]["content"]["text"] for one in deltas) == TEXT
    assert events[-1]["delta"]["finish_reason"] == "COMPLETE"


def test_aws_reads_the_events_of_bedrock(urls: dict[str, str]) -> None:
    eventstream = pytest.importorskip("botocore.eventstream")
    body = {"messages": [{"role": "user", "content": [{"text": "Who are you?"}]}]}
    url = f"{urls['bedrock']}/model/m/converse-stream"
    answer = ask(url, body, Authorization="Bearer any-key")
    buffer = eventstream.EventStreamBuffer()
    buffer.add_data(answer.content)
    events = [(e.headers[":event-type"], json.loads(e.payload)) for e in buffer]
    said = [told["delta"]["text"] for name, told in events if name == "contentBlockDelta"]
    assert "".join(said) == TEXT
    assert [name for name, _ in events][-2:] == ["messageStop", "metadata"]
    assert events[-1][1]["usage"]["outputTokens"] == 4
