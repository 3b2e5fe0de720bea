"""What happens while a command runs, as the events of the engine and not as bytes of a terminal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from freerouter.errors import CancelledError
from freerouter.frontends.text import Painter
from freerouter.result import Line, Output, Piece, Reveal, Running
from freerouter.scripts.nodes import Item
from freerouter.volatile import marked
from freerouter.wizard.messages import (
    APPLY,
    APPLY_MESSAGE,
    HIDDEN,
    Answer,
    Back,
    Change,
    Confirmed,
    Skip,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.errors import FreeRouterError
    from freerouter.result import Block, Event, Result
    from freerouter.session import Asker, FrontEnd
    from freerouter.wizard.messages import Confirm, Question
    from freerouter.wizard.messages import Event as WizardEvent

SECRET = "secret:"  # noqa: S105 - how an answer is told apart that must not be written down


class Silent:
    """A front end that shows nothing and has nobody to ask."""

    def event(self, event: Event) -> None:
        """Not shown."""

    def secret(self, prompt: str) -> str | None:  # noqa: ARG002 - nobody is asked
        return None

    def asker(self) -> Asker | None:
        return None


class Stage:
    """A front end that keeps what happens, and passes it on to another one.

    `items` are lines of output (`|`) and of errors (`!`), questions (`?`) and answers (`<`), in the
    order of events; texts keep the marks of what is volatile.
    """

    def __init__(self, redact: Callable[[str], str], inner: FrontEnd) -> None:
        self.items: list[Item] = []
        self.as_json = False
        """Whether the command that runs prints JSON."""
        self._painter = Painter(redact, marks=True)
        self._inner = inner
        self._open = ""
        """A line that came in pieces and has not ended yet."""

    def event(self, event: Event) -> None:
        if isinstance(event, Output):
            self._output(event)
        elif isinstance(event, Piece):
            self._piece(event.text)
        elif isinstance(event, Running):
            self.block(Line(f"> {event.line}"))
        self._inner.event(event)

    def secret(self, prompt: str) -> str | None:
        value = self._inner.secret(prompt)
        if value is not None:
            self.note(Item("?", prompt, HIDDEN))
            self.note(Item("<", _hidden(value.strip()), HIDDEN))
        return value

    def asker(self) -> Asker | None:
        asker = self._inner.asker()
        return None if asker is None else _Noted(asker, self)

    def _output(self, event: Output) -> None:
        if not self.as_json:
            self.block(event.block)
        elif event.data is not None:
            self._lines(self._painter.json(marked(event.data)), err=False)

    def block(self, block: Block) -> None:
        if isinstance(block, Reveal):
            block = Line(f"env:{block.name}")
        err = isinstance(block, Line) and block.err
        self._lines(self._painter.block(block), err=err)

    def result(self, result: Result, *, as_json: bool) -> None:
        if as_json:
            self._lines(self._painter.json(marked(result.data)), err=False)
            return
        for block in result.show:
            self.block(block)

    def error(self, error: FreeRouterError, *, as_json: bool) -> None:
        if as_json:
            self._lines(self._painter.json({"error": error.as_data()}), err=False)
        else:
            self._lines(self._painter.error(error), err=True)

    def said(self, text: str, *, err: bool = False) -> None:
        self._lines(self._painter.block(Line(text)), err=err)

    def helped(self, question: Question) -> None:
        """Help was asked for and shown, and the question is asked again."""
        self.note(Item("<", "^help", question.id))
        self.said(question.help)
        self.note(Item("?", question.message, question.id))

    def note(self, item: Item) -> None:
        self._end_line()
        self.items.append(item)

    def _piece(self, text: str) -> None:
        if self.as_json:
            return
        *lines, self._open = f"{self._open}{self._painter.piece(text)}".split("\n")
        self.items += [Item("|", line.rstrip()) for line in lines]

    def _end_line(self) -> None:
        line, self._open = self._open, ""
        if line:
            self.items.append(Item("|", line.rstrip()))

    def _lines(self, text: str, *, err: bool) -> None:
        self._end_line()
        self.items += [Item("!" if err else "|", line.rstrip()) for line in text.splitlines()]


class _Noted:
    """An asker whose questions and answers are kept."""

    def __init__(self, asker: Asker, stage: Stage) -> None:
        self._asker = asker
        self._stage = stage

    def ask(self, question: Question) -> WizardEvent:
        if question.problem:
            self._stage.said(question.problem, err=True)
        self._stage.note(Item("?", question.message, question.id))
        event = self._answered(question.id, lambda: self._asker.ask(question))
        self._stage.note(Item("<", _written(question, event), question.id))
        return event

    def show(self, text: str) -> None:
        self._stage.said(text)
        self._asker.show(text)

    def confirm(self, request: Confirm) -> WizardEvent:
        self._stage.said("This will be done:")
        for planned in request.plan:
            self._stage.said(f"  {shlex.join(planned.words)}")
        self._stage.note(Item("?", APPLY_MESSAGE, APPLY))
        event = self._answered(APPLY, lambda: self._asker.confirm(request))
        self._stage.note(Item("<", _confirmed(event), APPLY))
        return event

    def _answered(self, identity: str, ask: Callable[[], WizardEvent]) -> WizardEvent:
        """Giving up is an answer as well."""
        try:
            return ask()
        except (CancelledError, KeyboardInterrupt):
            self._stage.note(Item("<", "^cancel", identity))
            raise


def _written(question: Question, event: WizardEvent) -> str:
    """An answer as a script writes it. A secret only says that there was one."""
    if isinstance(event, Back):
        return "^back"
    if isinstance(event, Skip):
        return "^skip"
    value = event.value if isinstance(event, Answer) else None
    if value is None:
        return ""
    if question.type == "secret":
        return _hidden(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def _hidden(value: str) -> str:
    return f"{SECRET}{value}" if value else ""


def _confirmed(event: WizardEvent) -> str:
    if isinstance(event, Change):
        return f"^change {event.id}"
    return "yes" if isinstance(event, Confirmed) else "^back"
