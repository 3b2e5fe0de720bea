"""Plain questions, answered out of the registry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from freerouter.commands.how import answer, commands_for
from freerouter.shell.words import as_command

if TYPE_CHECKING:
    from conftest import World

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
    assert answer(question, KNOWN).data == {"commands": [], "offers": "help"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("why", "why"),
        ("Why?", "why"),
        ("What next?", "next"),
        ("what is next", "next"),
        ("how do I add groq", "how do I add groq"),
        ("How don't I?", "how don't I"),
        ("where are my keys?", "how are my keys"),
        ("what does --free do", "how -- does --free do"),
        ("set editing vi", ""),
        ("start", ""),
        ("where", ""),
        ("whyever", ""),
        ("", ""),
    ],
)
def test_questions_are_told_from_commands(line: str, words: str) -> None:
    assert as_command(line) == words.split()


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("how do I add groq", "providers add groq"),
        ("help how do I add groq?", "providers add groq"),
        ("which models are free", "select"),
        ("help where are my keys", "keys list"),
        ("help add a provider", "providers add"),
        ("what is next", "init --wizard"),
        ("what next", "init --wizard"),
        ("next", "init --wizard"),
        ("why", "init"),
    ],
)
def test_a_question_is_answered_on_a_command_line_too(world: World, line: str, offers: str) -> None:
    ran = world.cli(*line.split(), "--json")
    assert (ran.code, json.loads(ran.out)["offers"]) == (0, offers)


def test_help_for_what_is_no_command_and_no_question_says_so(world: World) -> None:
    ran = world.cli("help", "xyzzy", "plugh")
    assert (ran.code, ran.out) == (2, "")
    assert 'There is no command "xyzzy".' in ran.err
    assert 'Did you mean "keys set"?' in world.cli("help", "keys", "sett").err
