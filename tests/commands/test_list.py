"""`list`: the models of the last fetch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes import FakeServer, openrouter

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def fetched(world: World, server: FakeServer) -> World:
    openrouter(server)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers:\n  - {type: openrouter, api_key: sk-canary-000000}\n")
    assert world.cli("fetch").code == 0
    return world


def listed(world: World, *more: str) -> list[str]:
    ran = world.cli("list", "--json", *more)
    assert ran.code == 0
    return [row["id"] for row in json.loads(ran.out)["models"]]


def test_the_table_shows_sizes_prices_and_what_is_served(fetched: World) -> None:
    ran = fetched.cli("list")
    assert [line.split() for line in ran.out.splitlines()] == [
        ["MODEL", "PROVIDER", "CONTEXT", "IN", "$/M", "OUT", "$/M", "FREE", "SERVED"],
        ["meta/llama-3.3-70b:free", "openrouter", "128k", "0", "0", "quota", "yes"],
        ["qwen/qwen3-coder:free", "openrouter", "128k", "0", "0", "quota", "yes"],
        ["openai/gpt-5", "openrouter", "128k", "1.25", "1.25", "no"],
        ["3", "models,", "2", "of", "them", "served", "by", "the", "gateway."],
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--free"], 2),
        (["--search", "LLAMA 70b"], 1),
        (["--search", "gpt", "--free"], 0),
        (["--provider", "openrouter"], 3),
        (["--provider", "ollama"], 0),
    ],
)
def test_the_list_can_be_narrowed(fetched: World, words: list[str], found: int) -> None:
    assert len(listed(fetched, *words)) == found


def test_where_nothing_matches_that_is_said(fetched: World) -> None:
    assert fetched.cli("list", "--search", "zzz") == (0, "No model matches.\n", "")


@pytest.mark.parametrize(
    ("name", "fix"), [("openruter", 'Did you mean "openrouter"?'), ("zzz", "In use: openrouter.")]
)
def test_an_unknown_provider_is_not_found(fetched: World, name: str, fix: str) -> None:
    ran = fetched.cli("list", "--provider", name)
    assert (ran.code, ran.err) == (4, f'There is no provider "{name}".\n{fix}\n')


def test_before_the_first_fetch_the_way_to_it_is_told(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    ran = world.cli("list")
    assert (ran.code, ran.err) == (
        3,
        "No models have been fetched yet.\n`freerouter fetch` asks the providers for them.\n",
    )


def test_sizes_are_told_in_round_numbers(fetched: World) -> None:
    path = fetched.workspace / "state" / "models.json"
    data = json.loads(path.read_text())
    for row, context in zip(data["models"], (1048576, 200000, None), strict=True):
        row["context"] = context
    path.write_text(json.dumps(data))
    lines = fetched.cli("list").out.splitlines()
    assert [line.split()[2] for line in lines[1:4]] == ["1M", "200k", "1.25"]
