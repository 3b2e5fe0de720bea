"""The calls of an attempt, as the router and the HTTP client below it are seen to make them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from freerouter.usage.attempts import Call, watch

HERE = "https://api.groq.test/v1"
GROQ = {"model_info": {"id": "groq/llama"}, "litellm_params": {"api_base": HERE}}
HUB = "https://huggingface.co/meta-llama/tokenizer.json"


def to(url: str = HERE) -> httpx.Request:
    return httpx.Request("POST", url)


class Wire:
    """A client that answers with what it is given, in that order; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self._answers = iter(answers)

    async def send(self, _request: httpx.Request) -> Any:
        return self._next()

    def _next(self) -> Any:
        found = next(self._answers)
        if isinstance(found, BaseException):
            raise found
        return SimpleNamespace(status_code=found)


class Plain(Wire):
    def send(self, _request: httpx.Request) -> Any:
        return self._next()


class Router:
    """As much of LiteLLM's as is watched: it chooses a deployment, and makes the call."""

    async def make_call(self, function: Any) -> Any:
        return await function(self)

    def _update_kwargs_with_deployment(self, deployment: Any, kwargs: Any) -> None:
        kwargs["deployment"] = deployment


def calls_of(function: Any) -> list[Call]:
    """What is noted of one attempt, however it ends."""
    noted: list[Call] = []
    router, wire, plain = (type(one.__name__, (one,), {}) for one in (Router, Wire, Plain))
    watch(router, wire, plain, lambda attempt: noted.extend(attempt.calls))

    async def attempt() -> None:
        await router().make_call(lambda self: function(self, wire, plain))

    with suppress(ValueError, asyncio.CancelledError):
        asyncio.run(attempt())
    return noted


def choose(router: Any) -> None:
    router._update_kwargs_with_deployment(GROQ, {})


def outcomes(calls: list[Call]) -> list[tuple[int, str]]:
    return [(call.status, call.error) for call in calls]


def test_an_answer_is_one_call_with_its_deployment() -> None:
    async def call(router: Any, wire: Any, _plain: Any) -> None:
        choose(router)
        await wire(200).send(to())
        await asyncio.sleep(0.02)  # the body comes after the head

    (found,) = calls_of(call)
    assert (found.status, found.error, found.deployment) == (200, "", GROQ)
    assert found.latency >= 0.02


def test_what_a_library_tries_again_by_itself_counts_too() -> None:
    async def call(router: Any, wire: Any, plain: Any) -> None:
        choose(router)
        client = wire(503, ValueError("cut"), 200)
        await client.send(to())
        with pytest.raises(ValueError, match="cut"):
            await client.send(to())
        await client.send(to())
        plain(429).send(to())

    expected = [(503, "HTTP 503"), (0, "ValueError"), (200, "HTTP 200"), (429, "")]
    assert outcomes(calls_of(call)) == expected


def test_the_last_call_ended_as_the_whole_attempt_did() -> None:
    async def call(router: Any, wire: Any, _plain: Any) -> None:
        choose(router)
        await wire(200).send(to())
        raise ValueError("no JSON")

    assert outcomes(calls_of(call)) == [(200, "ValueError")]


def test_no_answer_is_a_call_without_a_status() -> None:
    async def call(router: Any, wire: Any, _plain: Any) -> None:
        choose(router)
        await wire(ValueError("refused")).send(to())

    assert outcomes(calls_of(call)) == [(0, "ValueError")]


def test_a_client_that_hangs_up_in_the_middle_is_told_from_a_fault() -> None:
    async def call(router: Any, wire: Any, _plain: Any) -> None:
        choose(router)
        await wire(asyncio.CancelledError()).send(to())

    assert outcomes(calls_of(call)) == [(0, "ClientGone")]


def test_what_is_made_up_here_is_a_call_of_its_deployment() -> None:
    async def call(router: Any, _wire: Any, _plain: Any) -> None:
        choose(router)

    assert outcomes(calls_of(call)) == [(200, "")]


@pytest.mark.parametrize("known", [True, False])
def test_what_is_asked_of_others_meanwhile_is_no_call_of_the_provider(known: bool) -> None:
    row = GROQ if known else {"model_info": {"id": "groq/llama"}, "litellm_params": {}}

    async def call(router: Any, wire: Any, plain: Any) -> None:
        router._update_kwargs_with_deployment(row, {})
        with pytest.raises(ValueError, match="no network"):
            plain(ValueError("no network")).send(to(HUB))
        await wire(200).send(to())
        plain(404).send(to(HUB))

    assert outcomes(calls_of(call)) == [(200, "")]


def test_an_attempt_that_asked_only_others_is_none() -> None:
    async def call(router: Any, _wire: Any, plain: Any) -> None:
        choose(router)
        plain(200).send(to(HUB))

    assert calls_of(call) == []


@pytest.mark.parametrize("chosen", [True, False])
def test_what_never_left_is_none(chosen: bool) -> None:
    async def call(router: Any, _wire: Any, _plain: Any) -> None:
        if chosen:
            choose(router)
        raise ValueError("nobody is left to ask")

    assert calls_of(call) == []


def test_requests_at_the_same_time_do_not_mix() -> None:
    noted: list[list[Call]] = []
    router, wire, plain = (type(one.__name__, (one,), {}) for one in (Router, Wire, Plain))
    watch(router, wire, plain, lambda attempt: noted.append(attempt.calls))

    async def ask(status: int) -> None:
        async def call(self: Any) -> None:
            self._update_kwargs_with_deployment(status, {})
            await asyncio.sleep(0)
            await wire(status).send(to())

        await router().make_call(call)

    async def all_at_once() -> None:
        await asyncio.gather(*(ask(status) for status in (200, 201, 202)))
        await wire(500).send(to())

    asyncio.run(all_at_once())
    assert [[(c.status, c.deployment) for c in calls] for calls in noted] == [
        [(200, 200)],
        [(201, 201)],
        [(202, 202)],
    ]
