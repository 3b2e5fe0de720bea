"""Standard output on a terminal, in a pipe, and where no terminal can do more than text."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fakes import openai_list

from freerouter.frontends.console import Console
from freerouter.result import Fields, Line, Output, Progress, Result

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer

pty = pytest.importorskip("pty")
ESCAPE = "\033"


@pytest.fixture(autouse=True)
def _a_capable_terminal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def terminal(world: World, *argv: str, columns: int = 80) -> str:
    """What a command draws on a terminal of that width."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", *argv],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=world.cwd,
        env={**os.environ, "COLUMNS": str(columns)},
    )
    os.close(theirs)
    drawn = b""
    try:
        while chunk := os.read(ours, 65536):
            drawn += chunk
    except OSError:  # the other end is closed
        pass
    child.wait(timeout=30)
    os.close(ours)
    return drawn.decode().replace("\r\n", "\n")


def console(output: str = "") -> Console:
    return Console(lambda text: text, output)


def test_a_terminal_gets_colour(world: World) -> None:
    assert f"{ESCAPE}[31mGateway not running{ESCAPE}[0m" in terminal(world, "status")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_and_a_dumb_terminal_are_respected(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    drawn = terminal(world, "status")
    assert "Gateway not running" in drawn
    assert ESCAPE not in drawn


@pytest.mark.parametrize("word", ["--plain", "--json"])
def test_plain_and_json_draw_nothing_on_a_terminal(world: World, word: str) -> None:
    drawn = terminal(world, "status", word)
    assert "not running" in drawn or '"stopped"' in drawn
    assert ESCAPE not in drawn


def test_a_pipe_gets_plain_text(world: World) -> None:
    assert ESCAPE not in world.process("status").out


def test_text_is_fitted_to_the_terminal(world: World) -> None:
    def widest_field(text: str) -> int:
        return max(len(line) for line in text.splitlines() if line.startswith("  "))

    assert 40 < widest_field(terminal(world, "help", columns=60)) <= 60
    assert widest_field(world.cli("help").out) > 60


def test_progress_is_drawn_on_a_terminal_and_taken_away(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a")
    world.providers(f"providers: [{{type: oai, name: lab, api_base: '{server.url}/v1'}}]\n")
    drawn = terminal(world, "fetch")
    assert f"{ESCAPE}[?25l" in drawn  # the cursor is hidden, and shown again at the end
    assert drawn.rindex(f"{ESCAPE}[?25h") > drawn.rindex(f"{ESCAPE}[?25l")
    assert " in config.yaml." in drawn.rsplit(f"{ESCAPE}[?25h", 1)[1]


def test_progress_is_not_drawn_in_a_pipe(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    ran = world.process("fetch")
    assert ran.err == ""
    assert ran.out.startswith("Demo: 1 model")
    assert ran.out.count("\n") == 2


def test_progress_without_a_terminal_is_no_output(capsys: pytest.CaptureFixture[str]) -> None:
    console().event(Progress("a", "Asking"))
    assert capsys.readouterr() == ("", "")


def test_a_block_is_shown_at_once_where_it_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    front = console()
    front.event(Output(Line("out")))
    front.event(Output(Line("err", err=True)))
    assert capsys.readouterr() == ("out\n", "err\n")


def test_json_keeps_to_one_answer(capsys: pytest.CaptureFixture[str]) -> None:
    front = console("json")
    front.event(Output(Line("in between")))
    front.show(Result({"a": 1}, (Line("for people"), Fields((("x", "y"),)))))
    assert capsys.readouterr() == ('{"a": 1}\n', "")


def test_nobody_is_asked_without_a_terminal() -> None:
    assert console().asker() is None


def test_a_secret_is_the_first_line_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("sk-1\nmore\n"))
    assert console().secret("Key") == "sk-1\n"
    assert console().secret("Key") == "more\n"
    assert console().secret("Key") is None


def test_a_character_that_the_output_does_not_know_is_no_fault(world: World) -> None:
    ran = world.process("help", "ask", PYTHONIOENCODING="ascii")
    assert ran.code == 0
    assert "QUESTION?" in ran.out
