"""The line that is typed: prompt-toolkit's session with our completion, history, keys, toolbar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.styles import Style

from freerouter.commands import shell_settings
from freerouter.frontends.cells import one_line
from freerouter.frontends.interrupts import held
from freerouter.frontends.typed import in_whole_characters
from freerouter.shell.completion import ShellCompleter
from freerouter.shell.history import history_for, recently_used
from freerouter.shell.keys import interrupting_keys, shell_keys
from freerouter.shell.toolbar import toolbar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from freerouter.result import Result
    from freerouter.session import Session
    from freerouter.shell.snapshot import Watch
    from freerouter.shell.tape import Tape

STYLE = Style.from_dict(
    {
        "dim": "ansibrightblack",
        "good": "ansigreen",
        "bad": "ansired",
        "found": "ansiyellow underline",
        "cannot": "ansibrightblack",
        "bottom-toolbar": "noreverse",
        "bottom-toolbar.text": "",
        "toolbar": "ansibrightblack",
        "toolbar good": "ansigreen",
        "toolbar bad": "ansired",
        "completion-menu": "noinherit",
        "completion-menu.completion": "noinherit",
        "completion-menu.completion.current": "noinherit reverse",
        "completion-menu.meta.completion": "noinherit ansibrightblack",
        "completion-menu.meta.completion.current": "noinherit ansibrightblack reverse",
        "scrollbar.background": "noinherit",
        "scrollbar.button": "noinherit reverse",
    }
)


class Around(Protocol):
    """What the line needs of the shell around it."""

    watch: Watch
    tape: Tape

    @property
    def offered(self) -> str: ...

    def explain(self, typed: str) -> None: ...


class Editor:
    """Reads lines. `recent` is a new map whenever something was used."""

    def __init__(self, session: Session, around: Around) -> None:
        in_whole_characters()
        self._session = session
        self._around = around
        ctx = session.context()
        self.settings = shell_settings.read_settings(ctx.workspace)
        self.recent: Mapping[str, int] = {}
        self._lines: list[str] = []
        self._history_file = ctx.workspace.history_file if ctx.workspace.configured else ""
        self._prompt: PromptSession[str] = PromptSession(
            history=history_for(ctx, session.redact),
            completer=ShellCompleter(lambda: around.watch.now, lambda: self.recent),
            auto_suggest=AutoSuggestFromHistory(),
            complete_while_typing=Condition(lambda: self.settings.completion == "on"),
            key_bindings=shell_keys(lambda: self._offered, around.explain),
            placeholder=self._ghost,
            style=STYLE,
            enable_suspend=True,
        )
        self._prompt.app.after_render += lambda _app: around.watch.start()
        self._apply()

    @property
    def _offered(self) -> str:
        return self._around.offered if self.settings.hints == "on" else ""

    def _ghost(self) -> StyleAndTextTuples:
        offered = "" if self._prompt.app.is_done else self._offered
        return [("class:dim", offered), ("class:dim", "  (Tab)")] if offered else []

    def _bar(self) -> StyleAndTextTuples:
        around = self._around
        width = self._prompt.app.output.get_size().columns
        return [*toolbar(around.watch.now.standing, around.tape.path, width)]

    def _apply(self) -> None:
        vi = self.settings.editing == "vi"
        self._prompt.editing_mode = EditingMode.VI if vi else EditingMode.EMACS
        self._prompt.bottom_toolbar = self._bar if self.settings.toolbar == "on" else None

    def settle(self) -> None:
        """A command may have changed the settings."""
        workspace = self._session.context().workspace
        found = shell_settings.read_settings(workspace) if workspace.configured else self.settings
        if found != self.settings:
            self.settings = found
            self._apply()

    def set(self, words: list[str]) -> Result:
        """Raises UsageError."""
        workspace = self._session.context().workspace
        self.settings, result = shell_settings.change(self.settings, words, workspace)
        self._apply()
        return result

    def read(self, message: str) -> str:
        """A line, or several that were pasted. Raises EOFError and KeyboardInterrupt."""
        ctx = self._session.context()
        if not self._history_file and ctx.workspace.configured:
            self._keep_history()
        self._begin_anew()
        return _asked(self._prompt, message)

    def _begin_anew(self) -> None:
        """Leave nothing of a prompt that an interrupt ended: a search would have no way out, and a
        timer of its event loop, which is closed, could not be stopped.
        """
        self._prompt.app.key_processor._flush_wait_task = None  # noqa: SLF001 - its reset keeps it
        self._prompt.search_buffer.reset()
        self._prompt.layout.focus(self._prompt.default_buffer)

    def _keep_history(self) -> None:
        """Something has been set up: from now on there is a place for the history."""
        ctx = self._session.context()
        self._history_file = ctx.workspace.history_file
        kept = history_for(ctx, self._session.redact)
        for line in self._prompt.history.get_strings():
            kept.append_string(line)
        self._prompt.history = self._prompt.default_buffer.history = kept

    def used(self, line: str) -> None:
        """What was used last comes first among its equals."""
        if not self._lines:
            self._lines = self._prompt.history.get_strings()[::-1]
        if not self._lines or self._lines[0] != line:
            self._lines.insert(0, line)
        self.recent = recently_used(self._lines)

    def confirm_lines(self, lines: list[str]) -> bool:
        """Whether lines that were pasted are to be run; they are shown first."""
        print(f"You pasted {len(lines)} lines:")
        for line in lines:
            print(f"  {one_line(line)}")
        asking: PromptSession[str] = PromptSession(key_bindings=interrupting_keys())
        typed = _asked(asking, "Run them until one fails? (y/N) ")
        return typed.strip().lower() in ("y", "yes")

    def redraw(self) -> None:
        """The snapshot is another one. May be called from any thread."""
        self._prompt.app.invalidate()


def _asked(prompt: PromptSession[str], message: str) -> str:
    with held() as interrupt:

        def begun() -> None:
            if interrupt.take():
                prompt.app.exit(exception=KeyboardInterrupt, style="class:aborting")

        return prompt.prompt(message, pre_run=begun)
