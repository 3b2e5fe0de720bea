"""`fetch` after the first time: what changed, what is selected, and asking only some."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from alone import alone
from fakes import FakeServer, Reply, openai_list, openrouter, openrouter_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

PAID = "openai/gpt-5"
FREE = ["meta/llama-3.3-70b:free", "qwen/qwen3-coder:free"]


@pytest.fixture
def lab(serve: Callable[[], FakeServer]) -> FakeServer:
    made = serve()
    made.replies["/v1/models"] = openai_list("a", "b")
    return made


@pytest.fixture
def two(world: World, server: FakeServer, lab: FakeServer) -> World:
    """OpenRouter and the lab are set up."""
    openrouter(server)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    write(world, lab)
    return world


def write(world: World, lab: FakeServer, more: str = "") -> None:
    world.providers(
        "providers:\n  - {type: openrouter, api_key: sk-canary-000000}\n"
        f"  - {{type: oai, name: lab, api_base: '{lab.url}/v1'}}\n{more}"
    )


def served(world: World) -> list[str]:
    text = (world.workspace / "config.yaml").read_text()
    return [row["model_name"] for row in alone(yaml.safe_load(text))]


def data(world: World, *more: str) -> dict[str, Any]:
    ran = world.cli("fetch", "--json", *more)
    found: dict[str, Any] = json.loads(ran.out)
    return found


def rows(world: World) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in json.loads(world.cli("list", "--json").out)["models"]}


def priced(**prices: str) -> Reply:
    """OpenRouter's list of `m/NAME:free`, each with its price."""
    return Reply({"data": [openrouter_row(f"m/{n}:free", price=p) for n, p in prices.items()]})


# What changed


def test_the_first_list_of_a_provider_has_no_changes(two: World) -> None:
    assert data(two)["changes"] == {}
    assert data(two)["changes"] == {}


def test_what_came_and_went_is_told_by_provider(two: World, lab: FakeServer) -> None:
    two.cli("fetch")
    lab.replies["/v1/models"] = openai_list("b", "c", "d", "e", "f", "g", "h")
    ran = two.cli("fetch")
    assert ran.out == (
        "OpenRouter: 3 models, 2 of them written (the free ones)\n"
        "lab: 7 models\n"
        "lab: 6 new: c, d, e, f, g and 1 more\n"
        "lab: 1 gone: a\n"
        "9 models in config.yaml.\n"
    )
    lab.replies["/v1/models"] = openai_list("b")
    assert data(two)["changes"] == {
        "lab": {"new": [], "gone": ["c", "d", "e", "f", "g", "h"], "paid": [], "free": []}
    }


def test_what_began_and_ceased_to_cost_money_is_told(two: World, server: FakeServer) -> None:
    server.replies["/api/v1/models"] = priced(a="0", b="1", c="0", d="1", e="0")
    two.cli("fetch")
    server.replies["/api/v1/models"] = priced(a="1", b="0", c="0", d="1", e="-1")
    ran = two.cli("fetch")
    assert ran.out.splitlines()[1:3] == [
        "OpenRouter: 1 no longer free: m/a:free",
        "OpenRouter: 1 free now: m/b:free",
    ]
    server.replies["/api/v1/models"] = priced(a="0", b="1", c="0", d="1", e="0")
    assert data(two)["changes"]["openrouter"] == {
        "new": [],
        "gone": [],
        "paid": ["m/b:free"],
        "free": ["m/a:free"],
    }


def test_a_provider_that_fails_has_no_changes(two: World, lab: FakeServer) -> None:
    two.cli("fetch")
    lab.replies["/v1/models"] = Reply({}, status=500)
    assert data(two)["changes"] == {}


def test_changes_are_told_also_where_none_is_written(two: World, server: FakeServer) -> None:
    two.cli("fetch")
    server.replies["/api/v1/models"] = priced(a="1")
    ran = two.cli("fetch")
    assert "OpenRouter: 1 new: m/a:free\nOpenRouter: 3 gone: " in ran.out
    assert "OpenRouter: none of its 1 model is free" in ran.err


# What is selected


def test_exactly_the_selected_models_are_written(two: World, lab: FakeServer) -> None:
    write(two, lab, f"select:\n  openrouter: [{PAID}, 'qwen/qwen3-coder:free']\n")
    ran = two.cli("fetch")
    assert ran == (
        0,
        (
            "OpenRouter: 3 models, 2 of them written (the selected ones)\n"
            "lab: 2 models\n"
            "4 models in config.yaml.\n"
        ),
        "",
    )
    assert served(two) == [PAID, "qwen/qwen3-coder:free", "a", "b"]


def test_a_selection_comes_before_the_providers_own_rule(two: World, server: FakeServer) -> None:
    two.providers(
        "providers:\n  - {type: openrouter, api_key: k, options: {models: [gone]}}\n"
        f"select: {{openrouter: [{PAID}]}}\n"
    )
    assert two.cli("fetch").code == 0
    assert served(two) == [PAID]


def test_a_provider_of_which_none_is_selected_has_none(two: World, lab: FakeServer) -> None:
    write(two, lab, "select: {openrouter: []}\n")
    ran = two.cli("fetch")
    assert ran.out.startswith("OpenRouter: 3 models, 0 of them written (the selected ones)\n")
    assert served(two) == ["a", "b"]


def test_a_selected_model_that_is_gone_is_told_and_left_out(two: World, lab: FakeServer) -> None:
    write(two, lab, "select: {lab: [a, b]}\n")
    before = (two.workspace / "providers.yaml").read_text()
    two.cli("fetch")
    lab.replies["/v1/models"] = openai_list("b")
    ran = two.cli("fetch", "--strict")
    assert (ran.code, ran.err) == (0, "lab: a is selected, but gone from its list.\n")
    assert served(two) == [*FREE, "b"]
    assert (two.workspace / "providers.yaml").read_text() == before
    lab.replies["/v1/models"] = openai_list("a", "b")
    two.cli("fetch")
    assert served(two) == [*FREE, "a", "b"]


def test_where_all_that_is_selected_is_gone_nothing_is_written(two: World, lab: FakeServer) -> None:
    write(two, lab, "select: {lab: [x, y], openrouter: []}\n")
    ran = two.cli("fetch")
    assert (ran.code, ran.err) == (
        5,
        (
            "lab has nothing any more of what is selected.\nGone: x, y.\n"
            "`freerouter select --clear` goes back to what is free.\n"
        ),
    )
    assert not (two.workspace / "config.yaml").exists()


def test_where_nothing_is_selected_that_is_said(two: World, lab: FakeServer) -> None:
    write(two, lab, "select: {lab: [], openrouter: []}\n")
    ran = two.cli("fetch")
    assert (ran.code, ran.err) == (
        5,
        (
            "No model is selected, so nothing was written.\n"
            "`freerouter select --clear` goes back to what is free.\n"
        ),
    )


def test_a_selected_model_that_costs_money_now_is_warned_of(
    two: World, server: FakeServer, lab: FakeServer
) -> None:
    server.replies["/api/v1/models"] = priced(a="0", b="0")
    write(two, lab, "select: {openrouter: ['m/a:free']}\n")
    two.cli("fetch")
    server.replies["/api/v1/models"] = priced(a="1", b="1")
    ran = two.cli("fetch")
    assert ran.err == "OpenRouter: m/a:free is selected and costs money now.\n"
    assert "OpenRouter: 2 no longer free: m/a:free, m/b:free\n" in ran.out
    assert served(two)[0] == "m/a:free"
    assert two.cli("fetch").err == ""


# Only some


def test_only_the_named_provider_is_asked_and_the_others_stay(
    two: World, server: FakeServer, lab: FakeServer
) -> None:
    two.cli("fetch")
    server.seen.clear()
    lab.replies["/v1/models"] = openai_list("c")
    ran = two.cli("fetch", "--provider", "lab")
    assert ran == (
        0,
        "lab: 1 model\nlab: 1 new: c\nlab: 2 gone: a, b\n3 models in config.yaml.\n",
        "",
    )
    assert server.seen == []
    assert served(two) == [*FREE, "c"]
    found = rows(two)
    assert not any(row["stale"] for row in found.values())
    assert len(found) == 4


def test_several_may_be_named(two: World, server: FakeServer, lab: FakeServer) -> None:
    found = data(two, "--provider", "lab", "--provider", "openrouter")
    assert [p["name"] for p in found["providers"]] == ["openrouter", "lab"]
    lists = [seen for seen in server.seen if seen.path.endswith("/models")]
    assert (len(lists), len(lab.seen)) == (1, 1)


def test_one_that_fails_alone_is_stale_alone(two: World, lab: FakeServer) -> None:
    two.cli("fetch")
    lab.replies["/v1/models"] = Reply({}, status=500)
    ran = two.cli("fetch", "--provider", "lab")
    assert (ran.code, ran.err) == (5, "lab is failing (500). Try again later.\n")
    assert {name for name, row in rows(two).items() if row["stale"]} == {"a", "b"}
    assert served(two) == [*FREE, "a", "b"]
    two.cli("fetch", "--provider", "openrouter")
    assert {name for name, row in rows(two).items() if row["stale"]} == {"a", "b"}


def test_when_all_were_asked_stays_as_it_was(two: World) -> None:
    path = two.workspace / "state" / "models.json"
    two.cli("fetch")
    first = json.loads(path.read_text())["fetched"]
    two.cli("fetch", "--provider", "lab")
    assert json.loads(path.read_text())["fetched"] == first
    two.cli("fetch")
    assert json.loads(path.read_text())["fetched"] > first


def test_where_nothing_was_fetched_before_the_others_have_nothing(two: World) -> None:
    assert two.cli("fetch", "--provider", "lab").out == "lab: 2 models\n2 models in config.yaml.\n"
    assert two.cli("fetch").out.splitlines()[0].startswith("OpenRouter: 3 models")


def test_a_server_that_was_not_asked_is_kept_where_it_answered(
    two: World, server: FakeServer, lab: FakeServer
) -> None:
    two.providers(
        "providers:\n  - {type: openrouter, api_key: sk-canary-000000}\n"
        f"  - {{type: oai, name: lab, api_base: '{lab.url}'}}\n"
    )
    two.cli("fetch")
    two.cli("fetch", "--provider", "openrouter")
    text = (two.workspace / "config.yaml").read_text()
    assert f"api_base: {lab.url}/v1\n" in text


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("laab", 4, 'There is no provider "laab" in providers.yaml.\nDid you mean "lab"?\n'),
        ("demo", 3, "demo is switched off.\n`providers enable demo` switches it on.\n"),
    ],
)
def test_a_provider_that_is_not_in_use_cannot_be_asked(
    two: World, lab: FakeServer, name: str, code: int, message: str
) -> None:
    write(two, lab, "  - {type: demo, enabled: false}\n")
    ran = two.cli("fetch", "--provider", "lab", "--provider", name)
    assert (ran.code, ran.err) == (code, message)
    assert lab.seen == []
