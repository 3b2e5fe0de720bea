"""`run FILE`: reading a script, checking it as a whole, playing it, and telling how it went."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.errors import CancelledError, FileError, UsageError
from freerouter.flows import pairs
from freerouter.result import Line, Result, counted
from freerouter.scripts.grammar import expand, parse
from freerouter.scripts.nodes import Directive, Phase, Step
from freerouter.scripts.player import SKIPPED, Player
from freerouter.scripts.precheck import check, fakes_of, take
from freerouter.scripts.updater import updated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.frontends.console import Console
    from freerouter.scripts.nodes import Script
    from freerouter.scripts.player import Outcome
    from freerouter.session import Session

STDIN = "standard input"
LONGEST = 20 * 1024 * 1024
"""Bytes that a script may have."""


def run_file(session: Session, console: Console, args: Mapping[str, Any]) -> int:
    """Run, outline or update a file; the exit code."""
    file = read_script(args["file"])
    values = pairs(args["set"])
    check(file, session, values)
    if args["list"] or args["dry_run"]:
        texts = _expanded(file, session, values)
        console.show(_outline(file, texts) if args["list"] else _commands(file, texts))
        return 0
    if args["update"]:
        return _update(session, console, file, values)
    live = None if file.kind == "session" else console
    player = Player(file, session, values, console=live, keep_going=args["keep_going"])
    outcome = player.play()
    if file.kind == "session":
        console.show(_report(file, outcome))
    else:
        _tell(outcome)
    return outcome.code


def read_script(file: str) -> Script:
    """Read and parse a file, or standard input where it is `-`."""
    name = STDIN if file == "-" else file
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(LONGEST + 1)
        else:
            with open(file, "rb") as handle:
                raw = handle.read(LONGEST + 1)
    except OSError as error:
        raise FileError(f"Cannot read {name}.", f"{error.strerror}.") from None
    if len(raw) > LONGEST:
        raise FileError(f"{name} is too long for a script.", "It has more than 20 MB.")
    try:
        return parse(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        raise FileError(
            f"{name} is not UTF-8 text.", fix="A script is a plain text file."
        ) from None


def _update(session: Session, console: Console, file: Script, values: Mapping[str, str]) -> int:
    """Write what came out differently into the file; the exit code."""
    if session.context().environ.get("CI"):
        raise UsageError("--update is refused where CI is set.", fix="Run it by hand, and look.")
    if file.name == STDIN or not file.sigils:
        raise UsageError("There is nothing in it that could be updated.")
    player = Player(file, session, values, update=True)
    outcome = player.play()
    if outcome.code:
        unfit = tuple(played for played in outcome.played if played.unfit)
        console.show(_report(file, outcome._replace(played=unfit)))
        return outcome.code
    old = "\n".join(file.lines)
    new = updated(file, outcome.played, player.bound, player.redact, player.places)
    if new != old:
        atomic.write_text(file.name, new, mode=stat.S_IMODE(os.stat(file.name).st_mode))
    count = sum(bool(played.failure) for played in outcome.played)
    text = f"{file.name}: {counted(count, 'command')} updated."
    console.show(Result({"file": file.name, "updated": count}, (Line(text, "ok"),)))
    return 0


def _expanded(file: Script, session: Session, values: Mapping[str, str]) -> dict[int, str]:
    """The commands by their lines, as they would run."""
    known = {**session.context().environ, **values}
    texts = {}
    for node in file.steps:
        take(node, known, values)
        if isinstance(node, Directive) and node.name == "fake":
            known |= {**{name: f"${{{name}}}" for name in fakes_of(file, node)}, **values}
        if isinstance(node, Step):
            texts[node.line] = expand(node.text, known)
    return texts


def _outline(file: Script, texts: Mapping[int, str]) -> Result:
    """Phases and commands with their lines."""
    rows = []
    for node in file.steps:
        if isinstance(node, Phase):
            rows.append((node.line, f"== {node.title}"))
        elif isinstance(node, Directive):
            rows.append((node.line, f"@{node.name} {node.arguments}".rstrip()))
        else:
            rows.append((node.line, f"> {texts[node.line]}"))
    data = {"file": file.name, "kind": file.kind, "outline": [list(row) for row in rows]}
    return Result(data, tuple(Line(f"{line:>5}  {text}") for line, text in rows))


def _commands(file: Script, texts: Mapping[int, str]) -> Result:
    commands = list(texts.values())
    show = (Line("This would run:", "head"), *(Line(f"  {command}") for command in commands))
    return Result({"file": file.name, "commands": commands}, show)


def _report(file: Script, outcome: Outcome) -> Result:
    """How a session went: phases that passed in one line each, then what differed."""
    failures = [played for played in outcome.played if played.failure]
    show = [Line(line, "dim") for line in _passed(file, outcome)] if failures else []
    show += [Line(line, err=True) for f in failures for line in f.failure.splitlines()]
    if outcome.code == CancelledError.exit_code:
        show.append(Line("Cancelled.", err=True))
    if outcome.skipped:
        show.append(Line(f"{file.name}: skipped. {outcome.skipped}", "warn"))
    elif not outcome.code:
        show.append(
            Line(f"{file.name}: {counted(len(outcome.played), 'command')}, all held.", "ok")
        )
    data = {
        "file": file.name,
        "commands": len(outcome.played),
        "failures": [
            {"line": f.step.line, "command": f.command, "why": f.failure} for f in failures
        ],
        "skipped": outcome.skipped,
    }
    return Result(data, tuple(show), outcome.code)


def _passed(file: Script, outcome: Outcome) -> list[str]:
    """The phases before the first failure, folded."""
    bad = {played.step.line for played in outcome.played if played.failure}
    folded: list[str] = []
    title, count = "", 0
    for node in file.steps:
        if node.line in bad:
            break
        if isinstance(node, Phase):
            folded += [f"== {title} ({counted(count, 'command')})"] if title and count else []
            title, count = node.title, 0
        elif isinstance(node, Step):
            count += 1
    return folded


def _tell(outcome: Outcome) -> None:
    """What went wrong with a script whose output has been seen already."""
    sys.stdout.flush()
    for played in outcome.played:
        if played.failure:
            sys.stderr.write(f"{played.failure}\n")
    if outcome.code == SKIPPED:
        sys.stderr.write(f"Skipped. {outcome.skipped}\n")
    if outcome.code == CancelledError.exit_code:
        sys.stderr.write("Cancelled.\n")
