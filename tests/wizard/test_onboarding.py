"""The onboarding flow, run whole in this process with every answer given; no gateway is started."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes import ollama, openai_list, openrouter

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ran, World
    from fakes import FakeServer

KEY = "sk-or-v1-canary-0123456789"
NO_START = ("--set", "start=no", "--yes")


def test_alone_it_takes_the_demo(world: World) -> None:
    ran = world.cli("init", "--wizard", *NO_START)
    assert ran.code == 0
    assert "Demo: 1 model (demo: no real language model)" in ran.out
    assert ran.out.endswith("Done.\n")
    assert "openai/demo" in (world.workspace / "config.yaml").read_text()


def test_a_key_in_the_environment_is_found_checked_and_used(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    ran = world.cli("init", "--wizard", *NO_START)
    assert (
        "OpenRouter: key works, 3 models, 2 of them free (the key in OPENROUTER_API_KEY)" in ran.out
    )
    assert "Demo: steps aside, there are real models." in ran.out
    assert "api_key: os.environ/OPENROUTER_API_KEY" in (world.workspace / "config.yaml").read_text()
    assert not any(KEY in text for text in world.written().values())


def test_a_local_server_that_answers_is_found_and_chosen(world: World, server: FakeServer) -> None:
    ollama(server)
    world.override("ollama", base_url=server.url)
    ran = world.cli("init", "--wizard", *NO_START)
    assert "Ollama: 1 model\n" in ran.out
    assert "ollama_chat/qwen3:latest" in (world.workspace / "config.yaml").read_text()


def test_a_key_given_by_variable_is_checked_then_stored_in_env(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("MY_KEY", KEY)
    given = ("--set", "providers=openrouter", "--set", "openrouter.key=env:MY_KEY")
    ran = world.cli("init", "--wizard", *given, *NO_START)
    assert ran.code == 0, ran.err
    assert "> keys set openrouter\n" in ran.out
    assert KEY not in ran.out
    holders = [path for path, text in world.written().items() if KEY in text]
    assert holders == [str(world.workspace / ".env")]
    assert (world.workspace / ".env").stat().st_mode & 0o777 == 0o600


def test_a_refused_key_ends_it_with_nothing_written(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("MY_KEY", "sk-wrong-key")
    before = world.written()
    given = ("--set", "providers=openrouter", "--set", "openrouter.key=env:MY_KEY")
    ran = world.cli("init", "--wizard", *given, *NO_START)
    assert ran.code == 5
    assert "OpenRouter refused this key (401)" in ran.err
    assert "Keys are made at https://openrouter.ai/settings/keys" in ran.err
    assert "sk-wrong-key" not in ran.out + ran.err
    assert world.written() == before


def test_a_literal_secret_on_the_command_line_is_refused(world: World) -> None:
    ran = world.cli("init", "--wizard", "--set", "openrouter.key=hunter22hunter22", "--yes")
    assert ran.code == 2
    assert "secrets never go on a command line" in ran.err
    assert "openrouter.key=env:NAME" in ran.err


def test_a_custom_server_with_a_key(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/v1/models"] = openai_list("lab-1", "lab-2")
    server.replies["/v1/models"].keys = ("lab-key-123",)
    monkeypatch.setenv("LAB", "lab-key-123")
    given = {"providers": "oai", "oai.url": server.url, "oai.key": "env:LAB"}
    options = [part for pair in given.items() for part in ("--set", "=".join(pair))]
    ran = world.cli("init", "--wizard", *options, *NO_START)
    assert ran.code == 0, ran.err
    config = (world.workspace / "config.yaml").read_text()
    assert f"api_base: {server.url}/v1" in config
    assert "api_key: os.environ/OAI_API_KEY" in config


def test_a_static_model_without_a_key(world: World) -> None:
    given = {"providers": "static", "static.model": "gpt-x", "static.url": "http://127.0.0.1:9/v1"}
    options = [part for pair in given.items() for part in ("--set", "=".join(pair))]
    ran = world.cli("init", "--wizard", *options, *NO_START)
    assert ran.code == 0, ran.err
    assert "model: openai/gpt-x" in (world.workspace / "config.yaml").read_text()


def test_the_project_gets_a_configuration_of_its_own(world: World) -> None:
    ran = world.cli("init", "--wizard", "--set", "place=project", *NO_START)
    assert ran.code == 0, ran.err
    assert (world.cwd / "config" / "config.yaml").is_file()
    assert not (world.workspace / "providers.yaml").exists()
    again = world.cli("status")
    assert f"{world.cwd}/config" in again.out


def test_running_it_again_keeps_what_is_there(world: World) -> None:
    world.cli("init", "--wizard", *NO_START)
    text = (world.workspace / "providers.yaml").read_text()
    ran = world.cli("init", "--wizard", *NO_START)
    assert ran.code == 0
    assert "Using the configuration in ~/.config/freerouter." in ran.out
    assert (world.workspace / "providers.yaml").read_text() == text


def test_without_a_terminal_a_question_says_how_to_answer_it(world: World) -> None:
    ran = world.cli("init", "--wizard")
    assert ran.code == 2
    assert "The question place cannot be asked: there is no terminal." in ran.err
    assert "--yes takes every default; --set id=value answers one question." in ran.err
    assert not (world.workspace / "providers.yaml").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("providers=dmo", 'providers cannot be "dmo".\nDid you mean "demo"?'),
        ("providers=", "Choose at least 1."),
        ("place=mars", 'place cannot be "mars".'),
        ("provders=demo", "No question was called provders."),
        ("demo", '--set takes id=value, not "demo".'),
        ("openrouter.key=env:NOPE", "openrouter.key is to come from NOPE, which is not set."),
    ],
)
def test_a_wrong_answer_writes_nothing(world: World, given: str, said: str) -> None:
    before = world.written()
    ran = world.cli("init", "--wizard", "--set", given, *NO_START)
    assert ran.code in (2, 4)
    assert said in ran.err
    assert world.written() == before


def test_json_tells_the_commands_that_were_run(world: World) -> None:
    ran = world.cli("init", "--wizard", *NO_START, "--json")
    data = json.loads(ran.out)
    assert data["commands"] == ["init --at user", "providers add demo", "fetch"]


def test_a_plan_that_fails_midway_says_what_is_done_and_what_is_not(
    world: World, serve: Callable[[], FakeServer]
) -> None:
    dead = serve()
    dead.replies["/v1/models"] = openai_list()
    options = ("--set", "providers=oai", "--set", f"oai.url={dead.url}/v1")
    world.providers("providers: []\n")
    ran = world.cli("init", "--wizard", *options, *NO_START)
    assert ran.code == 5
    assert "Done before that: `providers add oai" in ran.err
    assert "Not done: `fetch`. Mend what is wrong, then `flow resume`." in ran.err
    assert "lists no chat model" in ran.err


@pytest.mark.parametrize(("place", "root"), [("user", ".config/freerouter"), ("project", "config")])
def test_a_profile_is_set_up_in_a_room_of_its_own(world: World, place: str, root: str) -> None:
    ran = world.cli("init", "--wizard", "--profile", "dev", "--set", f"place={place}", *NO_START)
    assert ran.code == 0, ran.err
    base = (world.home if place == "user" else world.cwd) / root
    assert (base / "profiles" / "dev" / "config.yaml").is_file()
    assert not (base / "providers.yaml").exists()
    assert world.cli("list", "--profile", "dev").code == 0
    assert world.cli("list").code == 3


def test_a_command_of_the_plan_that_fails_gives_the_wizard_its_exit_code(
    world: World, serve: Callable[[], FakeServer]
) -> None:
    options = ("--set", "providers=oai,demo", "--set", f"oai.url={serve().url}/v1")
    ran = world.cli("init", "--wizard", *options, *NO_START)
    assert ran.code == 5
    assert "Not done: `fetch`. Mend what is wrong, then `flow resume`." in ran.err
    assert ran.err.endswith("`fetch` failed (exit code 5).\n")


SET_UP = """\
# my providers
version: 1
gateway:
  port: 4100  # the usual one is taken here

providers:
  # the lab's machine
  - type: oai
    api_base: {url}/v1  # behind the proxy
  - type: demo
"""


@pytest.fixture
def set_up(world: World, server: FakeServer) -> FakeServer:
    """A user who has a server of his own and the demo, with comments in his file."""
    server.replies["/v1/models"] = openai_list("lab-1")
    world.providers(SET_UP.format(url=server.url))
    return server


def planned(ran: Ran) -> list[str]:
    """The commands of a plan that was only shown."""
    lines = ran.out.partition("This would be done:\n")[2].splitlines()
    return [line.strip() for line in lines]


def test_run_again_it_is_filled_in_as_things_are(world: World, set_up: FakeServer) -> None:
    text = (world.workspace / "providers.yaml").read_text()
    ran = world.cli("init", "--wizard", "--explain", *NO_START)
    assert ran.code == 0, ran.err
    assert "providers = OpenAI-compatible server  (default)" in ran.out
    assert f"oai.url = {set_up.url}/v1  (saved)" in ran.out
    before, after = text.split("  - type: demo\n")[0], world.workspace / "providers.yaml"
    assert after.read_text().startswith(before)


def test_a_provider_that_is_not_chosen_any_more_is_switched_off_in_its_place(
    world: World, set_up: FakeServer
) -> None:
    ran = world.cli("init", "--wizard", "--set", "providers=demo", *NO_START)
    assert ran.code == 0, ran.err
    assert "> providers disable oai\n" in ran.out
    text = (world.workspace / "providers.yaml").read_text()
    for comment in ("# my providers", "# the usual one", "# the lab's machine", "# behind the"):
        assert comment in text
    config = (world.workspace / "config.yaml").read_text()
    assert "openai/demo" in config
    assert "lab-1" not in config


def test_one_that_is_chosen_again_is_switched_on_in_its_place(
    world: World, set_up: FakeServer
) -> None:
    text = (world.workspace / "providers.yaml").read_text()
    for chosen in ("demo", "oai,demo"):
        ran = world.cli("init", "--wizard", "--set", f"providers={chosen}", *NO_START)
        assert ran.code == 0, ran.err
    after = (world.workspace / "providers.yaml").read_text()
    assert "lab-1" in (world.workspace / "config.yaml").read_text()
    assert [line for line in after.splitlines() if "enabled" not in line] == text.splitlines()


def test_the_address_of_a_server_can_be_changed(
    world: World, set_up: FakeServer, serve: Callable[[], FakeServer]
) -> None:
    moved = serve()
    moved.replies["/v1/models"] = openai_list("moved-1")
    ran = world.cli("init", "--wizard", "--set", f"oai.url={moved.url}", *NO_START)
    assert ran.code == 0, ran.err
    text = (world.workspace / "providers.yaml").read_text()
    assert f"{moved.url}/v1" in text
    assert "# the lab's machine" in text
    assert set_up.url not in text
    assert "moved-1" in (world.workspace / "config.yaml").read_text()


def test_the_port_is_only_asked_for_where_it_is_wanted_or_taken(
    world: World, set_up: FakeServer
) -> None:
    world.cli("fetch")
    usual = world.cli("init", "--wizard", "--dry-run", "--yes")
    assert "start" in planned(usual)
    other = world.cli("init", "--wizard", "--advanced", "--set", "port=4101", "--dry-run", "--yes")
    assert "start --port 4101" in planned(other)
    told = world.cli("init", "--wizard", "--set", "port=70000", "--dry-run", "--yes")
    assert "port is between 1 and 65535, not 70000." in told.err


def test_a_taken_port_is_told_and_another_one_offered(world: World, server: FakeServer) -> None:
    world.providers(f"gateway:\n  port: {server.port}\nproviders:\n  - type: demo\n")
    ran = world.cli("init", "--wizard", "--dry-run", "--yes", "--explain")
    (start,) = [line for line in planned(ran) if line.startswith("start --port ")]
    assert int(start.split()[-1]) != server.port


@pytest.mark.parametrize("options", [("--at", "project"), ("--set", "place=project")])
def test_the_place_can_be_said_in_two_ways(world: World, options: tuple[str, str]) -> None:
    ran = world.cli("init", "--wizard", *options, *NO_START)
    assert ran.code == 0, ran.err
    assert (world.cwd / "config" / "config.yaml").is_file()
    assert not (world.workspace / "providers.yaml").exists()


@pytest.mark.parametrize("option", ["--dry-run", "--yes", "--explain", "--set=place=user"])
def test_without_the_wizard_its_options_are_refused(world: World, option: str) -> None:
    before = world.written()
    ran = world.cli("init", option)
    assert ran.code == 2
    assert "belongs to the wizard" in ran.err
    assert world.written() == before


STATIC = """\
providers:
  # mine
  - type: static
    model_name: gpt-4o-mini
    provider: openai
    api_base: https://api.example.com/v1  # for now
  # the end
"""


def test_an_address_can_be_cleared_and_comments_stay(world: World) -> None:
    path = world.providers(STATIC)
    given = ("--set", "providers=static", "--set", "static.url=", *NO_START)
    ran = world.cli("init", "--wizard", *given)
    assert ran.code == 0, ran.err
    text = path.read_text()
    assert "api.example.com" not in text
    assert "# mine" in text
    assert "# the end" in text
    assert "api_base" not in (world.workspace / "config.yaml").read_text()


def test_another_model_takes_the_place_of_the_one_named_before(world: World) -> None:
    path = world.providers(STATIC)
    given = ("--set", "providers=static", "--set", "static.model=gpt-4o", *NO_START)
    ran = world.cli("init", "--wizard", *given)
    assert ran.code == 0, ran.err
    assert "model_name: gpt-4o\n" in path.read_text()
    assert "gpt-4o-mini" not in path.read_text()
