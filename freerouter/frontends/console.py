"""Standard output and standard error of a command line: which style, which width, what to print."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Any

from freerouter.frontends.links import has_links
from freerouter.frontends.text import Painter
from freerouter.result import Fields, Line, Output, Piece, Running, Table
from freerouter.volatile import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.errors import FreeRouterError
    from freerouter.frontends.progress import LiveProgress
    from freerouter.frontends.waiting import Waiting
    from freerouter.result import Block, Event, Progress, Result
    from freerouter.session import Asker
    from freerouter.wizard.messages import Confirm, Question
    from freerouter.wizard.messages import Event as WizardEvent


class Console:
    """The front end of plain command lines. Progress is drawn only on a terminal."""

    def __init__(self, redact: Callable[[str], str], output: str = "") -> None:
        self.redact = redact
        self.output = output
        self._live: LiveProgress | None = None
        self._waiting: Waiting | None = None
        self._within_line = False

    @property
    def fancy(self) -> bool:
        """Whether colour and cursor control are wanted and possible."""
        return (
            not self.output
            and sys.stdout.isatty()
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )

    def painter(self, stream: IO[str] | None = None) -> Painter:
        stream = stream or sys.stdout
        width = _width() if stream.isatty() else 0
        colour = self.fancy and stream.isatty()
        links = colour and has_links(os.environ)
        signs = _carries(stream, "✓✗")
        return Painter(self.redact, width, colour=colour, links=links, signs=signs)

    def show(self, result: Result, *, paged: bool = False) -> None:
        """Print it; a long table goes through a pager where that is wanted and possible."""
        self.finish()
        if self.output == "json":
            for piece in self.painter().json_pieces(result.data):
                _write(sys.stdout, piece)
            return
        out, err = self.painter().result(result)
        if not (paged and self._page(result, out)):
            _write(sys.stdout, out)
        sys.stdout.flush()
        _write(sys.stderr, err)

    def _page(self, result: Result, text: str) -> bool:
        tabular = any(isinstance(block, Table | Fields) for block in result.show)
        if self.output or not tabular or os.environ.get("TERM") == "dumb":
            return False
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return False
        from freerouter.frontends.pager import is_long, page, pager

        command = pager(os.environ) if is_long(text) else []
        return bool(command) and page(text, command, os.environ)

    def error(self, error: FreeRouterError) -> None:
        self.finish()
        sys.stdout.flush()
        if self.output == "json":
            _write(sys.stdout, self.painter().json({"error": error.as_data()}))
        else:
            _write(sys.stderr, self.painter(sys.stderr).error(error))

    def event(self, event: Event) -> None:
        if isinstance(event, Output):
            self._output(event.block, event.data)
        elif isinstance(event, Piece):
            self._piece(event.text)
        elif isinstance(event, Running):
            self._output(Line(f"> {event.line}", "dim"))
            self.working(event.line)
        elif self.fancy:
            self._progress(event)

    def _output(self, block: Block, data: dict[str, Any] | None = None) -> None:
        if self.output == "json":
            if data is not None:
                _write(sys.stdout, self.painter().json(data))
                sys.stdout.flush()
            return
        self.finish()
        stream = sys.stderr if isinstance(block, Line) and block.err else sys.stdout
        _write(stream, self.painter(stream).block(block))
        stream.flush()

    def _piece(self, text: str) -> None:
        if self.output == "json":
            return
        if not self._within_line:
            self.finish()
        _write(sys.stdout, self.painter().piece(text))
        sys.stdout.flush()
        self._within_line = not text.endswith("\n")

    def asker(self) -> Asker | None:
        """Menus on a capable terminal, numbered lines on any other, nobody without one."""
        if self.output == "json" or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return None
        from freerouter.frontends.menus import MenuAsker
        from freerouter.frontends.plain import PlainAsker

        return _AfterProgress(MenuAsker() if self.fancy else PlainAsker(self.secret), self.finish)

    def working(self, what: str) -> None:
        """Something begins: where it takes long and says nothing, a line shows that it goes on."""
        if self.fancy and sys.stderr.isatty():
            from freerouter.frontends.waiting import Waiting

            self._stop_waiting()
            self._waiting = Waiting(what)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.end()
            self._waiting = None

    def _progress(self, event: Progress) -> None:
        from freerouter.frontends.progress import LiveProgress

        self._stop_waiting()
        if self._live is None:
            self._live = LiveProgress()
        self._live.update(event)

    def finish(self) -> None:
        """Take the progress display off the screen, and end a line that is not."""
        self._stop_waiting()
        if self._live is not None:
            self._live.close()
            self._live = None
        if self._within_line:
            self._within_line = False
            sys.stdout.write("\n")
            sys.stdout.flush()

    def secret(self, prompt: str) -> str | None:
        """A hidden prompt on a terminal; the first line of standard input otherwise."""
        self.finish()
        if not sys.stdin.isatty():
            return sys.stdin.readline() or None
        import getpass

        while (given := getpass.getpass(f"{prompt} (typed unseen): ")).strip() == "?":
            from freerouter.frontends.review import UNSEEN_HELP

            sys.stderr.write(f"{UNSEEN_HELP} Enter takes it, Ctrl-C gives up.\n")
        return given


class _AfterProgress:
    """An asker that takes the progress display off the screen before it says anything."""

    def __init__(self, asker: Asker, finish: Callable[[], None]) -> None:
        self._asker = asker
        self._finish = finish

    def ask(self, question: Question) -> WizardEvent:
        from dataclasses import replace

        self._finish()
        message, problem = plain(question.message), plain(question.problem)
        return self._asker.ask(replace(question, message=message, problem=problem))

    def show(self, text: str) -> None:
        self._finish()
        self._asker.show(plain(text))

    def confirm(self, request: Confirm) -> WizardEvent:
        self._finish()
        return self._asker.confirm(request)


def _carries(stream: IO[str], text: str) -> bool:
    """Whether the stream's encoding has these characters."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _write(stream: IO[str], text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding: str = getattr(stream, "encoding", "") or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
