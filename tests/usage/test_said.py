"""What providers say of limits: headers and refusals as each of them words them."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.usage.said import Said, moment, said_in_429, said_in_headers

NOW = datetime(2026, 7, 1, 12, tzinfo=timezone.utc).timestamp()


def requests(per: str, most: int | None, left: int | None, wait: float | None = None) -> Said:
    return Said("requests", per, most, left, None if wait is None else NOW + wait)


def tokens(per: str, most: int | None, left: int | None, wait: float | None = None) -> Said:
    return requests(per, most, left, wait)._replace(counts="tokens")


HEADERS: dict[str, tuple[str, dict[str, str], list[Said]]] = {
    "groq: requests of a day, tokens of a minute": (
        "groq",
        {
            "x-ratelimit-limit-requests": "14400",
            "x-ratelimit-limit-tokens": "18000",
            "x-ratelimit-remaining-requests": "14370",
            "x-ratelimit-remaining-tokens": "17997",
            "x-ratelimit-reset-requests": "2m59.56s",
            "x-ratelimit-reset-tokens": "7.66s",
        },
        [requests("day", 14400, 14370, 179.56), tokens("minute", 18000, 17997, 7.66)],
    ),
    "openai: both of a minute": (
        "openai",
        {
            "X-RateLimit-Limit-Requests": "60",
            "X-RateLimit-Limit-Tokens": "150000",
            "X-RateLimit-Remaining-Requests": "59",
            "X-RateLimit-Remaining-Tokens": "149984",
            "X-RateLimit-Reset-Requests": "120ms",
            "X-RateLimit-Reset-Tokens": "6m0s",
        },
        [requests("minute", 60, 59, 0.12), tokens("minute", 150000, 149984, 360)],
    ),
    "cerebras: periods by name, seconds": (
        "cerebras",
        {
            "x-ratelimit-limit-requests-day": "14400",
            "x-ratelimit-limit-tokens-minute": "60000",
            "x-ratelimit-remaining-requests-day": "14399",
            "x-ratelimit-remaining-tokens-minute": "59938",
            "x-ratelimit-reset-requests-day": "33011.5",
            "x-ratelimit-reset-tokens-minute": "11.25",
        },
        [requests("day", 14400, 14399, 33011.5), tokens("minute", 60000, 59938, 11.25)],
    ),
    "mistral: its own short word, and what a question cost beside it": (
        "mistral",
        {
            "x-ratelimit-limit-req-minute": "60",
            "x-ratelimit-limit-tokens-minute": "50000",
            "x-ratelimit-limit-tokens-month": "4000000",
            "x-ratelimit-remaining-req-minute": "59",
            "x-ratelimit-remaining-tokens-minute": "47196",
            "x-ratelimit-remaining-tokens-month": "3950246",
            "x-ratelimit-tokens-query-cost": "2804",
        },
        [
            requests("minute", 60, 59),
            tokens("minute", 50000, 47196),
            tokens("month", 4000000, 3950246),
        ],
    ),
    "sambanova: moments since 1970": (
        "sambanova",
        {
            "x-ratelimit-limit-requests": "20",
            "x-ratelimit-remaining-requests": "19",
            "x-ratelimit-reset-requests": str(int(NOW) + 30),
            "x-ratelimit-limit-requests-day": "1000",
            "x-ratelimit-remaining-requests-day": "900",
            "x-ratelimit-reset-requests-day": str(int(NOW) + 4000),
        },
        [requests("minute", 20, 19, 30), requests("day", 1000, 900, 4000)],
    ),
    "anthropic: dates, and parts of the tokens that are not the whole": (
        "anthropic",
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": "2026-07-01T12:00:01Z",
            "anthropic-ratelimit-input-tokens-limit": "30000",
            "anthropic-ratelimit-tokens-limit": "38000",
            "anthropic-ratelimit-tokens-remaining": "37000",
        },
        [requests("minute", 50, 49, 1), tokens("minute", 38000, 37000)],
    ),
    "modelscope: of all models and of this one": (
        "modelscope",
        {
            "modelscope-ratelimit-requests-limit": "2000",
            "modelscope-ratelimit-requests-remaining": "1990",
            "modelscope-ratelimit-model-requests-limit": "500",
            "modelscope-ratelimit-model-requests-remaining": "0",
        },
        [requests("day", 2000, 1990), requests("day", 500, 0)._replace(scope="model")],
    ),
    "cohere: a trial key": (
        "cohere_chat",
        {
            "x-endpoint-monthly-call-limit": "1000",
            "x-trial-endpoint-call-limit": "20",
            "x-trial-endpoint-call-remaining": "19",
        },
        [requests("month", 1000, None), requests("minute", 20, 19)],
    ),
    "through LiteLLM": (
        "openai",
        {"llm_provider-x-ratelimit-remaining-requests": "3"},
        [requests("minute", None, 3)],
    ),
    "nothing but a number and a time": (
        "openai",
        {
            "ratelimit-limit": "100, 100;w=3600",
            "ratelimit-remaining": "7",
            "ratelimit-reset": "900",
        },
        [requests("hour", 100, 7, 900)],
    ),
    "no numbers": ("openai", {"x-ratelimit-limit-requests": "unlimited"}, []),
    "only a time": ("openai", {"x-ratelimit-reset-requests": "3s"}, []),
    "none of it": ("openai", {"content-type": "application/json", "x-limit": "3"}, []),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_are_read_as_each_provider_means_them(name: str) -> None:
    provider, headers, expected = HEADERS[name]
    assert said_in_headers(headers, NOW, provider) == expected


def google(quota: str, value: str = "200", delay: str = "34.07s") -> str:
    kind = "type.googleapis.com/google.rpc"
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": quota,
        "quotaDimensions": {"location": "global", "model": "gemini-x"},
        "quotaValue": value,
    }
    details = [
        {"@type": f"{kind}.QuotaFailure", "violations": [violation]},
        {"@type": f"{kind}.RetryInfo", "retryDelay": delay},
    ]
    error = {"code": 429, "message": "You exceeded your current quota", "details": details}
    return json.dumps({"error": error}, indent=2)


def openrouter(message: str, **headers: str) -> str:
    error: dict[str, Any] = {"message": message, "code": 429, "metadata": {"headers": headers}}
    return json.dumps({"error": error})


def plain(message: str) -> str:
    return json.dumps({"error": {"message": message, "type": "rate_limit"}})


MIDNIGHT = 19 * 3600
"""Until then in California, from 12:00 UTC in summer."""
REFUSALS: dict[str, tuple[str, dict[str, str], list[Said]]] = {
    "gemini, the minute": (
        google("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "10"),
        {},
        [requests("minute", 10, 0, 34.07)._replace(scope="model")],
    ),
    "gemini, the day: the short wait is not believed": (
        google("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
        {},
        [requests("day", 200, 0, MIDNIGHT)._replace(scope="model")],
    ),
    "gemini, tokens of a minute": (
        google("GenerateContentInputTokensPerModelPerMinute-FreeTier", "250000"),
        {},
        [tokens("minute", 250000, 0, 34.07)._replace(scope="model")],
    ),
    "gemini within LiteLLM's words": (
        "litellm.RateLimitError: geminiException - b'"
        + google("GenerateRequestsPerDayPerProjectPerModel-FreeTier").replace("\n", "\\n")
        + "'",
        {},
        [requests("day", 200, 0, MIDNIGHT)._replace(scope="model")],
    ),
    "openrouter, the day": (
        openrouter(
            "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model "
            "requests per day",
            **{
                "X-RateLimit-Limit": "50",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(int(NOW + 43200) * 1000),
            },
        ),
        {},
        [requests("day", 50, 0, 43200)._replace(scope="account")],
    ),
    "openrouter, the minute": (
        openrouter(
            "Rate limit exceeded: free-models-per-min. ",
            **{"X-RateLimit-Limit": "20", "X-RateLimit-Reset": str(int(NOW + 12) * 1000)},
        ),
        {},
        [requests("minute", 20, 0, 12)._replace(scope="account")],
    ),
    "groq, tokens of a day": (
        plain(
            "Rate limit reached for model `x` in organization `org_1` service tier `on_demand` on "
            "tokens per day (TPD): Limit 100000, Used 99998, Requested 40. Please try again in "
            "7m26.4s. Need more tokens?"
        ),
        {"retry-after": "447"},
        [tokens("day", 100000, 0, 446.4)._replace(scope="model")],
    ),
    "groq, requests of a minute, with its headers": (
        plain(
            "Rate limit reached for model `x` on requests per minute (RPM): Limit 30, Used 30, "
            "Requested 1. Please try again in 2s."
        ),
        {"x-ratelimit-limit-tokens": "6000", "x-ratelimit-remaining-tokens": "5000"},
        [requests("minute", 30, 0, 2)._replace(scope="model"), tokens("minute", 6000, 5000)],
    ),
    "openai, the minute": (
        plain(
            "Rate limit reached for gpt-4 in organization org-1 on requests per min (RPM): Limit 3,"
            " Used 3, Requested 1. Please try again in 20s."
        ),
        {},
        [requests("minute", 3, 0, 20)],
    ),
    "cerebras: the words, and the headers' figures": (
        json.dumps(
            {"message": "Tokens per day limit exceeded - too many tokens processed.", "param": "q"}
        ),
        {
            "x-ratelimit-limit-tokens-day": "1000000",
            "x-ratelimit-remaining-tokens-day": "12",
            "x-ratelimit-reset-tokens-day": "3600",
        },
        [tokens("day", 1000000, 0, 3600)],
    ),
    "mistral: only the headers tell which": (
        json.dumps({"message": "Rate limit exceeded", "type": "rate_limited", "code": "1300"}),
        {"x-ratelimit-limit-req-minute": "60", "x-ratelimit-remaining-req-minute": "0"},
        [requests("minute", 60, 0)],
    ),
    "cohere, a minute": (
        json.dumps({"message": "A Trial key, which is limited to 20 API calls / minute."}),
        {},
        [requests("minute", 20, 0)],
    ),
    "cohere, a month": (
        json.dumps({"message": "Trial key: limited to 1000 API calls / month."}),
        {},
        [requests("month", 1000, 0)],
    ),
    "modelscope: this model's day": (
        plain("You have exceeded today's quota for model Qwen/x, please try again tomorrow"),
        {
            "modelscope-ratelimit-requests-remaining": "1200",
            "modelscope-ratelimit-model-requests-limit": "500",
        },
        [requests("day", 500, 0)._replace(scope="model"), requests("day", None, 1200)],
    ),
    "github: so many per so many seconds": (
        plain(
            "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 1234 seconds "
            "before retrying."
        ),
        {},
        [requests("day", 50, 0, 1234)],
    ),
    "cloudflare: the day's neurons": (
        plain("you have used up your daily free allocation of 10,000 neurons"),
        {},
        [requests("day", None, 0)],
    ),
    "siliconflow: the abbreviation": (
        plain("Request was rejected due to rate limiting. Details: TPM limit reached."),
        {},
        [tokens("minute", None, 0)],
    ),
    "only a time to wait, short": ("Busy", {"Retry-After": "7"}, [requests("minute", None, 0, 7)]),
    "only a time to wait, long": ("", {"retry-after": "20000"}, [requests("day", None, 0, 20000)]),
    "only a date to wait for": (
        "",
        {"retry-after": "Wed, 01 Jul 2026 12:00:30 GMT"},
        [requests("minute", None, 0, 30)],
    ),
    "a request that is too large uses nothing up": (
        plain("Request too large for model `x` on tokens per minute (TPM): Limit 6000"),
        {},
        [],
    ),
    "nothing at all": ("<html>busy</html>", {}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_read_as_each_provider_words_it(name: str) -> None:
    body, headers, expected = REFUSALS[name]
    found = said_in_429(body, headers, NOW, "groq" if name.startswith("groq") else "openai")
    assert [_rounded(one) for one in found] == [_rounded(one) for one in expected]


def _rounded(said: Said) -> Said:
    return said._replace(resets_at=said.resets_at and round(said.resets_at - NOW, 3))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2m59.56s", 179.56),
        ("1h2m3s", 3723),
        ("120ms", 0.12),
        ("1d", 86400),
        ("6m0s", 360),
        ("12", 12),
        ("-3", 0),
        (str(int(NOW) + 5), 5),
        (str((int(NOW) + 5) * 1000), 5),
        ("2026-07-01T12:00:05Z", 5),
        ("2026-07-01T14:00:05+02:00", 5),
        ("Wed, 01 Jul 2026 12:00:05 GMT", 5),
    ],
)
def test_a_moment_is_told_in_many_ways(text: str, seconds: float) -> None:
    found = moment(text, NOW)
    assert found is not None
    assert round(found - NOW, 3) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1x", "nan", "inf", "2m59"])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moment(text, NOW) is None


NAMES = st.sampled_from(
    [*(n for _, headers, _ in HEADERS.values() for n in headers), "retry-after"]
)


@given(st.text(), st.dictionaries(NAMES, st.text() | st.integers().map(str)))
def test_whatever_they_say_never_raises(body: str, headers: dict[str, str]) -> None:
    for said in said_in_429(body, headers, NOW):
        assert said.left is None or said.left >= 0
