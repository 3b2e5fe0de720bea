"""What a client gets is the same with our patches of LiteLLM and without them, errors included."""

from __future__ import annotations

import http.client
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from chat_only import FAILS, MODEL, ChatOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import World

pytestmark = pytest.mark.gateway
HELLO = [{"role": "user", "content": "hello"}]
CHAT: dict[str, Any] = {"model": MODEL, "messages": HELLO}
BEARER = {"Authorization": "Bearer KEY"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}

REQUESTS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "the right key": ("/v1/chat/completions", CHAT, BEARER),
    "the key as Anthropic's clients send it": (
        "/v1/messages",
        {**CHAT, "max_tokens": 9},
        {"x-api-key": "KEY"},
    ),
    "a key without Bearer": ("/v1/chat/completions", CHAT, {"Authorization": "KEY"}),
    "a wrong key": ("/v1/chat/completions", CHAT, {"Authorization": "Bearer sk-wrong-0123456"}),
    "the key and more": ("/v1/chat/completions", CHAT, {"Authorization": "Bearer KEYx"}),
    "a key that is not ASCII": ("/v1/chat/completions", CHAT, {"Authorization": "Bearer \xe9"}),
    "no key": ("/v1/chat/completions", CHAT, {}),
    "an address of the client's own": (
        "/v1/chat/completions",
        {**CHAT, "api_base": "http://127.0.0.1:9"},
        BEARER,
    ),
    "a user and metadata": (
        "/v1/chat/completions",
        {**CHAT, "user": "u-1", "metadata": {"a": "b"}},
        {**BEARER, "x-litellm-tags": "one,two"},
    ),
    "an unknown model": ("/v1/chat/completions", {**CHAT, "model": "nope"}, BEARER),
    "no messages": ("/v1/chat/completions", {"model": MODEL}, BEARER),
    "no JSON": ("/v1/chat/completions", "{", BEARER),
    "a picture": (
        "/v1/chat/completions",
        {**CHAT, "messages": [{"role": "user", "content": [IMAGE]}]},
        BEARER,
    ),
    "a tool, streamed": (
        "/v1/chat/completions",
        {**CHAT, "tools": [TOOL], "stream": True},
        BEARER,
    ),
    "every parameter": (
        "/v1/chat/completions",
        {**CHAT, "temperature": 0.5, "n": 1, "stop": ["x"], "response_format": {"type": "text"}},
        BEARER,
    ),
    "a way of falling back": (
        "/v1/chat/completions",
        {"model": "broken", "messages": HELLO, "fallbacks": [MODEL]},
        BEARER,
    ),
    "a failure": ("/v1/chat/completions", {"model": "broken", "messages": HELLO}, BEARER),
    "a priced model": ("/v1/chat/completions", {**CHAT, "model": "priced"}, BEARER),
    "a priced model, streamed": (
        "/v1/chat/completions",
        {**CHAT, "model": "priced", "stream": True},
        BEARER,
    ),
    "a model with limits": ("/v1/chat/completions", {**CHAT, "model": "limited"}, BEARER),
    "a response": ("/v1/responses", {"model": MODEL, "input": "hello"}, BEARER),
    "tokens": ("/v1/messages/count_tokens", CHAT, BEARER),
    # It fails here, and without patches the model then rests, with nobody else to ask.
    "text": ("/v1/completions", {"model": MODEL, "prompt": "hello"}, BEARER),
}
UNKNOWN = ("a wrong key", "the key and more", "a key that is not ASCII")
"""Who sends one of these is refused more clearly with our patches than without."""
PARAMS = """\
      litellm_params: {{model: openai/lab/chatty, api_base: '{}', api_key: none}}
"""
VARYING = re.compile(
    r'"(id|created|created_at|completed_at)": ?("[^"]*"|[0-9.]+)|'
    r"\b(chatcmpl|resp|msg|fc|cmpl)[-_][\w=-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


@pytest.fixture
def providers() -> Iterator[tuple[ChatOnly, ChatOnly]]:
    good, bad = ChatOnly(), ChatOnly({"broken": FAILS})
    yield good, bad
    good.close()
    bad.close()


def test_what_a_client_gets_is_the_same_with_and_without_patches(
    gateway: World,
    providers: tuple[ChatOnly, ChatOnly],
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good, bad = providers
    gateway.providers(
        f"gateway: {{port: {free_port}}}\nproviders:\n"
        f"  - {{type: oai, name: good, api_base: '{good.base}'}}\n"
        f"  - {{type: oai, name: bad, api_base: '{bad.base}'}}\n"
        "litellm:\n"
        "  router_settings: {num_retries: 1, retry_after: 0}\n"
        "  model_list:\n"
        f"    - model_name: priced\n{PARAMS.format(good.base)}"
        "      model_info: {id: p, input_cost_per_token: 0.001, output_cost_per_token: 0.01}\n"
        f"    - model_name: limited\n{PARAMS.format(good.base)}"
        "      model_info: {id: l, rpm: 9, tpm: 9999}\n"
    )
    gateway.cli("fetch")
    key = gateway.cli("keys", "show", "master").out.strip()
    seen = {}
    for patches in ("on", "off"):
        monkeypatch.setenv("FREEROUTER_ENGINE_PATCHES", patches)
        assert gateway.cli("start").code == 0
        good.asked.clear()
        answers = {name: ask(free_port, key, *REQUESTS[name]) for name in REQUESTS}
        sent = [a.body for a in good.asked if a.path.endswith("/chat/completions")]
        seen[patches] = answers, sent
        gateway.cli("stop")
    ours, theirs = seen["on"], seen["off"]
    refused = {name: (ours[0].pop(name), theirs[0].pop(name)) for name in UNKNOWN}
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    statuses = {name: answer[0] for name, answer in ours[0].items()}
    assert statuses["the right key"] == statuses["a way of falling back"] == 200
    assert statuses["a failure"] == 500
    assert statuses["no key"] in (401, 500)
    for mine, its in refused.values():
        assert (mine[0], its[0]) == (401, 400)
        assert "The gateway does not know this key." in mine[1]
        assert "No connected db." in its[1]


ROUTED: dict[str, tuple[str, Any, dict[str, str]]] = {
    "a model that LiteLLM chooses": (
        "/v1/chat/completions",
        {**CHAT, "model": "by-effort"},
        BEARER,
    ),
    "the same again, out of the cache": ("/v1/chat/completions", CHAT, BEARER),
    "a path that is passed on": ("/lab/v1/chat/completions", CHAT, BEARER),
}


def test_what_hardly_anybody_uses_of_litellm_works_as_without_patches(
    gateway: World,
    providers: tuple[ChatOnly, ChatOnly],
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Features whose modules are imported late, and the list of models."""
    good, bad = providers
    tiers = ", ".join(f"{tier}: {MODEL}" for tier in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING"))
    gateway.providers(
        f"gateway: {{port: {free_port}}}\nproviders:\n"
        f"  - {{type: oai, name: good, api_base: '{good.base}'}}\n"
        f"  - {{type: oai, name: bad, api_base: '{bad.base}'}}\n"
        "litellm:\n"
        "  litellm_settings:\n"
        "    cache: true\n"
        "    cache_params: {type: local}\n"
        "    callbacks: [dotprompt, arize_phoenix]\n"
        "    prompt_directory: .\n"
        "  general_settings:\n"
        "    pass_through_endpoints:\n"
        f"      - {{path: /lab, target: '{good.base[:-3]}', include_subpath: true}}\n"
        "  model_list:\n"
        "    - model_name: by-effort\n"
        "      litellm_params:\n"
        "        model: auto_router/complexity_router\n"
        f"        complexity_router_config: {{tiers: {{{tiers}}}}}\n"
    )
    gateway.cli("fetch")
    key = gateway.cli("keys", "show", "master").out.strip()
    seen = {}
    for patches in ("on", "off"):
        monkeypatch.setenv("FREEROUTER_ENGINE_PATCHES", patches)
        assert gateway.cli("start").code == 0
        answers = {name: ask(free_port, key, *ROUTED[name]) for name in ROUTED}
        listed = [
            read(free_port, key, path) for path in ("/v1/models", "/v1/models", "/model/info")
        ]
        seen[patches] = answers, listed
        gateway.cli("stop")
    ours, theirs = seen["on"], seen["off"]
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    assert ours[0]["a model that LiteLLM chooses"][0] == 200


def read(port: int, key: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    found = answer.status, VARYING.sub("", answer.read().decode())
    connection.close()
    return found


def ask(
    port: int, key: str, path: str, body: Any, headers: dict[str, str]
) -> tuple[int, str, list[str]]:
    """Status, body and names of LiteLLM's headers, without what differs from one to the next."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    given = {name: value.replace("KEY", key) for name, value in headers.items()}
    raw = body if isinstance(body, str) else json.dumps(body)
    connection.request("POST", path, raw, {"Content-Type": "application/json", **given})
    answer = connection.getresponse()
    text = VARYING.sub("", answer.read().decode())
    names = sorted(
        f"{name}: {value if 'attempted' in name or 'cost' in name or 'model' in name else ''}"
        for name, value in answer.getheaders()
        if name.startswith("x-litellm") and name != "x-litellm-model-api-base"
    )
    connection.close()
    return answer.status, text, names
