"""`config edit`: an editor on a copy of providers.yaml, until that is sound or given up."""

from __future__ import annotations

import shutil
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from freerouter.errors import CancelledError, FreeRouterError, UsageError
from freerouter.needs import check_needs
from freerouter.result import Line, Output, Result, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from freerouter.commands.editing import Edit
    from freerouter.context import Context
    from freerouter.frontends.console import Console
    from freerouter.registry import Call
    from freerouter.session import Asker, Session

USUAL = ("sensible-editor", "nano", "vi")


def edit(session: Session, console: Console, call: Call) -> int:
    """Edit, check, and take over; what is not taken over is kept, and its name told."""
    ctx = session.context(call.profile)
    check_needs(ctx, call.command.needs)
    asker = console.asker()
    if asker is None:
        raise UsageError(
            "`config edit` opens an editor, and there is no terminal for it.",
            fix="`config set KEY VALUE` changes one setting, `apply FILE` a whole set-up.",
        )
    from freerouter.commands import editing

    words = editor(ctx.environ)
    copy = editing.begin(ctx, call.arguments["file"])
    console.show(_edited(ctx, console, asker, words, copy))
    return 0


def editor(environ: Mapping[str, str]) -> list[str]:
    """The command of the editor. Raises UsageError where there is none."""
    import shlex

    named = environ.get("VISUAL") or environ.get("EDITOR") or ""
    which = "VISUAL" if environ.get("VISUAL") else "EDITOR"
    try:
        words = shlex.split(named)
    except ValueError as error:
        raise UsageError(
            f"{which} cannot be read: {str(error).lower()}.", f"It is: {named}"
        ) from None
    found = words or [name for name in USUAL if _found(name, environ)][:1]
    if not found:
        raise UsageError("There is no editor.", fix="Name one: export EDITOR=nano, say.")
    if not _found(found[0], environ):
        raise UsageError(
            f"There is no program {found[0]}, which {which} names.", fix="Name another one."
        )
    return found


def _found(name: str, environ: Mapping[str, str]) -> bool:
    return bool(shutil.which(name, path=environ.get("PATH")))


def _edited(ctx: Context, console: Console, asker: Asker, words: list[str], copy: Edit) -> Result:
    from freerouter.commands import editing
    from freerouter.commands.validate_reports import told
    from freerouter.wizard.messages import Answer, Question

    again = Question("again", "confirm", "Edit it again?", default=True)
    while True:
        code = _opened(ctx, words, copy)
        if editing.is_same(copy):
            editing.drop(copy)
            if code:
                raise FreeRouterError(f"{words[0]} ended with code {code}. Nothing was changed.")
            return Result({"changed": False}, (Line("Nothing was changed.", "ok"),))
        if code:
            raise editing.kept(ctx, copy, f"{words[0]} ended with code {code}.")
        findings, bad = editing.faults(ctx, copy)
        for line in told(findings, ()):
            console.event(Output(line))
        if not bad:
            return editing.accept(ctx, copy)
        found = counted(len(findings), "finding")
        console.event(Output(Line(f"{found}: providers.yaml stays as it is.", "error")))
        try:
            wanted = asker.ask(again) == Answer("again", True)
        except (CancelledError, KeyboardInterrupt):
            wanted = False
        if not wanted:
            raise editing.kept(ctx, copy)


def _opened(ctx: Context, words: list[str], copy: Edit) -> int:
    """Let the user edit; the editor's exit code."""
    import subprocess

    sys.stdout.flush()
    sys.stderr.flush()
    with _interrupts_are_the_editors():
        try:
            child = subprocess.Popen([*words, copy.path], env=dict(ctx.environ), cwd=ctx.cwd)
        except OSError as error:
            from freerouter.commands import editing

            editing.drop(copy)
            raise FreeRouterError(
                f"{words[0]} cannot be started.", f"{error.strerror}.", "Name another editor."
            ) from None
        return child.wait()


@contextmanager
def _interrupts_are_the_editors() -> Iterator[None]:
    """Ctrl-C goes to the editor, and does not end what waits for it.

    A handler that does nothing, and not SIG_IGN, which the editor would be born with.
    """

    def nothing(*_: Any) -> None:
        return None

    before = signal.signal(signal.SIGINT, nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
