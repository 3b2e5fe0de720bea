"""Running a list of commands, one a line: all checked first, then run until one fails."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import FileError, FreeRouterError, UsageError
from freerouter.frontends.scripted import Said, Script
from freerouter.redact import KEY_SHAPES

if TYPE_CHECKING:
    from freerouter.frontends.console import Console
    from freerouter.registry import Call
    from freerouter.result import Result
    from freerouter.session import Session

NESTED = ("run", "shell")


class Step(NamedTuple):
    """A command of the script and the number of its line."""

    number: int
    text: str
    call: Call
    said: tuple[Said, ...] = ()
    """The answers to the questions of a flow."""


def read_script(file: str) -> str:
    """The text of a file, or of standard input where it is `-`."""
    name = _name(file)
    try:
        if file == "-":
            return sys.stdin.read().removeprefix("\ufeff")
        with open(file, encoding="utf-8-sig") as handle:
            return handle.read()
    except OSError as error:
        raise FileError(f"Cannot read {name}.", f"{error.strerror}.") from None
    except UnicodeDecodeError:
        raise FileError(
            f"{name} is not UTF-8 text.", fix="A script is a plain text file."
        ) from None


def parse_script(session: Session, text: str, name: str) -> list[Step]:
    """Every command of the script. Raises with `file:line` before anything has run."""
    steps: list[Step] = []
    asked: Said | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if asked and not line.startswith("<"):
            raise _unanswered(asked)
        place = f"{name}:{number}"
        try:
            if line.startswith("?"):
                asked = Said(_question(steps, line), "", place)
            elif line.startswith("<"):
                said = _answer(asked, line)._replace(place=place)
                steps[-1] = steps[-1]._replace(said=(*steps[-1].said, said))
                asked = None
            else:
                line = line.removeprefix(">").strip()
                steps.append(Step(number, line, _command(session, line)))
        except FreeRouterError as error:
            raise UsageError(f"{place}: {error.what}", error.why, error.fix) from None
    if asked:
        raise _unanswered(asked)
    return steps


def _command(session: Session, line: str) -> Call:
    call = session.parse(line)
    if call.command.name in NESTED:
        raise UsageError(f"`{call.command.name}` cannot stand in a script.")
    return call


def _question(steps: list[Step], line: str) -> str:
    """The id of `? id` or `? id: text`."""
    if not steps:
        raise UsageError("A question belongs to a command, and there is none before it.")
    return line[1:].partition(":")[0].strip()


def _answer(asked: Said | None, line: str) -> Said:
    text = line[1:].strip()
    if re.search(KEY_SHAPES, text):
        raise UsageError(
            "This answer looks like a key, and keys never stand in a script.",
            fix="`< env:NAME` takes it from the variable NAME.",
        )
    if not asked:
        raise UsageError(f'"{line}" answers no question.', fix="Ask first: `? id`.")
    return asked._replace(text=text)


def _unanswered(asked: Said) -> UsageError:
    return UsageError(
        f"{asked.place}: the question {asked.id} has no answer.", fix="Answer it: `< value`."
    )


def run_file(session: Session, console: Console, file: str) -> int:
    """Run a script; the exit code is that of the first command that failed, else 0."""
    name = _name(file)
    steps = parse_script(session, read_script(file), name)
    chosen = console.output
    for step in steps:
        console.output = step.call.output or chosen
        try:
            result = _run(session, step)
        except FreeRouterError as error:
            console.error(error)
            return _stopped(name, step, error.exit_code)
        console.show(result)
        if result.exit_code:
            return _stopped(name, step, result.exit_code)
    return 0


def _run(session: Session, step: Step) -> Result:
    """One command; the questions that it asks are answered by the script."""
    if not step.said:
        return session.run(step.call)
    before = session.frontend
    environ, learn = session.context().environ, session.redact.learn
    session.frontend = script = Script(list(step.said), before, environ, learn)
    try:
        result = session.run(step.call)
    finally:
        session.frontend = before
    if script.left:
        raise UsageError(f"{script.left[0].place}: nobody asked for {script.left[0].id}.")
    return result


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _stopped(name: str, step: Step, code: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"{name}:{step.number}: `{step.text}` failed (exit code {code}).\n")
    return code
