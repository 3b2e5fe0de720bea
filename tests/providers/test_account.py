"""From an entry of providers.yaml to something that can be asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from freerouter.config.deployments import entries_of
from freerouter.config.providers_file import Entry, read_providers
from freerouter.config.secrets import Secrets
from freerouter.config.workspace import Workspace
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError, FreeRouterError, NotConfiguredError
from freerouter.providers.account import Account, resolve
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Model

if TYPE_CHECKING:
    from pathlib import Path


def account(
    type_: str, name: str = "", *, environ: dict[str, str] | None = None, **more: str
) -> Account:
    entry = Entry(type=type_, name=name or type_, place="p.yaml:2:5", **more)  # type: ignore[arg-type]
    return resolve(entry, Catalogue(), Secrets(Workspace("/nowhere"), environ or {}))


def refusal(*args: str, **more: object) -> FreeRouterError:
    with pytest.raises(FreeRouterError) as caught:
        account(*args, **more)  # type: ignore[arg-type]
    return caught.value


def test_the_usual_variable_holds_the_key() -> None:
    found = account("openrouter", environ={"OPENROUTER_API_KEY": " sk-1\n"})
    assert (found.key, found.key_name) == ("sk-1", "OPENROUTER_API_KEY")
    assert found.base_url == "https://openrouter.ai/api/v1"
    assert found.headers() == {"Authorization": "Bearer sk-1"}
    assert found.label == "OpenRouter"


def test_the_users_variable_comes_before_the_usual_one() -> None:
    environ = {"MINE": "sk-2", "OPENROUTER_API_KEY": "sk-1"}
    found = account("openrouter", api_key="${MINE}", environ=environ)
    assert (found.key, found.key_name) == ("sk-2", "MINE")


def test_an_own_name_is_what_people_call_it() -> None:
    assert account("ollama", "attic").label == "attic"


def test_a_keyless_server_sends_no_key() -> None:
    found = account("oai", api_base="http://lab/v1/")
    assert (found.key, found.headers(), found.base_url) == ("", {}, "http://lab/v1")


def test_the_demo_takes_no_key_even_if_one_is_written() -> None:
    assert account("demo", api_key="sk-1").key == ""


def test_only_passwords_and_keys_are_secrets() -> None:
    found = account("oai", "lab", api_base="http://me:pass@lab/v1", api_key="sk-1")
    assert found.secrets() == {"FREEROUTER_KEY_LAB": "sk-1", "FREEROUTER_BASE_LAB": "pass"}
    assert account("oai", "lab", api_base="http://token@lab/v1").secrets() == {
        "FREEROUTER_BASE_LAB": "token"
    }
    assert account("oai", api_base="http://lab/v1").secrets() == {}


@pytest.mark.parametrize("name", ["with-dash", "with.dot", "With_Under", "ö ß"])
def test_a_name_becomes_a_variable(name: str) -> None:
    carrier = account("oai", name, api_base="http://lab/v1", api_key="sk-1").key_name
    assert carrier.startswith("FREEROUTER_KEY_")
    assert carrier.isidentifier()
    assert carrier == carrier.upper()


def test_an_unknown_type_is_named_with_the_nearest() -> None:
    error = refusal("openroter")
    assert str(error) == (
        'p.yaml:2:5: unknown provider type "openroter". Did you mean "openrouter"?'
    )
    assert error.exit_code == 2


def test_an_unset_variable_is_named_with_all_ways_out() -> None:
    error = refusal("openrouter", api_key="${MINE}")
    assert str(error) == (
        "openrouter needs ${MINE}, which is not set. "
        "p.yaml:2:5: it is neither in the environment nor in .env. "
        "`keys set openrouter` stores it, or switch the provider off with `enabled: false`."
    )
    assert isinstance(error, NotConfiguredError)


def test_an_unset_variable_in_an_address_is_no_key() -> None:
    assert refusal("oai", api_base="http://${LAB}/v1").fix == (
        "Set LAB, or switch the provider off with `enabled: false`."
    )


def test_a_missing_key_is_told_with_where_to_make_one() -> None:
    assert str(refusal("openrouter")) == (
        "OpenRouter needs a key, and OPENROUTER_API_KEY is not set. "
        "p.yaml:2:5: it is neither in the environment nor in .env. "
        "`keys set openrouter` stores one. Keys are made at https://openrouter.ai/settings/keys"
    )


def test_a_key_with_a_newline_is_refused_without_being_shown() -> None:
    error = refusal("openrouter", environ={"OPENROUTER_API_KEY": "sk-canary\nsk-canary"})
    assert str(error) == (
        "The key of OpenRouter (OPENROUTER_API_KEY) cannot be used: "
        "The key holds a line break or a control character. "
        "It was probably copied together with something else. "
        "`keys set openrouter` stores another one."
    )
    assert error.exit_code == 3


def test_a_server_without_address_is_refused() -> None:
    assert str(refusal("oai", "lab")) == (
        "p.yaml:2:5: lab has no address. Add `api_base: http://…/v1`."
    )


@pytest.mark.parametrize(
    "base",
    ["me:canary@lab:8000/v1", "ftp://lab/v1", "http://lab:70000/v1", "http:///v1", "http://[::1"],
)
def test_an_address_must_be_of_the_web(base: str) -> None:
    error = refusal("oai", "lab", api_base=base)
    assert str(error) == (
        "p.yaml:2:5: the api_base of lab is not a web address. It starts with http:// or https://."
    )
    assert isinstance(error, FileError)


def test_a_static_model_needs_a_name_and_a_prefix() -> None:
    assert str(refusal("static", model_name="m")) == (
        "p.yaml:2:5: a static model needs `model_name` and `provider`. "
        "For example: model_name: gpt-4o-mini, provider: openai."
    )


def test_a_record_of_the_users_own_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("base_url: http://mine/v1\nkey: optional\n")
    entry = Entry(type="mine", name="mine")
    found = resolve(entry, Catalogue(str(tmp_path)), Secrets(Workspace("/nowhere"), {}))
    assert found.base_url == "http://mine/v1"


# Addresses and keys that are more than one word


def accounts(text: str, **environ: str) -> Account:
    entry = read_providers(parse_yaml(text.encode(), "p.yaml")).entries[0]
    return resolve(entry, Catalogue(), Secrets(Workspace("/nowhere"), environ))


@pytest.mark.parametrize(
    ("entry", "environ", "base"),
    [
        ("{type: moonshot}", {}, "https://api.moonshot.ai/v1"),
        ("{type: moonshot, options: {region: cn}}", {}, "https://api.moonshot.cn/v1"),
        (
            "{type: cloudflare}",
            {"CLOUDFLARE_ACCOUNT_ID": "me"},
            "https://api.cloudflare.com/client/v4/accounts/me/ai/v1",
        ),
        ("{type: azure}", {"AZURE_API_BASE": "https://x.azure.com/"}, "https://x.azure.com"),
        ("{type: bedrock}", {}, "https://bedrock.us-east-1.amazonaws.com"),
        ("{type: bedrock}", {"AWS_REGION": "eu-west-1"}, "https://bedrock.eu-west-1.amazonaws.com"),
        ("{type: ollama}", {"OLLAMA_API_BASE": "http://den:1"}, "http://den:1"),
    ],
)
def test_an_address_is_completed_from_what_is_known(
    entry: str, environ: dict[str, str], base: str
) -> None:
    keys = dict.fromkeys(
        (
            *("MOONSHOT_API_KEY", "CLOUDFLARE_API_KEY", "AZURE_API_KEY"),
            "AWS_BEARER_TOKEN_BEDROCK",
        ),
        "sk-canary-000000",
    )
    assert accounts(f"providers: [{entry}]", **keys, **environ).base_url == base


def test_an_address_without_the_users_part_says_what_is_missing() -> None:
    with pytest.raises(NotConfiguredError) as caught:
        accounts("providers: [{type: cloudflare}]", CLOUDFLARE_API_KEY="sk-canary-000000")
    assert str(caught.value) == (
        "Cloudflare Workers AI needs your account ID, and CLOUDFLARE_ACCOUNT_ID is not set. "
        "p.yaml:1:13: it is neither in the environment nor in .env. "
        "`providers add cloudflare --at …` keeps it in providers.yaml."
    )


def test_a_region_that_is_none_is_told() -> None:
    with pytest.raises(FileError) as caught:
        accounts("providers: [{type: moonshot, options: {region: mars}}]", MOONSHOT_API_KEY="k" * 9)
    assert str(caught.value) == 'p.yaml:1:13: Moonshot has no region "mars". Known: intl, cn.'


def test_the_first_variable_that_is_set_is_used() -> None:
    both = {"GOOGLE_API_KEY": "one-canary", "GEMINI_API_KEY": "two-canary"}
    assert accounts("providers: [{type: gemini}]", **both).key == "one-canary"
    del both["GOOGLE_API_KEY"]
    found = accounts("providers: [{type: gemini}]", **both)
    assert (found.key, found.key_name) == ("two-canary", "GEMINI_API_KEY")


AWS = {"AWS_ACCESS_KEY_ID": "AKIA0000", "AWS_SECRET_ACCESS_KEY": "canary-secret"}


def test_an_aws_access_key_signs_in_place_of_a_token() -> None:
    account = accounts("providers: [{type: bedrock}]", **AWS, AWS_REGION="eu-west-1")
    url = f"{account.base_url}/foundation-models"
    signed = account.headers(url)["Authorization"]
    assert account.key == ""
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIA0000/")
    assert "/eu-west-1/bedrock/aws4_request" in signed
    assert "canary" not in signed
    (entry,) = entries_of([(account, Model("a.b", "bedrock"))])
    assert entry["litellm_params"] == {
        "model": "bedrock/a.b",
        "api_base": "https://bedrock-runtime.eu-west-1.amazonaws.com",
        "aws_region_name": "eu-west-1",
        "aws_access_key_id": "os.environ/AWS_ACCESS_KEY_ID",
        "aws_secret_access_key": "os.environ/AWS_SECRET_ACCESS_KEY",
    }
    assert account.secrets() == AWS


def test_a_token_of_bedrock_comes_before_an_access_key() -> None:
    account = accounts("providers: [{type: bedrock}]", **AWS, AWS_BEARER_TOKEN_BEDROCK="t-canary")
    assert account.headers("https://x") == {"Authorization": "Bearer t-canary"}
    assert [p.name for p in account.params] == ["aws_region_name"]


def test_an_access_key_without_what_signs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    account = accounts("providers: [{type: bedrock}]", **AWS)
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    with pytest.raises(NotConfiguredError) as caught:
        account.headers("https://x")
    assert "pip install 'freerouter[aws]'" in caught.value.fix


@pytest.mark.parametrize(
    ("name", "base", "engine"),
    [
        ("anthropic", "https://api.anthropic.com/v1", "https://api.anthropic.com"),
        ("cohere", "https://api.cohere.com", "https://api.cohere.com/v2/chat"),
        ("github", "https://models.github.ai", "https://models.github.ai/inference"),
        ("groq", "https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
    ],
)
def test_the_engine_gets_the_address_as_it_wants_it(name: str, base: str, engine: str) -> None:
    record = Catalogue().get(name)
    assert record.base_url == base
    assert Account(record, Entry(name, name), base).engine_url == engine
