"""A provider that passes over `stream: true`, asked through the real gateway by its names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fakes import Reply

from freerouter.process.patches.streaming import events_of

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer

WHOLE = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "llama",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello."},
            "finish_reason": "length",
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}


def read(body: Any) -> list[dict[str, Any]]:
    return [json.loads(event) for event in events_of(json.dumps(body).encode())]


def test_a_whole_answer_is_what_was_said_how_it_ended_and_what_it_took() -> None:
    said, ended, took = read(WHOLE)
    assert said["choices"][0]["delta"]["content"] == "Hello."
    assert ended["choices"][0]["finish_reason"] == "length"
    assert took["usage"]["total_tokens"] == 5
    assert {event["object"] for event in (said, ended, took)} == {"chat.completion.chunk"}


def test_calls_of_tools_are_numbered_as_in_a_stream() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call, {**call, "id": "b"}]}
    said = read({**WHOLE, "choices": [{"message": message, "finish_reason": "tool_calls"}]})[0]
    calls = said["choices"][0]["delta"]["tool_calls"]
    assert [(one["index"], one["id"]) for one in calls] == [(0, "a"), (1, "b")]


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"3", b'{"error": {"message": "no"}}'])
def test_what_is_no_answer_is_an_error(raw: bytes) -> None:
    (event,) = events_of(raw)
    assert json.loads(event)["error"]["message"]


@pytest.mark.gateway
def test_it_answers_by_any_of_its_names_and_the_route_is_told(
    gateway: World, server: FakeServer, free_port: int
) -> None:
    body = json.dumps(WHOLE).encode()  # as bytes it is not streamed by our server
    server.replies["/v1/models"] = Reply({"object": "list", "data": [{"id": "llama"}]})
    server.replies["/v1/chat/completions"] = Reply(body)
    gateway.providers(
        f"gateway: {{port: {free_port}}}\n"
        f"providers: [{{type: oai, api_base: '{server.url}/v1'}}]\n"
        "aliases: {work: [oai/llama], fast: off, smart: off, code: off}\n"
        "litellm:\n  router_settings:\n"
        "    model_group_alias: {quick: llama, quiet: {model: llama, hidden: true}}\n"
    )
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0
    for name in ("llama", "work", "quick", "quiet"):
        ran = gateway.cli("ask", "--model", name, "hi")
        assert ran.code == 0, ran.err
        assert ran.out.startswith("Hello.\nAnswered by llama (oai).\n"), name
        assert "3 tokens in, 2 out" in ran.out
    assert server.seen[-1].body["stream"] is True
    refused = gateway.cli("ask", "--model", "quik", "hi")
    assert (refused.code, 'Did you mean "quick"?' in refused.err) == (4, True)
    told = json.loads(gateway.cli("status", "--json").out)["aliases"]
    assert told == [{"name": name, "members": 1} for name in ("work", "auto", "quick", "quiet")]
    assert "aliases    work (1 model), auto (1), quick (1), quiet (1)" in gateway.cli("status").out
    assert "Aliases besides: work, auto, quick, quiet (`alias list`)." in gateway.cli("list").out
