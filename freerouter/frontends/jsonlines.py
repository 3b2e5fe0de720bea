"""A flow driven by another program: one JSON object a line, out and in.

Out: `ask`, `say`, `confirm`, `run`, `progress`, `output`, `piece`, `secret`, `problem`, `help`, at
last `done` or `error`. In: `{"answer": …}`, `{"default": true}`, `{"back": true}`,
`{"skip": true}`, `{"change": id}`, `{"help": true}`, `{"cancel": true}`. The end of the input
cancels.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from freerouter.errors import CancelledError
from freerouter.frontends.review import APPLY_HELP, UNSEEN_HELP, help_of
from freerouter.frontends.text import Painter
from freerouter.result import Line, Output, Piece, Progress
from freerouter.wizard.messages import APPLY, APPLY_MESSAGE, Answer, Back, Change, Confirmed, Skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.errors import FreeRouterError
    from freerouter.result import Event, Result
    from freerouter.wizard.messages import Confirm, Question
    from freerouter.wizard.messages import Event as WizardEvent


class JsonLines:
    """Front end and asker in one. Secrets come in on the pipe, and never go out."""

    def __init__(self, redact: Callable[[str], str], source: IO[str], sink: IO[str]) -> None:
        self._painter = Painter(redact)
        self._source = source
        self._sink = sink

    def event(self, event: Event) -> None:
        if isinstance(event, Output):
            text = self._painter.block(event.block).rstrip("\n")
            err = isinstance(event.block, Line) and event.block.err
            self._write("output", text=text, error=err)
        elif isinstance(event, Progress):
            self._write("progress", **event._asdict())
        elif isinstance(event, Piece):
            self._write("piece", text=self._painter.piece(event.text))
        else:
            self._write("run", command=event.line)

    def secret(self, prompt: str) -> str | None:
        self._write("secret", message=prompt)
        while True:
            given = self._read(UNSEEN_HELP)
            if isinstance(given.get("answer"), str):
                return str(given["answer"])
            self._problem('A hidden input is {"answer": "…"}, or {"cancel": true}.')

    def asker(self) -> JsonLines:
        return self

    def ask(self, question: Question) -> WizardEvent:
        secret = question.type == "secret"
        self._write(
            "ask",
            id=question.id,
            kind=question.type,
            message=question.message,
            help=question.help,
            default=None if secret else question.default,
            default_from=question.source,
            placeholder=question.placeholder,
            choices=[_choice(option) for option in question.options],
            optional=question.optional,
            skippable=question.skippable,
            min=question.min,
            max=question.max,
            pattern=question.pattern[0],
            problem=question.problem,
        )
        while True:
            given = self._read(help_of(question))
            if given.get("back"):
                return Back()
            if given.get("skip"):
                return Skip()
            if given.get("default"):
                return Answer(question.id, question.default)
            if "answer" in given:
                return Answer(question.id, given["answer"])
            self._problem('An answer is {"answer": …}, {"default": true}, {"back": true}, …')

    def show(self, text: str) -> None:
        self._write("say", text=text)

    def confirm(self, request: Confirm) -> WizardEvent:
        self._write(
            "confirm",
            id=APPLY,
            message=APPLY_MESSAGE,
            plan=[{"words": p.words, "secret": p.input is not None} for p in request.plan],
            answers=[
                {"id": a.id, "message": a.message, "answer": a.shown, "from": a.source}
                for a in request.answers
            ],
        )
        while True:
            given = self._read(APPLY_HELP)
            if given.get("back"):
                return Back()
            if "change" in given:
                if given["change"] in [a.id for a in request.answers]:
                    return Change(given["change"])
                self._problem(f"There is no answer {given['change']} to change.")
                continue
            if given.get("answer") is True or given.get("default"):
                return Confirmed()
            if given.get("answer") is False:
                raise CancelledError("Nothing was changed.")
            self._problem('The plan wants {"answer": true}, {"answer": false} or {"change": id}.')

    def result(self, result: Result) -> None:
        for block in result.show:
            self.event(Output(block))
        self._write("done", exit_code=result.exit_code, **result.data)

    def error(self, error: FreeRouterError) -> None:
        self._write("error", **error.as_data())

    def finish(self) -> None:
        """Nothing is drawn, so nothing has to be taken away."""

    def _problem(self, message: str) -> None:
        self._write("problem", message=message)

    def _write(self, event: str, /, **fields: Any) -> None:
        self._sink.write(self._painter.json({"type": event, **fields}))
        self._sink.flush()

    def _read(self, help_text: str) -> dict[str, Any]:
        """The next object that is no wish for help: that is granted, and the question stands."""
        while True:
            line = self._source.readline()
            if not line:
                raise CancelledError("The input ended.")
            if not line.strip():
                continue
            try:
                data = json.loads(line)
            except (ValueError, RecursionError) as error:
                self._problem(f"This line is no JSON: {error}.")
                continue
            if not isinstance(data, dict):
                self._problem("A line holds one JSON object.")
                continue
            if data.get("cancel"):
                raise CancelledError("Nothing was changed.")
            if data.get("help"):
                self._write("help", text=help_text)
                continue
            return data


def _choice(option: Any) -> dict[str, Any]:
    fields = {"value": option.value, "label": option.label, "hint": option.hint}
    return {**fields, "disabled": option.disabled, "fields": dict(option.fields)}
