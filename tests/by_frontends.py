"""The answers of a script, given through each of the other front ends as somebody there would."""

from __future__ import annotations

import io
import json
import sys
from collections import deque
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

from keyboard import DOWN, ENTER, ESC, HOME, SKIP, typed

from freerouter.errors import CancelledError
from freerouter.frontends.choices import Choices
from freerouter.frontends.console import Console
from freerouter.frontends.jsonlines import JsonLines
from freerouter.frontends.menus import MenuAsker
from freerouter.frontends.plain import PlainAsker
from freerouter.frontends.review import count_problem
from freerouter.frontends.scripted import Script
from freerouter.wizard.messages import APPLY, APPLY_MESSAGE, HIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freerouter.result import Event
    from freerouter.wizard.messages import Confirm, Question
    from freerouter.wizard.messages import Event as WizardEvent

CANCEL, CLEAR = "\x03", "\x15"


class CannotSay(Exception):  # noqa: N818 - no error: some answers exist in scripts only
    """An answer that nobody can give there."""


class Driven(Script):
    """A front end under test in the place of the script's own: it asks, and is answered.

    `^help` is only noted: each front end shows help in its own way.
    """

    def ask(self, question: Question) -> WizardEvent:
        secret = question.type == "secret"
        while self._said and self._said[0].text == "^help":
            self._said.pop(0)
            self.helped(question)
        return self.give(question, self._meant(question.id, question.message, secret=secret))

    def confirm(self, request: Confirm) -> WizardEvent:
        return self.review(request, self._meant(APPLY, APPLY_MESSAGE))

    def secret(self, prompt: str) -> str | None:
        """A line of standard input, where there is no terminal to type it unseen at."""
        with standard_streams(f"{self._meant(HIDDEN, prompt, secret=True)}\n"):
            return Console(str).secret(prompt)

    def _meant(self, identity: str, message: str, *, secret: bool = False) -> str:
        """What the script answers; a variable of a secret is its value already."""
        if self._said and self._said[0].text == "^cancel":
            return self._said.pop(0).text
        said = self._next(identity, message)
        if secret and not said.text.startswith("^"):
            self._refuse_literal(said)
        return self._value(said)

    def give(self, question: Question, text: str) -> WizardEvent:
        raise NotImplementedError

    def review(self, request: Confirm, text: str) -> WizardEvent:
        raise NotImplementedError


def number_of(request: Confirm, identity: str) -> int:
    """Where an answer stands in the review."""
    return [answer.id for answer in request.answers].index(identity)


class Plainly(Driven):
    """Lines that are typed after numbered questions."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._lines: deque[str] = deque()
        self._asker = PlainAsker(lambda _prompt: self._lines.popleft())

    def give(self, question: Question, text: str) -> WizardEvent:
        if text == "^default" and question.default is None:
            text = ""
        elif not text and question.default not in (None, ""):
            text = '""'
        return self._typed(text, lambda: self._asker.ask(question))

    def review(self, request: Confirm, text: str) -> WizardEvent:
        if text.startswith("^change "):
            text = str(number_of(request, text.split()[1]) + 1)
        return self._typed(text.replace("^default", ""), lambda: self._asker.confirm(request))

    def _typed(self, line: str, ask: Callable[[], WizardEvent]) -> WizardEvent:
        """One line and then the end of the input: nothing may be asked twice."""
        self._lines.append(line)
        with standard_streams(f"{line}\n"):
            try:
                event = ask()
            except CancelledError:
                if line in ("^cancel", "no"):
                    raise
                raise CannotSay(line) from None
        self._lines.clear()
        return event


@contextmanager
def standard_streams(text: str) -> Iterator[None]:
    before = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = io.StringIO(text), io.StringIO()
    try:
        yield
    finally:
        sys.stdin, sys.stdout = before


class Source:
    """Standard input of a program that is driven by another one."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque()

    def readline(self) -> str:
        return self.lines.popleft() if self.lines else ""


class ByJson(Driven):
    """JSON lines: questions and answers, and what happens on the way as well."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._source = Source()
        self._json = JsonLines(str, cast("IO[str]", self._source), io.StringIO())

    def event(self, event: Event) -> None:
        self._json.event(event)

    def secret(self, prompt: str) -> str | None:
        self._put({"answer": self._meant(HIDDEN, prompt, secret=True)})
        return self._json.secret(prompt)

    def give(self, question: Question, text: str) -> WizardEvent:
        if text.startswith("^"):
            return self._answered({text[1:]: True}, lambda: self._json.ask(question))
        answer = {"answer": _of_its_kind(question, text)}
        return self._answered(answer, lambda: self._json.ask(question))

    def review(self, request: Confirm, text: str) -> WizardEvent:
        answer: dict[str, Any] = {"answer": text == "yes"}
        if text.startswith("^change "):
            answer = {"change": text.split()[1]}
        elif text.startswith("^"):
            answer = {text[1:]: True}
        return self._answered(answer, lambda: self._json.confirm(request))

    def _put(self, answer: dict[str, Any]) -> None:
        self._source.lines.append(json.dumps(answer) + "\n")

    def _answered(self, answer: dict[str, Any], ask: Callable[[], WizardEvent]) -> WizardEvent:
        self._put(answer)
        try:
            return ask()
        except CancelledError as error:
            if error.what == "The input ended.":
                raise CannotSay(str(answer)) from None
            raise


def _of_its_kind(question: Question, text: str) -> Any:
    """A value of the question's own kind, as a program gives it."""
    if question.type == "many":
        return [word for part in text.split(",") if (word := part.strip())]
    if question.type == "confirm" and text in ("yes", "no"):
        return text == "yes"
    return int(text) if question.type == "int" and text.isdecimal() else text


class ByMenus(Driven):
    """Keys that are pressed in menus and in lines to type on."""

    def give(self, question: Question, text: str) -> WizardEvent:
        return self._pressed(_keys(question, text), lambda: MenuAsker().ask(question))

    def review(self, request: Confirm, text: str) -> WizardEvent:
        keys = {"yes": "y", "^default": ENTER, "no": "n", "^back": ESC, "^cancel": CANCEL}.get(text)
        if text.startswith("^change "):
            keys = f"c{HOME}{DOWN * number_of(request, text.split()[1])}{ENTER}"
        if keys is None:
            raise CannotSay(text)
        return self._pressed(keys, lambda: MenuAsker().confirm(request))

    def _pressed(self, keys: str, ask: Callable[[], WizardEvent]) -> WizardEvent:
        with standard_streams(""):
            event: WizardEvent = typed(keys, ask).value
        return event


def _keys(question: Question, text: str) -> str:
    """The keys that give an answer. What a menu would not take is never pressed: it would wait."""
    moves = {"^back": ESC, "^cancel": CANCEL, "^skip": SKIP, "^default": ENTER}
    if text == "^skip" and not question.skippable:
        raise CannotSay(text)
    if text in moves and not (text == "^default" and question.type == "many"):
        return moves[text]
    if question.type == "confirm":
        return "y" if text in ("yes", "true") else "n"
    if question.type == "choice":
        return _to(question, text) + ENTER
    if question.type == "many":
        return _chosen(question, text)
    return f"{CLEAR}{text}{ENTER}"


def _to(question: Question, value: str) -> str:
    possible = [option.value for option in question.options if not option.disabled]
    if value not in possible:
        raise CannotSay(value)
    return HOME + DOWN * [option.value for option in question.options].index(value)


def _chosen(question: Question, text: str) -> str:
    """From the first to the last: whatever is to be changed is changed."""
    choices = Choices(question)
    wanted = set(_of_its_kind(question, text))
    if text == "^default":
        wanted = {choices.options[place].value for place in choices.chosen}
    possible = {option.value for option in choices.options if not option.disabled}
    if wanted - possible or count_problem(question, len(wanted)):
        raise CannotSay(text)
    keys = HOME
    for place, option in enumerate(choices.options):
        keys += " " if (option.value in wanted) != (place in choices.chosen) else ""
        keys += DOWN
    return keys + ENTER


FRONT_ENDS: dict[str, type[Script]] = {
    "json lines": ByJson,
    "plain lines": Plainly,
    "menus": ByMenus,
}
"""Besides the script's own."""
