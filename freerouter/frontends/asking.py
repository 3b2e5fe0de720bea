"""Answering a flow's questions at a terminal: with menus, or as plain lines of text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from freerouter.errors import CancelledError
from freerouter.wizard.messages import Answer, Back

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.wizard.messages import Event, Planned, Question

BACK = "^back"
"""Typed at a plain question: go back to the one before."""


def plan_lines(plan: tuple[Planned, ...]) -> list[str]:
    """The commands of a plan as they are shown; what is typed unseen stays unseen."""
    return [
        f"  {shlex.join(p.words)}" + ("   (with the key you typed)" if p.input else "")
        for p in plan
    ]


class PlainAsker:
    """Questions as numbered lines: for screen readers, NO_COLOR, TERM=dumb and --plain."""

    def __init__(self, secret: Callable[[str], str | None]) -> None:
        self._secret = secret

    def ask(self, question: Question) -> Event:
        if question.problem:
            print(question.problem)
        print(question.message)
        if question.help:
            print(question.help)
        for number, option in enumerate(question.options, 1):
            hint = f" ({option.hint})" if option.hint else ""
            print(f"  {number}. {option.label}{hint}")
        if question.type == "secret":
            text = (self._secret("Key") or "").strip()
        else:
            text = input(f"{_prompt(question)}: ").strip()
        if text == BACK:
            return Back()
        return Answer(question.id, _read(question, text))

    def show(self, text: str) -> None:
        print(text)

    def confirm(self, plan: tuple[Planned, ...]) -> bool:
        print("This will be done:")
        print("\n".join(plan_lines(plan)))
        return input("Do this now? [yes]: ").strip().lower() in ("", "y", "yes")


def _prompt(question: Question) -> str:
    default = question.default
    if question.type == "many":
        chosen = ", ".join(default or [])
        return f"Numbers or names, separated by commas{f' [{chosen}]' if chosen else ''}"
    if question.type == "confirm":
        return f"yes or no [{'yes' if default else 'no'}]"
    return "Answer" + (f" [{default}]" if default not in (None, "") else "")


def _read(question: Question, text: str) -> Any:
    """Numbers stand for choices; an empty line takes the default."""
    if not text and question.default is not None:
        return question.default

    def named(word: str) -> str:
        word = word.strip()
        place = int(word) - 1 if word.isdigit() else -1
        return question.options[place].value if 0 <= place < len(question.options) else word

    if question.type == "many":
        return [named(word) for word in text.split(",") if word.strip()]
    return named(text) if question.type == "choice" else text


MENUS = ("choice", "many", "confirm")


class MenuAsker:
    """Questions as menus with questionary. Esc goes back, Ctrl-C gives up."""

    def ask(self, question: Question) -> Event:
        import questionary

        if question.problem:
            questionary.print(_wrapped(question.problem), style="fg:ansired")
        if question.help:
            questionary.print(_wrapped(question.help), style="fg:ansibrightblack")
        prompt = _menu(question)
        _bind_keys(prompt, typed=question.type not in MENUS)
        try:
            value = prompt.unsafe_ask()
        except EOFError:
            raise CancelledError from None
        return Back() if value == BACK else Answer(question.id, value)

    def show(self, text: str) -> None:
        print(_wrapped(text))

    def confirm(self, plan: tuple[Planned, ...]) -> bool:
        import questionary

        print("\nThis will be done:")
        print("\n".join(plan_lines(plan)) + "\n")
        try:
            return bool(questionary.confirm("Do this now?", default=True).unsafe_ask())
        except EOFError:
            raise CancelledError from None


def _menu(question: Question) -> Any:
    import questionary

    choices = [
        questionary.Choice(
            _fitted(f"{o.label}  {o.hint}".rstrip()),
            o.value,
            checked=question.type == "many" and o.value in (question.default or []),
        )
        for o in question.options
    ]
    if question.type == "many":
        return questionary.checkbox(
            question.message,
            choices,
            instruction="(space: choose, enter: go on, esc: back)",
            validate=lambda chosen: (
                True
                if len(chosen) >= question.min
                else f"Choose at least {question.min} with space."
            ),
        )
    if question.type == "choice":
        return questionary.select(
            question.message, choices, default=question.default, instruction=" "
        )
    if question.type == "confirm":
        return questionary.confirm(question.message, default=bool(question.default))
    if question.type == "secret":
        return questionary.password(f"{question.message}:")
    return questionary.text(f"{question.message}:", default=str(question.default or ""))


def _wrapped(text: str) -> str:
    """Sentences on lines that end between words."""
    import shutil
    import textwrap

    return textwrap.fill(text, shutil.get_terminal_size().columns - 1, break_long_words=False)


def _fitted(text: str) -> str:
    """A choice on one line: menus that wrap are hard to read and to move in."""
    import shutil

    room = shutil.get_terminal_size().columns - len(" » ○ ") - 1
    return text if len(text) <= room else text[: room - 1] + "…"


def _bind_keys(prompt: Any, *, typed: bool) -> None:
    """Esc goes back, without a long wait for what may follow it; Ctrl-D leaves a menu, too."""
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings

    keys = KeyBindings()

    @keys.add("escape", eager=True)
    def _(event: Any) -> None:
        event.app.exit(result=BACK)

    if not typed:

        @keys.add("c-d", eager=True)
        def _(event: Any) -> None:
            event.app.exit(exception=EOFError)

    application = prompt.application
    application.key_bindings = merge_key_bindings([application.key_bindings or KeyBindings(), keys])
    application.ttimeoutlen = 0.05
    application.timeoutlen = 0.05
