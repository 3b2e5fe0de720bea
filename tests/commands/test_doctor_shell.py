"""`doctor` on the user's shell: what of it wins over the files, and what of it does no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_doctor import KEY, brief, diagnosed, routed, set_up

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer

DEMO = "gateway: {port: 4123}\nproviders: [{type: demo}]\n"


def test_an_empty_shell_is_in_nobodys_way(world: World) -> None:
    set_up(world)
    assert brief(diagnosed(world), "shell.clear") == ("ok", [])


def test_another_key_in_the_shell_wins_and_is_warned_of(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed(world, server)
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    assert brief(diagnosed(world), "shell.clear") == ("ok", [])
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-other-0123456789")
    found = diagnosed(world)
    assert brief(found, "shell.key:OPENROUTER_API_KEY") == ("warn", [])
    assert "shell.clear" not in found


def test_a_key_found_by_its_usual_name_is_compared_too(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed(world, server)
    world.providers("providers: [{type: openrouter}]\n")
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-other-0123456789")
    assert brief(diagnosed(world), "shell.key:OPENROUTER_API_KEY") == ("warn", [])


def test_another_master_key_in_the_shell_is_warned_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(world)
    stored = world.cli("keys", "show", "master").out.strip()
    monkeypatch.setenv("LITELLM_MASTER_KEY", stored)
    assert "shell.key:LITELLM_MASTER_KEY" not in diagnosed(world)
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-canary-0123456789-other")
    ran = world.cli("doctor", "--offline")
    assert "LITELLM_MASTER_KEY has one value in your shell and another in .env" in ran.out
    assert "canary" not in ran.out
    assert stored not in ran.out


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL"])
def test_a_client_that_is_led_elsewhere_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    world.providers(DEMO)
    monkeypatch.setenv(name, "https://me:pw@elsewhere.example/v1")
    found = diagnosed(world)[f"shell.client:{name}"]
    assert (found["state"], found["command"]) == ("warn", [])
    assert found["what"] == (
        f"{name} leads clients to https://elsewhere.example, not to the gateway."
    )
    assert "freerouter env" in found["fix"]


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:4123/v1", "http://127.0.0.1:4123", "http://localhost:4123/v1/"]
)
def test_a_client_that_is_led_here_is_in_order(
    world: World, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    world.providers(DEMO)
    monkeypatch.setenv("OPENAI_BASE_URL", value)
    found = diagnosed(world)
    assert brief(found, "shell.client:OPENAI_BASE_URL") == ("ok", [])
    assert brief(found, "shell.clear") == ("ok", [])


def test_without_a_configuration_clients_are_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")
    monkeypatch.setenv("LITELLM_PORT", "4999")
    assert brief(diagnosed(world), "shell.clear") == ("ok", [])


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("LITELLM_PORT", "4999", "gateway: {port: 4999}"),
        ("LITELLM_HOST", "127.0.0.2", "gateway: {host: 127.0.0.2}"),
    ],
)
def test_a_variable_that_moves_the_gateway_is_warned_of_until_the_file_says_where(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(name, value)
    world.providers("providers: [{type: demo}]\n")
    found = diagnosed(world)
    assert brief(found, f"shell.listening:{name}") == ("warn", [])
    assert line in found[f"shell.listening:{name}"]["fix"]
    world.providers(f"{line}\nproviders: [{{type: demo}}]\n")
    assert f"shell.listening:{name}" not in diagnosed(world)


def test_variables_that_say_what_holds_anyway_are_no_matter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_PORT", "4000")
    monkeypatch.setenv("LITELLM_HOST", "127.0.0.1")
    world.providers("providers: [{type: demo}]\n")
    assert brief(diagnosed(world), "shell.clear") == ("ok", [])


def test_a_port_that_is_no_number_is_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_PORT", "http")
    world.providers("providers: [{type: demo}]\n")
    assert brief(diagnosed(world), "shell.listening:LITELLM_PORT") == ("warn", [])


def test_a_chosen_home_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEROUTER_HOME", str(world.home / "mine"))
    found = diagnosed(world)["shell.home"]
    assert (found["state"], found["what"]) == ("ok", "FREEROUTER_HOME chooses ~/mine.")


def test_a_chosen_home_that_hides_a_configuration_is_warned_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.providers(DEMO)
    monkeypatch.setenv("FREEROUTER_HOME", str(world.home / "mine"))
    found = diagnosed(world)["shell.home"]
    assert (found["state"], found["what"]) == (
        "warn",
        "FREEROUTER_HOME chooses ~/mine, so ~/.config/freerouter is not used.",
    )
    monkeypatch.setenv("FREEROUTER_HOME", str(world.workspace))
    assert brief(diagnosed(world), "shell.home") == ("ok", [])


def test_a_chosen_home_that_a_project_hides_is_warned_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.cwd / "config").mkdir()
    (world.cwd / "config" / "providers.yaml").write_text(DEMO)
    monkeypatch.setenv("FREEROUTER_HOME", str(world.home / "mine"))
    found = diagnosed(world)["shell.home"]
    assert found["state"] == "warn"
    assert found["what"] == f"FREEROUTER_HOME is set, but {world.cwd}/config goes before it."
