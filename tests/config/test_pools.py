"""An alias in config.yaml: a group of LiteLLM with a deployment for each member and key."""

from __future__ import annotations

from typing import Any

import yaml

from freerouter.config.generate import generate
from freerouter.config.pools import Member, Pool
from freerouter.config.providers_file import Entry, ProvidersFile, read_providers
from freerouter.config.yaml_file import parse_yaml
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Model

CATALOGUE = Catalogue()


def account(name: str, number: int = 1, **options: object) -> Account:
    entry = Entry(name, name, options=options)
    return Account(CATALOGUE.get(name), entry, "http://x/v1", "key", f"KEY_{number}", number=number)


def member(name: str, model: str, *others: Account, weight: int = 1) -> Member:
    return Member((account(name), *others), Model(model, name, 32000), weight)


def file(text: str = "") -> ProvidersFile:
    return read_providers(parse_yaml(f"providers: []\n{text}".encode(), "p.yaml"))


def config(*pools: Pool, text: str = "") -> dict[str, Any]:
    alone = [(m.accounts[0], m.model) for pool in pools for m in pool.members]
    found: dict[str, Any] = yaml.safe_load(generate(file(text), alone, pools))
    return found


def group(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [row for row in found["model_list"] if row["model_name"] == name]


def test_members_are_asked_in_their_order() -> None:
    rows = group(config(Pool("fast", (member("groq", "a"), member("cerebras", "b")))), "fast")
    assert [row["litellm_params"]["order"] for row in rows] == [1, 2]
    assert [row["model_info"]["id"] for row in rows] == ["fast:groq/a", "fast:cerebras/b"]
    assert [row["model_info"]["freerouter_provider"] for row in rows] == ["groq", "cerebras"]
    assert rows[0]["model_info"]["max_input_tokens"] == 32000


def test_every_key_has_a_deployment_at_the_same_place() -> None:
    rows = group(config(Pool("fast", (member("groq", "a", account("groq", 2)),))), "fast")
    assert [(r["model_info"]["id"], r["litellm_params"]["order"]) for r in rows] == [
        ("fast:groq/a", 1),
        ("fast:groq/a#2", 1),
    ]
    assert rows[1]["litellm_params"]["api_key"] == "os.environ/KEY_2"


def test_a_balance_has_weights_and_no_order() -> None:
    pool = Pool("work", (member("groq", "a", weight=3), member("cerebras", "b")), "balance")
    rows = group(config(pool), "work")
    assert [row["litellm_params"]["weight"] for row in rows] == [3, 1]
    assert all("order" not in row["litellm_params"] for row in rows)


def test_limits_of_the_provider_hold_in_an_alias_too() -> None:
    limited = Member((account("groq", rpm=30, tpm=6000, order=9),), Model("a", "groq"))
    params = group(config(Pool("fast", (limited,))), "fast")[0]["litellm_params"]
    assert (params["rpm"], params["tpm"], params["order"]) == (30, 6000, 1)


def test_a_time_of_its_own_holds_for_every_member() -> None:
    params = group(config(Pool("fast", (member("groq", "a"),), timeout=5)), "fast")[0]
    assert params["litellm_params"]["timeout"] == params["litellm_params"]["stream_timeout"] == 5


def test_a_stream_is_given_up_sooner_than_an_answer() -> None:
    pool = Pool("fast", (member("groq", "a"),))
    for text, seconds in (("", 30), ("gateway: {request_timeout: 7}", 7)):
        params = group(config(pool, text=text), "fast")[0]["litellm_params"]
        assert params["stream_timeout"] == seconds
        assert "timeout" not in params


def test_a_model_of_that_name_gives_way() -> None:
    rows = group(config(Pool("a", (member("groq", "a"), member("cerebras", "b")))), "a")
    assert [row["model_info"]["id"] for row in rows] == ["a:groq/a", "a:cerebras/b"]


def test_nobody_waits_for_a_limit() -> None:
    settings = config(Pool("fast", (member("groq", "a"),)))["router_settings"]
    assert settings["num_retries"] == 0
    assert settings["retry_policy"] == {"InternalServerErrorRetries": 1}
    assert settings["model_group_retry_policy"] == {"fast": {"InternalServerErrorRetries": 0}}


def test_the_users_own_settings_win() -> None:
    found = config(text="litellm: {router_settings: {num_retries: 4, cooldown_time: 9}}")
    assert (found["router_settings"]["num_retries"], found["router_settings"]["cooldown_time"]) == (
        4,
        9,
    )
    assert "model_group_retry_policy" not in found["router_settings"]
