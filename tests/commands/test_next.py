"""What comes next, and what mends a line that failed."""

from __future__ import annotations

import pytest

from freerouter.commands.next import command_in, mended, next_step
from freerouter.errors import FreeRouterError, UsageError
from freerouter.standing import Standing
from freerouter.usage.quota_warnings import Warned

READY = Standing(configured=True, has_models=True, listed=3, served=3)
UP = READY._replace(address="127.0.0.1:4000")


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (Standing(), "init --wizard"),
        (Standing(configured=True), "fetch"),
        (READY._replace(served=0), "select"),
        (READY, "start"),
        (READY._replace(crashed=True), "doctor"),
        (UP._replace(failing={"groq": "key refused"}), "doctor"),
        (UP, 'ask "Say hello"'),
        (UP._replace(requests=1), "status"),
        (UP._replace(quota=(Warned("groq", 92, "requests", "day", 0.0),)), "quota"),
    ],
)
def test_there_is_always_one_thing_that_comes_next(now: Standing, line: str) -> None:
    assert next_step(now).line == line
    assert next_step(now).why.endswith(".")


@pytest.mark.parametrize(
    ("fix", "line"),
    [
        ("`freerouter start` starts it.", "start"),
        ("`keys set PROVIDER` asks for it.", "keys set "),
        ("`freerouter keys set groq` or edit .env.", "keys set groq"),
        ("Close the quote.", ""),
        ("", ""),
    ],
)
def test_the_command_of_a_fix_is_found(fix: str, line: str) -> None:
    assert command_in(fix) == line


@pytest.mark.parametrize("fix", ["`unset GROQ_API_KEY`.", '`eval "$(freerouter env)"` does.'])
def test_what_is_no_command_of_ours_is_not_offered(fix: str) -> None:
    assert mended("x", FreeRouterError("It failed.", fix=fix)) == ""


@pytest.mark.parametrize(
    ("line", "meant", "mending"),
    [
        ("lisst --free", "list", "list --free"),
        ("list --fre", "--free", "list --free"),
        ("key set groq", "keys set", "keys set groq"),
        ("list --provider opnrouter", "openrouter", "list --provider openrouter"),
    ],
)
def test_what_was_meant_takes_the_place_of_what_was_typed(
    line: str, meant: str, mending: str
) -> None:
    assert mended(line, UsageError("No.", fix=f'Did you mean "{meant}"?')) == mending
