"""The loop: read a line, run it, show what came of it. One session, one history."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from freerouter.commands.next import mended, next_step
from freerouter.commands.why import error_told
from freerouter.config.secrets import load_secrets
from freerouter.errors import CancelledError, FreeRouterError, UsageError
from freerouter.frontends.command_line import execute, guarded
from freerouter.frontends.console import Console
from freerouter.process.record import running
from freerouter.result import Line, Output
from freerouter.shell.explaining import asks_for_help, explained
from freerouter.shell.history import SafeHistory, holds_secret
from freerouter.shell.line import Editor
from freerouter.shell.snapshot import Watch
from freerouter.shell.tape import Tape
from freerouter.shell.words import LEAVE, as_command

if TYPE_CHECKING:
    from freerouter.result import Result
    from freerouter.session import Session

__all__ = ["SafeHistory", "Shell", "Tape", "run_line", "run_shell"]


class ShellConsole(Console):
    """A console that remembers what went wrong last, and the line that was offered."""

    last: FreeRouterError | None = None
    offers: str = ""

    def show(self, result: Result, *, paged: bool = False) -> None:
        self.offers = str(result.data.get("offers", ""))
        super().show(result, paged=paged)

    def error(self, error: FreeRouterError) -> None:
        self.last = error
        super().error(error)


class Shell:
    """What is kept from line to line."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.console = ShellConsole(session.redact)
        with suppress(FreeRouterError):  # What cannot be read is told by the first command.
            load_secrets(session.context())
        session.frontend = self.console
        self.tape = Tape(session)
        self.editor = Editor(session, self)
        self.watch = Watch(session.context, lambda: self.editor.recent, self.editor.redraw)
        self.code = 0
        self.mends = ""
        """The line that mends what went wrong last."""
        self.failed: FreeRouterError | None = None

    @property
    def offered(self) -> str:
        """What the empty line offers: what mends the last error, or what comes next."""
        return self.mends or next_step(self.watch.now.standing).line

    def explain(self, typed: str) -> None:
        """Help for a line as far as it was typed."""

        def act() -> int:
            self.console.show(explained(typed))
            return 0

        guarded(self.console, act)

    def do(self, typed: str) -> None:
        """One line, or several that were pasted, after showing them."""
        lines = [line.strip() for line in typed.splitlines() if line.strip()]
        if any(holds_secret(line, self.session.redact) for line in lines):
            self.one(" ".join(lines))
            return
        if len(lines) > 1 and not self.editor.confirm_lines(lines):
            print("Nothing was run.")
            return
        for number, line in enumerate(lines, 1):
            if len(lines) > 1:
                print(f"> {line}")
            self.one(line)
            if self.code and number < len(lines):
                left = len(lines) - number
                print(f"Stopped: {left} {'line was' if left == 1 else 'lines were'} not run.")
                return

    def one(self, line: str) -> None:
        self.console.last, self.console.offers = None, ""
        asked = as_command(line)
        if asked == ["why"] and self.failed:
            self.console.show(error_told(self.failed))
            self.code, self.mends = 0, mended("", self.failed)
        elif line.split()[:1] == ["set"] and not self.session.context().workspace.configured:
            self.code = guarded(self.console, lambda: self._set(line.split()[1:]))
        else:
            self.code = run_line(self.session, self.console, asked or line, self.tape)
            self.failed = self.console.last or (self.failed if asked else None)
            self.mends = mended(line, self.console.last) if self.console.last else ""
        self.mends = self.mends or self.console.offers
        self.editor.used(line)
        self.editor.settle()
        self.watch.look_now()
        self.watch.look()

    def _set(self, words: list[str]) -> int:
        """Where nothing is set up, a setting holds until the shell is left."""
        self.console.show(self.editor.set(words))
        return 0


def run_shell(session: Session, record: str = "") -> int:
    """Read and run lines until `exit` or Ctrl-D. Returns the exit code of the shell, 0."""
    shell = Shell(session)
    if record:
        shell.tape.begin(record)
    shell.code = greet(session, shell.console, shell.tape)
    shell.watch.look_now()
    try:
        while True:
            try:
                typed = shell.editor.read(
                    prompt_of(session.context().workspace.profile, shell.code)
                ).strip()
                if typed in LEAVE:
                    break
                if typed:
                    shell.do(typed)
            except KeyboardInterrupt:
                continue
            except EOFError:
                break
        return guarded(shell.console, lambda: shell.tape.end(shell.console))
    finally:
        shell.watch.end()


def prompt_of(profile: str, code: int) -> str:
    """`freerouter (dev) [1]> `: the profile, if any, and how the last command ended, if badly."""
    where = f" ({profile})" if profile else ""
    return f"freerouter{where}{'' if code == 0 else f' [{code}]'}> "


def greet(session: Session, console: Console, tape: Tape) -> int:
    """Say what this is and how things stand; with nothing configured, offer the wizard."""

    def tell(text: str) -> None:
        console.event(Output(Line(text, "prose")))

    ctx = session.context()
    if ctx.workspace.configured:
        state = "is running" if running(ctx.workspace) else "is not running: `start` starts it"
        tell(f"FreeRouter. The gateway {state}.")
        tell("`help` lists the commands, `?` explains what is typed, `what next` goes on.")
        return 0
    tell("Welcome to FreeRouter: one LLM gateway out of every provider you have a key for.")
    tell("Nothing is set up yet.")
    if _wanted(console):
        return run_line(session, console, "init --wizard", tape)
    tell("Whenever you like: `init --wizard`. `help` lists the commands.")
    return 0


def _wanted(console: Console) -> bool:
    """Whether the newcomer wants the wizard; giving up is a no."""
    from freerouter.wizard.messages import Answer, Question

    asker = console.asker()
    question = Question("set-up", "confirm", "Set it up now?", default=True)
    try:
        return asker is not None and asker.ask(question) == Answer("set-up", True)
    except (KeyboardInterrupt, CancelledError):
        print()
        return False


def run_line(
    session: Session, console: Console, line: str | list[str], tape: Tape | None = None
) -> int:
    """Run one line, typed or in words; whatever goes wrong, the shell stays."""
    console.output = ""

    def act() -> int:
        typed = line if isinstance(line, str) else " ".join(line)
        _refuse(typed, session)
        if typed.endswith("?") and asks_for_help(typed[:-1]):
            console.show(explained(typed[:-1]))
            return 0
        call = session.parse(line)
        if call.command.name == "shell":
            raise UsageError("This is the shell already.")
        if call.command.name == "record" and tape:
            return tape.order(call.arguments["file"], console)
        console.output = call.output
        return execute(session, console, call, tape.recording if tape else None)

    return guarded(console, act)


def _refuse(line: str, session: Session) -> None:
    """What the shell does not do: other programs, and keys in the open."""
    if line.startswith("!"):
        raise UsageError(
            "`!` is not supported: this shell runs FreeRouter's own commands only.",
            fix="Ctrl-Z goes back to your own shell, where `fg` brings this one back.",
        )
    if holds_secret(line, session.redact):
        from freerouter.providers.catalogue_names import known_ids

        named = known_ids() & set(re.findall(r"[\w.-]+", line))
        raise UsageError(
            "A word on this line looks like a key, and keys never go on a command line.",
            "It was not run, and it is not kept in the history.",
            f"`keys set {min(named, default='PROVIDER')}` asks for it without showing it.",
        )
