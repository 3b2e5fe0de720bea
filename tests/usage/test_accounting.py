"""What the ledger is given of an exchange."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from test_exchange import TOLD, error, plain, scope, served, streamed

from freerouter.usage.accounting import entry_of
from freerouter.usage.attempts import Call
from freerouter.usage.entry import Entry, Way
from freerouter.usage.exchange import Exchange

GROQ = {
    "model_info": {"id": "groq/llama", "freerouter_provider": "groq"},
    "litellm_params": {"model": "openai/meta/llama", "custom_llm_provider": "openai"},
}
OTHER = {**GROQ, "model_info": {"id": "lab/qwen", "freerouter_provider": "lab"}}


def call(deployment: Any = GROQ, status: int = 200, error: str = "") -> Call:
    return Call(1000.5, 0.25, status, error, deployment)


def tried(*calls: Call) -> list[Any]:
    """An attempt that took these calls."""
    return [SimpleNamespace(calls=[*calls])]


def entry(exchange: Exchange) -> Entry:
    return entry_of(exchange, exchange.record(plain), plain)


def answered(*calls: Call, **told: Any) -> Exchange:
    exchange = served(Exchange(scope(), bodies=False))
    exchange.tries += tried(*calls)
    exchange.told = {
        **TOLD,
        "model_info": {"id": "lab/llama", "freerouter_provider": "lab"},
        **told,
    }
    return exchange


def test_an_answered_request_is_counted_where_it_was_answered() -> None:
    found = entry(answered(call(status=429, error="RateLimitError"), call(OTHER)))
    assert found.way == Way("fast", "lab", "llama", "lab/llama", "client/1", "chat", status=200)
    assert [(one.way.provider, one.way.status, one.way.failed) for one in found.attempts] == [
        ("groq", 429, True),
        ("lab", 200, False),
    ]
    assert found.attempts[0].way.model == "meta/llama"
    assert (found.attempts[0].at, found.attempts[0].latency) == (1_000_500, 250_000)
    assert (found.tokens_in, found.tokens_out) == (5, 3)


@pytest.mark.parametrize(
    ("cost", "nano"), [(1.5e-9, 2), (0.00071, 710_000), (12.0, 12_000_000_000), (None, None)]
)
def test_cost_is_in_whole_billionths(cost: float | None, nano: int | None) -> None:
    assert entry(answered(response_cost=cost)).cost == nano


def test_a_request_in_vain_is_counted_where_it_was_asked_last() -> None:
    exchange = served(Exchange(scope(), bodies=False), error("No"), status=500)
    exchange.tries += tried(call(status=500, error="Oops"), call(OTHER, 500, "Oops"))
    found = entry(exchange)
    assert (found.way.provider, found.way.deployment) == ("lab", "lab/qwen")
    assert (found.way.status, found.way.failed, found.tokens_in) == (500, True, None)


def test_one_that_never_got_to_a_provider_is_nobodys() -> None:
    found = entry(served(Exchange(scope(), bodies=False), error("No such model"), status=400))
    assert (found.way.alias, found.way.provider, found.attempts) == ("fast", "", ())


def test_a_stream_that_breaks_off_breaks_the_call_that_it_came_from() -> None:
    exchange = streamed(Exchange(scope(), bodies=False))
    exchange.end()
    exchange.tries += tried(call(status=500, error="Oops"), call(OTHER))
    exchange.failure = {"endTime": time.time() + 1, "error_information": {"error_class": "Timeout"}}
    found = entry(exchange)
    assert [one.way.error for one in found.attempts] == ["Oops", "Timeout"]
    assert found.way.stream
    assert found.first_token is not None
    assert found.first_token <= found.latency


def test_a_client_that_hangs_up_is_no_fault_of_who_was_called() -> None:
    exchange = streamed(Exchange(scope(), bodies=False), whole=False)
    exchange.received({"type": "http.disconnect"})
    exchange.end()
    exchange.tries += tried(call())
    found = entry(exchange)
    assert (found.way.status, found.way.error, found.way.provider) == (499, "ClientGone", "groq")
    assert not found.attempts[0].way.failed


def test_what_a_user_configured_by_hand_goes_by_litellms_names() -> None:
    own = {"model_info": {"id": "8f1"}, "litellm_params": {"model": "mistral/small"}}
    (found,) = entry(answered(call(own))).attempts
    assert (found.way.provider, found.way.model, found.way.deployment) == (
        "mistral",
        "small",
        "8f1",
    )
    (found,) = entry(answered(call("something else"))).attempts
    assert found.way.provider == ""


def test_secrets_are_hidden_in_every_name() -> None:
    exchange = answered(call())
    hidden = entry_of(exchange, exchange.record(plain), lambda text: text.replace("l", "*"))
    assert hidden.attempts[0].way.deployment == "groq/**ama"
    assert hidden.way.deployment == "*ab/**ama"
