"""What a client is told where nobody could answer, and how long who failed rests."""

from __future__ import annotations

import pytest

from freerouter.usage.doors import Shut
from freerouter.usage.outcome import (
    CUT,
    LONGEST_HEADER,
    LONGEST_REST,
    Attempt,
    ending_of,
    member_of,
    passed_over,
    rest_after,
    shut_out,
)


def test_waiting_helps_where_one_was_at_its_limit() -> None:
    ending = ending_of(
        "fast",
        [Attempt("a/x", 401), Attempt("b/y", 429, 12.2), Attempt("c/z", 429, 7.0, rested=True)],
    )
    assert (ending.status, ending.retry_after) == (429, 7)
    assert ending.message == (
        "fast: none of its models could answer. a/x: refused the key; "
        "b/y: limit reached, again in 13 s; c/z: limit reached, again in 7 s"
    )


def test_a_limit_without_a_time_is_given_one() -> None:
    assert ending_of("fast", [Attempt("a/x", 429)]).retry_after == 30


def test_where_waiting_does_not_help_it_is_503() -> None:
    ending = ending_of("fast", [Attempt("a/x", 401), Attempt("b/y", CUT), Attempt("c/z", 408)])
    assert (ending.status, ending.retry_after) == (503, None)
    assert "b/y: connection failed; c/z: no answer in time" in ending.message


def test_what_is_wrong_with_the_request_itself_is_left_to_the_provider_to_say() -> None:
    asked = [Attempt("a/x", 400), Attempt("b/y", 413)]
    assert ending_of("fast", asked).status == 0
    assert ending_of("fast", [*asked, Attempt("c/z", 429, 5.0, rested=True)]).status == 0
    assert ending_of("fast", [*asked, Attempt("c/z", 500)]).status == 503


def test_nobody_asked_is_no_fault_of_the_request() -> None:
    assert ending_of("fast", []).status == 503


@pytest.mark.parametrize(
    ("status", "retry_after", "rest"),
    [
        (429, 7.0, 7.0),
        (429, None, 30.0),
        (429, 10.0**9, LONGEST_REST),
        (503, 20.0, 20.0),
        (503, None, 10.0),
        (500, 20.0, 10.0),
        (CUT, None, 10.0),
        (408, None, 120.0),
        (401, None, 30.0),
        (400, None, None),
        (413, 5.0, None),
    ],
)
def test_who_fails_rests(status: int, retry_after: float | None, rest: float | None) -> None:
    assert rest_after(status, retry_after) == rest


def test_the_header_is_one_short_line_of_ascii() -> None:
    assert passed_over([Attempt("a/x", 500), Attempt("b/y", 429, 1, rested=True)]) == (
        "a/x: failed (500)"
    )
    assert passed_over([Attempt("a/größe", 400)]) == "a/gr??e: request refused (400)"
    many = [Attempt(f"a{number}/" + "x" * 90, 401) for number in range(40)]
    assert len(passed_over(many)) == LONGEST_HEADER


@pytest.mark.parametrize(
    ("deployment", "alias", "member"),
    [
        ("lab/m", "", "lab/m"),
        ("lab/a/b:free#2", "", "lab/a/b:free"),
        ("fast:lab/m#12", "fast", "lab/m"),
        ("fast:lab/m", "other", "fast:lab/m"),
        ("lab/m#x", "", "lab/m#x"),
    ],
)
def test_a_deployment_names_its_member(deployment: str, alias: str, member: str) -> None:
    assert member_of(deployment, alias) == member


DAY = Shut(429, "groq: 20 of 20 requests today", 5_000.0)


def test_what_is_used_up_is_told_once_an_account_with_the_soonest_time() -> None:
    attempts = [
        shut_out("groq/a", DAY, 0.0),
        shut_out("groq/b", DAY, 0.0),
        shut_out("lab/m", Shut(429, "lab: 3 of 3 requests in a minute", 50.5), 0.0),
    ]
    ending = ending_of("auto", attempts)
    assert (ending.status, ending.retry_after) == (429, 51)
    assert ending.message == (
        "auto: all that it may use is used up. groq: 20 of 20 requests today, again in 84 min; "
        "lab: 3 of 3 requests in a minute, again in 51 s"
    )


def test_where_only_budgets_are_in_the_way_it_is_402() -> None:
    spent = shut_out("a/x", Shut(402, "a: 5.00 of 5.00 USD this month"), 0.0)
    ending = ending_of("fast", [spent])
    assert (ending.status, ending.retry_after) == (402, None)
    assert ending_of("fast", [spent, shut_out("groq/a", DAY, 0.0)]).status == 429
    assert ending_of("fast", [spent, Attempt("b/y", 401)]).status == 503


def test_the_header_names_those_that_were_shut() -> None:
    shut = shut_out("groq/a", DAY, 4_990.0)
    assert passed_over([shut, Attempt("b/y", 500)]) == (
        "groq: 20 of 20 requests today, again in 10 s; b/y: failed (500)"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (120, "120 s"),
        (121, "3 min"),
        (5400, "90 min"),
        (5401, "1 h 31 min"),
        (7200, "2 h"),
        (3 * 86400, "3 days"),
    ],
)
def test_a_time_is_told_in_its_own_unit(seconds: float, words: str) -> None:
    assert Attempt("a/x", 429, seconds).words == f"a/x: limit reached, again in {words}"
