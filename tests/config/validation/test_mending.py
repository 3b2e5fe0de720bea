"""What is safe is mended in the text itself; every other byte stays."""

from __future__ import annotations

import pytest
from judging import NAME, of_litellm

from freerouter.config.providers_file import read_providers
from freerouter.config.validation.findings import Finding, from_fault
from freerouter.config.validation.mending import mend_text
from freerouter.config.validation.reading import parsed
from freerouter.config.yaml_file import parse_yaml


def mended_providers(text: str) -> str:
    found = parsed(text.encode(), NAME, NAME)
    document = found.document
    assert document
    findings: list[Finding] = []
    read_providers(
        document._replace(told=lambda fault: findings.append(from_fault(document, fault)))
    )
    return mend_text(text, document, findings).text


def mended_litellm(text: str) -> str:
    document = parse_yaml(text.encode(), NAME)
    return mend_text(text, document, of_litellm(text)).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("enabeld: true", "enabled: true"),
        ('"enabeld": true  # ü', "enabled: true  # ü"),
        ("name: 12", 'name: "12"'),
        ("name: 1.0  # a version", 'name: "1.0"  # a version'),
        ('options: {rpm: "60"}', "options: {rpm: 60}"),
        ("options: {modles: all}", "options: {models: all}"),
        ("enabeld: false\n    naem: x", "enabled: false\n    name: x"),
    ],
)
def test_a_slip_in_providers_yaml_is_mended_in_its_place(before: str, after: str) -> None:
    frame = "# ünïcode, and a comment\r\nproviders:\r\n  - type: demo # mine\r\n    {}\r\n".replace
    assert mended_providers(frame("{}", before)) == frame("{}", after)


@pytest.mark.parametrize(
    "text",
    [
        "enabeld: true\n    enabled: true",  # both are there
        "colour: blue",  # near to nothing
        "name: [1]",  # no text
        "options: {rpm: many}",
        "options: {rpm: '6 0'}",
    ],
)
def test_what_is_not_clear_is_left_alone(text: str) -> None:
    whole = f"providers:\n  - type: demo\n    {text}\n"
    assert mended_providers(whole) == whole


MODEL = "model_list:\n- model_name: a\n  litellm_params: {model: openai/gpt-4o}\n"


def test_a_master_key_moves_to_where_it_is_looked_for() -> None:
    text = f"{MODEL}litellm_settings:\n  master_key: os.environ/K  # mine\n  drop_params: true\n"
    assert mended_litellm(text) == (
        f"{MODEL}litellm_settings:\n  drop_params: true\n\n"
        "general_settings:\n  master_key: os.environ/K\n"
    )


def test_it_joins_the_section_that_there_is() -> None:
    text = f"general_settings:\n  store_model_in_db: true # x\n{MODEL}master_key: os.environ/K\n"
    assert mended_litellm(text) == (
        "general_settings:\n  store_model_in_db: true # x\n  master_key: os.environ/K\n" + MODEL
    )


def test_a_second_master_key_is_not_moved() -> None:
    text = f"{MODEL}master_key: os.environ/K\ngeneral_settings: {{master_key: os.environ/K}}\n"
    assert mended_litellm(text) == text


def test_keys_are_renamed_in_every_model() -> None:
    text = MODEL.replace("{model", "{api_bsae: http://x, model") * 2
    twice = text.replace("model_list:\n", "", 1)
    whole = f"model_list:\n{twice.replace('model_list:', '')}".replace("\n\n", "\n")
    assert mended_litellm(whole) == whole.replace("api_bsae", "api_base")
    assert whole.count("api_bsae") == 2


def test_what_stands_at_an_anchor_is_mended_once() -> None:
    text = (
        "model_list:\n"
        "- {model_name: a, litellm_params: &p {model: openai/gpt-4o, api_bsae: http://x}}\n"
        "- {model_name: b, litellm_params: *p}\n"
    )
    assert mended_litellm(text) in (text, text.replace("api_bsae", "api_base"))


def test_of_two_keys_that_mean_the_same_one_is_renamed() -> None:
    text = MODEL.replace("{model", "{api_bsae: http://x, apibase: http://y, model")
    new = mended_litellm(text)
    assert new == text.replace("api_bsae", "api_base")
    assert mended_litellm(new) == new


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("api_key: ${K}", "api_key: os.environ/K"),
        ('api_key: "${K}"  # mine', "api_key: os.environ/K  # mine"),
        ("api_base: https://${K}/v1", "api_base: https://${K}/v1"),
    ],
)
def test_a_variable_is_written_as_litellm_wants_it(before: str, after: str) -> None:
    frame = "model_list:\n- model_name: a\n  litellm_params:\n    model: openai/gpt-4o\n    "
    assert mended_litellm(f"{frame}{before}\n") == f"{frame}{after}\n"
