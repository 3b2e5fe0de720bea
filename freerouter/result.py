"""What a command gives back: data for programs and blocks for people. Nothing here prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """`1 model`, `2 models`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Line(NamedTuple):
    """One line. `style`: "", ok, warn, error, dim, head, prose. `err` sends it to stderr."""

    text: str
    style: str = ""
    err: bool = False


class Fields(NamedTuple):
    """Names and values, one a line, aligned."""

    pairs: tuple[tuple[str, str], ...]


class Table(NamedTuple):
    """Rows under headings; `right` are the indices of right-aligned columns.

    Where a screen is too narrow for all, columns in `spare` are left out, the first of them first;
    those in `last` only where little would be left of the others.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: tuple[int, ...] = ()
    spare: tuple[int, ...] = ()
    last: tuple[int, ...] = ()


class Reveal(NamedTuple):
    """A secret that the user asked to see. Shown as it is in text; JSON and recordings hide it."""

    name: str
    value: str


Block = Line | Fields | Table | Reveal


class Result(NamedTuple):
    """`data` is what `--json` prints; `show` is what a person sees; both tell the same.

    `undo` holds the commands that would take back what was done, where that is possible.
    """

    data: dict[str, Any]
    show: tuple[Block, ...] = ()
    exit_code: int = 0
    undo: tuple[tuple[str, ...], ...] = ()


class Progress(NamedTuple):
    """An event while a command works. `state`: running, ok, failed. `total` 0 means unknown."""

    task: str
    label: str
    state: str = "running"
    done: float = 0
    total: float = 0


class Output(NamedTuple):
    """A block that is shown at once, before the command ends (following a log, say).

    Where the command prints JSON, `data` is a line of it; without any, nothing is printed.
    """

    block: Block
    data: dict[str, Any] | None = None


class Piece(NamedTuple):
    """A part of a text that is shown as it comes; whatever is shown next begins a new line.

    Where the command prints JSON, it is left out: the result has the whole text.
    """

    text: str


class Running(NamedTuple):
    """A command of a plan begins."""

    line: str


Event = Progress | Output | Piece | Running
