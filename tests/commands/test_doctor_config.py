"""`doctor` on providers.yaml and config.yaml: invalid, unresolved, edited, out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import openai_list
from test_doctor import KEY, brief, diagnosed, routed, set_up

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer


def test_what_is_in_order_is_said_to_be(world: World) -> None:
    set_up(world)
    found = diagnosed(world)
    for name in ("providers.valid", "providers.resolve"):
        assert brief(found, name) == ("ok", [])
    for name in ("config.there", "config.edited", "config.current"):
        assert brief(found, name) == ("ok", [])
    assert found["config.there"]["what"] == "config.yaml names 1 model."
    assert "config.served" not in found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("providers: [\n", ":2:1: "),
        ("", " is empty."),
        ("providers:\n  - {type: demo, nmae: x}\n", ':2:18: unknown key "nmae" in a provider.'),
        ("gateway: {port: 0}\nproviders: []\n", "port must be 1 to 65535."),
    ],
)
def test_a_providers_yaml_that_is_wrong_is_an_error_with_its_place(
    world: World, text: str, what: str
) -> None:
    path = world.providers(text)
    found = diagnosed(world)
    assert brief(found, "providers.valid") == ("error", [])
    assert found["providers.valid"]["what"].startswith(str(path))
    assert what in found["providers.valid"]["what"]
    assert found["providers.valid"]["fix"] or "port" in text
    assert brief(found, "port.free") == ("skipped", [])


def test_a_broken_providers_yaml_that_has_backups_has_a_way_back(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    assert "restore" not in str(diagnosed(world)["providers.valid"])
    assert world.cli("backup").code == 0
    world.providers("providers: [\n")
    assert diagnosed(world)["providers.valid"]["fix"].endswith(
        "Or go back: `freerouter restore latest` brings the latest backup back."
    )


def test_nothing_switched_on_is_an_error(world: World) -> None:
    world.providers("providers:\n  - {type: demo, enabled: false}\n")
    found = diagnosed(world)
    assert brief(found, "providers.enabled") == ("error", [])
    assert "`freerouter providers add NAME`" in found["providers.enabled"]["fix"]


def test_a_key_that_is_not_set_names_the_command_for_it(world: World) -> None:
    world.providers("providers:\n  - {type: openrouter, api_key: '${MY_ROUTER}'}\n")
    found = diagnosed(world)
    assert brief(found, "providers.resolve:openrouter") == (
        "error",
        ["keys", "set", "openrouter"],
    )
    assert "needs ${MY_ROUTER}, which is not set." in found["providers.resolve:openrouter"]["what"]
    assert "providers.resolve" not in found


def test_an_address_that_is_not_set_is_for_the_user_to_set(world: World) -> None:
    world.providers("providers:\n  - {type: oai, name: lab, api_base: '${LAB}'}\n")
    found = diagnosed(world)
    assert brief(found, "providers.resolve:lab") == ("error", [])
    assert found["providers.resolve:lab"]["fix"].startswith("Set LAB")


def test_a_key_in_the_shell_that_cannot_be_used_is_mended_in_the_shell(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_ROUTER", "clé-canary")
    world.providers("providers:\n  - {type: openrouter, api_key: '${MY_ROUTER}'}\n")
    found = diagnosed(world)["providers.resolve:openrouter"]
    assert (found["state"], found["command"]) == ("error", [])
    assert found["fix"].startswith("It comes from MY_ROUTER in your shell, which wins over .env:")


def test_a_literal_key_that_cannot_be_used_is_mended_where_it_stands(world: World) -> None:
    world.providers("providers:\n  - {type: openrouter, api_key: 'clé-canary'}\n")
    found = diagnosed(world)["providers.resolve:openrouter"]
    assert (found["state"], found["command"]) == ("error", [])
    assert found["fix"] == "Write `api_key: ${OPENROUTER_API_KEY}` there instead."


def test_an_unknown_type_is_an_error_with_the_nearest_one(world: World) -> None:
    world.providers("providers:\n  - {type: opnrouter}\n  - {type: demo}\n")
    found = diagnosed(world)
    assert brief(found, "providers.resolve:opnrouter") == ("error", [])
    assert found["providers.resolve:opnrouter"]["fix"] == 'Did you mean "openrouter"?'
    assert brief(found, "config.there") == ("error", ["fetch"])


def test_a_retired_provider_that_is_on_is_warned_of(world: World) -> None:
    world.override("oai", status="retired", status_note="closed in May")
    text = "providers:\n  - {type: oai, api_base: 'http://127.0.0.1:9'}\n"
    path = world.providers(text)
    found = diagnosed(world)
    assert brief(found, "providers.retired:oai") == ("warn", [])
    assert found["providers.retired:oai"]["what"].endswith(" is retired: closed in May.")
    assert f"{path}:2:5" in found["providers.retired:oai"]["fix"]
    world.providers(text.replace("{", "{enabled: false, "))
    assert "providers.retired:oai" not in diagnosed(world)


def test_a_catalogue_record_of_ones_own_that_is_wrong_is_told_once(world: World) -> None:
    set_up(world)
    world.override("demo", nmae="x")
    found = diagnosed(world)
    assert brief(found, "providers.record:demo") == ("error", [])
    assert 'unknown key "nmae"' in found["providers.record:demo"]["what"]
    assert "providers.resolve:demo" not in found
    assert brief(found, "config.current") == ("skipped", [])


def test_a_variable_under_litellm_that_is_not_set_is_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "providers: [{type: demo}]\nlitellm: {litellm_settings: {cache_host: '${CACHE}'}}\n"
    world.providers(text)
    found = diagnosed(world)
    assert brief(found, "providers.litellm") == ("error", [])
    assert "${CACHE} under `litellm:`" in found["providers.litellm"]["what"]
    monkeypatch.setenv("CACHE", "cache.example")
    assert "providers.litellm" not in diagnosed(world)


def test_no_config_yaml_names_fetch(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert brief(diagnosed(world), "config.there") == ("error", ["fetch"])


@pytest.mark.parametrize("text", ["model_list: [\n", "[]\n", "", "model_list: {}\n", "\xff"])
def test_a_config_yaml_that_nobody_can_read_names_fetch(world: World, text: str) -> None:
    set_up(world)
    (world.workspace / "config.yaml").write_bytes(text.encode("latin-1"))
    found = diagnosed(world)
    assert brief(found, "config.there") == ("error", ["fetch"])
    assert "config.edited" not in found


@pytest.mark.parametrize("text", [None, "", "{}"])
def test_without_its_list_of_models_a_config_yaml_is_not_enough(
    world: World, text: str | None
) -> None:
    set_up(world)
    path = world.workspace / "state" / "models.json"
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert brief(diagnosed(world), "config.there") == ("error", ["fetch"])


@pytest.mark.parametrize(
    ("old", "new"),
    [("drop_params: true", "drop_params: false"), ("# fingerprint: ", "# print: ")],
)
def test_a_config_yaml_changed_by_hand_is_warned_of(world: World, old: str, new: str) -> None:
    set_up(world)
    path = world.workspace / "config.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    found = diagnosed(world)
    assert brief(found, "config.edited") == ("warn", ["fetch"])
    assert "under `litellm:` in providers.yaml" in found["config.edited"]["fix"]


@pytest.mark.parametrize(
    "text",
    [
        "gateway: {request_timeout: 5}\nproviders: [{type: demo}]\n",
        "providers: [{type: demo, options: {rpm: 3}}]\n",
        "providers: [{type: demo, name: other}]\n",
        "providers: [{type: demo}]\nlitellm: {litellm_settings: {num_retries: 2}}\n",
    ],
)
def test_a_providers_yaml_that_asks_for_something_else_now_is_told(world: World, text: str) -> None:
    set_up(world)
    world.providers(text)
    assert brief(diagnosed(world), "config.current") == ("warn", ["fetch"])
    assert world.cli("fetch").code == 0
    assert brief(diagnosed(world), "config.current") == ("ok", [])


def test_a_comment_asks_for_nothing_else(world: World) -> None:
    set_up(world)
    world.providers("# mine\nproviders:\n  - type: demo\n")
    assert brief(diagnosed(world), "config.current") == ("ok", [])


def test_what_litellm_cannot_be_told_is_an_error_before_fetch_says_so(world: World) -> None:
    set_up(world)
    world.providers("providers: [{type: demo}]\nlitellm: {model_list: 3}\n")
    found = diagnosed(world)
    assert brief(found, "config.current") == ("error", [])
    assert "litellm.model_list must be a list" in found["config.current"]["what"]


def test_priced_and_generic_providers_are_generated_again_to_the_letter(
    world: World, server: FakeServer
) -> None:
    routed(world, server)
    server.replies["/v1/models"] = openai_list("lab-1", "lab-2")
    path = world.workspace / "providers.yaml"
    text = path.read_text() + f"  - {{type: oai, name: lab, api_base: '{server.url}'}}\n"
    world.providers(f"{text}  - {{type: demo}}\n")
    assert world.cli("fetch").code == 0
    assert brief(diagnosed(world), "config.current") == ("ok", [])
    world.providers(f"{text}select: {{lab: [lab-2]}}\n")
    assert brief(diagnosed(world), "config.current") == ("warn", ["fetch"])
    world.providers(text.replace("_KEY}'}", "_KEY}', options: {models: all}}"))
    assert brief(diagnosed(world), "config.current") == ("warn", ["fetch"])


def test_a_provider_that_was_never_asked_is_named(world: World, server: FakeServer) -> None:
    set_up(world)
    world.providers(
        f"providers:\n  - {{type: demo}}\n  - {{type: oai, name: lab, api_base: '{server.url}'}}\n"
    )
    found = diagnosed(world)
    assert brief(found, "config.current") == ("warn", ["fetch"])
    assert found["config.current"]["what"] == "The last fetch did not ask lab."


def test_a_provider_that_went_away_leaves_its_models_behind(
    world: World, server: FakeServer
) -> None:
    routed(world, server)
    assert world.cli("fetch").code == 0
    assert brief(diagnosed(world), "config.current") == ("ok", [])
    world.providers("providers: [{type: demo}]\n")
    assert brief(diagnosed(world), "config.current") == ("warn", ["fetch"])


def test_a_provider_without_its_key_leaves_open_whether_it_is_up_to_date(
    world: World, server: FakeServer
) -> None:
    routed(world, server)
    assert world.cli("fetch").code == 0
    env = world.workspace / ".env"
    env.write_text(env.read_text().replace(KEY, ""))
    found = diagnosed(world)
    assert brief(found, "config.current") == ("skipped", [])
    assert brief(found, "providers.resolve:openrouter")[0] == "error"
