"""Answers out of a list, in place of somebody at a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from freerouter.errors import CancelledError, UsageError
from freerouter.frontends.scripted import Said, Script
from freerouter.result import Line, Output
from freerouter.wizard.messages import (
    Answer,
    Answered,
    Back,
    Change,
    Confirm,
    Confirmed,
    Planned,
    Question,
    Skip,
)

NAME = Question("name", "text", "Name?", help="Any name.", default="lab")
KEY = Question("x.key", "secret", "Key?", default="sk-default")
REVIEW = Confirm((Planned(("ask", "two words")),), (Answered("name", "Name?", "lab", "script"),))
CANARY = "sk-canary-0123456789abcdef"


class Through:
    """What is shown; there is nobody to ask."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.learnt: dict[str, str] = {}

    def event(self, event: Any) -> None:
        assert isinstance(event, Output)
        assert isinstance(event.block, Line)
        self.shown.append(event.block.text)

    def secret(self, prompt: str) -> str | None:
        return f"typed at {prompt}"

    def asker(self) -> None:
        return None


def script(through: Through, *said: tuple[str, str], **environ: str) -> Script:
    places = [Said(name, text, f"x.frs:{n}") for n, (name, text) in enumerate(said, 2)]
    return Script(places, through, environ, through.learnt.update)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("groq", Answer("name", "groq", "script")),
        ("two words", Answer("name", "two words", "script")),
        ("", Answer("name", "", "script")),
        ("^default", Answer("name", "lab", "script")),
        ("^back", Back()),
        ("^skip", Skip()),
    ],
)
def test_a_line_is_an_answer_or_a_word_that_works_everywhere(text: str, event: Any) -> None:
    made = script(Through(), ("name", text))
    assert made.ask(NAME) == event
    assert made.left == []


def test_help_is_shown_and_the_question_asked_again() -> None:
    through = Through()
    asked = script(through, ("name", "^help"), ("name", "x")).ask(NAME)
    assert asked == Answer("name", "x", "script")
    assert through.shown == ["Any name."]


@pytest.mark.parametrize("question", [NAME, KEY])
def test_an_answer_may_come_out_of_a_variable_and_is_a_secret_then(question: Question) -> None:
    through = Through()
    made = script(through, (question.id, "env:MINE"), MINE=CANARY)
    assert made.ask(question) == Answer(question.id, CANARY, "script")
    assert through.learnt == {"MINE": CANARY}


def test_a_variable_that_is_not_set_is_told_with_its_line() -> None:
    with pytest.raises(UsageError) as caught:
        script(Through(), ("x.key", "env:NOPE")).ask(KEY)
    assert str(caught.value) == "x.frs:2: x.key is to come from NOPE, which is not set."


def test_a_secret_never_stands_in_a_script() -> None:
    with pytest.raises(UsageError, match=r"x\.frs:2: x\.key is a secret") as caught:
        script(Through(), ("x.key", "hunter22hunter22")).ask(KEY)
    assert "hunter22" not in str(caught.value)


def test_why_it_is_asked_again_is_shown() -> None:
    through = Through()
    question = Question("name", "text", "Name?", problem="Too short.")
    script(through, ("name", "x")).ask(question)
    assert through.shown == ["Too short."]


def test_an_answer_to_another_question_is_an_error_with_its_line() -> None:
    made = script(Through(), ("place", "user"))
    with pytest.raises(UsageError, match=r"x\.frs:2: the script answers place, but name is asked"):
        made.ask(NAME)


def test_a_question_without_answer_is_an_error_that_says_what_to_add() -> None:
    with pytest.raises(UsageError, match="The script has no answer to name") as caught:
        script(Through()).ask(NAME)
    assert caught.value.fix == "Add `? name`."
    with pytest.raises(UsageError, match="The script has no answer to apply"):
        script(Through()).confirm(REVIEW)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("yes", Confirmed()),
        ("Y", Confirmed()),
        ("true", Confirmed()),
        ("^default", Confirmed()),
        ("^back", Back()),
        ("^change name", Change("name")),
    ],
)
def test_the_plan_is_shown_and_answered(text: str, event: Any) -> None:
    through = Through()
    assert script(through, ("apply", text)).confirm(REVIEW) == event
    assert through.shown == ["This will be done:", "  ask 'two words'"]


@pytest.mark.parametrize("text", ["no", "maybe", "^cancel"])
def test_anything_but_yes_changes_nothing(text: str) -> None:
    with pytest.raises(CancelledError, match="Nothing was changed"):
        script(Through(), ("apply", text)).confirm(REVIEW)


def test_cancel_gives_up_whatever_is_asked() -> None:
    with pytest.raises(CancelledError):
        script(Through(), ("place", "^cancel")).ask(NAME)


def test_a_hidden_input_of_a_command_is_asked_for_where_it_always_is() -> None:
    assert script(Through()).secret("Key") == "typed at Key"
    assert script(Through(), ("undo", "no")).secret("Key") == "typed at Key"


def test_a_hidden_input_may_be_answered_by_a_variable_and_by_nothing_else() -> None:
    through = Through()
    assert script(through, ("secret", "env:MINE"), MINE=CANARY).secret("Key") == CANARY
    assert through.learnt == {"MINE": CANARY}
    with pytest.raises(UsageError, match=r"x\.frs:2: secret is a secret"):
        script(Through(), ("secret", CANARY)).secret("Key")
