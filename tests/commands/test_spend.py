"""`spend: never`: what is not known to cost nothing is not served, whoever asked for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from alone import alone
from fakes import FakeServer, openai_list, openrouter

from freerouter.commands.writing import rewrite
from freerouter.context import make_context

if TYPE_CHECKING:
    from conftest import World

FREE = ["meta/llama-3.3-70b:free", "qwen/qwen3-coder:free"]
MIXED = "[openai/gpt-5, 'qwen/qwen3-coder:free']"
ALL = [*FREE, "openai/gpt-5"]


def served(world: World) -> list[str]:
    """The names of the models in config.yaml."""
    text = (world.workspace / "config.yaml").read_text()
    return [model["model_name"] for model in alone(yaml.safe_load(text))]


@pytest.fixture
def routed(world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> World:
    openrouter(server)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-canary-000000")
    return world


def test_what_is_free_on_a_plan_only_is_left_out_until_somebody_says_which(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/openai/v1/models"] = openai_list("llama-3.1-8b-instant")
    world.override("groq", base_url=f"{server.url}/openai/v1")
    monkeypatch.setenv("GROQ_API_KEY", "gsk_canary000000")
    world.providers("spend: never\nproviders:\n  - {type: groq, options: {rpm: 3}}\n")
    ran = world.cli("fetch")
    assert "They are free on the free plan only" in ran.err
    assert "`providers add groq --plan free` says so." in ran.err
    assert world.cli("providers", "add", "groq", "--plan", "free").code == 0
    assert "options: {rpm: 3, plan: free}" in (world.workspace / "providers.yaml").read_text()
    assert world.cli("fetch").code == 0
    assert served(world) == ["llama-3.1-8b-instant"]
    world.cli("providers", "add", "groq", "--plan", "paid")
    assert world.cli("fetch").code != 0


@pytest.mark.parametrize(
    "wish",
    [
        "providers: [{type: openrouter, options: {models: all}}]",
        f"providers: [{{type: openrouter, options: {{models: {MIXED}}}}}]",
        f"providers: [{{type: openrouter}}]\nselect: {{openrouter: {MIXED}}}",
        "providers: [{type: openrouter, spend: never, options: {models: all}}]\nspend: allowed",
    ],
)
def test_what_costs_money_is_left_out_whoever_asked_for_it(routed: World, wish: str) -> None:
    routed.providers(wish if "spend" in wish else f"spend: never\n{wish}")
    ran = routed.cli("fetch")
    assert ran.code == 0
    assert "openai/gpt-5" not in served(routed)
    assert "qwen/qwen3-coder:free" in served(routed)
    assert ran.err == (
        "OpenRouter: 1 model left out (spend: never), not known to cost nothing: openai/gpt-5. "
        "`spend: allowed` at openrouter in providers.yaml lets them in.\n"
    )
    assert json.loads(routed.cli("fetch", "--json").out)["withheld"] == {
        "openrouter": ["openai/gpt-5"]
    }


def test_a_provider_may_be_allowed_what_the_others_are_not(routed: World) -> None:
    routed.providers(
        "spend: never\nproviders: [{type: openrouter, spend: allowed, options: {models: all}}]"
    )
    assert routed.cli("fetch").err == ""
    assert served(routed) == ALL


def test_what_nobody_knows_the_price_of_is_left_out(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a", "b")
    lab = f"{{type: oai, name: lab, api_base: '{server.url}/v1'}}"
    world.providers(f"spend: never\nproviders: [{lab}]\n")
    ran = world.cli("fetch")
    assert ran.code == 5
    assert ran.err == (
        "lab: none of its models is known to cost nothing, so none was written (spend: never).\n"
        "a: the server does not say.\n"
        "`spend: allowed` at lab in providers.yaml lets them in.\n"
    )
    assert not (world.workspace / "config.yaml").exists()


def test_models_that_one_names_oneself_are_left_out_too(world: World) -> None:
    world.providers(
        "spend: never\n"
        "providers: [{type: demo}, {type: static, model_name: gpt-4o, provider: openai}]\n"
    )
    assert "gpt-4o: nobody says." in world.cli("fetch").err
    assert served(world) == ["demo"]


def test_the_users_word_on_an_account_counts(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a")
    entry = f"type: oai, api_base: '{server.url}/v1', options: {{plan: free}}"
    world.providers(f"spend: never\nproviders: [{{{entry}}}]\n")
    assert world.cli("fetch").code == 0
    assert served(world) == ["a"]


def test_a_stale_list_is_guarded_as_well(routed: World, server: FakeServer) -> None:
    routed.providers("providers: [{type: openrouter, options: {models: all}}]\n")
    routed.cli("fetch")
    assert served(routed) == ALL
    server.replies.clear()
    routed.providers("spend: never\nproviders: [{type: openrouter, options: {models: all}}]\n")
    routed.cli("fetch", "--timeout", "2")
    assert served(routed) == FREE


def test_selecting_by_hand_is_guarded(routed: World) -> None:
    routed.providers("spend: never\nproviders: [{type: openrouter}]\n")
    routed.cli("fetch")
    ran = routed.cli("select", "openai/gpt-5", "--add")
    assert ran.code == 0
    assert "1 model left out (spend: never)" in ran.err
    assert served(routed) == FREE
    assert routed.cli("select", "openai/gpt-5").code == 1
    assert served(routed) == FREE


def test_models_of_ones_own_for_litellm_have_no_price_that_is_known(routed: World) -> None:
    routed.providers(
        "spend: never\nproviders: [{type: openrouter}]\n"
        "litellm: {model_list: [{model_name: x, litellm_params: {model: openai/x}}]}\n"
    )
    ran = routed.cli("fetch")
    assert ran.code == 2
    assert "Nobody knows what those cost, so nothing was written." in ran.err
    assert not (routed.workspace / "config.yaml").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spend: nevre\nproviders: []\n", ":1:8: spend must be never or allowed."),
        ("providers: [{type: demo, spend: no}]\n", ":1:33: spend must be text"),
        ("providers: [{type: demo, options: {plan: gold}}]\n", "plan must be free or paid."),
    ],
)
def test_a_slip_is_told_and_never_taken_for_a_yes(world: World, text: str, message: str) -> None:
    world.providers(text)
    ran = world.cli("fetch")
    assert ran.code == 2
    assert message in ran.err


def test_it_is_shown_with_the_provider(routed: World) -> None:
    routed.providers("spend: never\nproviders: [{type: openrouter}]\n")
    assert "spend      never" in routed.cli("providers", "show", "openrouter").out


def test_a_watched_file_that_says_never_takes_them_out_as_well(routed: World) -> None:
    routed.providers("providers: [{type: openrouter, options: {models: all}}]")
    routed.cli("fetch")
    assert sorted(served(routed)) == sorted(ALL)
    routed.providers("spend: never\nproviders: [{type: openrouter, options: {models: all}}]")
    rewrite(make_context())
    assert sorted(served(routed)) == sorted(FREE)
