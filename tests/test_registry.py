"""Commands by name, and the parts that help, completion and usage lines are made of."""

from __future__ import annotations

import pytest

from freerouter.errors import UsageError
from freerouter.registry import FRONT_END, Command, Parameter, Registry, did_you_mean, load
from freerouter.verbs import COMMANDS, REGISTRY

TABLE = Registry(
    (
        Command("keys set", "Store", "", aliases=("store",)),
        Command("start", "Start", ""),
        Command("where", "Facts", "", hidden=True),
    )
)


def test_a_command_is_found_by_its_name_and_says_how_many_words_that_took() -> None:
    assert TABLE.find(["start", "now"]) == (TABLE.commands[1], 1)
    assert TABLE.find(["keys", "set", "x"]) == (TABLE.commands[0], 2)


def test_an_alias_finds_the_same_command() -> None:
    assert TABLE.get("store") is TABLE.get("keys set")


def test_a_hidden_command_works_but_is_not_named() -> None:
    assert TABLE.get("where").hidden
    assert [c.name for c in TABLE.visible] == ["keys set", "start"]
    with pytest.raises(UsageError) as caught:
        TABLE.get("wher")
    assert caught.value.fix == "`help` lists the commands."


def test_both_words_of_a_group_are_shown_when_the_second_is_wrong() -> None:
    with pytest.raises(UsageError, match='no command "keys sett"'):
        TABLE.get("keys sett")


@pytest.mark.parametrize("line", ["keys", "keys --json"])
def test_a_group_without_its_second_word_names_what_there_is(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        TABLE.find(line.split())
    assert caught.value.what == "`keys` wants one more word: set."
    assert caught.value.fix == "`help keys` tells what each does."


def test_only_the_first_word_is_shown_where_there_is_no_such_group() -> None:
    with pytest.raises(UsageError, match='no command "bogus"'):
        TABLE.get("bogus thing")


def test_an_empty_name_is_no_command() -> None:
    with pytest.raises(UsageError, match='no command ""'):
        TABLE.get("")


def test_a_usage_line_shows_what_must_and_what_may_be_given() -> None:
    command = Command(
        "copy",
        "Copy",
        "",
        (
            Parameter("source", positional=True, required=True),
            Parameter("more_files", positional=True, many=True),
            Parameter("dry_run", "flag"),
            Parameter("count", "int"),
        ),
    )
    assert command.usage == "copy SOURCE [MORE-FILES…] [--dry-run] [--count COUNT]"


def test_a_parameter_answers_to_its_short_name_only_where_it_has_one() -> None:
    assert Parameter("lines", short="n").names == ("--lines", "-n")
    assert Parameter("lines").names == ("--lines",)


@pytest.mark.parametrize(
    ("word", "answer"),
    [("opnrouter", 'Did you mean "openrouter"?'), ("xyz", ""), ("", "")],
)
def test_only_a_near_name_is_suggested(word: str, answer: str) -> None:
    assert did_you_mean(word, ["openrouter", "ollama"]) == answer


def test_no_name_or_alias_means_two_commands() -> None:
    names = [name for c in COMMANDS for name in (c.name, *c.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_no_two_parameters_of_a_command_are_spelt_alike(command: Command) -> None:
    names = [name for p in command.parameters if not p.positional for name in p.names]
    assert len(names) == len(set(names))


def test_what_a_front_end_does_itself_cannot_be_loaded() -> None:
    with pytest.raises(UsageError, match="`shell` works only at a prompt"):
        load(REGISTRY.get("shell"))


def test_only_the_shell_and_scripts_are_left_to_the_front_end() -> None:
    assert [c.name for c in COMMANDS if c.target == FRONT_END] == [
        "config edit",
        "run",
        "record",
        "shell",
    ]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("keys sett groq", "keys set"),
        ("config gte spend", "config get"),
        ("keys lits", "keys list"),
    ],
)
def test_a_word_behind_a_group_is_taken_for_its_command(line: str, meant: str) -> None:
    assert REGISTRY.find(["keys"])[0].name == "keys list"
    assert REGISTRY.find(["config", "--json"])[0].name == "config show"
    with pytest.raises(UsageError) as caught:
        REGISTRY.find(line.split())
    assert caught.value.fix == f'Did you mean "{meant}"?'
