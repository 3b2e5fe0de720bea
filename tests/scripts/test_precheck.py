"""What is wrong with a script is told with its line before anything has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import World

FLOW = "> flow onboarding\n"


def refused(world: World, text: str) -> str:
    """What is said of a file of which nothing may run."""
    (world.cwd / "x.frs").write_text(text)
    before = world.written()
    ran = world.cli("run", "x.frs")
    assert ran.code == 2
    assert ran.out == ""
    assert world.written() == before
    return ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fetsh", 'x.frs:2: There is no command "fetsh".\nDid you mean "fetch"?\n'),
        ("fetch --tiemout 3", "x.frs:2: `fetch` has no option --tiemout.\n"),
        ("run other.frs", "x.frs:2: `run` cannot stand in a script.\n"),
        ("record other.frs", "x.frs:2: `record` cannot stand in a script.\n"),
        ("shell", "x.frs:2: `shell` cannot stand in a script.\n"),
        ("list --record a.frs", "x.frs:2: `--record` cannot stand in a script.\n"),
        ("list --provider ${NOWHERE}", "x.frs:2: The variable NOWHERE is not set.\n"),
        ("flow onboardin", 'x.frs:2: There is no flow "onboardin".\nDid you mean "onboarding"?\n'),
    ],
)
def test_a_command_that_cannot_be_right(world: World, line: str, said: str) -> None:
    assert refused(world, f"init\n{line}\n").startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{FLOW}? providrs\n< demo\n", 'the flow onboarding has no question "providrs".\nDid you'),
        (
            f"{FLOW}? groq.kee\n< env:X\n",
            'the flow onboarding has no question "groq.kee".\nDid',
        ),
        (f"{FLOW}? zzz\n< demo\n", 'the flow onboarding has no question "zzz".\nIt has: place'),
        ("> status\n? place\n< user\n", "`status` asks nothing.\nTake the question"),
        ("> keys set lab\n? key\n< env:X\n", '`keys set` has no question "key".\nIt has: secret'),
        ("> migrate\n? where\n< here\n", '`migrate` has no question "where".\nIt has: apply'),
        ("> init --wizard\n? plaice\n< user\n", 'the flow onboarding has no question "plaice"'),
    ],
)
def test_a_question_that_nobody_asks(world: World, text: str, said: str) -> None:
    assert refused(world, f"> init\n{text}").startswith(f"x.frs:3: {said}")


@pytest.mark.parametrize("line", ["> run other.frs\n= 2\n", "> fetch ${NOWHERE}\n= 2\n"])
def test_a_command_that_is_to_be_refused_is_still_one_that_can_be_tried(
    world: World, line: str
) -> None:
    assert refused(world, f"> init\n{line}").startswith("x.frs:2: ")


def test_a_command_that_is_to_be_refused_may_be_wrong(world: World) -> None:
    (world.cwd / "x.frs").write_text('> fetsh\n! There is no command "fetsh".\n= 2\n')
    assert world.cli("run", "x.frs").code == 0


def test_a_flow_that_is_to_be_missed_may_be_missing(world: World) -> None:
    (world.cwd / "x.frs").write_text('> flow nope\n! There is no flow "nope".\n= 4\n')
    assert world.cli("run", "x.frs").code == 0


OWN = """\
flow: mine
title: My own
steps:
  - {ask: colour, type: text, message: Which colour?}
"""


def test_a_flow_of_ones_own_is_known(world: World) -> None:
    (world.workspace / "flows").mkdir()
    (world.workspace / "flows" / "mine.yaml").write_text(OWN)
    (world.cwd / "x.frs").write_text("> flow mine\n? colour\n< red\n")
    assert world.cli("run", "x.frs").code == 0
    assert 'no question "color"' in refused(world, "> flow mine\n? color\n< red\n")


def test_a_fresh_home_has_no_flow_of_ones_own(world: World) -> None:
    (world.workspace / "flows").mkdir()
    (world.workspace / "flows" / "mine.yaml").write_text(OWN)
    said = refused(world, "@home fresh\n> flow mine\n? colour\n< red\n")
    assert said.startswith('x.frs:2: There is no flow "mine".')


def test_a_variable_counts_from_where_it_is_set(world: World) -> None:
    text = "> list --provider ${NAME}\n= 3\n@set NAME demo\n"
    assert refused(world, text).startswith("x.frs:1: The variable NAME is not set.")
