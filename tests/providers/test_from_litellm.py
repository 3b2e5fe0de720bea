"""LiteLLM's own configuration in our terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.from_litellm import read_litellm

if TYPE_CHECKING:
    from freerouter.providers.imported import Imported

CATALOGUE = Catalogue()
KEY = "a-canary-of-a-key"


def read(text: str) -> Imported:
    return read_litellm(parse_yaml(text.encode(), "config.yaml"), CATALOGUE)


def one(**params: Any) -> Imported:
    return read(f"model_list: [{{model_name: called, litellm_params: {params}}}]")


@pytest.mark.parametrize(
    ("params", "entry", "model"),
    [
        ({"model": "groq/llama"}, {"type": "groq"}, "llama"),
        ({"model": "openrouter/openai/gpt-5"}, {"type": "openrouter"}, "openai/gpt-5"),
        ({"model": "gpt-4o"}, {"type": "openai"}, "gpt-4o"),
        ({"model": "x", "custom_llm_provider": "groq"}, {"type": "groq"}, "x"),
        (
            {
                "model": "openai/qwen",
                "api_base": "https://dashscope.aliyuncs.com/compatible-mode/v1",
            },
            {"type": "dashscope", "options": {"region": "cn"}},
            "qwen",
        ),
        (
            {"model": "openai/a/b", "api_base": "http://lab.example:8000/v1"},
            {"type": "oai", "name": "lab-example", "api_base": "http://lab.example:8000/v1"},
            "a/b",
        ),
        (
            {"model": "openai/a", "api_base": "http://127.0.0.1:8123/v1"},
            {"type": "oai", "name": "at-127-0-0-1-8123", "api_base": "http://127.0.0.1:8123/v1"},
            "a",
        ),
        (
            {"model": "groq/a", "api_base": "https://mirror.example/v1"},
            {"type": "groq", "api_base": "https://mirror.example/v1"},
            "a",
        ),
        (
            {"model": "ollama/qwen3", "api_base": "http://gpu.example:11434"},
            {"type": "ollama", "api_base": "http://gpu.example:11434"},
            "qwen3",
        ),
        (
            {"model": "azure/mine", "api_base": "https://mine.openai.azure.com"},
            {"type": "azure", "api_base": "https://mine.openai.azure.com"},
            "mine",
        ),
    ],
)
def test_a_deployment_is_a_provider_with_that_model_selected(
    params: dict[str, str], entry: dict[str, Any], model: str
) -> None:
    found = one(**params)
    assert found.entries == (entry,)
    assert found.select == {entry.get("name", entry["type"]): (model,)}
    assert found.left == ()


def test_a_provider_without_a_list_is_named_model_by_model() -> None:
    found = one(model="vertex_ai/gemini-pro", api_key=KEY)
    entry = {"type": "static", "model_name": "gemini-pro", "provider": "vertex_ai"}
    assert found.entries == ({**entry, "api_key": "${VERTEX_AI_API_KEY}"},)
    assert found.select == {}
    assert found.keys == {"VERTEX_AI_API_KEY": KEY}


def test_keys_are_kept_by_the_name_that_the_catalogue_knows() -> None:
    found = one(model="groq/llama", api_key=KEY)
    assert found.entries == ({"type": "groq", "api_key": "${GROQ_API_KEY}"},)
    assert found.keys == {"GROQ_API_KEY": KEY}


def test_a_reference_stays_one() -> None:
    found = one(model="groq/llama", api_key="os.environ/MINE")
    assert found.entries == ({"type": "groq", "api_key": "${MINE}"},)
    assert found.keys == {}


def test_several_keys_of_one_provider_make_a_list() -> None:
    found = read(
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: groq/a, api_key: first-key}}\n"
        "- {model_name: a, litellm_params: {model: groq/a, api_key: second-key}}\n"
        "- {model_name: a, litellm_params: {model: groq/a, api_key: first-key}}\n"
    )
    assert found.entries == ({"type": "groq", "keys": ["${GROQ_API_KEY}", "${GROQ_API_KEY_2}"]},)
    assert found.keys == {"GROQ_API_KEY": "first-key", "GROQ_API_KEY_2": "second-key"}
    assert found.select == {"groq": ("a",)}


def test_two_servers_of_one_host_have_two_names() -> None:
    found = read(
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: openai/a, api_base: 'http://h.example:1/v1'}}\n"
        "- {model_name: b, litellm_params: {model: openai/b, api_base: 'http://h.example:2/v1'}}\n"
    )
    assert [entry["name"] for entry in found.entries] == ["h-example", "h-example-2"]


def test_other_names_of_models_go_on_being_answered_to() -> None:
    found = read(
        "model_list:\n"
        "- {model_name: fast, litellm_params: {model: groq/llama}}\n"
        "- {model_name: slow, litellm_params: {model: openrouter/big}}\n"
        "- {model_name: slow, litellm_params: {model: groq/other}}\n"
        "router_settings: {num_retries: 2, model_group_alias: {x: llama}}\n"
        "litellm_settings: {fallbacks: [{fast: [slow]}], default_fallbacks: [slow]}\n"
    )
    assert found.litellm == {
        "litellm_settings": {"fallbacks": [{"llama": ["big"]}], "default_fallbacks": ["big"]},
        "router_settings": {
            "num_retries": 2,
            "model_group_alias": {"fast": "llama", "slow": "big", "x": "llama"},
        },
    }
    assert found.left == ("slow: only big answers to it, not other as well",)


def test_limits_come_along_where_all_models_have_the_same() -> None:
    rows = (
        "model_list:\n- {model_name: a, litellm_params: {model: groq/a, rpm: 30, timeout: 2.5}}\n"
    )
    assert read(rows).entries == ({"type": "groq", "options": {"rpm": 30, "timeout": 2.5}},)
    differ = read(rows + "- {model_name: b, litellm_params: {model: groq/b}}\n")
    assert differ.entries == ({"type": "groq"},)
    assert differ.left == ("provider groq: limits, as they differ",)


def test_a_wildcard_is_left_to_the_providers_rule() -> None:
    found = one(model="openrouter/*")
    assert found.entries == ({"type": "openrouter"},)
    assert found.select == {}
    assert "every model there" in found.left[0]


def test_secrets_among_its_settings_are_kept_by_reference() -> None:
    found = read(
        "model_list: []\nrouter_settings: {redis_password: a-canary, redis_host: os.environ/HOST}\n"
        "environment_variables: {REDIS_PASSWORD: b-canary, PLAIN: x}\n"
    )
    assert found.litellm == {
        "router_settings": {
            "redis_password": "${LITELLM_REDIS_PASSWORD}",
            "redis_host": "${HOST}",
        }
    }
    assert found.keys == {"LITELLM_REDIS_PASSWORD": "a-canary", "REDIS_PASSWORD": "b-canary"}
    assert found.left == ("environment_variables.PLAIN",)


@pytest.mark.parametrize("key", ["sk-a-strong-canary-0123456789", "os.environ/MASTER"])
def test_a_strong_key_of_the_gateway_is_kept(key: str) -> None:
    found = read(f"model_list: []\ngeneral_settings: {{master_key: {key}}}\n")
    assert found.keys == ({"LITELLM_MASTER_KEY": key} if "canary" in key else {})
    assert found.litellm == {}


def test_what_the_gateway_cannot_do_is_told() -> None:
    found = read(
        "model_list: [{model_name: a}, {model_name: b, litellm_params: {model: groq/b, logo: x}}]\n"
        "general_settings: {master_key: sk-1234, database_url: 'postgresql://x', a: 1}\n"
        "guardrails: []\n"
    )
    assert found.litellm["general_settings"] == {"a": 1}
    assert found.left == (
        "config.yaml:1:14: a model without litellm_params",
        "b: logo",
        "master_key: it is too weak, and a strong one is made",
        "general_settings.database_url: the gateway works without a database",
        "guardrails",
    )


@pytest.mark.parametrize("text", ["", "- a\n", "a: 1\n", "model_list: none\n"])
def test_what_is_no_configuration_of_litellm_is_refused(text: str) -> None:
    with pytest.raises(FileError, match="has no model_list"):
        read(text)
