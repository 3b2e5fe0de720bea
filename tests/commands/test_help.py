"""Help is made from the registry, and the registry tells the truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from freerouter.parser import parse, split_line
from freerouter.registry import FRONT_END, Command, load
from freerouter.verbs import COMMANDS, REGISTRY

if TYPE_CHECKING:
    from conftest import World

EXAMPLES = [(c, e) for c in COMMANDS for e in c.examples]
VISIBLE = [c for c in COMMANDS if not c.hidden]
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)


@every_command
def test_every_command_is_summed_up_in_a_line(command: Command) -> None:
    assert 10 < len(command.summary) < 80
    assert command.summary[0].isupper()
    assert not command.summary.endswith(".")


@every_command
def test_every_command_can_be_imported(command: Command) -> None:
    if command.target == FRONT_END:
        assert command.name in ("config edit", "run", "record", "shell")
    else:
        assert callable(load(command))


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=lambda x: str(x)[:40])
def test_every_example_is_a_line_of_its_command(command: Command, example: str) -> None:
    if "$(" in example:
        example = example.partition("$(")[2].partition(")")[0]
    line = example.partition(" > ")[0]
    assert parse(split_line(line), REGISTRY).command is command


@pytest.mark.parametrize("command", VISIBLE, ids=lambda c: c.name)
def test_every_command_has_an_example(command: Command) -> None:
    assert command.examples


@pytest.mark.parametrize("command", VISIBLE, ids=lambda c: c.name)
def test_every_option_says_what_it_is(command: Command) -> None:
    assert [p.name for p in command.parameters if not p.positional and not p.help] == []


@pytest.mark.parametrize("command", VISIBLE, ids=lambda c: c.name)
def test_help_of_a_command_shows_all_that_it_takes(world: World, command: Command) -> None:
    ran = world.cli("help", *command.name.split())
    assert ran.code == 0
    assert ran.out.startswith(f"{command.summary}\n\nUsage: {command.usage}\n")
    for parameter in command.parameters:
        assert (parameter.metavar if parameter.positional else parameter.flag) in ran.out
    for example in command.examples:
        assert f"\n  {example}\n" in ran.out
    assert "--json" in ran.out


def test_help_lists_every_command_with_its_summary(world: World) -> None:
    ran = world.cli("help")
    assert ran.code == 0
    listed = {line.strip() for line in ran.out.splitlines()}
    for command in VISIBLE:
        assert any(
            line.startswith(command.name) and line.endswith(command.summary) for line in listed
        )


def test_a_hidden_command_is_not_listed_but_explained_when_asked_for(world: World) -> None:
    assert "\n  where" not in world.cli("help").out
    assert world.cli("help", "where").code == 0


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("help",)])
def test_help_is_found_however_it_is_asked_for(world: World, words: tuple[str, ...]) -> None:
    assert world.cli(*words) == world.cli("help")


def test_a_commands_own_help_option_is_the_same_help(world: World) -> None:
    assert world.cli("fetch", "--help") == world.cli("help", "fetch")
    assert world.cli("keys", "set", "-h") == world.cli("help", "keys", "set")


def test_an_alias_has_help(world: World) -> None:
    assert world.cli("providers", "--help") == world.cli("help", "providers", "list")


def test_help_of_no_command_says_which_was_meant(world: World) -> None:
    ran = world.cli("help", "fetsch")
    assert ran.code == 2
    assert 'Did you mean "fetch"?' in ran.err


def test_defaults_and_choices_are_told(world: World) -> None:
    assert "seconds that one provider may take [30]" in world.cli("help", "fetch").out
    assert "(user, project)" in world.cli("help", "init").out


def test_help_as_data_has_every_command(world: World) -> None:
    data = json.loads(world.cli("help", "--json").out)
    assert [c["name"] for c in data["commands"]] == [c.name for c in VISIBLE]
    one = json.loads(world.cli("help", "logs", "--json").out)["command"]
    options = "[--lines LINES] [--follow] [--since SINCE] [--errors] [--requests] [--bodies]"
    assert one["usage"] == f"logs {options}"
    assert one["writes"] is False


def test_help_needs_and_writes_nothing(world: World) -> None:
    before = world.written()
    world.cli("help")
    world.cli("help", "start")
    assert world.written() == before


@pytest.mark.parametrize("line", ["budget --help", "budget -h", "help budget", "--help budget"])
def test_the_first_of_two_words_lists_the_commands_that_it_begins(world: World, line: str) -> None:
    ran = world.cli(*line.split())
    named = [row.split("  ")[1] for row in ran.out.splitlines()]
    assert (ran.code, ran.err) == (0, "")
    assert named == [c.name for c in REGISTRY.visible if c.name.startswith("budget ")]
    data = json.loads(world.cli(*line.split(), "--json").out)
    assert [c["name"] for c in data["commands"]] == named


def test_a_command_that_is_also_such_a_word_names_the_others(world: World) -> None:
    ran = world.cli("help", "keys")
    assert ran.out.startswith("List the keys")
    others = ran.out.partition("See also:\n")[2]
    assert "  keys rotate  " in others
    assert "  keys list  " not in others
    assert "See also" not in world.cli("help", "keys", "list").out
