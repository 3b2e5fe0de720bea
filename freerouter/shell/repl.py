"""The loop: read a line, run it, show what came of it. One session, one history."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from freerouter.errors import CancelledError, UsageError
from freerouter.frontends.command_line import execute, guarded, saved
from freerouter.frontends.console import Console
from freerouter.process.record import running
from freerouter.redact import KEY_SHAPES
from freerouter.result import Result
from freerouter.shell.completion import Names, ShellCompleter
from freerouter.wizard.messages import Answer, Question

if TYPE_CHECKING:
    from freerouter.context import Context
    from freerouter.scripts.recorder import Recording
    from freerouter.session import Session

LEAVE = ("exit", "quit")


class SafeHistory(FileHistory):
    """A history file of mode 0600 that never holds a line with a key in it."""

    def store_string(self, string: str) -> None:
        if re.search(KEY_SHAPES, string):
            return
        os.close(os.open(os.fsdecode(self.filename), os.O_CREAT | os.O_APPEND, 0o600))
        super().store_string(string)


def history_for(ctx: Context) -> History:
    """A file once there is a workspace; until then nothing is written anywhere."""
    if not ctx.workspace.configured:
        return InMemoryHistory()
    os.makedirs(ctx.workspace.state, mode=0o700, exist_ok=True)
    return SafeHistory(ctx.workspace.history_file)


def run_shell(session: Session, record: str = "") -> int:
    """Read and run lines until `exit` or Ctrl-D. Returns the exit code of the shell, 0."""
    console = Console(session.redact)
    session.frontend = console
    tape = Tape(session)
    if record:
        tape.begin(record)
    code = greet(session, console, tape)
    prompt: PromptSession[str] = PromptSession(
        history=history_for(session.context()),
        completer=ShellCompleter(Names(lambda: session.context().workspace)),
        auto_suggest=AutoSuggestFromHistory(),
        complete_while_typing=True,
        enable_history_search=False,
    )
    while True:
        try:
            line = prompt.prompt(prompt_of(session.context().workspace.profile, code)).strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            line = LEAVE[0]
        if line in LEAVE:
            return guarded(console, lambda: tape.end(console))
        if line:
            code = run_line(session, console, line, tape)


def prompt_of(profile: str, code: int) -> str:
    """`freerouter (dev) [1]> `: the profile, if any, and how the last command ended, if badly."""
    where = f" ({profile})" if profile else ""
    return f"freerouter{where}{'' if code == 0 else f' [{code}]'}> "


def greet(session: Session, console: Console, tape: Tape) -> int:
    """Say what this is and how things stand; with nothing configured, offer the wizard."""
    ctx = session.context()
    if ctx.workspace.configured:
        state = "is running" if running(ctx.workspace) else "is not running: `start` starts it"
        print(f"FreeRouter. The gateway {state}. `help` lists the commands.")
        return 0
    print("Welcome to FreeRouter: one LLM gateway out of every provider you have a key for.")
    print("Nothing is set up yet.")
    if _wanted(console):
        return run_line(session, console, "init --wizard", tape)
    print("Whenever you like: `init --wizard`. `help` lists the commands.")
    return 0


def _wanted(console: Console) -> bool:
    """Whether the newcomer wants the wizard; giving up is a no."""
    asker = console.asker()
    question = Question("set-up", "confirm", "Set it up now?", default=True)
    try:
        return asker is not None and asker.ask(question) == Answer("set-up", True)
    except (KeyboardInterrupt, CancelledError):
        print()
        return False


class Tape:
    """What is being recorded, if anything."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.recording: Recording | None = None

    def order(self, words: list[str], console: Console) -> int:
        """`record on FILE`, `record FILE` or `record off`."""
        if words == ["off"]:
            if self.recording is None:
                raise UsageError("Nothing is being recorded.", fix="`record on FILE` begins.")
            return self.end(console)
        self.begin(words[-1])
        print(f"Recording into {words[-1]}: `record off` ends it.")
        return 0

    def begin(self, path: str) -> None:
        from freerouter.scripts.recorder import Recording

        if self.recording is not None:
            raise UsageError(f"{self.recording.path} is being recorded already.")
        self.recording = Recording(self._session, path)

    def end(self, console: Console) -> int:
        """Write the file, if there is one to write."""
        if self.recording is None:
            return 0
        recording, self.recording = self.recording, None
        console.show(Result({}, tuple(saved(recording))))
        return 0


def run_line(session: Session, console: Console, line: str, tape: Tape | None = None) -> int:
    """Run one typed line; whatever goes wrong, the shell stays."""
    console.output = ""

    def act() -> int:
        call = session.parse(line)
        if call.command.name == "shell":
            raise UsageError("This is the shell already.")
        if call.command.name == "record" and tape:
            return tape.order(call.arguments["file"], console)
        console.output = call.output
        return execute(session, console, call, tape.recording if tape else None)

    return guarded(console, act)
