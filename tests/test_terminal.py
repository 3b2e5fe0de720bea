"""A few runs in a real terminal, as a person sees it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import World

Spawn = "Callable[..., pexpect.spawn[str]]"
LONG = 60


@pytest.fixture
def spawn(world: World) -> Iterator[Callable[..., Any]]:
    """Starts `freerouter` in an 80x24 terminal."""
    made: list[Any] = []

    def start(*arguments: str, **environ: str) -> Any:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "freerouter", *arguments],
            env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **environ},
            cwd=str(world.cwd),
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=20,
        )
        made.append(child)
        return child

    yield start
    for child in made:
        child.close(force=True)


def ended(child: Any) -> int:
    child.expect(pexpect.EOF, timeout=LONG)
    child.wait()
    return int(child.exitstatus)


@pytest.mark.gateway
def test_the_wizard_goes_from_nothing_to_a_running_gateway(
    world: World, spawn: Callable[..., Any], free_port: int
) -> None:
    child = spawn("init", "--wizard")
    child.expect("Where should FreeRouter keep its configuration")
    child.expect("For me")
    child.send("\r")
    child.expect("Which providers do you want to use")
    child.expect("Demo")
    child.send("\r")
    child.expect("Ask the providers for their models now")
    child.send("\r")
    child.expect("Start the gateway now")
    child.send("\r")
    taken = child.expect(["This will be done:", "Which one shall it be"])
    if taken:
        child.sendline("")
        child.expect("This will be done:")
    child.expect("init --at user")
    child.expect("providers add demo")
    child.expect("Do this now")
    assert not (world.workspace / "providers.yaml").exists()
    child.send("\r")
    child.expect("Gateway ready in ", timeout=LONG)
    child.expect("export OPENAI_BASE_URL=http://127.0.0.1:")
    child.expect("Answered by demo")
    child.expect(r"Ready: http://127.0.0.1:\d+/v1")
    assert ended(child) == 0
    assert world.cli("stop").out == "Gateway stopped.\n"


@pytest.mark.parametrize("key", ["\x03", "\x04"])
@pytest.mark.parametrize("answered", range(4))
def test_giving_up_at_any_question_writes_nothing(
    world: World, spawn: Callable[..., Any], answered: int, key: str
) -> None:
    before = world.written()
    child = spawn("init", "--wizard", "--set", "start=no")
    questions = ["keep its configuration", "do you want to use", "models now", "Do this now"]
    for number, question in enumerate(questions[: answered + 1]):
        child.expect(question)
        child.send("\r" if number < answered else key)
    assert ended(child) == 130
    assert world.written() == before


def test_escape_goes_back_to_the_question_before(world: World, spawn: Callable[..., Any]) -> None:
    child = spawn("init", "--wizard", "--set", "start=no")
    child.expect("keep its configuration")
    child.send("\r")
    child.expect("do you want to use")
    child.send("\x1b")
    child.expect("keep its configuration")
    child.send("\x03")
    assert ended(child) == 130


def test_without_colour_questions_are_numbered_lines(
    world: World, spawn: Callable[..., Any]
) -> None:
    child = spawn("init", "--wizard", "--set", "start=no", NO_COLOR="1")
    child.expect("1. For me")
    child.sendline("1")
    child.expect("Demo")
    child.sendline("demo")
    child.expect("models now")
    child.sendline("")
    child.expect("This will be done:")
    child.sendline("yes")
    child.expect("Done.")
    assert ended(child) == 0
    assert "\x1b[" not in child.before


def test_the_shell_greets_offers_the_wizard_and_leaves(
    world: World, spawn: Callable[..., Any]
) -> None:
    child = spawn()
    child.expect("Nothing is set up yet.")
    child.sendline("no")
    child.expect("freerouter>")
    child.sendline("status")
    child.expect("Gateway not running")
    child.expect(r"freerouter \[6\]>")
    child.send("\x04")
    assert ended(child) == 0
