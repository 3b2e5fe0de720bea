"""Keys that stand in settings themselves are found, named and replaced; nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from freerouter.config.references import Clear, by_reference, in_clear, wanted_variables
from freerouter.config.yaml_file import parse_yaml


def usual(row: Any) -> str:
    return f"{row.get('name') or row['type']}_API_KEY".upper()


def found(text: str, **known: str) -> list[Clear]:
    return in_clear(parse_yaml(text.encode(), "x").data, usual, known)


def test_a_key_and_each_further_key_has_its_variable() -> None:
    text = "providers:\n- {type: groq, api_key: gsk-one}\n- {type: xai, keys: ['${A}', b, c]}\n"
    assert found(text) == [
        Clear(("providers", 0, "api_key"), "GROQ_API_KEY", "gsk-one"),
        Clear(("providers", 1, "keys", 1), "XAI_API_KEY_2", "b"),
        Clear(("providers", 1, "keys", 2), "XAI_API_KEY_3", "c"),
    ]


def test_the_first_of_several_keys_has_the_usual_variable() -> None:
    text = "providers: [{type: xai, keys: [a-key, b-key]}]"
    assert [one.variable for one in found(text)] == ["XAI_API_KEY", "XAI_API_KEY_2"]


def test_keys_beside_a_first_one_are_counted_from_it() -> None:
    text = "providers: [{type: xai, api_key: '${X}', keys: [a-key]}]"
    assert [one.variable for one in found(text)] == ["XAI_API_KEY_2"]


@pytest.mark.parametrize("word", ["dummy", "none", "ollama", "not-needed", "${X}", "${X:-y}", ""])
def test_what_is_no_key_stays(word: str) -> None:
    assert found(f"providers: [{{type: oai, api_key: '{word}'}}]") == []


def test_a_variable_that_holds_another_key_is_left_alone() -> None:
    text = "providers: [{type: groq, api_key: mine}]"
    assert found(text, GROQ_API_KEY="theirs")[0].variable == "GROQ_API_KEY_OLD"
    assert found(text, GROQ_API_KEY="mine")[0].variable == "GROQ_API_KEY"
    again = found(text, GROQ_API_KEY="theirs", GROQ_API_KEY_OLD="older")
    assert again[0].variable == "GROQ_API_KEY_OLD2"


def test_a_password_in_an_address_is_a_secret() -> None:
    text = "providers: [{type: oai, name: lab, api_base: 'http://me:pw@host/v1'}]"
    assert found(text) == [
        Clear(("providers", 0, "api_base"), "LAB_API_BASE", "http://me:pw@host/v1")
    ]
    assert found("providers: [{type: oai, api_base: 'http://[::1/v1'}]") == []


def test_secrets_among_settings_of_litellm_are_found_by_name_and_by_shape() -> None:
    text = (
        "litellm:\n  router_settings: {redis_password: pw, redis_host: h}\n"
        "  extra: [sk-0123456789abcdef0123]\n  model_list:\n"
        "  - litellm_params: {api_key: os.environ/X, max_tokens: 3}\n"
    )
    assert [(one.variable, one.value) for one in found(text)] == [
        ("LITELLM_ROUTER_SETTINGS_REDIS_PASSWORD", "pw"),
        ("LITELLM_EXTRA_0", "sk-0123456789abcdef0123"),
    ]


def test_references_stand_where_keys_stood_and_the_rest_is_as_it_was() -> None:
    data = {
        "providers": [{"type": "groq", "api_key": "k", "options": {"rpm": 3}}],
        "spend": "never",
    }
    changed = by_reference(data, in_clear(data, usual, {}))
    assert changed == {
        "providers": [{"type": "groq", "api_key": "${GROQ_API_KEY}", "options": {"rpm": 3}}],
        "spend": "never",
    }
    assert data["providers"][0]["api_key"] == "k"  # type: ignore[index]
    assert in_clear(changed, usual, {}) == []


def test_variables_without_a_default_are_wanted() -> None:
    assert wanted_variables([{"a": "${B} ${A}", "b": ["${C:-x}", 3]}, "${B}"]) == ["A", "B"]
