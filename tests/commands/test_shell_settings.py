"""`set`: the shell's settings, changed from anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from freerouter.commands.shell_settings import VALUES
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from conftest import World


def test_what_is_set_on_a_command_line_stays(world: World) -> None:
    world.providers("providers: []\n")
    assert world.cli("set", "editing", "vi").out == "editing is vi.\n"
    path = world.workspace / "state" / "shell.json"
    assert json.loads(path.read_text())["editing"] == "vi"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(world.cli("set", "--json").out) == {
        "editing": "vi",
        "completion": "on",
        "hints": "on",
        "toolbar": "on",
    }
    assert "vi" in world.cli("set", "editing").out.splitlines()[1]


def test_where_nothing_is_set_up_it_is_shown_and_not_kept(world: World) -> None:
    assert "emacs" in world.cli("set").out
    ran = world.cli("set", "editing", "vi")
    assert (ran.code, ran.out) == (3, "")
    assert "`freerouter init` makes a configuration." in ran.err
    assert not world.workspace.joinpath("state").exists()


def test_a_value_of_another_setting_is_refused(world: World) -> None:
    world.providers("providers: []\n")
    ran = world.cli("set", "toolbar", "vi")
    assert (ran.code, "`set toolbar on or off`" in ran.err) == (2, True)


def test_the_command_knows_every_setting_and_every_value() -> None:
    name, value = REGISTRY.get("set").parameters
    assert name.choices == tuple(VALUES)
    assert set(value.choices) == {one for values, _ in VALUES.values() for one in values}
