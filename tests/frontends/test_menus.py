"""Every kind of question at a terminal that can draw, and the review."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keyboard import DOWN, ENTER, ESC, F1, SKIP, TAB, UP, Seen, typed

from freerouter.errors import CancelledError
from freerouter.frontends.columns import cells
from freerouter.frontends.menus import MenuAsker
from freerouter.wizard.messages import (
    Answer,
    Answered,
    Back,
    Change,
    Confirm,
    Confirmed,
    Option,
    Planned,
    Question,
    Skip,
)

if TYPE_CHECKING:
    from pathlib import Path

PLACES = (Option("user", "For me", "everywhere"), Option("project", "Here"))
CHOICE = Question("place", "choice", "Where?", default="user", options=PLACES)
MANY = Question("who", "many", "Which?", default=["user"], options=PLACES, min=1)
CONFIRM = Question("go", "confirm", "Go?", default=True)
TEXT = Question("name", "text", "Name?")
URL = Question(
    "url",
    "url",
    "Address?",
    "It ends in /v1.",
    options=(
        Option("http://localhost:11434/v1", "Ollama", "runs"),
        Option("http://localhost:8000/v1", "vLLM"),
        Option("http://moon", "Moon", "", "no air"),
    ),
    placeholder="http://…/v1",
)
SECRET = Question("x.key", "secret", "Key?")
KEPT = replace(SECRET, default="sk-old", source="GROQ_API_KEY")
PORT = Question("port", "int", "Port?", default=4000, min=1, max=65535)
PATH = Question("file", "path", "File?")
KINDS = [CHOICE, MANY, CONFIRM, TEXT, URL, SECRET, PORT, PATH]
LONG_HELP = "word " * 60

PLAN = (Planned(("keys", "set", "x"), "hunter2"), Planned(("ask", "two words")))
ANSWERS = (
    Answered("place", "Where?", "For me", "asked"),
    Answered("port", "Port?", "4000", "saved", (("PORT", "5"),)),
)


def asked(keys: str | list[str], question: Question, **size: int) -> Seen:
    return typed(keys, lambda: MenuAsker().ask(question), **size)


def confirmed(keys: str | list[str], request: Confirm, **size: int) -> Seen:
    return typed(keys, lambda: MenuAsker().confirm(request), **size)


@pytest.mark.parametrize(
    ("question", "keys", "answer"),
    [
        (CHOICE, "", "user"),
        (CHOICE, DOWN, "project"),
        (replace(CHOICE, default="project"), "", "project"),
        (replace(CHOICE, optional=True), UP, ""),
        (MANY, "", ["user"]),
        (MANY, DOWN + " ", ["user", "project"]),
        (MANY, " \r ", ["user"]),
        (CONFIRM, "", True),
        (CONFIRM, DOWN, False),
        (replace(CONFIRM, default=None), "", False),
        (TEXT, "Ada", "Ada"),
        (TEXT, "", ""),
        (replace(TEXT, default="Ada"), " L", "Ada L"),
        (URL, "http://x/v1", "http://x/v1"),
        (URL, "a?b", "a?b"),
        (SECRET, "sk-hidden", "sk-hidden"),
        (SECRET, "", ""),
        (KEPT, "", "sk-old"),
        (KEPT, "sk-new", "sk-new"),
        (PORT, "", "4000"),
        (PORT, "1", "40001"),
    ],
)
def test_a_question_is_answered_by_keys(question: Question, keys: str, answer: object) -> None:
    assert asked(keys + ENTER, question).value == Answer(question.id, answer)


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("N", False)])
def test_yes_and_no_are_one_key(key: str, answer: bool) -> None:
    assert asked(key, CONFIRM).value == Answer("go", answer)


@pytest.mark.parametrize("question", KINDS, ids=lambda q: q.type)
def test_the_keys_that_leave_are_the_same_everywhere(question: Question) -> None:
    assert asked(ESC, question).value == Back()
    assert asked(SKIP, replace(question, skippable=True)).value == Skip()
    with pytest.raises(CancelledError):
        asked("\x04", question)
    with pytest.raises(KeyboardInterrupt):
        asked("\x03", question)


@pytest.mark.parametrize("question", KINDS, ids=lambda q: q.type)
def test_what_cannot_be_skipped_goes_on(question: Question) -> None:
    assert isinstance(asked(SKIP + ENTER, question).value, Answer)


@pytest.mark.parametrize("question", KINDS, ids=lambda q: q.type)
def test_every_question_shows_its_keys_and_why_it_is_asked_again(question: Question) -> None:
    drawn = asked([ENTER], replace(question, problem="It was wrong.", skippable=True)).drawn
    assert "\x1b[0;31mIt was wrong." in drawn
    assert "Enter accept" in drawn
    assert "Esc back  Ctrl-X skip" in drawn


@pytest.mark.parametrize("question", [CHOICE, MANY, CONFIRM, TEXT, URL], ids=lambda q: q.type)
@pytest.mark.parametrize("key", ["?", F1])
def test_help_comes_and_goes(question: Question, key: str) -> None:
    helped = replace(question, help=LONG_HELP)
    assert "word word" not in asked(ENTER, helped).drawn
    assert "word word" in asked([key, ENTER], helped).drawn
    short = asked(["", ENTER], replace(question, help="Short.")).drawn
    assert "Short." in short
    assert "? help" in short


@pytest.mark.parametrize("question", KINDS, ids=lambda q: q.type)
def test_what_may_be_answered_is_told_where_a_question_says_nothing_of_itself(
    question: Question,
) -> None:
    bare = replace(question, help="")
    assert "It takes" not in asked(["", ENTER], bare).drawn
    assert "It takes" in asked(["?", ENTER], bare).drawn


def test_one_line_stays_of_a_question() -> None:
    left = asked("Ada" + ENTER, TEXT).drawn.rsplit("\x1b[J", 1)[1]
    assert "Name?" in left
    assert "Ada" in left
    assert left.count("\n") == 1
    assert "(not shown)" in asked("sk-x" + ENTER, SECRET).drawn.rsplit("\x1b[J", 1)[1]
    assert "(from GROQ_API_KEY)" in asked(ENTER, KEPT).drawn.rsplit("\x1b[J", 1)[1]
    assert "skipped" in asked(SKIP, replace(TEXT, skippable=True)).drawn


def test_what_stays_fits_on_its_line() -> None:
    question = replace(TEXT, message="Which name shall it be? " * 4)
    left = asked("x" * 90 + ENTER, question, columns=40).drawn.rsplit("\x1b[J", 1)[1]
    assert "…" in left
    assert max(cells(part) for part in left.split("\x1b[0;1m")) < 60


def test_a_secret_is_never_drawn() -> None:
    drawn = asked(["sk-se", "cret", ENTER], SECRET).drawn + asked(["", ENTER], KEPT).drawn
    assert "*" in drawn
    assert "sk-" not in drawn


def test_a_secret_that_there_is_can_be_kept() -> None:
    assert "Enter keeps the one from GROQ_API_KEY" in asked(["", ENTER], KEPT).drawn
    flow = replace(KEPT, source="")
    assert "Enter keeps the one that there is" in asked(["", ENTER], flow).drawn


def test_limits_sources_and_examples_are_told() -> None:
    assert "(1..65535)" in asked(["", ENTER], PORT).drawn
    assert "(from PORT)" in asked(["", ENTER], replace(PORT, source="PORT")).drawn
    assert "(optional)" in asked(["", ENTER], replace(TEXT, optional=True)).drawn
    assert "http://…/v1" in asked(["", ENTER], URL).drawn


def test_a_note_that_does_not_fit_beside_the_message_stands_below_it() -> None:
    question = replace(PORT, message="x" * 70, source="a file")
    assert "  (1..65535) (from a file)" in asked(["", ENTER], question).drawn


def test_options_of_an_address_are_suggestions() -> None:
    drawn = asked(["", ENTER], URL).drawn
    assert "Ollama" in drawn
    assert "runs" in drawn
    assert "Moon" not in drawn
    assert asked(["", TAB, ENTER], URL).value.value == "http://localhost:11434/v1"
    assert asked(["", DOWN, DOWN, ENTER], URL).value.value == "http://localhost:8000/v1"
    assert asked(["vl", TAB, ENTER], URL).value.value == "http://localhost:8000/v1"


def test_escape_gives_up_a_suggestion_before_it_goes_back() -> None:
    assert asked(["", TAB, ESC, "x", ENTER], URL).value == Answer("url", "x")
    assert asked(["", TAB, ESC, ESC], URL).value == Back()


def test_paths_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows.yaml").touch()
    (tmp_path / "other").mkdir()
    assert asked(["fl", TAB, ENTER], PATH).value == Answer("file", "flows.yaml")
    assert "other/" in asked(["", TAB, ENTER], PATH).drawn
    both = replace(PATH, options=(Option("~/x", "Mine"),))
    assert asked(["", TAB, ENTER], both).value == Answer("file", "~/x")


def test_a_small_terminal_keeps_message_line_and_keys() -> None:
    question = replace(TEXT, problem="It was wrong.", help="Help.\nMore help.")
    drawn = asked(["", "?", ENTER], question, columns=40, rows=5).drawn
    assert "It was wrong." in drawn
    assert "Enter accept" in drawn


def test_a_sentence_is_shown_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    MenuAsker().show("word " * 40)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert all(line.split() == ["word"] * len(line.split()) for line in lines)


@pytest.mark.parametrize(
    ("keys", "event"),
    [
        (ENTER, Confirmed()),
        ("y", Confirmed()),
        (ESC, Back()),
        ("c" + ENTER, Change("place")),
        (DOWN + ENTER + DOWN + ENTER, Change("port")),
        ("c" + ESC + "y", Confirmed()),
    ],
)
def test_the_review_is_confirmed_or_changed(keys: str, event: Any) -> None:
    assert confirmed(keys, Confirm(PLAN, ANSWERS)).value == event


@pytest.mark.parametrize("keys", ["n", UP + ENTER])
def test_no_changes_nothing(keys: str) -> None:
    with pytest.raises(CancelledError, match=r"Nothing was changed\."):
        confirmed(keys, Confirm(PLAN, ANSWERS))


@pytest.mark.parametrize(("key", "error"), [("\x03", KeyboardInterrupt), ("\x04", CancelledError)])
@pytest.mark.parametrize("before", ["", "c"])
def test_giving_up_is_possible_at_the_review(
    before: str, key: str, error: type[BaseException]
) -> None:
    with pytest.raises(error):
        confirmed(before + key, Confirm(PLAN, ANSWERS))


def test_without_answers_there_is_nothing_to_change() -> None:
    seen = confirmed("c" + DOWN + UP + ENTER, Confirm(PLAN))
    assert seen.value == Confirmed()
    assert "Change an answer" not in seen.drawn
    assert "Your answers" not in seen.drawn


def review(request: Confirm, columns: int = 80) -> list[str]:
    """The lines of the review, without their colours."""
    drawn = confirmed(ENTER, request, columns=columns).drawn
    plain = re.sub(r"\x1b\[[0-?]*[a-zA-Z]", "", drawn)
    return [line.rstrip() for line in plain.split("Do this now?")[0].split("\r\n")]


def test_the_review_shows_answers_and_the_plan_without_secrets() -> None:
    lines = review(Confirm(PLAN, ANSWERS))
    assert [line for line in lines if line][:6] == [
        "Your answers:",
        "  Where?  For me",
        "  Port?   4000  (saved; PORT said 5)",
        "This will be done:",
        "  keys set x   (with the key you typed)",
        "  ask 'two words'",
    ]
    assert "hunter2" not in "".join(lines)


def test_a_long_review_is_cut_to_the_screen() -> None:
    answers = tuple(
        Answered(f"a{n}", f"Question {n}, which is a long one?", "x" * 30, "keyring")
        for n in range(20)
    )
    lines = review(Confirm(PLAN, answers), columns=40)
    assert "  and 8 more" in lines
    assert "  Question 11, which…  xxxxxxxxxxxxxxx…" in lines
    assert "  keys set x   (with the key you typed)" in lines
    assert max(map(cells, lines)) <= 40
