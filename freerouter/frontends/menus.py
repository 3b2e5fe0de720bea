"""Questions as menus and lines to type on, with keys: for a terminal that can draw."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from freerouter.errors import CancelledError
from freerouter.frontends.columns import cells, cut, wrap
from freerouter.frontends.review import Shown, plan_lines, shown
from freerouter.wizard.messages import (
    APPLY,
    APPLY_MESSAGE,
    Answer,
    Change,
    Confirmed,
    Option,
    Question,
)

if TYPE_CHECKING:
    from freerouter.wizard.messages import Answered, Confirm, Event

MOST_ANSWERS = 12
YES_OR_NO = (Option("yes", "Yes"), Option("no", "No"))
NOTHING = Option("", "None of these")


class MenuAsker:
    """Esc goes back, Ctrl-C and Ctrl-D give up; every question says which keys work."""

    def ask(self, question: Question) -> Event:
        from freerouter.frontends.asking import type_answer
        from freerouter.frontends.picker import pick

        if question.type == "confirm":
            return _yes_or_no(question)
        if question.type == "choice" and question.optional:
            question = replace(question, options=(*question.options, NOTHING))
        if question.type in ("choice", "many"):
            return pick(question)
        return type_answer(question)

    def show(self, text: str) -> None:
        print("\n".join(wrap(text, shutil.get_terminal_size().columns - 1)))

    def confirm(self, request: Confirm) -> Event:
        from freerouter.frontends.picker import pick

        _write_review(request)
        options = (
            YES_OR_NO[0],
            *([Option("change", "Change an answer")] if request.answers else []),
            YES_OR_NO[1],
        )
        keys = {option.value[0]: option.value for option in options}
        question = Question(APPLY, "choice", APPLY_MESSAGE, options=options)
        while True:
            event = pick(question, keys)
            if not isinstance(event, Answer):
                return event
            if event.value == "yes":
                return Confirmed()
            if event.value == "no":
                raise CancelledError("Nothing was changed.")
            event = pick(_which(request.answers))
            if isinstance(event, Answer):
                return Change(event.value)


def _yes_or_no(question: Question) -> Event:
    from freerouter.frontends.picker import pick

    default = "yes" if question.default else "no"
    asked = replace(question, type="choice", options=YES_OR_NO, default=default)
    event = pick(asked, {"y": "yes", "n": "no"})
    return replace(event, value=event.value == "yes") if isinstance(event, Answer) else event


def _which(answers: tuple[Answered, ...]) -> Question:
    options = [Option(a.id, shown(a).name, shown(a).value) for a in answers]
    return Question("change", "choice", "Which answer?", options=tuple(options))


def _write_review(request: Confirm) -> None:
    """What was answered and what will be done, to be read before the question."""
    from freerouter.frontends.asking import screen_size, write

    width, _ = screen_size()
    rows = [shown(answer) for answer in request.answers[:MOST_ANSWERS]]
    names = min(max((cells(row.name) for row in rows), default=0), width // 2)
    if rows:
        write([("class:message", "Your answers:")])
    for row in rows:
        write(_row(row, names, width))
    if len(request.answers) > len(rows):
        write([("class:dim", f"  and {len(request.answers) - len(rows)} more")])
    write([("class:message", "This will be done:")])
    for line in plan_lines(request.plan, width):
        write([("", line)])


def _row(row: Shown, names: int, width: int) -> list[tuple[str, str]]:
    name = cut(row.name, names)
    name = f"  {name}{' ' * (names - cells(name))}  "
    value = cut(row.value, width - cells(name))
    line = [("", name), ("class:answer", value)]
    room = width - cells(name) - cells(value)
    note = cut(f"  ({row.note})", room) if row.note else ""
    return [*line, ("class:dim", note)] if note.strip(" (…") else line
