"""Work that says nothing of itself: a line shows that it goes on, on a terminal only."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from freerouter.frontends.waiting import LONG, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import World

SOUND = "providers:\n  - type: demo\n"
NO_SET_UP = "nothing: of the kind\n"
SPINNER = "[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏](\x1b\\[0m)? apply"


@pytest.fixture
def slow(world: World) -> Path:
    """A file that is there, and says nothing until somebody writes into it."""
    path = world.cwd / "slow.yaml"
    os.mkfifo(path)
    return path


@pytest.fixture
def terminal(world: World) -> Callable[..., Any]:
    def start(*argv: str, **environ: str) -> Any:
        return pexpect.spawn(
            sys.executable,
            ["-m", "freerouter", *argv],
            env={**os.environ, "TERM": "xterm-256color", **environ},
            cwd=str(world.cwd),
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=60,
        )

    return start


def left(child: Any) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus)


def fill(path: Path) -> None:
    """Write into it once somebody reads."""
    threading.Thread(target=path.write_text, args=(NO_SET_UP,), daemon=True).start()


def test_a_line_comes_and_is_taken_away_with_the_result(
    terminal: Callable[..., Any], slow: Path, world: World
) -> None:
    world.providers(SOUND)
    child = terminal("apply", "slow.yaml")
    child.expect(SPINNER)
    fill(slow)
    child.expect("\x1b\\[\\?25h")  # the cursor is shown again: nothing more is drawn
    child.expect("slow.yaml")
    assert left(child) == 2


def test_ctrl_c_ends_it_and_nothing_was_changed(
    terminal: Callable[..., Any], slow: Path, world: World
) -> None:
    before = world.providers(SOUND).read_bytes()
    child = terminal("apply", "slow.yaml")
    child.expect(SPINNER)
    child.send("\x03")
    child.expect("Cancelled.")
    assert left(child) == 130
    assert world.providers(SOUND).read_bytes() == before
    assert slow.exists()


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_where_nothing_can_be_drawn_nothing_is(
    terminal: Callable[..., Any], slow: Path, world: World, environ: dict[str, str]
) -> None:
    world.providers(SOUND)
    child = terminal("apply", "slow.yaml", **environ)
    threading.Timer(3 * LONG, fill, (slow,)).start()
    assert left(child) == 2
    assert "\x1b" not in child.before


def test_what_is_over_soon_draws_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    Waiting("list", 30).end()
    assert capfd.readouterr() == ("", "")
