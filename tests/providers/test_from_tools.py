"""Other tools' files in our terms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.from_tools import read_aider, read_llm, read_router, read_variables
from freerouter.providers.imported import Imported

CATALOGUE = Catalogue()


def router(*providers: dict[str, Any], **more: Any) -> Imported:
    return read_router(json.dumps({"Providers": providers, **more}), "config.json", CATALOGUE)


def test_a_routers_provider_with_its_models_and_its_key() -> None:
    found = router(
        {
            "name": "my-router",
            "api_base_url": "https://openrouter.ai/api/v1/chat/completions",
            "api_key": "a-canary",
            "models": ["a/b", "c"],
        }
    )
    assert found.entries == ({"type": "openrouter", "api_key": "${OPENROUTER_API_KEY}"},)
    assert found.keys == {"OPENROUTER_API_KEY": "a-canary"}
    assert found.select == {"openrouter": ("a/b", "c")}


@pytest.mark.parametrize("key", ["$MINE", "${MINE}"])
def test_a_routers_reference_is_one_of_ours(key: str) -> None:
    found = router(
        {"name": "groq", "api_base_url": "https://api.groq.com/openai/v1", "api_key": key}
    )
    assert found.entries == ({"type": "groq", "api_key": "${MINE}"},)
    assert found.keys == {}


def test_a_server_that_nobody_knows_keeps_its_name() -> None:
    found = router(
        {"name": "volc engine", "api_base_url": "https://ark.example/api/v3/chat/completions"}
    )
    assert found.entries == (
        {"type": "oai", "name": "volc-engine", "api_base": "https://ark.example/api/v3"},
    )


def test_a_local_server_needs_no_key() -> None:
    found = router(
        {
            "name": "x",
            "api_base_url": "http://localhost:11434/v1/chat/completions",
            "api_key": "ollama",
        }
    )
    assert found.entries == ({"type": "ollama"},)
    assert found.keys == {}


def test_what_routes_is_told_and_left() -> None:
    found = router(
        {"name": "groq", "transformer": {"use": []}},
        {"name": "?"},
        Router={"default": "x"},
        APIKEY="k",
    )
    assert found.entries == ({"type": "groq"},)
    assert found.left == ("provider groq: transformer", "provider ?: it has no address", "Router")
    assert found.keys == {}


def test_a_routers_file_may_hold_comments() -> None:
    text = """{
      // mine
      "Providers": [ /* one */
        {"name": "groq", "api_base_url": "https://api.groq.com/openai/v1", "models": ["a//b"]},
      ],
    }"""
    assert read_router(text, "config.json", CATALOGUE).select == {"groq": ("a//b",)}


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"Providers": 3}'])
def test_a_routers_file_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FileError, match=r"config\.json"):
        read_router(text, "config.json", CATALOGUE)


def llm(keys: Any, extra: Any = None) -> Imported:
    return read_llm(json.dumps(keys), "keys.json", extra, CATALOGUE)


def test_llms_keys_by_the_names_of_its_plugins() -> None:
    found = llm({"// Note": "do not share", "openai": "k1", "gemini": "k2", "weird": "k3"})
    assert found.entries == (
        {"type": "openai", "api_key": "${OPENAI_API_KEY}"},
        {"type": "gemini", "api_key": "${GOOGLE_API_KEY}"},
    )
    assert found.keys == {"OPENAI_API_KEY": "k1", "GOOGLE_API_KEY": "k2"}
    assert found.left == ("key weird: no provider of that name is known",)


def test_llms_other_servers_with_their_keys() -> None:
    extra = [
        {"model_id": "m", "model_name": "big", "api_base": "http://lab/v1", "api_key_name": "lab"},
        {"model_id": "own", "model_name": "of-openai"},
    ]
    found = llm({"lab": "k"}, extra)
    entry = {"type": "oai", "name": "lab", "api_base": "http://lab/v1", "api_key": "${LAB_API_KEY}"}
    assert found.entries == (entry,)
    assert found.select == {"lab": ("big",)}
    assert found.keys == {"LAB_API_KEY": "k"}
    assert found.left == ()


def test_llms_other_servers_without_any_keys() -> None:
    found = read_llm("", "keys.json", [{"model_id": "m", "api_base": "http://lab/v1"}], CATALOGUE)
    assert found.entries == ({"type": "oai", "name": "m", "api_base": "http://lab/v1"},)


def test_keys_that_are_no_map_are_refused() -> None:
    with pytest.raises(FileError, match=r"keys\.json"):
        llm(["a"])


def aider(text: str, **variables: str) -> Imported:
    return read_aider(parse_yaml(text.encode(), ".aider.conf.yml"), variables, CATALOGUE)


def test_aiders_keys_in_each_of_their_forms() -> None:
    found = aider(
        "openai-api-key: k1\nanthropic-api-key: k2\napi-key: [gemini=k3, foo=k4]\n"
        "set-env:\n- GROQ_API_KEY=k5\n- OTHER=x\nmodel: sonnet\n",
        OPENROUTER_API_KEY="k6",
    )
    assert {entry["type"] for entry in found.entries} == {
        "openai", "anthropic", "gemini", "groq", "openrouter",
    }  # fmt: skip
    assert found.keys == {
        "OPENROUTER_API_KEY": "k6",
        "OPENAI_API_KEY": "k1",
        "ANTHROPIC_API_KEY": "k2",
        "GOOGLE_API_KEY": "k3",
        "GROQ_API_KEY": "k5",
    }
    assert found.left == ("FOO_API_KEY: no provider that reads it is known", "model")


def test_aiders_own_server() -> None:
    found = aider("openai-api-base: http://lab.example/v1\nopenai-api-key: k\n")
    assert found.entries == (
        {
            "type": "oai",
            "name": "lab-example",
            "api_base": "http://lab.example/v1",
            "api_key": "${LAB_EXAMPLE_API_KEY}",
        },
    )


def test_an_empty_file_of_aider_holds_nothing() -> None:
    assert aider("# nothing\n") == Imported()
    with pytest.raises(FileError, match="no map"):
        aider("- a\n")


def test_the_keys_of_an_env_file() -> None:
    found = read_variables(
        {
            "GROQ_API_KEY": "k",
            "OPENROUTER_KEY": "r",
            "X_API_KEY": "x",
            "PATH": "p",
            "GITHUB_API_KEY": "",
        },
        CATALOGUE,
    )
    assert found.keys == {"GROQ_API_KEY": "k", "OPENROUTER_API_KEY": "r"}
    assert found.left == ("X_API_KEY: no provider that reads it is known",)


def test_a_base_for_openai_that_is_not_openais() -> None:
    given = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://api.groq.com/openai/v1"}
    assert read_variables(given, CATALOGUE).entries == (
        {"type": "groq", "api_key": "${GROQ_API_KEY}"},
    )
