"""The one parser: lines to words, words to calls, and what is said to those that make no sense."""

from __future__ import annotations

import pytest

from freerouter.errors import UsageError
from freerouter.parser import parse, split_line
from freerouter.registry import Call, Command, Parameter, Registry

COMMANDS = Registry(
    (
        Command(
            "copy",
            "Copy things",
            "",
            (
                Parameter("source", positional=True, required=True),
                Parameter("target", positional=True),
                Parameter("count", "int", short="n", default=1),
                Parameter("pause", "float"),
                Parameter("force", "flag", short="f"),
                Parameter("deep", "flag", short="d"),
                Parameter("tag", many=True),
                Parameter("dry_run", "flag"),
                Parameter("mode", choices=("fast", "slow")),
            ),
        ),
        Command("say", "Say it", "", (Parameter("words", positional=True, many=True),)),
        Command("keys set", "Store", "", (Parameter("name", positional=True, required=True),)),
        Command("keys", "All keys", "", aliases=("k",)),
        Command("help", "Help", "", (Parameter("command", positional=True, many=True),)),
        Command("secret-door", "Not shown", "", hidden=True),
    )
)


def call(line: str) -> Call:
    return parse(split_line(line), COMMANDS)


def arguments(line: str) -> dict[str, object]:
    return call(line).arguments


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("status --json", ["status", "--json"]),
        ("  freerouter   status ", ["status"]),
        ("ask 'two words' \"and 'more'\"", ["ask", "two words", "and 'more'"]),
        ("ask a\\ b", ["ask", "a b"]),
        ("status # the gateway's state", ["status"]),
        ("# nothing", []),
        ("", []),
        ("ask What is C# for", ["ask", "What", "is", "C#", "for"]),
        ("ask '# quoted' \\#escaped", ["ask", "# quoted", "#escaped"]),
    ],
)
def test_a_line_is_split_as_a_shell_would(line: str, words: list[str]) -> None:
    assert split_line(line) == words


def test_an_open_quote_is_reported_and_not_guessed() -> None:
    with pytest.raises(UsageError, match="no closing quotation"):
        split_line('ask "how')


def test_words_fill_the_positions_in_order() -> None:
    found = arguments("copy here there")
    assert (found["source"], found["target"]) == ("here", "there")


def test_what_is_not_given_has_its_default() -> None:
    found = arguments("copy here")
    assert found["target"] is None
    assert found["count"] == 1
    assert found["tag"] == []
    assert found["force"] is None


@pytest.mark.parametrize(
    "line", ["copy a --count 5", "copy --count=5 a", "copy -n 5 a", "copy a -n5", "copy -fn5 a"]
)
def test_an_option_is_understood_in_every_usual_spelling(line: str) -> None:
    found = arguments(line)
    assert found["count"] == 5
    assert found["source"] == "a"


def test_short_flags_may_be_joined() -> None:
    found = arguments("copy -df a")
    assert found["deep"] is True
    assert found["force"] is True


def test_an_option_for_many_values_collects_them() -> None:
    assert arguments("copy a --tag x --tag=y=z")["tag"] == ["x", "y=z"]


def test_an_underscore_is_typed_as_a_dash() -> None:
    assert arguments("copy a --dry-run")["dry_run"] is True


def test_after_two_dashes_everything_is_a_word() -> None:
    assert arguments("say one -- --json -f")["words"] == ["one", "--json", "-f"]


def test_a_single_dash_is_a_word() -> None:
    assert arguments("copy -")["source"] == "-"


def test_a_single_dash_before_the_command_is_not_an_option() -> None:
    with pytest.raises(UsageError, match="no option -"):
        call("- say")


def test_a_number_is_converted_to_its_kind() -> None:
    assert arguments("copy a --pause 1.5")["pause"] == 1.5


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("copy a --count many", '--count takes a number, not "many"'),
        ("copy a --count 1.5", '--count takes a number, not "1.5"'),
        ("copy a --count", "--count needs a value"),
        ("copy a --force=yes", "--force takes no value"),
        ("copy a b c", '"c" is one word too many for `copy`'),
        ("copy", "`copy` needs SOURCE"),
        ("keys set", "`keys set` needs NAME"),
        ("--json", "No command was given"),
        ("copy a --mode quick", '--mode cannot be "quick"'),
        ("copy a -x", "`copy` has no option -x"),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error(line: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        call(line)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("copy a --forse", 'Did you mean "--force"?'),
        ("copy a --mode sloww", 'Did you mean "slow"?'),
        ("copy a --mode x", "One of: fast, slow."),
        ("copy a --zzzz", "Usage: copy SOURCE [TARGET]"),
    ],
)
def test_a_wrong_option_is_answered_with_the_right_one(line: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        call(line)
    assert caught.value.fix.startswith(fix)


def test_a_wrong_command_is_answered_with_the_right_one() -> None:
    with pytest.raises(UsageError) as caught:
        call("cpoy a")
    assert caught.value.fix == 'Did you mean "copy"?'


@pytest.mark.parametrize("line", ["--json copy a", "copy a --json", "copy --json a"])
def test_json_may_stand_anywhere(line: str) -> None:
    assert call(line).output == "json"


def test_plain_and_profile_are_the_calls_own() -> None:
    found = call("copy a --plain --profile work")
    assert found.output == "plain"
    assert found.profile == "work"
    assert "profile" not in found.arguments


def test_json_wins_over_plain() -> None:
    assert call("copy a --plain --json").output == "json"


@pytest.mark.parametrize("line", ["copy --help", "copy -h", "--help copy"])
def test_help_of_a_command_needs_none_of_its_arguments(line: str) -> None:
    found = call(line)
    assert found.command.name == "help"
    assert found.arguments == {"command": ["copy"]}


def test_help_alone_is_the_list_of_commands() -> None:
    assert call("--help").arguments == {"command": []}


def test_two_words_name_a_command_before_one_does() -> None:
    assert call("keys set x").command.name == "keys set"
    assert call("keys").command.name == "keys"


@pytest.mark.parametrize(
    "key",
    [
        "sk-or-v1-0123456789abcdef",
        "gsk_0123456789abcdefgh",
        "AIzaSyA0123456789abcdefgh",
        "ms-01234567-89ab-cdef",
        "--set=openrouter.key=sk-0123456789abcdef",
    ],
)
def test_a_key_on_a_command_line_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(UsageError, match="looks like a key") as caught:
        parse(["say", key], COMMANDS)
    assert key not in str(caught.value)


@pytest.mark.parametrize("word", ["sk-short", "task-0123456", "desk", "gpt-4o-mini"])
def test_an_ordinary_word_is_no_key(word: str) -> None:
    assert parse(["say", word], COMMANDS).arguments["words"] == [word]
