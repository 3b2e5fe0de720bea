"""Questions as numbered lines: for screen readers, NO_COLOR, TERM=dumb and --plain."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from freerouter.errors import CancelledError
from freerouter.frontends.choices import searchable
from freerouter.frontends.columns import one_line
from freerouter.frontends.review import (
    APPLY_HELP,
    count_problem,
    help_of,
    limits,
    origin,
    plan_lines,
    refusal,
    shown,
)
from freerouter.matching import rank
from freerouter.wizard.messages import APPLY_MESSAGE, Answer, Back, Change, Confirmed, Skip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freerouter.wizard.messages import Confirm, Event, Option, Question

BACK, DEFAULT, SKIP, HELP, CANCEL = "^back", "^default", "^skip", "^help", "^cancel"
WORDS = f"At any question: {BACK}, {DEFAULT}, {SKIP}, {HELP} (or ?), {CANCEL}."
MEANINGS = {
    BACK: "",
    CANCEL: "",
    SKIP: "This question cannot be skipped.",
    DEFAULT: "This question has no default.",
}
"""The words that work everywhere, and what is said where one of them does not."""
HELPS = (HELP, "?")
NOTHING = '""'
"""Typed to leave an answer empty where an empty line would take the default."""
MOST = 20
"""More choices than these are looked for, not listed."""


class PlainAsker:
    """Reads one line at a time, and moves no cursor."""

    def __init__(self, secret: Callable[[str], str | None]) -> None:
        self._secret = secret
        self._greeted = False

    def ask(self, question: Question) -> Event:
        if not self._greeted:
            print(WORDS)
            self._greeted = True
        for text in (question.problem, question.message, question.help):
            if text:
                print(_clean(text))
        dialogue = DIALOGUES.get(question.type, Typed)(question)
        dialogue.begin()
        while True:
            text = self._read(question, dialogue.prompt())
            if text in HELPS:
                print(_clean(help_of(question)))
                continue
            event = _meant(question, text) if text in MEANINGS else dialogue.take(text)
            if event is not None:
                return event

    def _read(self, question: Question, prompt: str) -> str:
        if question.type != "secret":
            return _line(f"{prompt}: ")
        try:
            text = self._secret(prompt)
        except EOFError:
            raise CancelledError from None
        if text is None:
            raise CancelledError
        return text.strip()

    def show(self, text: str) -> None:
        print(_clean(text))

    def confirm(self, request: Confirm) -> Event:
        """Every answer is listed: its number is what changes it."""
        for number, row in enumerate(map(shown, request.answers), 1):
            note = f" ({row.note})" if row.note else ""
            print(f"  {number}. {row.name}: {row.value}{note}")
        print("This will be done:")
        print("\n".join(plan_lines(request.plan, shutil.get_terminal_size().columns - 1)))
        others = ", no, or the number of an answer to change" if request.answers else " or no"
        while True:
            text = _line(f"{APPLY_MESSAGE} [yes]{others}: ").lower()
            if text in ("", "y", "yes"):
                return Confirmed()
            if text in ("n", "no"):
                raise CancelledError("Nothing was changed.")
            if text == CANCEL:
                raise CancelledError
            if text == BACK:
                return Back()
            if text in HELPS:
                print(APPLY_HELP)
            if text.isdecimal() and 1 <= int(text) <= len(request.answers):
                return Change(request.answers[int(text) - 1].id)


def _line(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        raise CancelledError from None


def _clean(text: str) -> str:
    return "\n".join(one_line(part) for part in text.splitlines())


def _meant(question: Question, word: str) -> Event | None:
    """What a word that works everywhere does; None where the question goes on."""
    if word == CANCEL:
        raise CancelledError
    if word == BACK:
        return Back()
    if word == SKIP and question.skippable:
        return Skip()
    if word == DEFAULT and question.default is not None:
        return Answer(question.id, question.default)
    print(MEANINGS[word])
    return None


class Typed:
    """Whatever is typed is the answer. Numbers stand for suggestions, where there are some."""

    def __init__(self, question: Question) -> None:
        self.question = question

    def begin(self) -> None:
        if self.question.placeholder:
            print(f"e.g. {_clean(self.question.placeholder)}")
        self.list(range(len(self.question.options)))
        self.tell_skip()

    def tell_skip(self) -> None:
        if self.question.skippable:
            print(f"{SKIP} goes on without an answer.")

    def list(self, places: Sequence[int]) -> None:
        """Options, each with its number."""
        for place in places[:MOST]:
            print(f"  {place + 1}. {_described(self.question.options[place])}")
        if len(places) > MOST:
            print(f"  and {len(places) - MOST} more")

    def prompt(self) -> str:
        question = self.question
        if question.type == "secret":
            kept = f", or Enter for the one {origin(question) or 'that there is'}"
            return "Key" + (kept if question.default is not None else "")
        asked = "yes or no" if question.type == "confirm" else "Answer"
        return " ".join(part for part in (asked, limits(question), self._default()) if part)

    def _default(self) -> str:
        """What an empty line stands for."""
        question = self.question
        if question.default in (None, ""):
            return "(may be empty)" if question.optional else ""
        text = str(question.default)
        if question.type == "confirm":
            text = "yes" if question.default else "no"
        emptied = f" ({NOTHING} for none)" if question.optional else ""
        return f"[{_with_origin(question, text)}]{emptied}"

    def take(self, text: str) -> Event | None:
        """The answer; None where something has been said instead."""
        option = self.named(text) if text.isdecimal() else None
        return self.answer(option.value if option else text)

    def answer(self, value: Any) -> Answer:
        question = self.question
        if value == NOTHING and question.optional:
            return Answer(question.id, "")
        if value == "" and question.default is not None:
            return Answer(question.id, question.default)
        return Answer(question.id, value)

    def named(self, word: str) -> Option | None:
        """The option of that number, value or label."""
        options = self.question.options
        if word.isdecimal() and 1 <= int(word) <= len(options):
            return options[int(word) - 1]
        by_value = next((o for o in options if o.value == word), None)
        return by_value or next((o for o in options if o.label.lower() == word.lower()), None)


class Single(Typed):
    """One of the options. Many of them are looked for, not listed."""

    def begin(self) -> None:
        if len(self.question.options) <= MOST:
            super().begin()
            return
        print(f"{len(self.question.options)} choices. /word lists those that match.")
        self.tell_skip()

    def take(self, text: str) -> Event | None:
        if text.startswith("/"):
            found = rank(text[1:], [searchable(o) for o in self.question.options])
            self.list(found)
            if not found:
                print("Nothing is found.")
            return None
        option = self.named(text)
        if option and option.disabled:
            print(refusal(option))
            return None
        return self.answer(option.value if option else text)


class Several(Single):
    """Any of the options; what is chosen can be added to and taken from."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        default = set(question.default or [])
        self._chosen = [o for o in question.options if o.value in default and not o.disabled]

    def begin(self) -> None:
        super().begin()
        if len(self.question.options) > MOST:
            print("+a,b adds, -a takes away; numbers or names alone replace what is chosen.")
            print(f"Chosen: {_labels(self._chosen) or 'nothing'}")

    def prompt(self) -> str:
        long = len(self.question.options) > MOST
        names = f"{len(self._chosen)} chosen" if long else _labels(self._chosen)
        known = f" [{_with_origin(self.question, names)}]" if names else ""
        return f"Numbers or names, separated by commas{known}"

    def take(self, text: str) -> Event | None:
        if text.startswith("/"):
            return super().take(text)
        if text.startswith(("+", "-")):
            self._change(text)
            return None
        words = [] if text == NOTHING else _words(text)
        named = [self.named(word) for word in words]
        values = [o.value if o else word for o, word in zip(named, words, strict=True)]
        if not text:
            values = [option.value for option in self._chosen]
        problem = self._refused(named) or count_problem(self.question, len(set(values)))
        if problem:
            print(problem)
            return None
        return Answer(self.question.id, values)

    def _change(self, text: str) -> None:
        """Add or take away; nothing where one of the words is no choice."""
        words = _words(text[1:])
        named = [self.named(word) for word in words]
        unknown = [word for word, option in zip(words, named, strict=True) if option is None]
        problem = f'There is no choice "{unknown[0]}".' if unknown else ""
        if text.startswith("+"):
            problem = problem or self._refused(named)
        if problem:
            print(problem)
            return
        options = [option for option in named if option]
        self._chosen = [option for option in self._chosen if option not in options]
        if text.startswith("+"):
            self._chosen += options
        done = "Added" if text.startswith("+") else "Taken away"
        print(f"{done}: {_labels(options)}")

    def _refused(self, named: Sequence[Option | None]) -> str:
        return next((refusal(option) for option in named if option and option.disabled), "")


DIALOGUES: dict[str, type[Typed]] = {"choice": Single, "many": Several}


def _labels(options: Sequence[Option]) -> str:
    labels = ", ".join(one_line(option.label) for option in options[:MOST])
    more = len(options) - MOST
    return labels + (f" and {more} more" if more > 0 else "")


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _described(option: Option) -> str:
    fields = (f"{name} {text}" for name, text in option.fields.items() if text)
    details = [f"not possible: {option.disabled}"] if option.disabled else [*fields, option.hint]
    inside = ", ".join(one_line(part) for part in details if part)
    return one_line(option.label) + (f" ({inside})" if inside else "")


def _with_origin(question: Question, text: str) -> str:
    return ", ".join(part for part in (one_line(text), origin(question)) if part)
