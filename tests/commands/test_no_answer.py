"""Why there is no answer, in plain words."""

from __future__ import annotations

import pytest

from freerouter.commands.no_answer import in_brief, raised, words_of
from freerouter.process.chats import NoAnswerError

LITELLM = "litellm.AuthenticationError: AuthenticationError: OpenAIException - "
CASES = {
    "limit": (("", "x", 429, 7.0), "The limit of m at lab is reached (429), again in 7 s.", 5),
    "used up": (
        ("", "m: all that it may use is used up. lab: 2 of 2 requests today", 429, 4000.0),
        "All that m may use is used up (429), again in 67 min.",
        5,
    ),
    "spent": (
        ("", "m: all that it may use is used up. lab: 5.00 of 5.00 USD", 402, None),
        "All that m may use is used up (402).",
        5,
    ),
    "key": (("", "x", 401, None), "lab refused the key (401).", 5),
    "our key": (
        ("", "The gateway does not know this key. Ask for it.", 401, None),
        "The gateway does not know this key (401).",
        5,
    ),
    "our key, without patches": (
        ("", "No connected db.", 400, None),
        "The gateway does not know this key (400).",
        5,
    ),
    "credit": (("", "x", 402, None), "lab says that there is no credit left (402).", 5),
    "model": (("", "x", 404, None), "lab has no model m (404).", 5),
    "length": (
        ("", "ContextWindowExceededError", 400, None),
        "The text is too long for m (400).",
        5,
    ),
    "server": (("", "x", 503, None), "m failed (503).", 5),
    "gone": (("gone", "x", 0, None), "The gateway does not answer.", 6),
    "time": (
        ("timeout", "nothing came for 5 s", 0, None),
        "m did not answer: nothing came for 5 s.",
        5,
    ),
    "cut": (("cut", "x", 0, None), "The connection was cut.", 5),
}


@pytest.mark.parametrize("name", CASES)
def test_a_failure_says_what_happened_and_what_helps(name: str) -> None:
    given, what, code = CASES[name]
    error = raised(NoAnswerError(*given), "m", "lab")
    assert (error.what, error.exit_code) == (what, code)
    assert error.fix


def test_an_answer_that_had_begun_was_cut_off() -> None:
    error = NoAnswerError("cut", "x")
    error.begun = True
    assert raised(error, "m", "lab").what == "The answer was cut off."


@pytest.mark.parametrize(
    "message",
    [f"{LITELLM}No key.", f'{LITELLM}{{"error": {{"message": "No key."}}}}', "No key.\nx"],
)
def test_the_providers_own_words_are_told_without_those_of_the_engine(message: str) -> None:
    assert words_of(NoAnswerError("", message, 401)) == "No key."


def test_in_brief_it_fits_behind_the_name() -> None:
    assert in_brief(NoAnswerError("", "No.", 404), "m", "") == "m: 404 there is no such model: No."


def test_what_is_used_up_is_a_line_each() -> None:
    message = "litellm.RateLimitError: m: all that it may use is used up. a: 2 of 2; b: 3 of 3"
    assert raised(NoAnswerError("", message, 429, 90_000.0), "m", "").why == "a: 2 of 2\nb: 3 of 3"
    assert in_brief(NoAnswerError("", message, 429, 90_000.0), "m", "").startswith(
        "m: 429 used up, again in 25 h: m: all that it may use is used up. a: 2 of 2"
    )
