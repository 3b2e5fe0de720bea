from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from freerouter.errors import CancelledError
from freerouter.frontends.asking import MenuAsker, PlainAsker, plan_lines
from freerouter.wizard.messages import Answer, Back, Event, Option, Planned, Question

if TYPE_CHECKING:
    from collections.abc import Callable

PLACES = (Option("user", "For me", "everywhere"), Option("project", "Here"))
CHOICE = Question("place", "choice", "Where?", default="user", options=PLACES)
MANY = Question("who", "many", "Which?", default=["user"], options=PLACES, min=1)
CONFIRM = Question("go", "confirm", "Go?", default=True)
TEXT = Question("url", "url", "Address?", help="ends in /v1")
SECRET = Question("x.key", "secret", "Key?")
PORT = Question("port", "int", "Port?", default=4000)
PLAN = (Planned(("keys", "set", "x"), "hunter2"), Planned(("ask", "two words")))


def menu(keys: str, do: Callable[[MenuAsker], Any]) -> Any:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        return do(MenuAsker())


def plain(monkeypatch: pytest.MonkeyPatch, typed: str, question: Question) -> Event:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed + "\n"))
    return PlainAsker(lambda _prompt: "sk-typed-unseen").ask(question)


@pytest.mark.parametrize(
    ("question", "keys", "answer"),
    [
        (CHOICE, "\r", "user"),
        (CHOICE, "\x1b[B\r", "project"),
        (MANY, "\r", ["user"]),
        (MANY, "\x1b[B \r", ["user", "project"]),
        (MANY, " \r \r", ["user"]),
        (CONFIRM, "\r", True),
        (CONFIRM, "n", False),
        (TEXT, "http://x/v1\r", "http://x/v1"),
        (SECRET, "sk-hidden\r", "sk-hidden"),
        (PORT, "\r", "4000"),
        (PORT, "1\r", "40001"),
    ],
)
def test_a_menu_is_answered_by_keys(question: Question, keys: str, answer: object) -> None:
    assert menu(keys, lambda asker: asker.ask(question)) == Answer(question.id, answer)


@pytest.mark.parametrize("question", [CHOICE, MANY, CONFIRM, TEXT, SECRET], ids=lambda q: q.type)
def test_escape_goes_back_from_every_kind_of_question(question: Question) -> None:
    assert menu("\x1b", lambda asker: asker.ask(question)) == Back()


@pytest.mark.parametrize("question", [CHOICE, MANY, CONFIRM, TEXT, SECRET], ids=lambda q: q.type)
def test_ctrl_d_gives_up_and_so_does_ctrl_c(question: Question) -> None:
    with pytest.raises(CancelledError):
        menu("\x04", lambda asker: asker.ask(question))
    with pytest.raises(KeyboardInterrupt):
        menu("\x03", lambda asker: asker.ask(question))


def test_the_plan_is_shown_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    assert menu("\r", lambda asker: asker.confirm(PLAN)) is True
    assert menu("n", lambda asker: asker.confirm(PLAN)) is False
    out = capsys.readouterr().out
    assert "  keys set x   (with the key you typed)\n  ask 'two words'\n" in out
    assert "hunter2" not in out
    with pytest.raises(CancelledError):
        menu("\x04", lambda asker: asker.confirm(PLAN))


def test_a_problem_is_told_before_the_question(capsys: pytest.CaptureFixture[str]) -> None:
    again = Question("url", "url", "Address?", problem="url is a web address.")
    assert menu("x\r", lambda asker: asker.ask(again)) == Answer("url", "x")


@pytest.mark.parametrize(
    ("question", "typed", "answer"),
    [
        (CHOICE, "", "user"),
        (CHOICE, "2", "project"),
        (CHOICE, "project", "project"),
        (CHOICE, "9", "9"),
        (MANY, "", ["user"]),
        (MANY, "1, 2", ["user", "project"]),
        (MANY, "project", ["project"]),
        (CONFIRM, "", True),
        (CONFIRM, "no", "no"),
        (TEXT, "http://x/v1", "http://x/v1"),
        (PORT, "4001", "4001"),
        (SECRET, "", "sk-typed-unseen"),
    ],
)
def test_a_plain_question_is_answered_by_a_line(
    monkeypatch: pytest.MonkeyPatch, question: Question, typed: str, answer: object
) -> None:
    assert plain(monkeypatch, typed, question) == Answer(question.id, answer)


def test_plain_questions_are_numbered_lines_without_control_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain(monkeypatch, "", Question("w", "choice", "Where?", "help", "user", PLACES, problem="No."))
    out = capsys.readouterr().out
    assert out == "No.\nWhere?\nhelp\n  1. For me (everywhere)\n  2. Here\nAnswer [user]: "


def test_back_is_typed_at_a_plain_question(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plain(monkeypatch, "^back", CHOICE) == Back()


@pytest.mark.parametrize(("typed", "agreed"), [("", True), ("yes", True), ("no", False)])
def test_a_plain_plan_wants_a_yes(
    monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed + "\n"))
    assert PlainAsker(lambda _prompt: None).confirm(PLAN) is agreed


def test_a_plan_shows_one_command_a_line() -> None:
    assert plan_lines(PLAN) == ["  keys set x   (with the key you typed)", "  ask 'two words'"]
