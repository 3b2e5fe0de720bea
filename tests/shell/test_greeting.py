"""The shell's first words to somebody who has nothing set up, in a real terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import World


@pytest.fixture
def shell(world: World, request: pytest.FixtureRequest) -> Iterator[Any]:
    """`freerouter`, or with the arguments of the test."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "freerouter", *getattr(request, "param", ())],
        env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
        cwd=str(world.cwd),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=20,
    )
    yield child
    child.close(force=True)


def test_it_offers_the_wizard_and_opens_it(shell: Any) -> None:
    shell.expect("Set it up now")
    shell.expect("Enter accept")
    shell.send("\r")
    shell.expect("Where should FreeRouter keep its configuration")
    shell.expect("Enter accept")
    shell.send("\x03")
    shell.expect("Nothing was changed")
    shell.expect(r"\[130\]>")
    shell.send("exit\r")
    shell.expect(pexpect.EOF)


@pytest.mark.parametrize("shell", [("record", "one.frs")], indirect=True)
def test_the_wizard_is_recorded_where_the_shell_is(world: World, shell: Any) -> None:
    shell.expect("Enter accept")
    shell.send("\r")
    shell.expect("Where should FreeRouter keep its configuration")
    shell.expect("Enter accept")
    shell.send("\x03")
    shell.expect("Nothing was changed")
    shell.expect(r"\[130\]>")
    shell.send("exit\r")
    shell.expect("Recorded in one.frs")
    shell.expect(pexpect.EOF)
    text = (world.cwd / "one.frs").read_text()
    place = "? place: Where should FreeRouter keep its configuration?\n< ^cancel\n"
    assert f"> init --wizard\n{place}! Nothing was changed.\n= 130\n" in text
    assert world.cli("run", "one.frs").code == 0


@pytest.mark.parametrize("no", ["n", "\x03"])
def test_no_leaves_the_shell_with_a_hint(shell: Any, no: str) -> None:
    shell.expect("Set it up now")
    shell.expect("Enter accept")
    shell.send(no)
    shell.expect("Whenever you like")
    shell.expect("freerouter")
    shell.send("\x04")
    shell.expect(pexpect.EOF)
