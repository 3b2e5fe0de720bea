"""A config.yaml of LiteLLM: each slip that it accepts in silence is told of, where it stands."""

from __future__ import annotations

import pytest
from judging import marked, of_litellm

from freerouter.config.validation.rules import LITELLM, RULES

ONE = "model_list:\n- model_name: a\n  litellm_params: {model: openai/gpt-4o, "
GOOD = f"{ONE}api_key: os.environ/K}}\n"
SLIPS = {
    "misspelt-address": f"{ONE}«api_bsae: https://x.example/v1}}\n",
    "misspelt-key": f"{GOOD}litellm_settings: {{«drop_parms: true}}\n",
    "unknown-setting": f"{GOOD}router_settings: {{«colour: blue}}\n",
    "misplaced-master-key": f"{GOOD}litellm_settings:\n  «master_key: os.environ/K\n",
    "unset-environ": f"{ONE}api_key: «os.environ/NOT_THERE}}\n",
    "literal-variable": f"{ONE}api_key: «'${{K}}'}}\n",
    "unknown-prefix": "model_list: [{model_name: a, litellm_params: {model: «opnai/gpt-4o}}]\n",
    "unknown-model": "model_list: [{model_name: a, litellm_params: {model: «mine}}]\n",
    "missing-group": f"{GOOD}router_settings: {{fallbacks: [{{a: [«b]}}]}}\n",
    "alias-to-nothing": f"{GOOD}router_settings: {{model_group_alias: {{fast: «b}}}}\n",
    "fallback-loop": f"{GOOD}router_settings: {{fallbacks: [{{a: «[a]}}]}}\n",
    "duplicate-id": (
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: openai/gpt-4o}, model_info: {id: x}}\n"
        "- {model_name: b, litellm_params: {model: openai/gpt-4o}, model_info: {id: «x}}\n"
    ),
    "missing-include": f"{GOOD}include: [«more.yaml]\n",
    "wrong-type": f"{ONE}rpm: «many}}\n",
    "missing-field": "model_list:\n- «model_name: a\n",
    "bad-value": f"{GOOD}router_settings: {{routing_strategy: «fastest}}\n",
    "weak-key": f"{GOOD}general_settings: {{master_key: «sk-1234}}\n",
    "secret-in-clear": f"{ONE}api_key: «made-up-key-0123456789}}\n",
    "duplicate-key": f"{GOOD}«model_list: []\n",
    "deprecated-model": (
        "model_list: [{model_name: a, litellm_params: {model: «openai/gpt-5-codex}}]\n"
    ),
    "paid-in-free-pool": (
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: 'openrouter/x/y:free'}}\n"
        "- «{model_name: a, litellm_params: {model: openai/gpt-4o, input_cost_per_token: 0.1}}\n"
    ),
}
"""A slip for each rule."""
ENVIRON = {"K": "k" * 32, "LITELLM_MASTER_KEY": "k" * 32}


@pytest.mark.parametrize("rule", SLIPS)
def test_a_slip_is_told_where_it_stands(rule: str) -> None:
    text, line, column = marked(SLIPS[rule])
    found = [f for f in of_litellm(text, ENVIRON) if f.rule == rule]
    assert [(f.line, f.column) for f in found] == [(line, column)]


def test_every_rule_of_litellm_has_a_slip() -> None:
    rules = {rule.id for rule in RULES if rule.where == LITELLM}
    assert rules - SLIPS.keys() == {"no-master-key"}


def test_a_config_without_a_key_is_told_of() -> None:
    assert [f.rule for f in of_litellm(GOOD, {"K": "k" * 32})] == ["no-master-key"]
    assert of_litellm(GOOD, ENVIRON) == []


SOUND = """\
model_list:
  - model_name: openai/*
    litellm_params: {model: openai/*, api_key: os.environ/K, timeout: 30, tags: [free]}
  - model_name: local
    litellm_params:
      model: hosted_vllm/qwen
      api_base: http://127.0.0.1:8000/v1
      api_key: not-needed
      top_k: 40
      a_parameter_of_theirs: 1
      rpm: "60"
      max_budget: os.environ/K
    model_info: {id: one, mode: chat, my_own_note: yes, team: blue}
  - model_name: mine
    litellm_params: {model: mine/x}
    model_info: {base_model: azure/gpt-4o}
litellm_settings:
  drop_params: true
  callbacks: [prometheus]
  custom_provider_map: [{provider: mine, custom_handler: my.handler}]
  fallbacks: [{local: [openai/gpt-4o]}]
  default_fallbacks: [local]
general_settings:
  master_key: os.environ/K
router_settings:
  routing_strategy: simple-shuffle
  model_group_alias: {fast: local, quick: {model: local, hidden: true}}
  num_retries: 2
environment_variables: {MY_OWN: x}
"""


def test_a_sound_config_gives_nothing() -> None:
    assert of_litellm(SOUND, {"K": "k" * 32}) == []


def test_another_server_may_call_its_models_as_it_likes() -> None:
    row = "{{model_name: a, litellm_params: {{model: openai/gpt-5-codex, api_base: {}}}}}\n"
    ours = of_litellm("model_list:\n- " + row.format("http://127.0.0.1:8000/v1"))
    makers = of_litellm("model_list:\n- " + row.format("https://api.openai.com/v1"))
    assert ours == []
    assert [f.rule for f in makers] == ["deprecated-model"]


def test_variables_of_the_file_itself_are_set() -> None:
    text = f"{ONE}api_key: os.environ/MINE}}\nenvironment_variables: {{MINE: x}}\n"
    assert of_litellm(text) == []


def test_a_variable_is_told_once_with_how_often_it_is_named() -> None:
    row = "- {model_name: a, litellm_params: {model: openai/gpt-4o, api_key: os.environ/NOT_SET}}\n"
    found = of_litellm("model_list:\n" + row * 3)
    assert [f.what for f in found] == ["NOT_SET is not set (named in 3 places)."]


def test_where_models_come_from_elsewhere_too_no_group_is_missing() -> None:
    text = f"{GOOD}general_settings: {{store_model_in_db: true}}\n"
    assert of_litellm(f"{text}router_settings: {{fallbacks: [{{b: [c]}}]}}\n", ENVIRON) == []


def test_a_fallback_that_costs_money_behind_one_that_does_not() -> None:
    text, line, column = marked(
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: 'openrouter/x/y:free'}}\n"
        "- {model_name: b, litellm_params: {model: openai/gpt-4o}, model_info: {tier: paid}}\n"
        "router_settings: {fallbacks: [{a: [«b]}]}\n"
    )
    found = of_litellm(text)
    assert [(f.rule, f.line, f.column) for f in found] == [("paid-in-free-pool", line, column)]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("api_bsae", "api_base"),
        ("apibase", "api_base"),
        ("api-base", "api_base"),
        ("api_kye", "api_key"),
        ("mdoel", "model"),
        ("custom_llm_providr", "custom_llm_provider"),
    ],
)
def test_an_address_that_is_misspelt_is_an_error(key: str, meant: str) -> None:
    model = "" if meant == "model" else "model: openai/gpt-4o, "
    found = of_litellm(f"model_list: [{{model_name: a, litellm_params: {{{model}{key}: x/y}}}}]\n")
    assert [(f.rule, f.fix) for f in found] == [("misspelt-address", f'Did you mean "{meant}"?')]
    assert found[0].is_error


@pytest.mark.parametrize("key", ["top_a", "min_p", "repetition_penalty", "x", "provider"])
def test_a_parameter_of_a_providers_own_is_no_slip(key: str) -> None:
    assert of_litellm(f"{ONE}{key}: 1}}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "model_list: 1\n",
        "model_list: [1, [], null]\n",
        "model_list: [{model_name: [1], litellm_params: [x]}]\n",
        "model_list: [{litellm_params: {model: {a: 1}, custom_llm_provider: [x], rpm: []}}]\n",
        "model_list: [{model_name: {a: 1}, litellm_params: {model: 1}, model_info: [x]}]\n",
        "router_settings: {fallbacks: {a: b}, model_group_alias: [x], routing_strategy: [1]}\n",
        "router_settings: {fallbacks: [1, {a: b}, {[1]: 2}], default_fallbacks: 1}\n",
        "litellm_settings: [1]\ngeneral_settings: 1\nrouter_settings: x\n",
        "general_settings: {master_key: [1]}\nmaster_key: {a: 1}\ninclude: x\n",
        "? {a: 1}\n: b\n1: 2\nnull: 3\n",
        "a: &a {b: *a}\nmodel_list: [*a]\nlitellm_settings: {custom_provider_map: [1]}\n",
    ],
)
def test_nothing_that_yaml_can_say_breaks_a_rule(text: str) -> None:
    from freerouter.errors import FileError

    try:
        found = of_litellm(text)
    except (AssertionError, FileError):  # a map for a key is no data
        assert "? {" in text or "{[1]" in text
    else:
        assert all(f.line >= 1 and f.column >= 1 for f in found)


def test_groups_that_all_fall_back_on_each_other_are_told_once_each() -> None:
    names = [f"m{n}" for n in range(40)]
    rows = "".join(
        f"- {{model_name: {n}, litellm_params: {{model: openai/gpt-4o}}}}\n" for n in names
    )
    ways = "".join(f"  - {n}: [{', '.join(names)}]\n" for n in names)
    found = of_litellm(f"model_list:\n{rows}router_settings:\n  fallbacks:\n{ways}")
    assert {f.rule for f in found} == {"fallback-loop"}
    assert len(found) == len(names)


def test_a_long_way_round_is_told_in_short() -> None:
    names = [f"m{n}" for n in range(40)]
    rows = "".join(
        f"- {{model_name: {n}, litellm_params: {{model: openai/gpt-4o}}}}\n" for n in names
    )
    ways = ", ".join(f"{a}: [{b}]" for a, b in zip(names, [*names[1:], names[0]], strict=True))
    found = of_litellm(f"model_list:\n{rows}router_settings: {{fallbacks: [{{{ways}}}]}}\n")
    assert [f.what.partition(":")[0] for f in found] == ["m0 → m1 → m2 → m3 → … → m0"]


def test_of_two_circles_both_are_told() -> None:
    rows = "".join(
        f"- {{model_name: {n}, litellm_params: {{model: openai/gpt-4o}}}}\n" for n in "abcde"
    )
    ways = "[{a: [b]}, {b: [c]}, {c: [b]}, {d: [e]}, {e: [d, a]}]"
    found = of_litellm(f"model_list:\n{rows}router_settings: {{fallbacks: {ways}}}\n")
    assert [f.what.partition(":")[0] for f in found] == ["b → c → b", "d → e → d"]


@pytest.mark.parametrize(("before", "told"), [(400, 1), (600, 0)])
def test_a_model_with_more_keys_than_anybody_writes_is_not_read_to_its_end(
    before: int, told: int
) -> None:
    keys = "".join(f"    zzqq{n}: 1\n" for n in range(before))
    text = f"model_list:\n- model_name: a\n  litellm_params:\n    model: openai/gpt-4o\n{keys}"
    assert len(of_litellm(f"{text}    api_bsae: 1\n")) == told
