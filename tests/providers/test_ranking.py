"""What auto, fast, smart and code are made of, with names that providers really list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from freerouter.config.aliases_file import BUILT_IN
from freerouter.config.providers_file import Entry
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Model
from freerouter.providers.ranking import rank, rules, size_of

if TYPE_CHECKING:
    from collections.abc import Iterable

CATALOGUE = Catalogue()
GROQ = (
    "llama-3.3-70b-versatile", "whisper-large-v3", "groq/compound-mini", "llama-3.1-8b-instant",
    "meta-llama/llama-prompt-guard-2-86m", "allam-2-7b", "qwen/qwen3-32b", "openai/gpt-oss-120b",
    "openai/gpt-oss-20b", "openai/gpt-oss-safeguard-20b",
)  # fmt: skip
CEREBRAS = (
    "llama-4-scout-17b-16e-instruct", "qwen-3-235b-a22b-thinking-2507", "llama-3.3-70b",
    "qwen-3-235b-a22b-instruct-2507", "qwen-3-coder-480b", "llama3.1-8b",
)  # fmt: skip
NIM = (
    "moonshotai/kimi-k2-instruct", "deepseek-ai/deepseek-r1-distill-qwen-7b", "baai/bge-m3",
    "google/gemma-3-27b-it", "meta/llama-3.1-405b-instruct", "deepseek-ai/deepseek-v3.2",
    "google/deplot", "meta/llama-3.2-1b-instruct", "nvidia/nemoretriever-parse",
)  # fmt: skip
Served = list[tuple[Account, Model]]


def served(provider: str, ids: Iterable[str], free: str = "quota", **more: object) -> Served:
    account = Account(CATALOGUE.get(provider), Entry(provider, provider), "", "")
    return [(account, Model(i, provider, free=free)._replace(**more)) for i in ids]  # type: ignore[arg-type] # fields of Model


ALL = [*served("groq", GROQ), *served("cerebras", CEREBRAS), *served("nvidia_nim", NIM)]


def names(alias: str, pairs: Served, proven: Iterable[str] = ()) -> list[str]:
    members = rank([alias], pairs, frozenset(proven))[alias]
    return [f"{account.name}/{model.id}" for account, model in members]


@pytest.mark.parametrize(
    ("alias", "first"),
    [
        (
            "auto",
            [
                "nvidia_nim/moonshotai/kimi-k2-instruct",
                "cerebras/qwen-3-235b-a22b-instruct-2507",
                "groq/openai/gpt-oss-120b",
            ],
        ),
        (
            "fast",
            [
                "cerebras/llama-4-scout-17b-16e-instruct",
                "groq/llama-3.1-8b-instant",
                "nvidia_nim/google/gemma-3-27b-it",
            ],
        ),
        (
            "smart",
            [
                "cerebras/qwen-3-235b-a22b-thinking-2507",
                "nvidia_nim/moonshotai/kimi-k2-instruct",
                "groq/openai/gpt-oss-120b",
            ],
        ),
        (
            "code",
            [
                "cerebras/qwen-3-coder-480b",
                "nvidia_nim/moonshotai/kimi-k2-instruct",
                "groq/qwen/qwen3-32b",
            ],
        ),
    ],
)
def test_the_ablest_of_each_provider_stand_first(alias: str, first: list[str]) -> None:
    assert names(alias, ALL)[:3] == first


@pytest.mark.parametrize("alias", BUILT_IN)
def test_an_alias_has_no_more_members_than_it_may(alias: str) -> None:
    found = names(alias, ALL)
    assert len(found) == rules()["length"]
    assert len(set(found)) == len(found)
    assert found == names(alias, ALL[::-1]), "whatever the order of the lists"


@pytest.mark.parametrize(
    "name",
    [
        "whisper-large-v3",
        "meta-llama/llama-prompt-guard-2-86m",
        "openai/gpt-oss-safeguard-20b",
        "baai/bge-m3",
        "google/deplot",
        "nvidia/nemoretriever-parse",
        "gemini-2.5-flash-preview-tts",
        "mistral-moderation-latest",
        "anthropic/claude-opus-5:batch",
        "deepseek-ai/DeepSeek-V3-Base",
    ],
)
def test_what_is_none_to_talk_with_is_in_none_of_them(name: str) -> None:
    assert not any(names(alias, served("mistral", [name])) for alias in BUILT_IN)


def test_what_costs_money_comes_last() -> None:
    paid = served("openrouter", ["anthropic/claude-opus-5"], "no")
    unknown = served("mistral", ["mistral-large-latest"], "unknown")
    free = served("groq", ["llama-3.1-8b-instant", "allam-2-7b"])
    assert names("auto", [*paid, *unknown, *free]) == [
        "groq/llama-3.1-8b-instant",
        "groq/allam-2-7b",
        "mistral/mistral-large-latest",
        "openrouter/anthropic/claude-opus-5",
    ]


def test_what_is_proven_comes_before_what_is_not() -> None:
    assert names("auto", served("groq", GROQ), ["groq/allam-2-7b"])[:2] == [
        "groq/allam-2-7b",
        "groq/openai/gpt-oss-120b",
    ]


def test_a_provider_that_was_silent_comes_after_those_that_were_not() -> None:
    pairs = [*served("groq", GROQ, stale=True), *served("nvidia_nim", ["google/gemma-3-27b-it"])]
    assert names("auto", pairs)[:2] == [
        "nvidia_nim/google/gemma-3-27b-it",
        "groq/openai/gpt-oss-120b",
    ]


def test_the_demo_is_only_in_auto() -> None:
    demo = served("demo", ["demo"], "yes")
    assert {alias: len(names(alias, demo)) for alias in BUILT_IN} == {
        "auto": 1,
        "fast": 0,
        "smart": 0,
        "code": 0,
    }


def test_of_two_alike_the_later_name_is_taken_to_be_the_newer_one() -> None:
    pairs = served("mistral", ["mistral-large-2407", "mistral-large-latest", "mistral-large-2411"])
    assert names("auto", pairs) == [
        "mistral/mistral-large-latest",
        "mistral/mistral-large-2411",
        "mistral/mistral-large-2407",
    ]


@pytest.mark.parametrize(
    ("larger", "smaller"),
    [
        ("qwen-3-235b-a22b-instruct", "qwen3-30b-a3b"),
        ("deepseek-r1", "deepseek-r1-distill-qwen-7b"),
        ("gpt-4o", "gpt-4o-mini"),
        ("gemini-2.5-pro", "gemini-2.5-flash-lite"),
        ("gemma-3-27b-it", "gemma-3-4b-it"),
        ("some-model-70b", "some-model-7b"),
        ("minimax-m2", "gpt-oss-20b"),
    ],
)
def test_the_larger_one_is_the_smarter(larger: str, smaller: str) -> None:
    expected = [f"mistral/{larger}", f"mistral/{smaller}"]
    assert names("smart", served("mistral", [smaller, larger])) == expected
    assert names("smart", served("mistral", [larger, smaller])) == expected


def test_a_small_window_costs_places() -> None:
    small = served("mistral", ["the-later-name"], context=4096)
    large = served("mistral", ["an-earlier-name"], context=131072)
    unknown = served("mistral", ["a-name"])
    assert names("auto", [*small, *large, *unknown]) == [
        "mistral/an-earlier-name",
        "mistral/a-name",
        "mistral/the-later-name",
    ]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("llama-3.3-70b", 70),
        ("mixtral-8x7b", 56),
        ("qwen3-30b-a3b", 30),
        ("qwen-1.5b", 1.5),
        ("gpt-4o", None),
        ("kimi-k2", None),
        ("gemma-3n-e4b-it", None),
    ],
)
def test_a_size_is_read_from_the_name(name: str, size: float | None) -> None:
    assert size_of(name) == size


def test_every_rule_says_why_and_is_a_pattern() -> None:
    found = [*rules()["never"], *rules()["able"]]
    found += [rule for alias in BUILT_IN for rule in rules()["aliases"][alias]["add"]]
    for rule in found:
        assert rule["why"]
        assert re.compile(rule["match"])
    assert set(rules()["aliases"]) == set(BUILT_IN)
