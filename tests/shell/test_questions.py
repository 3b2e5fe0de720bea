"""Plain questions, answered out of the registry."""

from __future__ import annotations

import pytest

from freerouter.shell.questions import answer, commands_for
from freerouter.shell.words import own_word

KNOWN = {"groq", "openrouter"}


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("do I add groq", "providers add groq"),
        ("do I remove openrouter", "providers remove openrouter"),
        ("can I start the gateway", "start"),
        ("do I stop it", "stop"),
        ("do I choose models", "select"),
        ("do I see the logs", "logs"),
        ("do I find out what is wrong", "doctor"),
        ("do I check my keys", "keys check"),
        ("do I record a session", "record"),
        ("do I restart", "reload"),
    ],
)
def test_a_question_leads_to_a_command(question: str, line: str) -> None:
    assert commands_for(question, KNOWN)[0].line == line


@pytest.mark.parametrize("question", ["", "xyzzy", "is the"])
def test_where_nothing_fits_that_is_said(question: str) -> None:
    result, line = answer(question, KNOWN)
    assert result.data == {"commands": []}
    assert line == "help"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("why", "why"),
        ("why?", "why"),
        ("What next?", "what next"),
        ("what is next", "what next"),
        ("how do I add groq", "how do I"),
        ("where are my keys?", "how do I"),
        ("set editing vi", "set"),
        ("start", ""),
        ("where", ""),
        ("whyever", ""),
    ],
)
def test_questions_are_told_from_commands(line: str, word: str) -> None:
    assert own_word(line)[0] == word
