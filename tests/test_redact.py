"""Known secrets are hidden wherever they appear, and nothing else is."""

from __future__ import annotations

import json

import pytest

from freerouter.redact import Flow, Redactor


def redactor(**secrets: str) -> Redactor:
    made = Redactor()
    made.learn(secrets)
    return made


def test_a_secret_is_replaced_by_the_name_of_its_variable() -> None:
    redact = redactor(MY_KEY="sk-canary-123")
    assert redact("a sk-canary-123 and sk-canary-123!") == "a env:MY_KEY and env:MY_KEY!"


def test_text_without_a_secret_stays_as_it_is() -> None:
    assert redactor(MY_KEY="sk-canary-123")("sk-canary-12") == "sk-canary-12"


def test_a_value_too_short_to_be_a_secret_is_left_alone() -> None:
    assert redactor(A="12345")("port 12345") == "port 12345"
    assert redactor(A="123456")("port 123456") == "port env:A"


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    redact = redactor(SHORT="canary", LONG="sk-canary-long")
    assert redact("sk-canary-long canary") == "env:LONG env:SHORT"


def test_white_space_around_a_stored_value_does_not_let_it_through() -> None:
    assert redactor(A=" canary-1\n")("is canary-1.") == "is env:A."


@pytest.mark.parametrize("value", ['with"quote"', "with\\backslash"])
def test_a_secret_is_hidden_in_json_as_well(value: str) -> None:
    redact = redactor(A=value)
    assert redact(json.dumps({"key": value})) == '{"key": "env:A"}'


def test_the_first_name_of_a_value_is_kept() -> None:
    redact = redactor(FIRST="sk-canary-123")
    redact.learn({"SECOND": "sk-canary-123"})
    assert redact("sk-canary-123") == "env:FIRST"


def test_a_secret_that_comes_in_pieces_is_hidden_as_well() -> None:
    redact = Redactor()
    redact.learn({"KEY": "sk-secret-1234"})
    flow = Flow(redact)
    shown = [flow.take(piece) for piece in ("It is sk", "-sec", "ret-12", "34, no", "w s")]
    assert shown == ["It is ", "", "", "env:KEY, no", "w "]
    assert flow.end() == "s"
    assert flow.end() == ""
