"""What a `.frs` file is made of, and how each part is written. Reading them is `grammar`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from freerouter.scripts.patterns import Pattern

VERSION = "1"
SIGILS = "#@=>?<|!"


class Directive(NamedTuple):
    """`@name arguments`: what the file needs, or is to wait for."""

    line: int
    name: str
    arguments: str


class Phase(NamedTuple):
    """`== title`."""

    line: int
    title: str


class Question(NamedTuple):
    """`? id` or `? id: text`; without a text none is compared."""

    line: int
    id: str
    text: str | None = None


class AnswerLine(NamedTuple):
    """`< text`: a value, `env:NAME` or one of MOVES."""

    line: int
    text: str


class Expect(NamedTuple):
    """`|` or `!` and a pattern."""

    line: int
    error: bool
    pattern: Pattern


class ExitCode(NamedTuple):
    """`= code`."""

    line: int
    code: int


Talk = Question | AnswerLine | Expect | ExitCode


class Step(NamedTuple):
    """A command as it was written, and what is said below it."""

    line: int
    text: str
    talk: tuple[Talk, ...] = ()


Node = Directive | Phase | Step


class Item(NamedTuple):
    """What a command really said: output `|`, error output `!`, or a question `?` with its id."""

    kind: str
    text: str
    id: str = ""


class Script(NamedTuple):
    """A file. `lines` are its lines byte for byte, to be joined by a newline."""

    name: str
    kind: str
    sigils: bool
    steps: tuple[Node, ...]
    lines: tuple[str, ...] = ()

    @property
    def commands(self) -> list[Step]:
        return [node for node in self.steps if isinstance(node, Step)]

    def beside(self, path: str) -> str:
        """A path that is written in the file: it is one beside it."""
        return os.path.join(os.path.dirname(self.name), path)


def dump(script: Script) -> str:
    """The script as text. Comments are not in it: they stand in `Script.lines` only."""
    out = [f"#!freerouter {script.kind} {VERSION}"] if script.sigils else []
    for node in script.steps:
        if isinstance(node, Phase) and out:
            out.append("")
        out.append(written(node, sigils=script.sigils))
        if isinstance(node, Step):
            out += [written(said) for said in node.talk]
    return "".join(f"{line}\n" for line in out)


def written(node: Node | Talk, *, sigils: bool = True) -> str:
    """The line of a node. A bare command keeps its `>` where it would be read as something else."""
    if isinstance(node, Step):
        return f"> {node.text}" if sigils or node.text[0] in SIGILS else node.text
    if isinstance(node, Phase):
        return f"== {node.title}"
    if isinstance(node, Directive):
        return f"@{node.name} {node.arguments}".rstrip()
    if isinstance(node, Question):
        return f"? {node.id}: {node.text}" if node.text else f"? {node.id}"
    if isinstance(node, AnswerLine):
        return f"< {node.text}".rstrip()
    if isinstance(node, Expect):
        return f"{'!' if node.error else '|'}{node.pattern.text}"
    return f"= {node.code}"
