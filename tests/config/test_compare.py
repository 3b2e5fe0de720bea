"""What is different between two states, in terms of models, providers and settings."""

from __future__ import annotations

from typing import Any

import pytest

from freerouter.config.compare import Change, compare, deployments_of
from freerouter.config.generate import worded

PROVIDERS, CONFIG = "providers.yaml", "config.yaml"


def model(name: str, provider: str = "lab", **info: Any) -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {"model": f"openai/{name}", "api_base": "http://lab/v1"},
        "model_info": {
            "id": f"{provider}/{name}",
            "mode": "chat",
            "freerouter_provider": provider,
            "freerouter_free": "no",
            **info,
        },
    }


def config(*models: dict[str, Any], **settings: Any) -> str:
    return worded(
        {"model_list": [*models], "litellm_settings": {**settings}, "general_settings": {}}
    )


def of_config(old: str, new: str) -> Any:
    return compare({CONFIG: old}, {CONFIG: new})


def of_providers(old: str, new: str) -> list[tuple[str, Any, Any]]:
    found = compare({PROVIDERS: old}, {PROVIDERS: new})
    assert not found.unreadable
    return [(change.name, change.old, change.new) for change in found.settings]


def test_the_same_is_no_difference() -> None:
    state = {PROVIDERS: "providers: []\n", CONFIG: config(model("a"))}
    assert not compare(state, state)


def test_comments_and_order_are_no_difference() -> None:
    assert of_providers(
        "version: 1\nproviders:\n- {type: demo}\n- type: ollama\n",
        "# mine\nproviders:\n- type: ollama  # local\n- type: demo\n  enabled: true\nversion: 1",
    ) == []  # fmt: skip
    assert not of_config(config(model("a"), model("b")), config(model("b"), model("a")))


def test_models_come_and_go_and_change() -> None:
    found = of_config(
        config(model("a"), model("b", input_cost_per_token=1e-06)),
        config(model("b", input_cost_per_token=2.5e-06), model("c", "attic")),
    )
    assert [m["id"] for m in found.new] == ["attic/c"]
    assert found.new[0]["provider"] == "attic"
    assert [m["model"] for m in found.gone] == ["a"]
    ((old, new),) = found.changed
    assert (old["input_price"], new["input_price"]) == ("1", "2.5")
    assert found.settings == ()


def test_one_model_of_two_providers_is_two() -> None:
    found = of_config(config(model("a"), model("a", "attic")), config(model("a", "attic")))
    assert [m["id"] for m in found.gone] == ["lab/a"]


def test_how_a_model_is_called_is_told() -> None:
    other = model("a")
    other["litellm_params"]["api_base"] = "http://other/v1"
    ((old, new),) = of_config(config(model("a")), config(other)).changed
    differ = {name for name in new if old[name] != new[name]}
    assert differ == {"litellm_params.api_base"}


def test_settings_of_the_engine_are_told_and_the_fingerprint_is_not() -> None:
    found = of_config(config(model("a"), timeout=60), config(model("a"), timeout=90))
    assert found.settings == (Change(CONFIG, "litellm_settings.timeout", 60, 90),)
    assert not found.changed


def test_providers_come_go_and_change_by_name() -> None:
    assert of_providers(
        "providers:\n- type: demo\n- {type: oai, name: lab, api_base: http://a}\n- type: groq\n",
        "providers:\n- {type: demo, enabled: false}\n"
        "- {type: oai, name: lab, api_base: http://b, options: {models: all}}\n- {type: ollama}\n",
    ) == [
        ("demo.enabled", True, False),
        ("lab.api_base", "http://a", "http://b"),
        ("provider groq", "groq", None),
        ("lab.options.models", None, "all"),
        ("provider ollama", None, "ollama"),
    ]


def test_settings_and_selections_are_told() -> None:
    assert of_providers(
        "providers: [{type: demo}]\ngateway: {port: 4000}\nselect: {demo: [a, b]}\n",
        "providers: [{type: demo}]\ngateway: {port: 4001}\nselect: {demo: [b, c]}\nspend: never\n",
    ) == [
        ("select.demo", ["a", "b"], ["b", "c"]),
        ("gateway.port", 4000, 4001),
        ("spend", None, "never"),
    ]


def test_static_models_have_numbers_for_names() -> None:
    row = "- {{type: static, model_name: {}, provider: openai}}\n"
    assert of_providers(
        "providers:\n" + row.format("a"), "providers:\n" + row.format("a") + row.format("b")
    ) == [("provider static-2", None, "static")]


@pytest.mark.parametrize("text", ["providers: [\n", "- a\n", "just words\n"])
def test_what_is_no_map_of_yaml_is_different_and_no_more_is_known(text: str) -> None:
    for name in (PROVIDERS, CONFIG):
        found = compare({name: text}, {name: "providers: []\n"})
        assert found.unreadable == (name,)
        assert found


def test_a_file_that_one_of_them_has_not_is_not_compared() -> None:
    assert not compare({PROVIDERS: "version: 1\n"}, {CONFIG: "model_list: []\n"})


def test_a_config_that_something_else_wrote_is_compared_as_well() -> None:
    theirs = (
        "model_list:\n"
        "  - model_name: a\n    litellm_params: {model: openai/a, api_base: http://lab/v1}\n"
        "  - model_name: x\n    litellm_params: {model: openai/x, api_base: http://lab/v1}\n"
        "litellm_settings: {drop_params: true}\n"
    )
    other = theirs.replace("model_name: x", "model_name: y")
    found = of_config(theirs, other)
    assert ([m["model"] for m in found.gone], [m["model"] for m in found.new]) == (["x"], ["y"])
    assert [(m["id"], m["model"]) for m in deployments_of(theirs)] == [
        ("model_name: a 0", "a"),
        ("model_name: x 1", "x"),
    ]


def test_odd_names_and_long_texts_are_read_as_they_are() -> None:
    odd = model(
        "it's: odd", description="first line\n\n  second line: with a colon\n- and a dash\n"
    )
    assert [m["model"] for m in deployments_of(config(odd, model("b")))] == ["it's: odd", "b"]
    found = of_config(config(odd, model("b")), config(odd))
    assert [m["id"] for m in found.gone] == ["lab/b"]
    assert not found.settings


def test_a_configuration_without_models_has_none() -> None:
    assert deployments_of(config()) == []
    assert [m["model"] for m in of_config(config(), config(model("a"))).new] == ["a"]
