"""One command line, from words to exit code, with every error worded on the way out."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from freerouter.errors import CancelledError, FreeRouterError, UsageError
from freerouter.frontends.console import Console
from freerouter.frontends.interrupts import never_lost
from freerouter.registry import FRONT_END
from freerouter.result import Line
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.registry import Call
    from freerouter.result import Result
    from freerouter.scripts.recorder import Recording

BROKEN_PIPE = 141
LONG = ("shell", "run", "logs", "metrics", "start", "reload")
LONGEST_INPUT = 10 * 1024 * 1024
"""Bytes of standard input that a command takes."""
"""Commands that may go on for hours: they collect garbage."""


def run(arguments: list[str]) -> int:
    """Run argv; alone it opens the shell, or runs standard input as a script."""
    if not arguments:
        arguments = ["shell"] if sys.stdin.isatty() and sys.stdout.isatty() else ["run", "-"]
    never_lost()
    console = Console(lambda text: text, "json" if "--json" in arguments else "")

    def act() -> int:
        session = Session(console)
        console.redact = session.redact
        call = session.parse(arguments)
        console.output = call.output
        return execute(session, console, call)

    try:
        return guarded(console, act)
    except BrokenPipeError:
        # The reader (head, say) has gone: nothing more can be said, and nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def guarded(console: Console, act: Callable[[], int]) -> int:
    """Do it, word whatever goes wrong, and say the exit code: the outermost door of every line."""
    try:
        return act()
    except FreeRouterError as error:
        console.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        console.finish()
        sys.stderr.write("\nCancelled.\n")
        return CancelledError.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost door: words instead of a stack
        return _internal(console, error)


def execute(
    session: Session, console: Console, call: Call, recording: Recording | None = None
) -> int:
    """Run one call and show what came of it."""
    if call.command.name in LONG:
        gc.enable()
    if call.record and call.command.target == FRONT_END:
        raise UsageError(
            f"`{call.command.name}` is not recorded by --record.",
            fix="`freerouter record FILE` records what is done in the shell.",
        )
    if call.command.name == "config edit":
        from freerouter.frontends.editing import edit

        return edit(session, console, call)
    if call.command.target == FRONT_END:
        session.profile = call.profile or session.profile
    if call.command.name == "shell":
        from freerouter.shell.repl import run_shell

        return run_shell(session)
    if call.command.name == "run":
        from freerouter.scripts.runner import run_file

        return run_file(session, console, call.arguments)
    if call.command.name == "record":
        from freerouter.shell.repl import run_shell

        return run_shell(session, record=call.arguments["file"][-1])
    if call.arguments.get("jsonl"):
        return _driven(session, call)
    if call.arguments.get("live") and not (call.record or recording):
        from freerouter.frontends.live import possible, show_live

        if possible(call):
            return show_live(session.run, call, console.redact, colour=console.fancy)
    call = _with_input(call)
    console.working(call.command.name)
    try:
        result = _recorded(session, call) if call.record else (recording or session).run(call)
    finally:
        console.finish()
    console.show(result, paged=True)
    sys.stdout.flush()
    return result.exit_code


def _with_input(call: Call) -> Call:
    """The call with standard input in the place of `-`, or of words that are not there."""
    name = next((p.name for p in call.command.parameters if p.piped), "")
    words = call.arguments.get(name) or []
    if not name or not ("-" in words or (not words and not sys.stdin.isatty())):
        return call
    text = sys.stdin.buffer.read(LONGEST_INPUT + 1)
    if len(text) > LONGEST_INPUT:
        raise UsageError("Standard input is too long.", "It has more than 10 MB.")
    given = text.decode("utf-8", "replace").strip()
    place = words.index("-") if words else 0
    words = [*words[:place], given, *words[place + 1 :]]
    return call._replace(arguments={**call.arguments, name: words})


def _recorded(session: Session, call: Call) -> Result:
    """One call into a file of its own, which is written however the call ends."""
    from freerouter.scripts.recorder import Recording

    recording = Recording(session, call.record)
    try:
        result = recording.run(call)
    except FreeRouterError:
        recording.save()
        raise
    return result._replace(show=(*result.show, *saved(recording)))


def saved(recording: Recording) -> list[Line]:
    """Write a recording, and say how it is replayed."""
    typed, path = recording.save(), recording.path
    lines = [Line(f"Recorded in {path}: `freerouter run {path}` replays it.", "ok")]
    if typed:
        names = " and ".join(typed)
        text = f"Set {names} first: what was typed unseen does not stand in the file."
        lines.append(Line(text, "warn"))
    return lines


def _driven(session: Session, call: Call) -> int:
    """A flow with another program at the other end."""
    import io

    from freerouter.frontends.jsonlines import JsonLines

    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    before = session.frontend
    session.frontend = lines = JsonLines(session.redact, sys.stdin, sys.stdout)
    try:
        result = _recorded(session, call) if call.record else session.run(call)
    except FreeRouterError as error:
        lines.error(error)
        return error.exit_code
    finally:
        session.frontend = before
    lines.result(result)
    return result.exit_code


def _internal(console: Console, error: Exception) -> int:
    """A fault of ours: the redacted stack, and where to send it."""
    import traceback

    console.finish()
    stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    sys.stderr.write(console.painter(sys.stderr).piece(stack))
    sys.stderr.write("\nThis is a fault in FreeRouter, not yours. Please report the lines above.\n")
    return 1
