"""Which provider somebody else's settings mean."""

from __future__ import annotations

import pytest

from freerouter.providers.catalogue import Catalogue
from freerouter.providers.recognise import base_of, by_address, by_name, by_prefix, by_variable

CATALOGUE = Catalogue()


def name_of(record: object) -> str:
    return str(getattr(record, "id", ""))


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://openrouter.ai/api/v1/chat/completions", "openrouter"),
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", "dashscope"),
        ("https://generativelanguage.googleapis.com/v1beta/models/", "gemini"),
        ("https://mine.openai.azure.com", "azure"),
        ("http://localhost:11434/v1", "ollama"),
        ("https://api.openai.com/v1", "openai"),
        ("https://api.openai.com.example.org/v1", ""),
        ("http://localhost:9999/v1", ""),
        ("http://localhost:none/v1", ""),
        ("", ""),
    ],
)
def test_by_its_address(url: str, provider: str) -> None:
    assert name_of(by_address(CATALOGUE, url)) == provider


@pytest.mark.parametrize(
    ("prefix", "provider"),
    [
        ("groq", "groq"),
        ("cohere", "cohere"),
        ("cohere_chat", "cohere"),
        ("ollama", "ollama"),
        ("ollama_chat", "ollama"),
        ("hosted_vllm", "vllm"),
        ("openai", "openai"),
        ("openai_like", ""),
        ("vertex_ai", ""),
        ("oai", ""),
        ("static", ""),
        ("", ""),
    ],
)
def test_by_the_prefix_that_litellm_has_for_it(prefix: str, provider: str) -> None:
    assert name_of(by_prefix(CATALOGUE, prefix)) == provider


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("Gemini", "gemini"),
        ("google", "gemini"),
        ("nvidia-nim", "nvidia_nim"),
        ("Together AI", "together_ai"),
        ("grok", "xai"),
        ("lm-studio", "lm_studio"),
        ("oai", ""),
        ("demo", ""),
        ("nobody", ""),
    ],
)
def test_by_what_people_call_it(name: str, provider: str) -> None:
    assert name_of(by_name(CATALOGUE, name)) == provider


def test_by_the_variable_of_its_key() -> None:
    assert name_of(by_variable(CATALOGUE, "GEMINI_API_KEY")) == "gemini"
    assert by_variable(CATALOGUE, "NOBODYS_API_KEY") is None


@pytest.mark.parametrize(
    "url",
    ["https://x.example/v1", "https://x.example/v1/", "https://x.example/v1/chat/completions"],
)
def test_the_base_of_an_address(url: str) -> None:
    assert base_of(url) == "https://x.example/v1"
