"""The grammar of `.frs`: a file's text to a `Script`. Nothing here looks anything up.

Whether a command, a flow or a question is one that exists is for the runner to find out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config import variables
from freerouter.durations import SHAPE
from freerouter.errors import UsageError
from freerouter.redact import KEY_SHAPES
from freerouter.registry import did_you_mean
from freerouter.scripts.nodes import (
    SIGILS,
    VERSION,
    AnswerLine,
    Directive,
    ExitCode,
    Expect,
    Node,
    Phase,
    Question,
    Script,
    Step,
    Talk,
)
from freerouter.scripts.patterns import compile_pattern
from freerouter.wizard.messages import APPLY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KINDS = ("script", "session")
LONGEST_LINE = 100_000
LONGEST_FILE = 20_000_000
HIGHEST_EXIT_CODE = 255
MOVES = ("^back", "^default", "^skip", "^help", "^cancel", "^change")
"""Answers that are no value. `^change ID` asks a question again, at the end."""


class _Shape(NamedTuple):
    """How the arguments of a directive look, as an expression and for people."""

    expression: str
    usage: str


_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
DIRECTIVES = {
    "need": _Shape(rf"env\s+{_NAME}|engine", "`@need env NAME` or `@need engine`"),
    "home": _Shape("fresh", "`@home fresh`"),
    "file": _Shape(r"\S+\s+\S.*", "`@file PATH FROM`"),
    "fake": _Shape(r"providers\s+\S.*", "`@fake providers FILE`"),
    "wait": _Shape(
        rf"{SHAPE.pattern}\s+gateway\s+(?:ready|stopped)",
        "`@wait 30s gateway ready` or `@wait 500ms gateway stopped`",
    ),
    "set": _Shape(rf"{_NAME}\s+\S.*", "`@set NAME value`"),
    "always": _Shape("", "`@always`, with nothing behind it"),
}
_MEANINGS = "@ directive, == phase, > command, ? question, < answer, | output, ! error, = exit code"
_MIXING = set(SIGILS) - {"#", ">"}
"""What makes a file one with sigils. A `>` may stand before any command."""
_BEGINNINGS = "-\"'$"
"""How a command without a `>` may begin, besides letters and digits."""
_HEADER = re.compile(r"#!\s*freerouter(?=\s|$)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n|\Z)")
_QUOTES_CLOSE = re.compile(r"""(?:[^'"\\#]|'[^']*'|"[^"\\]*")*""")


def parse(text: str, name: str) -> Script:
    """Read a whole file. Raises UsageError `name:LINE: what` at the first line that is wrong."""
    return _Reader(name, _lines(text, name)).read()


def expand(text: str, values: Mapping[str, str]) -> str:
    """The text with `${NAME}` and `${NAME:-default}` replaced."""
    try:
        return variables.expand(text, values.get)
    except variables.UnsetVariable as error:
        raise UsageError(
            f"The variable {error.args[0]} is not set.", fix=f"`--set {error.args[0]}=VALUE` does."
        ) from None


def _lines(text: str, name: str) -> list[str]:
    """The lines with their white space, once it is sure that this is text of a sane size."""
    if len(text) > LONGEST_FILE:
        raise UsageError(
            f"{name}:1: the file is longer than {LONGEST_FILE // 1_000_000} MB.",
            fix="A script is a list of commands.",
        )
    lines = text.split("\n")
    if max(map(len, lines)) > LONGEST_LINE:
        number = next(n for n, line in enumerate(lines, 1) if len(line) > LONGEST_LINE)
        raise UsageError(f"{name}:{number}: the line is longer than {LONGEST_LINE:,} characters.")
    control = _CONTROL.search(text)
    if control:
        raise UsageError(
            f"{name}:{text.count(chr(10), 0, control.start()) + 1}: this is no text file.",
            f"It holds the control character U+{ord(control.group()):04X}.",
            "A script is plain text in UTF-8.",
        )
    return lines


class _Reader:
    """One pass over the lines. `_talk` is what is said below the command that is being read."""

    def __init__(self, name: str, raw: list[str]) -> None:
        self._name = name
        self._raw = raw
        self._lines = [line.strip(" \t\r\ufeff") for line in raw]
        self._steps: list[Node] = []
        self._command: Step | None = None
        self._talk: list[Talk] = []
        self._asked: Question | None = None
        self._answered: Question | None = None
        self._kinds: dict[str, str] = {}
        self._kind = ""
        self._first = next((n for n, line in enumerate(self._lines, 1) if line[:1] in _MIXING), 0)
        self._faked = any(line.startswith("@fake") for line in self._lines)
        self._readers: dict[str, Callable[[int, str], None]] = {
            "#": self._comment, "@": self._directive, "=": self._equals, ">": self._typed,
            "?": self._question, "<": self._answer, "|": self._output, "!": self._output,
        }  # fmt: skip

    def read(self) -> Script:
        for number, line in enumerate(self._lines, 1):
            if line:
                self._readers.get(line[0], self._bare)(number, line)
        self._end_command()
        sigils = bool(self._first) or self._kind == "session"
        kind = self._kind or KINDS[0]
        return Script(self._name, kind, sigils, tuple(self._steps), tuple(self._raw))

    def _wrong(self, line: int, what: str, why: str = "", fix: str = "") -> UsageError:
        return UsageError(f"{self._name}:{line}: {what}", why, fix)

    def _comment(self, line: int, text: str) -> None:
        header = _HEADER.match(text)
        if header is None:
            return
        shebang = line == 2 and self._lines[0].startswith("#!") and not self._kind  # noqa: PLR2004
        if line != 1 and not shebang:
            raise self._wrong(
                line, "The header stands only on line 1.", fix="Move it to the top of the file."
            )
        kind, _, version = text[header.end() :].strip().partition(" ")
        if kind not in KINDS:
            raise self._wrong(
                line,
                f'There is no kind "{kind}" of file.' if kind else "The header names no kind.",
                fix=did_you_mean(kind, KINDS) or "`#!freerouter script 1` or `... session 1`.",
            )
        if version.strip() != VERSION:
            raise self._wrong(
                line,
                f'Version "{version.strip()}" of a {kind} is none that can be read here.'
                if version
                else f"The header does not say which version of a {kind} this is.",
                fix=f"`#!freerouter {kind} {VERSION}`.",
            )
        self._kind = kind

    def _directive(self, line: int, text: str) -> None:
        self._end_command()
        name, arguments = (*text[1:].split(None, 1), "", "")[:2]
        shape = DIRECTIVES.get(name)
        if shape is None:
            raise self._wrong(
                line,
                f"There is no directive @{name}.",
                fix=did_you_mean(f"@{name}", [f"@{known}" for known in DIRECTIVES])
                or f"There are: @{', @'.join(DIRECTIVES)}.",
            )
        if not re.fullmatch(shape.expression, arguments):
            raise self._wrong(line, f"@{name} is not written like this.", fix=f"{shape.usage}.")
        self._steps.append(Directive(line, name, arguments))

    def _equals(self, line: int, text: str) -> None:
        if text.startswith("=="):
            self._end_command()
            if not text[2:].strip():
                raise self._wrong(line, "This phase has no title.", fix="`== Title` is one.")
            self._steps.append(Phase(line, text[2:].strip()))
            return
        self._below_command(line, "An exit code")
        code = text[1:].strip()
        if not re.fullmatch("[0-9]{1,3}", code) or int(code) > HIGHEST_EXIT_CODE:
            raise self._wrong(
                line, "This is no exit code.", fix=f"It is a number from 0 to {HIGHEST_EXIT_CODE}."
            )
        self._talk.append(ExitCode(line, int(code)))

    def _typed(self, line: int, text: str) -> None:
        self._start_command(line, text[1:].strip())

    def _bare(self, line: int, text: str) -> None:
        if not text[0].isalnum() and (self._first or text[0] not in _BEGINNINGS):
            raise self._wrong(
                line, f"No line begins with {text[0]}.", fix=f"The sigils are: {_MEANINGS}."
            )
        if self._first:
            raise self._wrong(
                line,
                "This command has no sigil.",
                f"A file uses sigils throughout or not at all; the first is on line {self._first}.",
                "A command begins with `>`.",
            )
        if self._kind == "session":
            raise self._wrong(line, "In a session a command begins with `>`.", fix="Put it there.")
        self._start_command(line, text)

    def _start_command(self, line: int, text: str) -> None:
        self._end_command()
        if not text or text.startswith("#"):
            raise self._wrong(line, "There is no command behind the `>`.")
        if not _QUOTES_CLOSE.fullmatch(text):
            from freerouter.parser import split_line

            try:
                split_line(text)
            except UsageError as error:
                raise self._wrong(line, error.what, error.why, error.fix) from None
        if "${" in text and "${" in variables.expand(text, lambda _name: "set"):
            raise self._wrong(
                line,
                "A `${` on this line begins no variable.",
                fix="`${NAME}` and `${NAME:-default}` are variables.",
            )
        self._command = Step(line, text)

    def _question(self, line: int, text: str) -> None:
        self._below_command(line, "A question")
        identity, _, message = text[1:].partition(":")
        if len(identity.split()) != 1:
            raise self._wrong(
                line, "The id of a question is one word.", fix="`? id` or `? id: text`."
            )
        self._asked = Question(line, identity.strip(), message.strip() or None)
        self._talk.append(self._asked)

    def _answer(self, line: int, text: str) -> None:
        answer = text[1:].strip()
        if re.search(KEY_SHAPES, answer) and not self._faked:
            raise self._wrong(
                line,
                "This answer looks like a key, and keys never stand in a script.",
                fix="`< env:NAME` takes it from the variable NAME.",
            )
        question = self._asked or (
            self._answered if self._talk and isinstance(self._talk[-1], Expect) else None
        )
        if question is None:
            raise self._wrong(line, "This answers no question.", fix="Ask first: `? id`.")
        if answer.startswith("^"):
            self._check_move(line, answer, question)
        elif answer.startswith("env:") and not re.fullmatch(_NAME, answer[4:]):
            raise self._wrong(
                line, "This is not the name of a variable.", fix="`< env:NAME` has one."
            )
        self._talk.append(AnswerLine(line, answer))
        self._asked, self._answered = None, question

    def _check_move(self, line: int, answer: str, question: Question) -> None:
        move, _, rest = answer.partition(" ")
        if move not in MOVES:
            raise self._wrong(
                line,
                f"There is no answer {move}.",
                fix=did_you_mean(move, MOVES) or f"There are: {', '.join(MOVES)}.",
            )
        if move != "^change" and rest:
            raise self._wrong(line, f"{move} stands alone.")
        if move == "^change" and (question.id != APPLY or len(rest.split()) != 1):
            raise self._wrong(
                line,
                "^change names one question, and answers only the last.",
                fix=f"`? {APPLY}`, then `< ^change ID`.",
            )

    def _output(self, line: int, text: str) -> None:
        self._below_command(line, "Output")
        try:
            pattern = compile_pattern(text[1:], self._kinds)
        except UsageError as error:
            raise self._wrong(line, error.what, error.why, error.fix) from None
        self._kinds.update(pattern.kinds)
        self._talk.append(Expect(line, text[0] == "!", pattern))

    def _below_command(self, line: int, what: str) -> None:
        self._check_answered()
        if self._command is None:
            raise self._wrong(
                line,
                f"{what} belongs to a command, and there is none before it.",
                fix="A command begins with `>`.",
            )
        if self._talk and isinstance(self._talk[-1], ExitCode):
            raise self._wrong(
                line,
                f"{what} cannot follow the exit code of its command.",
                f"That is on line {self._talk[-1].line}.",
            )

    def _check_answered(self) -> None:
        if self._asked:
            raise self._wrong(
                self._asked.line,
                f"the question {self._asked.id} has no answer.",
                fix="Answer it on the next line: `< value`.",
            )

    def _end_command(self) -> None:
        self._check_answered()
        if self._command:
            self._steps.append(self._command._replace(talk=tuple(self._talk)))
        self._command, self._talk, self._answered = None, [], None
