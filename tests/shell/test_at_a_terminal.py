"""The shell in a real terminal: it starts, is interrupted, is pasted into, and is left."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import World

PROMPT = r"freerouter( \[\d+\])?>"
CANCELLED = r"freerouter \[130\]>"


@pytest.fixture
def shell(world: World, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A shell in a workspace that is set up; with variables of the test."""
    world.providers("providers:\n  - type: demo\n")
    assert world.cli("fetch").code == 0
    (world.workspace / "state" / "gateway.log").write_text("one line of the log\n")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "freerouter"],
        env={
            **os.environ,
            "TERM": "xterm-256color",
            "PROMPT_TOOLKIT_NO_CPR": "1",
            **getattr(request, "param", {}),
        },
        cwd=str(world.cwd),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=20,
    )
    child.expect(PROMPT)
    yield child
    child.close(force=True)


def left(child: Any) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus)


def test_ctrl_c_cancels_what_runs_and_the_shell_stays(shell: Any) -> None:
    shell.send("logs -f\r")
    shell.expect("one line of the log")
    shell.send("\x03")
    shell.expect("Cancelled.")
    shell.expect(CANCELLED)
    shell.send("list\r")
    shell.expect("1 model, 1 ")
    shell.expect(PROMPT)
    shell.send("\x04")
    assert left(shell) == 0


def test_ctrl_c_clears_what_was_typed(world: World, shell: Any) -> None:
    shell.send("nonsense\x03")
    shell.expect(PROMPT)
    shell.send("exit\r")
    assert left(shell) == 0
    assert "nonsense" not in str(world.written())


def test_an_interrupt_while_the_history_is_searched_leads_back_to_the_line(shell: Any) -> None:
    shell.send("\x12")
    shell.expect("reverse-i-search")
    shell.send("lis")
    shell.expect("lis")
    shell.kill(signal.SIGINT)  # not as a key: a signal ends the prompt from within the search
    shell.expect(PROMPT)
    shell.send("list\r")
    shell.expect("1 model, 1 ")
    shell.expect(PROMPT)
    shell.send("\x04")
    assert left(shell) == 0


def test_what_is_pasted_waits_for_a_yes(shell: Any) -> None:
    shell.send("\x1b[200~list\nstatus\n\x1b[201~")
    shell.send("\r")
    shell.expect("You pasted 2 lines")
    shell.expect(r"\(y/N\)")
    shell.send("y\r")
    shell.expect("1 model, 1 ")
    shell.expect("Gateway not running")
    shell.expect(r"freerouter \[6\]>")
    shell.send("\x04")
    assert left(shell) == 0


def test_bytes_that_are_no_text_are_shown_as_that(world: World, shell: Any) -> None:
    """Half a character, typed or pasted: it can be neither printed nor written as it is."""
    shell.expect("Tab")  # the terminal echoes no more
    os.write(shell.child_fd, b"\x1b[200~ask \xc3\nlist --search \xc3(\n\x1b[201~\r")
    shell.expect("You pasted 2 lines:")
    shell.expect("ask \ufffd")
    shell.expect("Run them until one fails")
    shell.send("n\r")
    shell.expect("Nothing was run.")
    shell.expect(PROMPT)
    shell.expect("Tab")
    os.write(shell.child_fd, b"list --search \xc3(\r")
    shell.expect("No model matches.")
    shell.send("exit\r")
    assert left(shell) == 0
    history = (world.workspace / "state" / "history").read_text(encoding="utf-8")
    assert "list --search \ufffd(" in history


@pytest.mark.parametrize("shell", [{"TERM": "dumb"}, {"NO_COLOR": "1"}], indirect=True)
def test_a_plain_terminal_is_served_too(shell: Any) -> None:
    shell.send("lisst\r")
    shell.expect('Did you mean "list"')
    shell.expect(r"freerouter \[2\]>")
    shell.send("what next\r")
    shell.expect("the gateway is not running")
    shell.expect(PROMPT)
    shell.send("exit\r")
    assert left(shell) == 0


def test_a_key_for_a_setting_is_not_run_and_not_kept(world: World, shell: Any) -> None:
    shell.send("config set litellm.general_settings.master_key canary7plain\r")
    shell.expect("It was not run, and it is not kept in the history.")
    shell.expect(PROMPT)
    shell.send("config get gateway.port\r")
    shell.expect("4000")
    shell.expect(PROMPT)
    shell.send("exit\r")
    left(shell)
    assert "config get" in (world.workspace / "state" / "history").read_text()
    assert "canary7plain" not in str(world.written())
