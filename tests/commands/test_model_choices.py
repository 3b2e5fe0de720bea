"""What the picker is told of each model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes import openrouter

from freerouter.commands.models import thousands

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (4096, "4k"),
        (8000, "8k"),
        (131_072, "128k"),
        (200_000, "200k"),
        (1_048_576, "1M"),
        (1_000_000, "1M"),
        (1_050_000, "1.05M"),
        (None, ""),
    ],
)
def test_sizes_are_written_as_people_write_them(number: int | None, shown: str) -> None:
    assert thousands(number) == shown


def test_what_is_served_comes_first_and_is_selected(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server)
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-v1-made-up")
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers:\n  - type: openrouter\n")
    assert world.cli("fetch").code == 0
    data = json.loads(world.cli("models", "choices", "--json").out)
    assert data["selected"] == [
        "openrouter/meta/llama-3.3-70b:free",
        "openrouter/qwen/qwen3-coder:free",
    ]
    assert [m["value"] for m in data["models"]][:2] == data["selected"]
    paid = data["models"][2]
    assert (paid["price"], paid["free"], paid["written"]) == ("1.25/1.25", "no", False)
