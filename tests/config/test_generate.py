"""config.yaml: the same bytes for the same input, and no secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from freerouter.config.generate import HEADER, environment, generate
from freerouter.config.providers_file import ProvidersFile, read_providers
from freerouter.config.secrets import Secrets
from freerouter.config.workspace import Workspace
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError, NotConfiguredError
from freerouter.providers.account import Account, resolve
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRON = {"KEY": "sk-canary-000000", "TOKEN": "token-canary-000"}


def secrets(environ: Mapping[str, str] = ENVIRON) -> Secrets:
    return Secrets(Workspace("/nowhere"), environ)


def read(text: str) -> ProvidersFile:
    return read_providers(parse_yaml(text.encode(), "p.yaml"))


def account(entry: str) -> Account:
    return resolve(read(f"providers:\n  - {entry}\n").entries[0], Catalogue(), secrets())


def made(entry: str, model: Model | None = None, more: str = "") -> dict[str, Any]:
    """The parsed config.yaml of one provider and one model."""
    file = read(f"providers:\n  - {entry}\n{more}")
    text = generate(file, [(account(entry), model or Model("m", "p"))])
    assert "canary" not in text
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def params(entry: str, model: Model | None = None) -> dict[str, Any]:
    found: dict[str, Any] = made(entry, model)["model_list"][0]["litellm_params"]
    return found


def test_a_model_with_a_price_and_limits_is_told_in_full() -> None:
    model = Model("a/b:c@d", "openrouter", 131072, 8192, "1.25", "10", "no", "it has a price")
    assert made("{type: openrouter, api_key: '${KEY}', options: {rpm: 20, timeout: 5}}", model)[
        "model_list"
    ] == [
        {
            "model_name": "a/b:c@d",
            "litellm_params": {
                "model": "openrouter/a/b:c@d",
                "use_chat_completions_api": True,
                "api_base": "https://openrouter.ai/api/v1",
                "api_key": "os.environ/KEY",
                "rpm": 20,
                "timeout": 5,
            },
            "model_info": {
                "id": "openrouter/a/b:c@d",
                "mode": "chat",
                "freerouter_provider": "openrouter",
                "freerouter_free": "no",
                "max_input_tokens": 131072,
                "max_output_tokens": 8192,
                "input_cost_per_token": 1.25e-06,
                "output_cost_per_token": 1e-05,
            },
        }
    ]


def test_what_is_free_costs_nothing_and_what_is_unknown_has_no_price() -> None:
    entry = "{type: ollama}"
    free = made(entry, Model("m", "ollama", free="yes"))["model_list"][0]["model_info"]
    assert (free["input_cost_per_token"], free["output_cost_per_token"]) == (0.0, 0.0)
    unknown = made(entry, Model("m", "ollama"))["model_list"][0]["model_info"]
    assert "input_cost_per_token" not in unknown
    assert "max_input_tokens" not in unknown


def test_a_keyless_server_gets_a_key_that_says_so() -> None:
    assert params("{type: oai, api_base: 'http://lab:8000/v1'}") == {
        "model": "openai/m",
        "use_chat_completions_api": True,
        "api_base": "http://lab:8000/v1",
        "api_key": "not-needed",
    }
    assert "api_key" not in params("{type: ollama}")


@pytest.mark.parametrize(
    ("base", "chat"),
    [("http://lab:8000/v1", True), ("https://api.openai.com/v1", None)],
)
def test_who_is_not_openai_itself_is_asked_for_a_chat_whatever_the_client_speaks(
    base: str, chat: bool | None
) -> None:
    entry = f"{{type: oai, api_base: '{base}', api_key: '${{KEY}}'}}"
    assert params(entry).get("use_chat_completions_api") is chat


def test_the_demo_carries_its_answer() -> None:
    assert "built-in demo" in params("{type: demo}")["mock_response"]


def test_a_static_model_has_the_users_prefix() -> None:
    entry = "{type: static, model_name: gpt-4o-mini, provider: azure, api_key: '${KEY}'}"
    assert params(entry, Model("gpt-4o-mini", "static")) == {
        "model": "azure/gpt-4o-mini",
        "api_key": "os.environ/KEY",
    }


@pytest.mark.parametrize(
    "key", ["sk-canary-000000", "${MISSING:-sk-canary-000000}", "sk-${KEY}-tail"]
)
def test_a_key_that_is_no_plain_variable_goes_by_a_reference_of_ours(key: str) -> None:
    entry = f"{{type: oai, name: my-lab, api_base: 'http://lab/v1', api_key: '{key}'}}"
    assert params(entry)["api_key"] == "os.environ/FREEROUTER_KEY_MY_LAB"
    values = environment(read("{}"), [account(entry)], secrets())
    assert "canary" in values["FREEROUTER_KEY_MY_LAB"]


@pytest.mark.parametrize(
    ("base", "value"),
    [
        ("http://me:pass-canary@lab/v1", "http://me:pass-canary@lab/v1"),
        ("http://lab/${TOKEN}/v1", "http://lab/token-canary-000/v1"),
    ],
)
def test_an_address_that_may_hold_a_secret_goes_by_reference(base: str, value: str) -> None:
    entry = f"{{type: oai, name: lab, api_base: '{base}'}}"
    assert params(entry)["api_base"] == "os.environ/FREEROUTER_BASE_LAB"
    assert environment(read("{}"), [account(entry)], secrets()) == {"FREEROUTER_BASE_LAB": value}


def test_an_at_sign_in_the_path_is_no_password() -> None:
    entry = "{type: oai, api_base: 'http://lab/@me/v1'}"
    assert params(entry)["api_base"] == "http://lab/@me/v1"
    assert environment(read("{}"), [account(entry)], secrets()) == {}


def test_the_bytes_are_the_same_for_the_same_input_and_others_for_another() -> None:
    file, models = read("providers: []\n"), [(account("{type: demo}"), Model("m", "demo"))]
    text = generate(file, models)
    assert text == generate(file, models)
    assert text.startswith(f"{HEADER}# fingerprint: ")
    other = generate(file, [*models, *models])
    assert other.splitlines()[2] != text.splitlines()[2]


def test_the_users_settings_are_merged_into_ours() -> None:
    data = made(
        "{type: demo}",
        more="""\
gateway: {request_timeout: 7}
litellm:
  model_list:
    - {model_name: mine, litellm_params: {model: openai/mine, api_key: "${MINE}"}}
  litellm_settings: {drop_params: false, callbacks: [a, "${MINE}"]}
  general_settings: {master_key: sk-other, alerting: [slack]}
  router_settings: {num_retries: 2}
""",
    )
    assert [row["model_name"] for row in data["model_list"]] == ["m", "mine"]
    assert data["model_list"][1]["litellm_params"]["api_key"] == "os.environ/MINE"
    assert data["litellm_settings"]["drop_params"] is False
    assert data["litellm_settings"]["request_timeout"] == 7
    assert data["litellm_settings"]["callbacks"] == ["a", "os.environ/MINE"]
    assert data["general_settings"]["alerting"] == ["slack"]
    assert data["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"
    assert data["router_settings"]["num_retries"] == 2
    assert data["router_settings"]["cooldown_time"] == 30


def test_a_section_that_the_user_left_empty_stays_ours() -> None:
    data = made("{type: demo}", more="litellm:\n  general_settings:\n  model_list:\n")
    assert data["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"
    assert len(data["model_list"]) == 1


@pytest.mark.parametrize(
    ("litellm", "message"),
    [
        (
            "{general_settings: [a]}",
            (
                "providers.yaml: litellm.general_settings must be a map. "
                "Write it as a map, as LiteLLM's own config.yaml has it."
            ),
        ),
        (
            "{model_list: {a: b}}",
            (
                "providers.yaml: litellm.model_list must be a list. "
                "Write it as a list, as LiteLLM's own config.yaml has it."
            ),
        ),
        (
            "{general_settings: {database_url: 'postgres://${USER}@db'}}",
            (
                "providers.yaml: litellm.general_settings.database_url "
                "holds a variable inside other "
                "text. LiteLLM reads only whole variables, and a secret must not be written out. "
                "Put the whole value into one variable: `${NAME}`."
            ),
        ),
    ],
)
def test_settings_that_cannot_be_merged_are_refused(litellm: str, message: str) -> None:
    with pytest.raises(FileError) as caught:
        generate(read(f"litellm: {litellm}\n"), [])
    assert str(caught.value) == message


def test_variables_of_the_users_settings_are_looked_up() -> None:
    file = read("litellm: {a: '${KEY}', b: ['${TOKEN}', 1]}\n")
    assert environment(file, [], secrets()) == ENVIRON


def test_a_missing_variable_of_the_users_settings_is_named() -> None:
    with pytest.raises(NotConfiguredError) as caught:
        environment(read("litellm: {a: '${KEY}'}\n"), [], secrets({}))
    assert str(caught.value) == (
        "providers.yaml needs ${KEY} under `litellm:`, and it is not set. "
        "Set KEY in the environment or in .env."
    )
