"""The shell, typed at through prompt-toolkit's pipe input."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from freerouter.frontends.console import Console
from freerouter.session import Session
from freerouter.shell.repl import SafeHistory, Shell, run_shell

if TYPE_CHECKING:
    from conftest import World


def typed(world: World, capsys: pytest.CaptureFixture[str], keys: str) -> tuple[int, str, str]:
    """Type keys into a fresh shell and leave it."""
    capsys.readouterr()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        code = run_shell(Session(Console(lambda text: text)))
    return (code, *capsys.readouterr())


@pytest.fixture
def configured(world: World) -> World:
    world.providers("providers:\n  - type: demo\n")
    world.cli("fetch")
    return world


def test_lines_are_run_until_exit(configured: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = typed(configured, capsys, "list\rexit\rnever\r")
    assert code == 0
    assert "The gateway is not running: `start` starts it." in out
    assert "demo   demo" in out


def test_an_error_does_not_end_the_shell(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = typed(configured, capsys, "lisst\rlist --provider opnrouter\rlist\r\x04")
    assert code == 0
    assert 'There is no command "lisst".\nDid you mean "list"?' in err
    assert 'Did you mean "openrouter"?' in err
    assert "1 model, 1 in config.yaml" in out


def test_the_profile_in_use_counts_from_the_next_line_on(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert configured.cli("profile", "new", "dev").code == 0
    out = typed(configured, capsys, "profile use dev\rstatus\rprofile use default\r\x04")[1]
    assert "workspace  ~/.config/freerouter/profiles/dev" in out


def test_a_shell_may_be_about_a_profile(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    configured.cli("profile", "new", "dev")
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("status\rexit\r")
        configured.cli("--profile", "dev", "shell")
    assert not (configured.workspace / "state" / "profile").exists()
    assert "status" in (configured.workspace / "profiles" / "dev" / "state" / "history").read_text()


def test_ctrl_c_clears_the_line_and_ctrl_d_leaves(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = typed(configured, capsys, "nonsense\x03list\r\x04")
    assert code == 0
    assert "nonsense" not in out + err
    assert "1 model, 1 in config.yaml" in out


def test_a_timer_of_a_prompt_that_an_interrupt_ended_does_not_break_the_next(
    configured: World,
) -> None:
    async def hold() -> None:
        await asyncio.sleep(60)

    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        shell = Shell(Session(Console(lambda text: text)))
        closed = asyncio.new_event_loop()
        left = hold()
        processor = shell.editor._prompt.app.key_processor
        processor._flush_wait_task = closed.create_task(left)
        closed.run_until_complete(asyncio.sleep(0))
        closed.close()
        pipe.send_text("list\r")
        assert shell.editor.read("> ") == "list"
        shell.watch.end()
    left.close()


def test_a_shell_in_a_shell_is_refused(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "This is the shell already." in typed(configured, capsys, "shell\rexit\r")[2]


def test_history_is_private_and_never_holds_a_key(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "sk-or-v1-0123456789abcdef"
    _, _, err = typed(configured, capsys, f"list\rkeys set openrouter {key}\rexit\r")
    history = configured.workspace / "state" / "history"
    assert "keys never go on a command line" in err
    assert history.stat().st_mode & 0o777 == 0o600
    assert "+list" in history.read_text()
    assert key not in history.read_text()


def test_safe_history_can_be_read_back(configured: World) -> None:
    path = configured.workspace / "history-test"
    SafeHistory(str(path)).store_string("fetch")
    assert list(SafeHistory(str(path)).load_history_strings()) == ["fetch"]


def test_with_nothing_configured_it_greets_and_writes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = world.written()
    code, out, _ = typed(world, capsys, "status\rexit\r")
    assert code == 0
    assert "Nothing is set up yet." in out
    assert "`init --wizard`" in out
    assert world.written() == before


def test_a_fault_of_ours_does_not_end_the_shell(
    configured: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("freerouter.commands.status.read_record", broken)
    code, out, err = typed(configured, capsys, "status\rlist\rexit\r")
    assert code == 0
    assert "This is a fault in FreeRouter, not yours." in err
    assert "1 model, 1 in config.yaml" in out
