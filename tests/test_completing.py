"""What `freerouter complete` answers to the scripts of bash, zsh and fish."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from test_imports import HEAVY, imported_by

from freerouter.completing import Typed, read_line, run
from freerouter.providers.models import Model

if TYPE_CHECKING:
    from conftest import World

BREAKS = " \t\n\"'><=;|&(:"
LISTING, TAB = "63", "9"
POOL = {
    "name": "auto",
    "members": ["lab/a:free"],
    "strategy": "order",
    "weights": {},
    "lost": [],
    "own": False,
}


@pytest.fixture(autouse=True)
def _models(world: World) -> None:
    world.providers("providers: []\n")
    (world.workspace / "state").mkdir()
    rows = [{**Model(name, "lab")._asdict(), "written": True} for name in ("a:free", "a b", "it's")]
    text = json.dumps({"models": rows, "pools": [POOL]})
    (world.workspace / "state" / "models.json").write_text(text)


def bash(world: World, line: str, kind: str = TAB) -> list[str]:
    given = ["bash", f"freerouter {line}", BREAKS, kind]
    return run(given, os.environ, str(world.cwd)).splitlines()


def others(world: World, shell: str, *words: str) -> list[str]:
    return run([shell, *words], os.environ, str(world.cwd)).splitlines()


def test_a_line_is_read_as_bash_reads_it() -> None:
    assert read_line("freerouter ask 'a b' c\\ d", BREAKS) == Typed(["ask", "a b"], "c d")
    assert read_line("X=1 ~/bin/freerouter list ", BREAKS) == Typed(["list"], "")
    assert read_line("freerouter a:b=c", BREAKS) == Typed([], "a:b=c", kept="a:b=")
    assert read_line('freerouter "a:b', BREAKS) == Typed([], "a:b", kept="", quote='"')
    assert read_line("freerouter --m='a:b", BREAKS) == Typed([], "--m=a:b", "--m=", "'")
    assert read_line("freerouter a\\:b", BREAKS) == Typed([], "a:b")
    assert read_line('freerouter "a\\"b" ""', BREAKS) == Typed(['a"b'], "")


def test_bash_gets_the_part_that_it_replaces(world: World) -> None:
    assert bash(world, "ask --model a:") == ["free"]
    assert bash(world, 'ask --model "a:') == ["a:free"]
    assert bash(world, "ask --model=au") == ["auto"]


def test_bash_gets_words_quoted_as_they_must_be(world: World) -> None:
    assert bash(world, "ask --model a\\ ") == ["a\\ b"]
    assert bash(world, 'ask --model "a ') == ["a b"]
    assert bash(world, "ask --model i") == ["it\\'s"]


def test_bash_shows_descriptions_only_where_it_types_nothing(world: World) -> None:
    assert bash(world, "ask --model a", LISTING)[0] == "a:free  (lab)"
    assert bash(world, "ask --model au", LISTING) == ["auto"]
    assert bash(world, "ask --model a")[0] == "a:free"


def test_zsh_and_fish_get_descriptions(world: World) -> None:
    assert others(world, "zsh", "ask", "--model", "a:") == ["a\\:free:lab"]
    assert others(world, "fish", "ask", "--model", "au") == ["auto\tlab/a:free"]


def test_the_words_of_a_command_come_one_by_one(world: World) -> None:
    assert others(world, "fish", "serv") == ["service\tinstall, remove"]
    assert others(world, "fish", "service", "i")[0].startswith("install\t")
    assert others(world, "fish", "help", "service", "r")[0].startswith("remove\t")
    assert [line.split("\t")[0] for line in others(world, "fish", "flow", "l")] == ["list"]


def test_options_come_where_one_is_begun_or_nothing_else_is_left(world: World) -> None:
    assert bash(world, "ask --m") == ["--model"]
    assert bash(world, "list --free --fr") == []
    assert "--provider" in bash(world, "fetch --provider lab --")
    assert not [word for word in bash(world, "completion ") if word.startswith("-")]
    assert "--search" in bash(world, "list ")
    assert "--json" in bash(world, "-")


def test_settings_are_offered_by_their_names(world: World) -> None:
    assert bash(world, "config set gateway.p") == ["gateway.port"]
    assert "spend" in bash(world, "config get ")
    assert bash(world, "config unset usage.k") == ["usage.keep_days"]


def test_a_word_is_not_offered_twice(world: World) -> None:
    assert "auto" in bash(world, "select a:free ")
    assert "a:free" not in bash(world, "select a:free ")
    assert bash(world, "completion bash ")[0].startswith("--")


def test_a_file_is_looked_for_by_the_shell(world: World) -> None:
    assert bash(world, "run x") == ["\tpath"]
    assert others(world, "zsh", "flow", "check", "") == ["\tpath"]


def test_names_are_those_of_the_profile_that_is_named(world: World) -> None:
    (world.workspace / "profiles" / "work").mkdir(parents=True)
    (world.workspace / "profiles" / "work" / "providers.yaml").write_text("providers: []\n")
    assert bash(world, "--profile w") == ["work"]
    assert bash(world, "--profile work ask --profile ") == ["default", "work"]
    assert bash(world, "--profile work ask --model ") == []
    assert "auto" in bash(world, "ask --model ")


@pytest.mark.parametrize(
    "given", [[], ["bash"], ["bash", "x"], ["zsh"], ["fish", "--profile", "../x", ""]]
)
def test_what_cannot_be_understood_offers_nothing_and_says_nothing(
    world: World, given: list[str]
) -> None:
    found = run(given, os.environ, str(world.cwd))
    assert "rror" not in found


def test_a_damaged_list_of_models_offers_none(world: World) -> None:
    (world.workspace / "state" / "models.json").write_text('{"models": [1], "pools": [2, {}]}')
    assert bash(world, "ask --model a") == []


def test_it_imports_nothing_heavy(world: World) -> None:
    line = ["complete", "bash", "freerouter ask --model a", BREAKS, TAB]
    assert imported_by(world, *line) & {*HEAVY, "asyncio", "shutil", "json.tool"} == set()


def test_it_is_no_command_that_help_lists(world: World) -> None:
    assert not [word for word in bash(world, "complete") if word != "completion"]
    assert world.cli("complete", "bash", "freerouter lis", BREAKS, TAB).out == "list\n"
