"""What a client is told where nobody could answer, and how long who failed rests."""

from __future__ import annotations

import pytest

from freerouter.usage.outcome import (
    CUT,
    LONGEST_HEADER,
    LONGEST_REST,
    Attempt,
    ending_of,
    member_of,
    passed_over,
    rest_after,
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
    assert len(passed_over([Attempt("a/" + "x" * 90, 401)] * 40)) == LONGEST_HEADER


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
