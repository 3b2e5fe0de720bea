"""What is shown in place: what keys do, what a screen has, and a real terminal."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
import time
from typing import TYPE_CHECKING, Any

import pexpect
import pytest
from ledger_entries import BAD, GOOD, entry, keep

from freerouter.frontends.live import View, footer, frame, pressed
from freerouter.frontends.text import Painter
from freerouter.result import Line, Result
from freerouter.usage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import World

VIEW = View("requests", "model")
LONG = 60


def after(keys: str, view: View = VIEW) -> View:
    for key in keys:
        view = pressed(view, key)
    return view


def test_s_goes_through_the_orders_and_b_through_what_a_line_is_for() -> None:
    assert [after("s" * n).sort for n in range(7)] == [
        "requests", "errors", "p95", "tokens", "cost", "name", "requests",
    ]  # fmt: skip
    assert [after("b" * n).by for n in range(7)] == [
        "model", "provider", "alias", "client", "hour", "day", "model",
    ]  # fmt: skip


def test_f_begins_a_filter_that_is_typed() -> None:
    typing = after("fqws\x7f")
    assert (typing.filter, typing.typing, typing.over) == ("qw", True, False)
    assert after("\r", typing) == VIEW._replace(filter="qw")
    assert after("f\r", after("\r", typing)).filter == ""
    assert after("f\x01").filter == ""


def test_p_holds_it_and_lets_it_go_on() -> None:
    assert after("p").paused
    assert not after("pp").paused


@pytest.mark.parametrize("key", ["q", "Q"])
def test_q_ends_it(key: str) -> None:
    assert after(key).over


def test_other_keys_do_nothing() -> None:
    assert after("xyz\t") == VIEW


def test_what_the_keys_do_is_said() -> None:
    assert footer(VIEW) == "q quit  s sort: requests  b by: model  f filter: none  p pause"
    assert "p go on (paused)" in footer(after("p"))
    assert footer(after("fab")) == "filter: ab_  (Enter ends it)"


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (5, 30), (60, 200)])
def test_a_screen_is_as_high_as_the_window_and_no_wider(rows: int, columns: int) -> None:
    result = Result({}, tuple(Line(f"line {number}") for number in range(30)))
    lines = frame(result, VIEW, Painter(str, columns), columns, rows)
    assert len(lines) == rows
    assert max(map(len, lines)) < columns + 1
    assert lines[-1].startswith("q quit")
    assert ("more" in lines[-2]) is (rows < 31)


class Terminal:
    """`metrics --live` on a terminal; its screen as what stands there after what was written."""

    def __init__(self, world: World, *options: str, **environ: str) -> None:
        self.child: pexpect.spawn[str] = pexpect.spawn(
            sys.executable,
            ["-m", "freerouter", "metrics", "--live", *options],
            env={**os.environ, "TERM": "xterm", **environ},
            cwd=str(world.cwd),
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=LONG,
        )
        self.written = ""

    def screen_with(self, text: str) -> str:
        """The next whole screen that has it, without colours."""
        while True:
            self.child.expect("\033\\[J")
            self.written += self.child.before or ""
            screen = (self.child.before or "").rpartition("\033[H")[2]
            screen = re.sub("\033\\[[0-9]*[mK]", "", screen).replace("\r\n", "\n")
            if text in screen:
                return screen

    def end(self) -> str:
        """What was written until it ended."""
        self.child.expect(pexpect.EOF)
        self.written += self.child.before or ""
        self.child.close()
        return self.written


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    now = time.time() - 30
    wide = GOOD._replace(model="a-model-with-a-name-that-is-long", provider="cerebras")
    some = [entry(now), entry(now, BAD), *(entry(now, wide, cost=9) for _ in range(3))]
    made = Store(keep(world.workspace / "state" / "usage.db", some))
    yield made
    made.close()


@pytest.fixture
def live(world: World, store: Store) -> Iterator[Callable[..., Terminal]]:
    made = []

    def begin(*options: str, **environ: str) -> Terminal:
        made.append(Terminal(world, *options, **environ))
        return made[-1]

    yield begin
    for one in made:
        one.child.close(force=True)


def test_it_is_shown_anew_as_requests_come(live: Callable[..., Terminal], store: Store) -> None:
    terminal = live()
    screen = terminal.screen_with("5 requests")
    assert len(screen.splitlines()) == 24
    assert max(map(len, screen.splitlines())) <= 80
    assert screen.splitlines()[-1].startswith("q quit  s sort: requests")
    store.add([entry(time.time())])
    terminal.screen_with("6 requests")
    terminal.child.send("q")
    written = terminal.end()
    assert terminal.child.exitstatus == 0
    assert written.startswith("\033[?1049h\033[?25l")
    assert written.endswith("\033[?25h\033[?1049l")


def test_keys_change_what_is_shown(live: Callable[..., Terminal], store: Store) -> None:
    terminal = live()
    assert "a-model" in terminal.screen_with("MODEL").splitlines()[4]
    terminal.child.send("s")
    assert terminal.screen_with("sort: errors").splitlines()[4].startswith("llama")
    terminal.child.send("bb")
    assert terminal.screen_with("ALIAS").splitlines()[4].startswith("fast")
    terminal.child.send("fzz")
    terminal.screen_with("filter: zz_")
    terminal.child.send("\r")
    assert "No line has that in its name." in terminal.screen_with("f filter: zz  ")
    terminal.child.send("p")
    terminal.screen_with("paused")
    store.add([entry(time.time())])
    terminal.child.send("x")
    assert "5 requests" in terminal.screen_with("paused")
    terminal.child.send("p")
    terminal.screen_with("6 requests")
    terminal.child.send("\x03")
    terminal.end()
    assert terminal.child.exitstatus == 0


def test_a_window_of_another_size_is_filled(live: Callable[..., Terminal]) -> None:
    terminal = live()
    assert "a-model-with-a-name-that-is-long (cerebras)" not in terminal.screen_with("MODEL")
    terminal.child.setwinsize(30, 120)
    screen = terminal.screen_with("a-model-with-a-name-that-is-long (cerebras)")
    assert len(screen.splitlines()) == 30
    terminal.child.setwinsize(6, 40)
    screen = terminal.screen_with("more")
    assert len(screen.splitlines()) == 6


def modes(child: Any) -> list[Any]:
    found: list[Any] = termios.tcgetattr(child.child_fd)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(
    live: Callable[..., Terminal], number: signal.Signals
) -> None:
    terminal = live()
    terminal.screen_with("MODEL")
    assert not modes(terminal.child)[3] & termios.ICANON
    terminal.child.kill(number)
    assert terminal.end().endswith("\033[?25h\033[?1049l")


def test_without_colour_there_is_none(live: Callable[..., Terminal]) -> None:
    terminal = live(NO_COLOR="1")
    terminal.screen_with("MODEL")
    terminal.child.send("q")
    assert not re.search("\033\\[[0-9]+m", terminal.end())


@pytest.mark.parametrize("options", [("--json",), ("--csv",)])
def test_what_is_for_programs_is_written_once(
    live: Callable[..., Terminal], options: tuple[str, ...]
) -> None:
    terminal = live(*options)
    terminal.child.expect(pexpect.EOF)
    assert "\033[" not in (terminal.child.before or "")
