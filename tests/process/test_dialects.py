"""Every dialect on a provider that speaks only OpenAI chat, with the official packages as clients.

The gateway is the real LiteLLM; with its patches and without them the answers are the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest
from chat_only import EMBEDDINGS, MODEL, PATHS, USAGE, WORDS, ChatOnly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import World

pytestmark = pytest.mark.gateway
TEXT = "".join(WORDS)
CITY = {"city": "Bern"}
SCHEMA: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CHAT_TOOL = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
RESPONSES_TOOL = {"type": "function", "name": "weather", "parameters": SCHEMA}
MESSAGES_TOOL: Any = {"name": "weather", "input_schema": SCHEMA}
HELLO: Any = [{"role": "user", "content": "What is the weather?"}]
ENTRIES = {
    "oai": "{type: oai, api_base: 'BASE'}",
    "openrouter": "{type: openrouter, api_key: sk-test-0123456789, options: {models: all}}",
    "modelscope": "{type: modelscope, api_key: sk-test-0123456789}",
}


@pytest.fixture
def provider() -> Iterator[ChatOnly]:
    made = ChatOnly()
    yield made
    made.close()


@pytest.fixture
def started(
    gateway: World, provider: ChatOnly, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], tuple[Any, Any]]:
    """Starts a gateway in front of the provider; gives a client of either kind."""

    def start(kind: str, patches: str) -> tuple[Any, Any]:
        monkeypatch.setenv("FREEROUTER_ENGINE_PATCHES", patches)
        gateway.override(kind, base_url=provider.base)
        entry = ENTRIES[kind].replace("BASE", provider.base)
        gateway.providers(f"gateway: {{port: {free_port}}}\nproviders: [{entry}]\n")
        fetched = gateway.cli("fetch")
        assert fetched.code == 0, fetched.err
        ran = gateway.cli("start")
        assert ran.code == 0, ran.err
        key = gateway.cli("keys", "show", "master").out.strip()
        base = f"http://127.0.0.1:{free_port}"
        options: dict[str, Any] = {"max_retries": 0, "timeout": 60}
        return (
            openai.OpenAI(base_url=f"{base}/v1", api_key=key, **options),
            anthropic.Anthropic(base_url=base, auth_token=key, **options),
        )

    return start


CASES = [("oai", "on"), ("oai", "off"), ("openrouter", "on"), ("modelscope", "on")]


@pytest.mark.parametrize(("kind", "patches"), CASES)
def test_every_dialect_is_spoken_with_a_provider_of_chat_alone(
    started: Any, provider: ChatOnly, kind: str, patches: str
) -> None:
    ours, theirs = started(kind, patches)
    provider.asked.clear()
    with ours, theirs:
        speak_chat(ours)
        speak_messages(theirs)
        speak_responses(ours)
        answer = ours.chat.completions.create(model=MODEL, messages=HELLO)
        assert answer.choices[0].message.content == TEXT  # nothing is in cooldown after all that
    paths = {asked.path for asked in provider.asked}
    assert paths - {"/v1/responses/input_tokens"} == {"/v1/chat/completions"}
    if patches == "on":
        assert "/v1/responses/input_tokens" not in paths
    for asked in provider.asked:
        assert "use_chat_completions_api" not in asked.body


def test_embeddings_come_from_a_provider_that_has_them(started: Any, provider: ChatOnly) -> None:
    provider.paths = (*PATHS, EMBEDDINGS)
    ours, theirs = started("oai", "on")
    provider.asked.clear()
    with ours, theirs:
        answer = ours.embeddings.create(model=MODEL, input=["ab", "abcd"])
    assert [row.embedding for row in answer.data] == [[2.0, 0.5], [4.0, 0.5]]
    assert answer.usage.prompt_tokens == 4
    (asked,) = provider.asked
    assert asked.path == EMBEDDINGS
    assert "use_chat_completions_api" not in asked.body


def speak_chat(client: Any) -> None:
    create = client.chat.completions.create
    plain = create(model=MODEL, messages=HELLO)
    assert plain.choices[0].message.content == TEXT
    assert plain.usage.total_tokens == USAGE["total_tokens"]

    options = {"include_usage": True}
    parts = list(create(model=MODEL, messages=HELLO, stream=True, stream_options=options))
    deltas = [part.choices[0].delta.content or "" for part in parts if part.choices]
    assert "".join(deltas) == TEXT
    assert [part.usage.total_tokens for part in parts if part.usage] == [USAGE["total_tokens"]]

    called = create(model=MODEL, messages=HELLO, tools=[CHAT_TOOL]).choices[0]
    assert called.finish_reason == "tool_calls"
    (call,) = called.message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", CITY)

    parts = list(create(model=MODEL, messages=HELLO, tools=[CHAT_TOOL], stream=True))
    calls = [c for part in parts if part.choices for c in part.choices[0].delta.tool_calls or ()]
    assert calls[0].function.name == "weather"
    assert json.loads("".join(c.function.arguments or "" for c in calls)) == CITY

    told = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    history = [*HELLO, called.message.model_dump(exclude_none=True), told]
    last = create(model=MODEL, messages=history, tools=[CHAT_TOOL]).choices[0]
    assert last.message.content == "It said: sunny"


def speak_messages(client: Any) -> None:
    asking: dict[str, Any] = {"model": MODEL, "max_tokens": 50}
    plain = client.messages.create(messages=HELLO, **asking)
    assert plain.content[0].text == TEXT
    assert (plain.usage.input_tokens, plain.usage.output_tokens) == (11, 7)

    with client.messages.stream(messages=HELLO, **asking) as stream:
        assert "".join(stream.text_stream) == TEXT
        final = stream.get_final_message()
    assert (final.stop_reason, final.usage.output_tokens) == ("end_turn", 7)

    called = client.messages.create(messages=HELLO, tools=[MESSAGES_TOOL], **asking)
    assert called.stop_reason == "tool_use"
    assert (called.content[0].name, called.content[0].input) == ("weather", CITY)

    with client.messages.stream(messages=HELLO, tools=[MESSAGES_TOOL], **asking) as stream:
        streamed = stream.get_final_message().content[0]
    assert (streamed.type, streamed.name, streamed.input) == ("tool_use", "weather", CITY)

    told = {"type": "tool_result", "tool_use_id": called.content[0].id, "content": "sunny"}
    use = called.content[0].model_dump(include={"type", "id", "name", "input"})
    history = [
        *HELLO,
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [told]},
    ]
    last = client.messages.create(messages=history, tools=[MESSAGES_TOOL], **asking)
    assert last.content[0].text == "It said: sunny"

    assert client.messages.count_tokens(model=MODEL, messages=HELLO).input_tokens > 0


def speak_responses(client: Any) -> None:
    create = client.responses.create
    plain = create(model=MODEL, input="What is the weather?")
    assert (plain.status, plain.output_text) == ("completed", TEXT)
    assert (plain.usage.input_tokens, plain.usage.output_tokens) == (11, 7)

    events = list(create(model=MODEL, input="What is the weather?", stream=True))
    words = [e.delta for e in events if e.type == "response.output_text.delta"]
    assert "".join(words) == TEXT
    assert events[-1].type == "response.completed"
    assert events[-1].response.usage.output_tokens == 7

    called = create(model=MODEL, input=HELLO, tools=[RESPONSES_TOOL]).output[0]
    assert (called.type, called.name, json.loads(called.arguments)) == (
        "function_call",
        "weather",
        CITY,
    )

    events = list(create(model=MODEL, input=HELLO, tools=[RESPONSES_TOOL], stream=True))
    (done,) = (e for e in events if e.type == "response.function_call_arguments.done")
    assert json.loads(done.arguments) == CITY

    call = called.model_dump(include={"type", "call_id", "name", "arguments"})
    told = {"type": "function_call_output", "call_id": called.call_id, "output": "sunny"}
    last = create(model=MODEL, input=[*HELLO, call, told], tools=[RESPONSES_TOOL])
    assert last.output_text == "It said: sunny"
