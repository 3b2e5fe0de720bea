"""The page about the shell names what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from freerouter.commands.next import next_step
from freerouter.commands.shell_settings import VALUES
from freerouter.shell.words import LEAVE, WORDS
from freerouter.standing import Standing

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "shell.md").read_text(encoding="utf-8")
READY = Standing(configured=True, has_models=True, listed=1, served=1)
UP = READY._replace(address="127.0.0.1:4000")


@pytest.mark.parametrize("name", VALUES)
def test_it_names_every_setting_with_its_values_and_what_it_does(name: str) -> None:
    values, what = VALUES[name]
    told = ", ".join(f"`{value}`" for value in values)
    assert f"| `{name}` | {told} | {what} |" in PAGE


@pytest.mark.parametrize("word", [*WORDS, *LEAVE])
def test_it_names_every_word_of_the_shell(word: str) -> None:
    assert f"`{word}" in PAGE


@pytest.mark.parametrize(
    "now",
    [
        Standing(),
        Standing(configured=True),
        READY._replace(served=0),
        READY,
        READY._replace(crashed=True),
        UP,
        UP._replace(requests=1),
    ],
)
def test_it_names_everything_that_may_be_offered(now: Standing) -> None:
    assert f"`{next_step(now).line}`" in PAGE
