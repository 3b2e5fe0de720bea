"""Running a list of commands, one a line: all checked first, then run until one fails."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import FileError, FreeRouterError, UsageError

if TYPE_CHECKING:
    from freerouter.frontends.console import Console
    from freerouter.registry import Call
    from freerouter.session import Session

NESTED = ("run", "shell")


class Step(NamedTuple):
    """A command of the script and the number of its line."""

    number: int
    text: str
    call: Call


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
    steps = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        line = line.removeprefix(">").strip()
        try:
            call = session.parse(line)
            if call.command.name in NESTED:
                raise UsageError(f"`{call.command.name}` cannot stand in a script.")
        except FreeRouterError as error:
            raise UsageError(f"{name}:{number}: {error.what}", error.why, error.fix) from None
        steps.append(Step(number, line, call))
    return steps


def run_file(session: Session, console: Console, file: str) -> int:
    """Run a script; the exit code is that of the first command that failed, else 0."""
    name = _name(file)
    steps = parse_script(session, read_script(file), name)
    chosen = console.output
    for step in steps:
        console.output = step.call.output or chosen
        try:
            result = session.run(step.call)
        except FreeRouterError as error:
            console.error(error)
            return _stopped(name, step, error.exit_code)
        console.show(result)
        if result.exit_code:
            return _stopped(name, step, result.exit_code)
    return 0


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _stopped(name: str, step: Step, code: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"{name}:{step.number}: `{step.text}` failed (exit code {code}).\n")
    return code
