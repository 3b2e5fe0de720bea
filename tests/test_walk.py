"""The walking product: a few runs that go all the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import openrouter

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer


def test_fetch_writes_the_free_models_of_openrouter(world: World, server: FakeServer) -> None:
    openrouter(server)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers:\n  - {type: openrouter, api_key: '${OPENROUTER_API_KEY}'}\n")
    ran = world.process("fetch", OPENROUTER_API_KEY="sk-or-canary-000000")
    assert ran.out == (
        "OpenRouter: 3 models, 2 of them written (the free ones)\n2 models in config.yaml.\n"
    )
    assert ran.code == 0


@pytest.mark.gateway
def test_the_demo_answers_over_http(gateway: World) -> None:
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0
    ran = gateway.cli("ask", "hello")
    assert "built-in demo" in ran.out
    assert gateway.cli("status").code == 0
