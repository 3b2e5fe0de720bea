"""`providers list` and `providers show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, Reply, ollama, openai_list, openrouter

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


# One row an entry, and one for whatever else there is


def test_every_entry_is_a_row_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-canary-000000")
    world.providers(
        "providers:\n"
        "  - {type: oai, name: lab, api_base: 'http://lab/v1', api_key: '${LAB_KEY}'}\n"
        "  - {type: oai, name: attic, api_base: 'http://me:canary@attic/v1', enabled: false}\n"
        "  - {type: static, model_name: m, provider: groq}\n"
        "  - {type: openrouter}\n"
    )
    found = rows(world)
    assert list(found)[-2:] == ["iflow", "demo"]
    assert {"lab", "attic", "static", "openrouter", "oai", "ollama"} <= set(found)
    expected = {"type": "oai", "name": "lab", "present": True, "configured": True, "enabled": True}
    expected |= {"url": "http://lab/v1", "key_env": "LAB_KEY", "has_key": True}
    assert found["lab"].items() >= expected.items()
    expected = {"present": True, "configured": False, "enabled": False, "url": "http://attic/v1"}
    expected |= {"key_env": "ATTIC_API_KEY", "has_key": False, "found": "none needed"}
    assert found["attic"].items() >= expected.items()
    assert (found["static"]["model"], found["static"]["via"]) == ("m", "groq")
    expected = {"type": "oai", "name": "OpenAI-compatible server", "present": False}
    expected |= {"configured": False, "enabled": False, "url": "", "key_env": "OAI_API_KEY"}
    assert found["oai"].items() >= expected.items()
    assert (found["openrouter"]["present"], found["openrouter"]["name"]) == (True, "OpenRouter")
    assert preselected(world) == ["lab", "openrouter", "static"]
    assert "canary" not in str(found)


def test_one_under_another_name_can_be_added_once_more_but_is_not_chosen_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-canary-000000")
    world.providers("providers:\n  - {type: openrouter, name: mine}\n")
    found = rows(world)
    assert (found["mine"]["type"], found["mine"]["name"]) == ("openrouter", "mine")
    assert (found["openrouter"]["present"], found["openrouter"]["ready"]) == (False, True)
    assert preselected(world) == ["mine"]


def test_one_that_is_off_but_ready_is_chosen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-canary-000000")
    world.providers("providers:\n  - {type: openrouter, enabled: false}\n")
    assert preselected(world) == ["openrouter"]
    lines = world.cli("providers").out.splitlines()
    assert [line.split()[:3] for line in lines[1:2]] == [["openrouter", "OpenRouter", "off"]]


def test_a_name_of_the_catalogue_for_something_else_is_one_row(world: World) -> None:
    world.providers("providers:\n  - {type: oai, name: openrouter, api_base: 'http://x/v1'}\n")
    ran = world.cli("providers", "list", "--json")
    ids = [row["id"] for row in json.loads(ran.out)["providers"]]
    assert len(ids) == len(set(ids))
    assert rows(world)["openrouter"]["type"] == "oai"


def test_a_type_that_nobody_knows_is_shown_as_such(world: World) -> None:
    world.providers("providers:\n  - {type: opnrouter}\n")
    row = rows(world)["opnrouter"]
    assert (row["configured"], row["name"]) == (True, "opnrouter (unknown type)")


def test_what_is_free_comes_before_what_is_not_and_the_retired_last(world: World) -> None:
    world.override("aaa", base_url="http://a/v1", free={"always": "no"})
    world.override("zzz", base_url="http://z/v1", free={"always": "quota"})
    found = list(rows(world))
    assert found.index("zzz") < found.index("aaa") < found.index("iflow")
    row = rows(world)["iflow"]
    assert row["retired_reason"].startswith("very probably shut down")
    assert rows(world)["zzz"]["retired_reason"] == ""


def test_each_local_server_is_looked_for_at_its_own_address(
    world: World, server: FakeServer
) -> None:
    ollama(server)
    world.providers(
        "providers:\n"
        f"  - {{type: ollama, name: big, api_base: '{server.url}'}}\n"
        "  - {type: ollama, name: lost, api_base: '${NOWHERE}'}\n"
    )
    found = rows(world, "--probe")
    assert found["big"]["found"] == "answers, 1 model"
    assert [found[name]["ready"] for name in ("big", "lost", "ollama")] == [True, False, False]


# One provider


def shown(world: World, name: str) -> dict[str, str]:
    ran = world.cli("providers", "show", name)
    assert (ran.code, ran.err) == (0, "")
    pairs = [line.strip().split("  ", 1) for line in ran.out.splitlines()]
    return {name: value.strip() for name, value in pairs}


def test_a_provider_is_shown_with_its_keys_place_and_its_models(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers:\n  - {type: openrouter, api_key: '${MINE}'}\n")
    assert shown(world, "openrouter") == {
        "type": "openrouter (OpenRouter)",
        "name": "openrouter",
        "enabled": "yes",
        "url": f"{server.url}/api/v1",
        "key": "MINE: missing",
        "keys from": "https://openrouter.ai/settings/keys",
        "free tier": rows(world)["openrouter"]["free_tier"],
        "limits": rows(world)["openrouter"]["limits"],
        "terms": rows(world)["openrouter"]["terms"],
        "models": "none fetched yet",
    }
    monkeypatch.setenv("MINE", "sk-canary-000000")
    world.cli("fetch")
    found = shown(world, "openrouter")
    assert (found["key"], found["models"]) == ("MINE (environment)", "3, 2 of them free")
    own = "limits: {requests/day: 1000, models: ['*:free']}"
    world.providers(f"providers:\n  - {{type: openrouter, api_key: '${{MINE}}', {own}}}\n")
    assert shown(world, "openrouter")["own limits"] == "requests/day: 1000, models: *:free"
    ran = world.cli("providers", "show", "openrouter", "--json")
    data = json.loads(ran.out)
    assert (data["models"], data["free"], data["type"]) == (3, 2, "openrouter")
    assert "canary" not in ran.out


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ("{type: ollama}", "none needed"),
        ("{type: openrouter, api_key: sk-canary-000000, enabled: false}", "in providers.yaml"),
        ("{type: iflow}", "IFLOW_API_KEY: missing"),
        ("{type: oai, api_base: 'http://x', api_key: '${X}'}", "X: missing"),
    ],
)
def test_where_a_key_is_found(world: World, entry: str, key: str) -> None:
    world.providers(f"providers:\n  - {entry}\n")
    kind = entry[1:].split(",", maxsplit=1)[0].strip("}").removeprefix("type: ")
    found = shown(world, kind)
    assert found["key"] == key
    assert found["enabled"] == ("no" if "enabled" in entry else "yes")
    assert ("retired" in found) is (kind == "iflow")


def test_what_is_worth_knowing_is_shown(world: World) -> None:
    world.override("groq", base_url="http://g/v1", terms="It learns from what it is sent.")
    world.providers("providers:\n  - {type: groq}\n")
    assert rows(world)["groq"]["terms"] == "It learns from what it is sent."
    assert shown(world, "groq")["terms"] == "It learns from what it is sent."
    assert rows(world)["demo"]["terms"] == ""


def test_one_that_is_not_there_is_not_shown(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    ran = world.cli("providers", "show", "demmo")
    assert (ran.code, ran.err) == (
        4,
        'There is no provider "demmo" in providers.yaml.\nDid you mean "demo"?\n',
    )


def test_a_server_that_wants_a_key_gets_a_variable_of_its_own(world: World) -> None:
    path = world.providers("providers: []\n")
    url = "http://127.0.0.1:9/v1"
    assert (
        world.cli("providers", "add", "oai", "--name", "my-lab", "--url", url, "--keyed").code == 0
    )
    assert "api_key: ${MY_LAB_API_KEY}" in path.read_text()


def test_what_of_its_list_is_no_model_to_chat_with_is_told_by_kind(
    world: World, server: FakeServer
) -> None:
    rows = [{"id": "a"}, {"id": "a"}, {"id": "b", "active": False}, {"id": "text-embedding"}]
    server.replies["/v1/models"] = Reply({"data": rows})
    world.providers(f"providers: [{{type: oai, name: lab, api_base: '{server.url}/v1'}}]\n")
    world.cli("fetch")
    told = "1 inactive, 1 listed twice, 1 not for chat"
    assert shown(world, "lab")["left out"] == told
    server.replies["/v1/models"] = Reply({}, status=400)
    world.cli("fetch")
    assert shown(world, "lab")["left out"] == told


def test_an_empty_answer_does_not_cost_the_last_good_list(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a", "b")
    world.providers(f"providers: [{{type: oai, name: lab, api_base: '{server.url}/v1'}}]\n")
    world.cli("fetch")
    server.replies["/v1/models"] = openai_list()
    ran = world.cli("fetch")
    assert (ran.code, ran.out.splitlines()[0]) == (5, "lab: keeps its last 2 models, marked stale")
    assert shown(world, "lab")["models"].startswith("2")
