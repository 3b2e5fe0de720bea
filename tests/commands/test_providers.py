"""`providers list` and `providers add`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, ollama

if TYPE_CHECKING:
    from conftest import World


def rows(world: World, *more: str) -> dict[str, dict[str, Any]]:
    ran = world.cli("providers", "list", "--json", *more)
    assert ran.code == 0
    return {row["id"]: row for row in json.loads(ran.out)["providers"]}


def preselected(world: World, *more: str) -> list[str]:
    found: list[str] = json.loads(world.cli("providers", "list", "--json", *more).out)[
        "preselected"
    ]
    return found


def test_without_anything_the_demo_is_offered(world: World) -> None:
    found = rows(world)
    assert preselected(world) == ["demo"]
    assert found["openrouter"]["found"] == "missing"
    assert found["ollama"]["found"] == "none needed"
    assert list(found)[-2:] == ["iflow", "demo"]
    assert not any(row["configured"] for row in found.values())


def test_a_key_at_hand_is_found_with_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-canary-000000")
    (world.workspace / ".env").write_text("MODELSCOPE_API_KEY=ms-canary-000000\n")
    found = rows(world)
    assert found["openrouter"]["found"] == "OPENROUTER_API_KEY (environment)"
    assert found["modelscope"]["found"] == "MODELSCOPE_API_KEY (.env)"
    assert preselected(world) == ["modelscope", "openrouter"]
    assert "canary" not in str(found)


@pytest.mark.parametrize(
    ("key", "found", "ready"),
    [
        ("${MINE}", "MINE (environment)", True),
        ("${OTHER}", "missing", False),
        ("sk-canary-000000", "in providers.yaml", True),
    ],
)
def test_the_key_that_the_users_file_names_is_the_one_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch, key: str, found: str, ready: bool
) -> None:
    monkeypatch.setenv("MINE", "sk-canary-000000")
    world.providers(f"providers:\n  - {{type: openrouter, api_key: '{key}'}}\n")
    row = rows(world)["openrouter"]
    assert (row["found"], row["ready"], row["has_key"]) == (found, ready, ready)
    assert row["configured"]


def test_a_local_server_is_looked_for_when_asked(world: World, server: FakeServer) -> None:
    ollama(server)
    world.override("ollama", base_url=server.url)
    assert rows(world)["ollama"]["found"] == "none needed"
    assert server.seen == []
    assert rows(world, "--probe")["ollama"]["found"] == "answers, 1 model"
    assert preselected(world, "--probe") == ["ollama"]


def test_a_local_server_that_is_not_there_is_not_ready(world: World) -> None:
    assert not rows(world, "--probe")["ollama"]["ready"]


def test_people_get_a_table(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    ran = world.cli("providers")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["PROVIDER", "NAME", "SET", "UP", "KEY", "FREE", "TIER"]
    (demo,) = [line for line in lines if line.startswith("demo")]
    assert demo.split()[:3] == ["demo", "Demo", "yes"]


def test_adding_writes_the_entry_and_tells_the_next_step(world: World) -> None:
    world.providers("# mine\nproviders:\n  - type: demo  # keep\n")
    ran = world.cli("providers", "add", "openrouter")
    assert ran == (
        0,
        (
            "OpenRouter added to providers.yaml.\n"
            "Its key (OPENROUTER_API_KEY) is not set yet: `keys set openrouter`. "
            "Keys are made at https://openrouter.ai/settings/keys\n"
        ),
        "",
    )
    assert (world.workspace / "providers.yaml").read_text() == (
        "# mine\nproviders:\n  - type: demo  # keep\n"
        "  - type: openrouter\n    api_key: ${OPENROUTER_API_KEY}\n    enabled: true\n"
    )
    again = world.cli("providers", "add", "openrouter", "--json")
    assert json.loads(again.out)["outcome"] == "unchanged"


def test_an_empty_file_gets_its_first_provider(world: World) -> None:
    world.providers("")
    assert world.cli("providers", "add", "demo").code == 0
    assert world.cli("fetch").code == 0


def test_a_server_of_ones_own_is_added_by_name_and_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-canary-000000")
    world.providers("providers: []\n")
    ran = world.cli(
        *("providers", "add", "oai", "--name", "lab"),
        *("--url", "http://lab/v1", "--key-env", "LAB_KEY"),
    )
    assert ran.out == "lab added to providers.yaml.\n"
    text = (world.workspace / "providers.yaml").read_text()
    assert "name: lab" in text
    assert "api_key: ${LAB_KEY}" in text
    assert "canary" not in str(world.written())


def test_a_second_static_model_does_not_replace_the_first(world: World) -> None:
    world.providers("providers: []\n")
    for model in ("a", "b"):
        world.cli("providers", "add", "static", "--model", model, "--via", "openai")
    assert world.cli("fetch").out.endswith("2 models in config.yaml.\n")


def test_a_retired_provider_is_warned_of(world: World) -> None:
    world.providers("providers: []\n")
    ran = world.cli("providers", "add", "iflow")
    assert ran.out.splitlines()[1] == (
        "iFlow is retired: very probably shut down in April 2026; still used if it answers."
    )


def test_a_record_of_the_users_own_names_its_variable(world: World) -> None:
    world.override("my-host", base_url="http://mine/v1")
    world.providers("providers: []\n")
    ran = world.cli("providers", "add", "my-host")
    assert "Its key (MY_HOST_API_KEY) is not set yet: `keys set my-host`." in ran.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["openruter"], 4, 'There is no provider "openruter".\nDid you mean "openrouter"?\n'),
        (
            ["oai"],
            2,
            (
                "OpenAI-compatible server needs --url.\n"
                "For example: providers add oai --name lab --url http://localhost:8000/v1\n"
            ),
        ),
        (
            ["static", "--model", "m"],
            2,
            (
                "A static model needs --model and --via.\n"
                "For example: providers add static --model gpt-4o-mini --via openai\n"
            ),
        ),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    world: World, words: list[str], code: int, message: str
) -> None:
    world.providers("providers: []\n")
    before = world.written()
    ran = world.cli("providers", "add", *words)
    assert (ran.code, ran.err) == (code, message)
    assert world.written() == before


def test_an_address_that_is_none_is_refused(world: World) -> None:
    world.providers("providers: []\n")
    ran = world.cli("providers", "add", "oai", "--name", "lab", "--url", "lab.local")
    assert (ran.code, ran.err) == (
        2,
        '"lab.local" is not a web address.\nIt starts with http:// or https://.\n',
    )
    assert (world.workspace / "providers.yaml").read_text() == "providers: []\n"
