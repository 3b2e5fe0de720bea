"""A request as it passes by, and what is made of it."""

from __future__ import annotations

import gzip
import json
import pickle
import threading
import time
from typing import Any

import httpx
import pytest

from freerouter.usage.accounting import entry_of
from freerouter.usage.attempts import Try
from freerouter.usage.exchange import LONGEST_BODY, LONGEST_MESSAGE, Exchange, shortened
from freerouter.usage.walk import Walk

KEY = "sk-canary-0123456789"

TOLD = {
    "model_group": "fast",
    "model": "openai/llama",
    "custom_llm_provider": "openai",
    "prompt_tokens": 5,
    "completion_tokens": 3,
    "response_cost": 0.0,
    "model_info": {"freerouter_provider": "lab"},
}


def scope(path: str = "/v1/chat/completions", **more: Any) -> dict[str, Any]:
    headers = [(b"user-agent", b"client/1 (x)")]
    return {"path": path, "headers": headers, "parsed_body": ((), {"model": "fast"}), **more}


def served(
    exchange: Exchange, body: bytes = b"{}", *, status: int = 200, **headers: str
) -> Exchange:
    """The exchange after an answer in one piece."""
    named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    exchange.answered({"type": "http.response.start", "status": status, "headers": named})
    exchange.answered({"type": "http.response.body", "body": body})
    exchange.end()
    return exchange


def plain(text: str) -> str:
    return text


def test_both_sides_make_a_record() -> None:
    exchange = served(
        Exchange(scope(), bodies=False),
        x_litellm_call_id="call-1",
        x_litellm_attempted_retries="2",
        x_litellm_attempted_fallbacks="1",
    )
    assert exchange.expects_more
    exchange.told = TOLD
    assert not exchange.expects_more
    record = exchange.record(plain)
    assert (record.alias, record.provider, record.model) == ("fast", "lab", "llama")
    assert (record.status, record.dialect, record.client) == (200, "chat", "client/1")
    assert (record.tokens_in, record.tokens_out, record.retries, record.fallbacks) == (5, 3, 2, 1)
    assert record.call_id == "call-1"
    assert record.time.endswith("+00:00")


def test_where_nobody_was_asked_no_model_is_named() -> None:
    """LiteLLM then names what the client asked for."""
    exchange = served(Exchange(scope(), bodies=False), status=402)
    exchange.failure = {"model": "fast", "model_group": "fast"}
    record = exchange.record(plain)
    assert (record.alias, record.provider, record.model) == ("fast", "", "")


@pytest.mark.parametrize(
    ("info", "cost", "told"),
    [
        ({}, 0.0, None),
        ({"input_cost_per_token": 0.0}, 0.0, 0.0),
        ({"input_cost_per_token": 0.1}, 0.5, 0.5),
        ({}, 0.5, 0.5),
        ({}, None, None),
    ],
)
def test_a_cost_of_nothing_is_only_believed_where_there_is_a_price(
    info: dict[str, float], cost: float | None, told: float | None
) -> None:
    exchange = served(Exchange(scope(), bodies=False))
    exchange.told = {**TOLD, "model_info": info, "response_cost": cost}
    assert exchange.record(plain).cost == told


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/chat/completions", "chat"),
        ("/v1/completions", "text"),
        ("/v1/messages", "messages"),
        ("/v1/messages/count_tokens/", "count_tokens"),
        ("/v1/responses", "responses"),
        ("/v1/embeddings", "embeddings"),
        ("/v1/rerank", "/v1/rerank"),
    ],
)
def test_the_path_tells_the_dialect(path: str, dialect: str) -> None:
    assert Exchange(scope(path), bodies=False).dialect == dialect


def test_the_alias_is_what_the_client_asked_for_before_it_was_rewritten() -> None:
    rewritten = scope(client_requested_model="claude[1m]")
    assert served(Exchange(rewritten, bodies=False)).alias == "claude[1m]"


@pytest.mark.parametrize("body", [None, ((), []), ((), {"model": 7}), ((), {})])
def test_without_a_model_there_is_no_alias(body: Any) -> None:
    assert served(Exchange(scope(parsed_body=body), bodies=False)).alias == ""


def error(message: str, **more: str) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        (
            error("litellm.NotFoundError: OpenAIException - no"),
            "NotFoundError",
            "OpenAIException - no",
        ),
        (error("Nope", type="invalid_request_error"), "invalid_request_error", "Nope"),
        (error("Bad [{'role': 'user'}]", type="x"), "x", "Bad"),
        (
            error("No connected db.", type="no_db_connection"),
            "WrongKey",
            "the client's key is not the gateway's",
        ),
        (
            error("The gateway does not know this key. Ask for it.", type="authentication_error"),
            "WrongKey",
            "the client's key is not the gateway's",
        ),
        (b"<html>", "Cut", ""),
        (b"[]", "Cut", ""),
    ],
)
def test_an_error_is_read_off_the_answer(body: bytes, name: str, message: str) -> None:
    exchange = served(Exchange(scope(), bodies=False), body, status=404)
    assert exchange.failed
    assert not exchange.expects_more
    record = exchange.record(plain)
    assert (record.error, record.message, record.status) == (name, message, 404)
    assert record.response == ""


def test_a_compressed_error_is_read_too() -> None:
    raw = gzip.compress(error("litellm.Timeout: late"))
    exchange = served(Exchange(scope(), bodies=False), raw, status=408, content_encoding="gzip")
    assert exchange.record(plain).error == "Timeout"
    cut = served(Exchange(scope(), bodies=False), raw[:9], status=408, content_encoding="gzip")
    assert cut.record(plain).error == "Cut"


def test_litellms_own_word_for_an_error_comes_first() -> None:
    exchange = served(Exchange(scope(), bodies=False), error("Nope"), status=500)
    exchange.failure = {**TOLD, "error_information": {"error_class": "InternalServerError"}}
    record = exchange.record(plain)
    assert (record.error, record.message) == ("InternalServerError", "Nope")
    assert (record.provider, record.tokens_in) == ("lab", None)


def streamed(exchange: Exchange, *, whole: bool = True) -> Exchange:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
    exchange.answered({"type": "http.response.start", "status": 200, "headers": headers})
    exchange.answered({"type": "http.response.body", "body": b"", "more_body": True})
    assert exchange.first_token is None
    exchange.answered({"type": "http.response.body", "body": b"data: a", "more_body": True})
    if whole:
        exchange.answered({"type": "http.response.body", "body": b""})
    return exchange


def test_the_first_piece_of_a_stream_is_timed() -> None:
    exchange = streamed(Exchange(scope(), bodies=False))
    exchange.end()
    record = exchange.record(plain)
    assert record.stream
    assert record.first_token is not None
    assert record.first_token <= record.latency
    assert not exchange.failed


def test_a_client_that_hangs_up_is_gone_and_nothing_more_is_expected() -> None:
    exchange = streamed(Exchange(scope(), bodies=False), whole=False)
    exchange.received({"type": "http.disconnect"})
    exchange.end()
    assert not exchange.expects_more
    record = exchange.record(plain)
    assert (record.status, record.error) == (499, "ClientGone")


def test_a_client_that_hangs_up_after_its_answer_has_had_it() -> None:
    exchange = streamed(Exchange(scope(), bodies=False))
    exchange.received({"type": "http.disconnect"})
    exchange.end()
    assert exchange.record(plain).status == 200


def test_a_failure_after_the_beginning_of_a_stream_is_the_streams() -> None:
    exchange = streamed(Exchange(scope(), bodies=False))
    exchange.end()
    exchange.failure = {"endTime": time.time() + 1, "error_information": {"error_class": "Timeout"}}
    assert exchange.failed
    assert not exchange.expects_more
    assert exchange.record(plain).error == "Timeout"


def test_a_failure_before_it_is_an_attempt_that_was_made_up_for() -> None:
    exchange = Exchange(scope(), bodies=False)
    exchange.failure = {"endTime": time.time() - 1, "error_information": {"error_class": "Timeout"}}
    streamed(exchange).end()
    assert exchange.expects_more
    assert not exchange.failed
    assert exchange.record(plain).error == ""


def test_an_answer_that_never_came_whole_failed() -> None:
    exchange = Exchange(scope(), bodies=False)
    exchange.end()
    assert exchange.failed
    assert (exchange.record(plain).error, exchange.record(plain).status) == ("Cut", 0)


def test_bodies_are_kept_up_to_a_length_and_redacted() -> None:
    exchange = Exchange(scope(), bodies=True)
    exchange.received({"type": "http.request", "body": b"key-1", "more_body": True})
    exchange.received({"type": "http.request", "body": b"x" * LONGEST_BODY * 2})
    record = served(exchange, b"y key-1").record(lambda text: text.replace("key-1", "env:K"))
    assert record.request.startswith("env:Kxxx")
    assert len(record.request) == LONGEST_BODY
    assert record.response == "y env:K"


@pytest.mark.parametrize(
    ("message", "short"),
    [
        ("NotFoundError: OpenAIException - no", "OpenAIException - no"),
        ("litellm.RateLimitError: RateLimitError: slow down", "slow down"),
        ("first\nsecond", "first"),
        ("Invalid: {'role': 'user'}", "Invalid"),
        ("Passed over. Passed model=x", "Passed over"),
        ("Error", "Error"),
        ("x" * 999, "x" * LONGEST_MESSAGE),
    ],
)
def test_a_message_is_cut_where_the_clients_own_words_may_begin(message: str, short: str) -> None:
    assert shortened(message) == short


def test_what_is_handed_on_makes_the_same_record_and_holds_no_key() -> None:
    deployment = {
        "litellm_params": {"model": "openai/llama", "api_key": KEY, "api_base": "http://lab/v1"},
        "model_info": {"id": "fast:lab/llama", "freerouter_provider": "lab"},
    }
    attempt = Try()
    attempt.deployment, attempt.entered = deployment, threading.Lock()
    attempt.sent_one(httpx.Request("POST", "http://lab/v1/chat"), time.monotonic(), 200, "")
    attempt.over("")
    exchange = Exchange(scope(), bodies=False)
    exchange._scope = {**exchange._scope, "headers": [(b"authorization", KEY.encode())]}
    exchange.tries.append(attempt)
    exchange.walk = Walk("fast", [deployment])
    exchange.walk.fail("fast:lab/other", 500, None)
    served(exchange, x_litellm_call_id="call-1", x_other=KEY)
    exchange.told = TOLD
    handed = pickle.dumps(exchange)
    assert KEY.encode() not in handed
    again = pickle.loads(handed)  # noqa: S301 - our own
    record = again.record(plain)
    assert record == exchange.record(plain)
    assert (record.call_id, record.fallbacks) == ("call-1", 1)
    assert entry_of(again, record, plain) == entry_of(exchange, record, plain)
    assert entry_of(again, record, plain).attempts[0].way.deployment == "fast:lab/llama"


@pytest.mark.parametrize("deployment", [None, object()])
def test_a_deployment_of_another_kind_is_handed_on_as_nobody(deployment: object) -> None:
    attempt = Try()
    attempt.deployment = deployment
    attempt.over("")
    again = pickle.loads(pickle.dumps(attempt))  # noqa: S301 - our own
    assert len(again.calls) == len(attempt.calls) == (deployment is not None)
