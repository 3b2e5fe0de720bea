"""A command that lacks something says which command cures it, and does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freerouter.registry import Need
from freerouter.verbs import COMMANDS

if TYPE_CHECKING:
    from conftest import World

    from freerouter.registry import Command

KNOWN = {Need.CONFIG, Need.MODELS, Need.ENGINE, Need.GATEWAY}


def typed(command: Command) -> list[str]:
    """The shortest line that the parser takes for this command."""
    words = [p.choices[0] if p.choices else "demo" for p in command.parameters if p.required]
    return [*command.name.split(), *words]


def needing(need: str) -> list[Command]:
    return [c for c in COMMANDS if need in c.needs]


@pytest.mark.parametrize("command", needing(Need.CONFIG), ids=lambda c: c.name)
def test_without_a_configuration_the_wizard_is_named(world: World, command: Command) -> None:
    before = world.written()
    ran = world.cli(*typed(command))
    assert ran.code == 3
    assert "Nothing is configured yet." in ran.err
    assert "There is no ~/.config/freerouter/providers.yaml." in ran.err
    assert "`freerouter init --wizard` sets everything up." in ran.err
    assert world.written() == before


@pytest.mark.parametrize("command", needing(Need.MODELS), ids=lambda c: c.name)
def test_without_models_fetch_is_named(world: World, command: Command) -> None:
    world.providers("providers: [{type: demo}]\n")
    ran = world.cli(*typed(command))
    assert ran.code == 3
    assert "`freerouter fetch` asks the providers for them." in ran.err


@pytest.mark.parametrize("command", needing(Need.GATEWAY), ids=lambda c: c.name)
def test_without_a_gateway_start_is_named(world: World, command: Command) -> None:
    ran = world.cli(*typed(command))
    assert ran.code == 6
    assert "`freerouter start` starts it." in ran.err


def test_a_configuration_is_missed_before_models_are(world: World) -> None:
    assert "configured" in world.cli("start").err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_a_command_needs_only_what_can_be_checked(command: Command) -> None:
    assert set(command.needs) <= KNOWN
