"""Recording in the shell: on, off, and when it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freerouter.frontends.console import Console
from freerouter.session import Session
from freerouter.shell.repl import Tape, run_line

if TYPE_CHECKING:
    from conftest import World


class Shell:
    """Lines typed one after the other."""

    def __init__(self) -> None:
        self.console = Console(str)
        self.session = Session(self.console)
        self.tape = Tape(self.session)

    def type(self, *lines: str) -> list[int]:
        return [run_line(self.session, self.console, line, self.tape) for line in lines]


def test_what_is_typed_between_on_and_off_is_recorded(world: World) -> None:
    codes = Shell().type("status", "record on one.frs", "init", "fetch", "record off", "status")
    assert codes == [6, 0, 0, 0, 0, 6]
    text = (world.cwd / "one.frs").read_text()
    assert [line for line in text.splitlines() if line.startswith(">")] == ["> init", "> fetch"]
    for name in ("providers.yaml", "config.yaml"):
        (world.workspace / name).unlink()
    assert world.cli("run", "one.frs").code == 0


def test_leaving_the_shell_ends_the_recording(world: World) -> None:
    shell = Shell()
    shell.type("record one.frs", "status")
    assert shell.tape.end(shell.console) == 0
    assert (world.cwd / "one.frs").read_text().endswith("= 6\n")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("record off",), "Nothing is being recorded."),
        (("record on a.frs", "record on b.frs"), "a.frs is being recorded already."),
        (("record on taken.frs",), "taken.frs exists already."),
    ],
)
def test_orders_that_make_no_sense_are_told(
    world: World, capsys: pytest.CaptureFixture[str], lines: tuple[str, ...], said: str
) -> None:
    (world.cwd / "taken.frs").write_text("mine")
    assert Shell().type(*lines)[-1] == 2
    assert said in capsys.readouterr().err
    assert (world.cwd / "taken.frs").read_text() == "mine"
