"""The words that both askers use: notes on a question, the answers, the plan."""

from __future__ import annotations

import pytest

from freerouter.frontends.review import (
    Shown,
    count_problem,
    limits,
    origin,
    plan_lines,
    refusal,
    shown,
)
from freerouter.wizard.messages import Answered, Option, Planned, Question

PLAN = (Planned(("keys", "set", "x"), "hunter2"), Planned(("ask", "two words")))


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (1, 65535, "(1..65535)"),
        (1, None, "(at least 1)"),
        (None, 0, "(at most 0)"),
        (None, None, ""),
    ],
)
def test_the_limits_of_a_number_are_told(low: int | None, high: int | None, text: str) -> None:
    assert limits(Question("p", "int", "Port?", min=low, max=high)) == text
    assert limits(Question("p", "many", "Which?", min=low, max=high)) == ""


@pytest.mark.parametrize(
    ("source", "text"),
    [("", ""), ("default", ""), ("asked", ""), ("keyring", "from keyring"), ("HOME", "from HOME")],
)
def test_a_default_says_where_it_comes_from(source: str, text: str) -> None:
    assert origin(Question("p", "text", "?", source=source)) == text


@pytest.mark.parametrize(
    ("count", "problem"),
    [(0, "Choose at least 1."), (1, ""), (2, ""), (3, "Choose at most 2.")],
)
def test_too_few_and_too_many_are_told(count: int, problem: str) -> None:
    assert count_problem(Question("w", "many", "?", min=1, max=2), count) == problem
    assert count_problem(Question("w", "many", "?"), count) == ""


def test_what_cannot_be_chosen_says_why() -> None:
    assert refusal(Option("x", "Moon", disabled="no air")) == "Moon is not possible: no air"


def test_an_answer_says_who_gave_it_and_whom_it_won_over() -> None:
    over = (("saved", "4001"), ("keyring", ""))
    assert shown(Answered("port", "Port?", "4000", "asked")) == Shown("Port?", "4000", "")
    assert shown(Answered("port", "", "", "--set", over)) == Shown(
        "port", "–", "--set; saved said 4001"
    )


def test_a_plan_shows_one_command_a_line_and_nothing_typed_unseen() -> None:
    assert plan_lines(PLAN) == ["  keys set x   (with the key you typed)", "  ask 'two words'"]
    assert plan_lines(()) == ["  nothing"]


def test_a_long_command_goes_on_in_the_next_line() -> None:
    plan = (Planned(("providers", "add", "oai", "--url", "http://localhost:8000/v1")),)
    assert plan_lines(plan, 40) == [
        "  providers add oai --url",
        "      http://localhost:8000/v1",
    ]
    assert plan_lines(plan, 80) == ["  providers add oai --url http://localhost:8000/v1"]
