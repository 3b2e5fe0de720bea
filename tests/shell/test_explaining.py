"""A question mark at any point of a line: when it asks for help, and what is said then."""

from __future__ import annotations

import pytest

from freerouter.frontends.text import Painter
from freerouter.shell.explaining import asks_for_help, explained


def said(before: str) -> str:
    return Painter(str).result(explained(before))[0]


@pytest.mark.parametrize(
    "before",
    ["", "list ", "list", "keys se", "keys set", "lis", "list --fr", "list --search ", "xyzzy "],
)
def test_it_asks_for_help_where_nothing_has_one(before: str) -> None:
    assert asks_for_help(before)


@pytest.mark.parametrize(
    "before",
    ["ask is it you ", "how do I ", "select qwen", "xyzzy", "list --search lla", "alias add 'a "],
)
def test_it_is_a_sign_in_words_and_values(before: str) -> None:
    assert not asks_for_help(before)


@pytest.mark.parametrize(
    ("before", "begin"),
    [
        ("", "FreeRouter: one LLM gateway"),
        ("xyzzy ", "FreeRouter: one LLM gateway"),
        ("list", "List the models of the last fetch"),
        ("list --free ", "List the models of the last fetch"),
        ("keys", "List the keys that are needed or stored"),
        ("service", "  service install "),
        ("prof", "  profile list "),
        ("keys set gro", "Store a provider's key"),
        ("list --search ", "list: List the models of the last fetch\n  --search SEARCH"),
        ("list --search lla", "list: List the models of the last fetch\n  --search SEARCH"),
        ("list --capab", "list: List the models of the last fetch\n  --capability CAPABILITY"),
        ("list --context=1", "list: List the models of the last fetch\n  --context CONTEXT"),
        ("list --", "List the models of the last fetch"),
        ("logs -n", "logs: Show the gateway's log, or its requests, secrets hidden\n  -n, --lines"),
    ],
)
def test_help_is_for_what_stands_at_the_cursor(before: str, begin: str) -> None:
    assert said(before).startswith(begin)


def test_an_option_says_what_it_may_be() -> None:
    assert "(tools, vision, audio, reasoning, json)" in said("list --capability ")
