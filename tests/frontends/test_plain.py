"""Questions as lines of text: what is printed, what may be typed."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keyboard import MODELS

from freerouter.errors import CancelledError
from freerouter.frontends.plain import WORDS, PlainAsker
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
    from collections.abc import Callable

    Type = Callable[..., Any]

PLACES = (Option("user", "For me", "everywhere"), Option("project", "Here"))
CHOICE = Question("place", "choice", "Where?", default="user", options=PLACES)
MANY = Question("who", "many", "Which?", default=["user"], options=PLACES)
CONFIRM = Question("go", "confirm", "Go?", default=True)
TEXT = Question("name", "text", "Name?")
URL = Question("url", "url", "Address?", options=(Option("http://a", "A"), Option("http://b", "B")))
SECRET = Question("x.key", "secret", "Key?")
KEPT = replace(SECRET, default="sk-old", source="GROQ_API_KEY")
PORT = Question("port", "int", "Port?", default=4000, min=1, max=65535)
MOON = Option("moon", "Moon", "far", "no air")
ONE = replace(MODELS, type="choice", default="m30")

PLAN = (Planned(("keys", "set", "x"), "hunter2"), Planned(("ask", "two words")))
ANSWERS = (
    Answered("place", "Where?", "For me", "asked"),
    Answered("port", "Port?", "4000", "saved", (("PORT", "5"),)),
)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Type:
    """Asks a question with lines typed at it; a secret's line is typed unseen."""

    def ask(question: Question | Confirm, *lines: str) -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        unseen = iter(lines)

        def secret(prompt: str) -> str | None:
            sys.stdout.write(f"{prompt} (typed unseen): \n")
            return next(unseen, None)

        asker = PlainAsker(secret)
        return asker.ask(question) if isinstance(question, Question) else asker.confirm(question)

    return ask


@pytest.mark.parametrize(
    ("question", "line", "answer"),
    [
        (CHOICE, "", "user"),
        (CHOICE, "2", "project"),
        (CHOICE, "project", "project"),
        (CHOICE, "HERE", "project"),
        (CHOICE, "9", "9"),
        (CHOICE, "nowhere", "nowhere"),
        (replace(CHOICE, optional=True), '""', ""),
        (replace(CHOICE, default=None), "", ""),
        (MANY, "", ["user"]),
        (MANY, "1, 2", ["user", "project"]),
        (MANY, "here,nowhere", ["project", "nowhere"]),
        (MANY, '""', []),
        (CONFIRM, "", True),
        (CONFIRM, "no", "no"),
        (TEXT, "  Ada ", "Ada"),
        (TEXT, "", ""),
        (TEXT, "2", "2"),
        (replace(TEXT, default="Ada"), "", "Ada"),
        (replace(TEXT, default="Ada", optional=True), '""', ""),
        (replace(TEXT, default="Ada"), "^hat", "^hat"),
        (URL, "http://x/v1", "http://x/v1"),
        (URL, "2", "http://b"),
        (URL, "3", "3"),
        (URL, "B", "B"),
        (PORT, "4001", "4001"),
        (PORT, "", 4000),
        (SECRET, " sk-1 ", "sk-1"),
        (SECRET, "", ""),
        (KEPT, "", "sk-old"),
        (KEPT, "sk-2", "sk-2"),
    ],
)
def test_a_question_is_answered_by_a_line(
    typed: Type, question: Question, line: str, answer: object
) -> None:
    assert typed(question, line) == Answer(question.id, answer)


def test_questions_are_numbered_lines_without_control_codes(
    typed: Type, capsys: pytest.CaptureFixture[str]
) -> None:
    question = replace(
        CHOICE, options=(*PLACES, MOON), help="help", problem="No.", placeholder="For me"
    )
    typed(replace(question, message="Where\x1b[31m?", skippable=True), "")
    assert capsys.readouterr().out == (
        f"{WORDS}\nNo.\nWhere[31m?\nhelp\ne.g. For me\n"
        "  1. For me (everywhere)\n  2. Here\n  3. Moon (not possible: no air)\n"
        "^skip goes on without an answer.\nAnswer [user]: "
    )


@pytest.mark.parametrize(
    ("question", "prompt"),
    [
        (replace(PORT, source="saved"), "Answer (1..65535) [4000, as it is now]: "),
        (TEXT, "Answer: "),
        (replace(TEXT, optional=True), "Answer (may be empty): "),
        (replace(TEXT, default="Ada", optional=True), 'Answer [Ada] ("" for none): '),
        (CONFIRM, "yes or no [yes]: "),
        (replace(CONFIRM, default=False), "yes or no [no]: "),
        (MANY, "Numbers or names, separated by commas [For me]: "),
        (replace(MANY, default=[]), "Numbers or names, separated by commas: "),
        (SECRET, "Key (typed unseen): "),
        (KEPT, "Key, or Enter for the one from GROQ_API_KEY (typed unseen): "),
        (
            replace(KEPT, source=""),
            "Key, or Enter for the one that there is (typed unseen): ",
        ),
    ],
)
def test_the_prompt_says_what_an_empty_line_means(
    typed: Type, capsys: pytest.CaptureFixture[str], question: Question, prompt: str
) -> None:
    typed(question, "")
    assert capsys.readouterr().out.splitlines()[-1] == prompt.rstrip("\n")


@pytest.mark.parametrize("question", [CHOICE, MANY, CONFIRM, TEXT, PORT, SECRET])
def test_the_words_work_at_every_question(typed: Type, question: Question) -> None:
    assert typed(question, "^back") == Back()
    assert typed(replace(question, skippable=True), "^skip") == Skip()
    with pytest.raises(CancelledError):
        typed(question, "^cancel")
    with pytest.raises(CancelledError):
        typed(question)
    if question.default is not None:
        assert typed(question, "^default") == Answer(question.id, question.default)


def test_a_word_that_does_nothing_here_says_so(
    typed: Type, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(TEXT, "^skip", "^default", "x") == Answer("name", "x")
    out = capsys.readouterr().out
    assert "This question cannot be skipped.\n" in out
    assert "This question has no default.\n" in out


@pytest.mark.parametrize("word", ["^help", "?"])
@pytest.mark.parametrize(
    "question", [CHOICE, MANY, CONFIRM, TEXT, URL, PORT, SECRET], ids=lambda q: q.type
)
def test_help_is_there_at_every_question(
    typed: Type, capsys: pytest.CaptureFixture[str], question: Question, word: str
) -> None:
    with pytest.raises(CancelledError):
        typed(replace(question, help="It helps."), word, "^cancel")
    out = capsys.readouterr().out
    assert out.count("It helps.") == 2
    assert "It takes " in out


def test_the_words_are_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nb\n"))
    asker = PlainAsker(lambda _prompt: None)
    asker.ask(TEXT)
    asker.ask(TEXT)
    asker.show("One\x1b[2J\nTwo")
    out = capsys.readouterr().out
    assert out.count(WORDS) == 1
    assert out.endswith("One[2J\nTwo\n")


def test_the_end_of_a_secret_gives_up() -> None:
    def ended(_prompt: str) -> str | None:
        raise EOFError

    with pytest.raises(CancelledError):
        PlainAsker(ended).ask(SECRET)


def test_what_is_not_possible_is_refused(typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    options = (*PLACES, MOON)
    assert typed(replace(CHOICE, options=options), "3", "1") == Answer("place", "user")
    many = replace(MANY, options=options, default=["moon"])
    assert typed(many, "1,moon", "+moon", "") == Answer("who", [])
    assert capsys.readouterr().out.count("Moon is not possible: no air\n") == 3


def test_too_few_and_too_many_are_refused(typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    question = replace(MANY, default=[], min=1, max=1)
    assert typed(question, "", "1,2", "2") == Answer("who", ["project"])
    out = capsys.readouterr().out
    assert "Choose at least 1.\n" in out
    assert "Choose at most 1.\n" in out


def test_many_choices_are_not_listed(typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(replace(MODELS, skippable=True), "") == Answer("models", ["m10", "m20"])
    assert capsys.readouterr().out == (
        f"{WORDS}\nWhich models?\n40 choices. /word lists those that match.\n"
        "^skip goes on without an answer.\n"
        "+a,b adds, -a takes away; numbers or names alone replace what is chosen.\n"
        "Chosen: openai/model-10, qwen/model-20\n"
        "Numbers or names, separated by commas [2 chosen]: "
    )


def test_choices_that_match_are_listed_with_their_numbers(
    typed: Type, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(MODELS, "/model-7", "/model", "/zzz", "")
    out = capsys.readouterr().out
    assert "  8. openai/model-7 (not possible: needs a paid plan)\n" in out
    assert "  1. meta/model-0 (PROVIDER groq, FREE yes, CONTEXT 8k)\n" in out
    assert "  and 20 more\n" in out
    assert "Nothing is found.\n" in out


def test_choices_are_added_and_taken_away(typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    answer = typed(MODELS, "+1,m2, meta/model-3", "-m10,1", "+zzz", "-zzz,m2", "+m2", "")
    assert answer == Answer("models", ["m20", "m3", "m2"])
    out = capsys.readouterr().out
    assert "Added: meta/model-0, qwen/model-2, meta/model-3\n" in out
    assert "Taken away: openai/model-10, meta/model-0\n" in out
    assert out.count('There is no choice "zzz".\n') == 2
    assert "[5 chosen]" in out


def test_numbers_and_names_replace_what_is_chosen(typed: Type) -> None:
    assert typed(MODELS, "+5", "1, openai/model-1") == Answer("models", ["m0", "m1"])
    assert typed(ONE, "/model-12", "13") == Answer("models", "m12")
    assert typed(ONE, "m5") == Answer("models", "m5")


def test_long_lists_of_names_are_cut(typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    typed(replace(MODELS, default=[f"m{n}" for n in range(40)]), "")
    assert "model-21 and 16 more\n" in capsys.readouterr().out
    typed(replace(MODELS, default=[]), "")
    assert "Chosen: nothing\n" in capsys.readouterr().out
    suggestions = tuple(Option(f"http://{n}", f"No {n}") for n in range(30))
    assert typed(replace(URL, options=suggestions), "30") == Answer("url", "http://29")
    assert "  20. No 19\n  and 10 more\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "event"),
    [
        ([""], Confirmed()),
        (["YES"], Confirmed()),
        (["^back"], Back()),
        (["2"], Change("port")),
        (["3", "what", "1"], Change("place")),
    ],
)
def test_the_review_is_confirmed_or_changed(typed: Type, lines: list[str], event: Any) -> None:
    assert typed(Confirm(PLAN, ANSWERS), *lines) == event


@pytest.mark.parametrize(
    ("lines", "words"),
    [(["no"], "Nothing was changed."), (["^cancel"], "Cancelled."), ([], "Cancelled.")],
)
def test_no_changes_nothing(typed: Type, lines: list[str], words: str) -> None:
    with pytest.raises(CancelledError, match=words):
        typed(Confirm(PLAN, ANSWERS), *lines)


def test_the_review_is_numbered_lines(
    typed: Type, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    typed(Confirm(PLAN, ANSWERS), "")
    assert capsys.readouterr().out == (
        "  1. Where?: For me\n  2. Port?: 4000 (saved; PORT said 5)\n"
        "This will be done:\n  keys set x   (with the key\n      you typed)\n  ask 'two words'\n"
        "Do this now? [yes], no, or the number of an answer to change: "
    )


def test_without_answers_there_is_nothing_to_change(
    typed: Type, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(Confirm(PLAN), "1", "")
    assert capsys.readouterr().out.endswith("Do this now? [yes] or no: " * 2)
