"""What was expected against what was said: for sessions to the line, for scripts in order."""

from __future__ import annotations

import pytest

from freerouter.scripts.grammar import parse
from freerouter.scripts.matching_lines import Matched, match
from freerouter.scripts.nodes import Item, Talk, written
from freerouter.volatile import volatile


def talk(text: str) -> tuple[Talk, ...]:
    """Expectations as they stand below a command on line 1."""
    return parse(f"> list\n{text}", "x.frs").commands[0].talk


def items(text: str) -> list[Item]:
    """`| out`, `! err` and `? id: text`, a line each."""
    found = []
    for line in text.splitlines():
        kind, rest = line[0], line[2:]
        identity, _, message = rest.partition(": ")
        found.append(Item(kind, message, identity) if kind == "?" else Item(kind, rest))
    return found


def session(expected: str, actual: str, **bound: str) -> Matched:
    return match(talk(expected), items(actual), bound, strict=True)


def script(expected: str, actual: str, **bound: str) -> Matched:
    return match(talk(expected), items(actual), bound, strict=False)


def rows(matched: Matched) -> list[str]:
    """Each row as one line: what was expected, ` = ` or ` x `, and the lines that it took."""
    return [
        f"{written(row.expected) if row.expected else 'none'} {'=' if row.holds else 'x'} "
        + ", ".join(f"{item.kind} {item.text}".strip() for item in row.actual)
        for row in matched.rows
    ]


def test_nothing_expected_and_nothing_said() -> None:
    assert session("", "") == ({}, (), ())
    assert script("", "| free\n! too\n").failures == ()


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("| a\n! b\n|\n", "| a\n! b\n|\n"),
        ("|...\n", ""),
        ("|...\n", "| a\n| b\n"),
        ("|...\n| end\n", "| a\n| end\n| end\n"),
        ("| a\n|...\n! b\n|...\n| end\n", "| a\n| x\n! b\n| end\n"),
        ("|...\n!...\n", "! b\n| a\n! b\n| a\n"),
        ("!...\n|...\n| end\n", "| a\n! b\n| end\n"),
        ("|? maybe\n| a\n", "| a\n"),
        ("|? maybe\n| a\n", "| maybe\n| a\n"),
        ("|? a\n| a\n", "| a\n"),
        ("|? a\n|? a\n| a\n|...\n", "| a\n| a\n"),
        ("|...\n|? a\n| b\n|...\n| b\n", "| b\n| a\n| b\n| c\n| b\n"),
        ("|* a*\n|/ [0-9]+\n", "| abc\n| 12\n"),
        ("= 4\n", ""),
        ("! bad\n= 4\n", "! bad\n"),
        ("? place: Where?\n< user\n| ok\n", "? place: Where?\n| ok\n"),
        ("? place\n< user\n", "? place: Where?\n"),
    ],
)
def test_a_session_accounts_for_every_line(expected: str, actual: str) -> None:
    assert session(expected, actual).failures == ()


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("| a\n", ""),
        ("", "| a\n"),
        ("| a\n", "! a\n"),
        ("! a\n", "| a\n"),
        ("| a\n| b\n", "| b\n| a\n"),
        ("| a\n! b\n", "! b\n| a\n"),
        ("|...\n", "| a\n! b\n"),
        ("|...\n| end\n", "| end\n| a\n"),
        ("|? maybe\n", "| other\n"),
        ("|? maybe\n", "| maybe\n| maybe\n"),
        ("? place\n< user\n", ""),
        ("? place\n< user\n", "? fetch: Where?\n"),
        ("? place: Where?\n< user\n", "? place: Where to?\n"),
        ("? place\n< user\n? fetch\n< yes\n", "? fetch: a\n? place: b\n"),
        ("? place\n< user\n|...\n", "? place: a\n? fetch: b\n"),
        ("", "? place: a\n"),
    ],
)
def test_a_session_fails_for_one_line_too_many_too_few_or_out_of_order(
    expected: str, actual: str
) -> None:
    assert len(session(expected, actual).failures) == 1


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("| b\n", "| a\n! x\n| b\n| c\n"),
        ("| a\n! x\n| b\n", "| a\n| c\n! x\n| b\n"),
        ("|...\n| b\n|...\n", "| a\n| b\n"),
        ("|? maybe\n| b\n", "| a\n| b\n| maybe\n"),
        ("|? {n:int}\n| b\n", "| 1\n| b\n"),
        ("| b\n|? maybe\n", "| b\n"),
        ("? place\n< user\n| b\n", "| a\n? place: Where?\n? other: x\n| b\n"),
    ],
)
def test_a_script_finds_its_lines_in_order_among_others(expected: str, actual: str) -> None:
    assert script(expected, actual).failures == ()


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("| a\n", "! a\n"),
        ("| a\n| b\n", "| b\n| a\n"),
        ("| a\n| a\n", "| a\n| b\n"),
        ("! x\n| a\n", "| a\n! x\n"),
        ("? place: Where?\n< user\n", "? place: Where to?\n"),
        ("? a\n< x\n| out\n? b\n< y\n", "? a: A\n? b: B\n| out\n"),
    ],
)
def test_a_script_fails_for_a_line_that_does_not_come_in_its_place(
    expected: str, actual: str
) -> None:
    assert len(script(expected, actual).failures) == 1


def test_what_is_bound_stays_bound() -> None:
    matched = session("| on {port:port}\n| at {port}\n", "| on 4000\n| at 4000\n", n="3")
    assert matched.failures == ()
    assert matched.bound == {"n": "3", "port": "4000"}
    assert session("| on {port:port}\n| at {port}\n", "| on 4000\n| at 4001\n").failures
    assert session("| on {port:port}\n", "| on 4001\n", port="4000").failures
    assert session("| on {port:port}\n", "| on 4000\n", port="4000").bound == {"port": "4000"}


def test_a_session_goes_back_where_the_first_line_that_fits_was_not_meant() -> None:
    expected = "|...\n| {n:int} models\n|...\n| {n} in use\n"
    matched = session(expected, "| 3 models\n| 5 models\n| 5 in use\n")
    assert matched.failures == ()
    assert matched.bound == {"n": "5"}


def test_a_script_binds_at_the_first_line_that_fits() -> None:
    expected, actual = "| {n:int} models\n| {n} in use\n", "| 3 models\n| 5 models\n| {} in use\n"
    assert script(expected, actual.format(3)).bound == {"n": "3"}
    assert script(expected, actual.format(5)).failures


def test_an_optional_line_that_was_left_out_binds_nothing() -> None:
    matched = session("|? {n:int} old\n| {n} new\n", "| 5 new\n")
    assert (matched.failures, matched.bound) == ((), {"n": "5"})


@pytest.mark.parametrize("again", ["", "? groq.key: Groq API key\n"])
@pytest.mark.parametrize("hold", [session, script])
def test_a_refused_answer_may_show_its_question_again(hold: type[object], again: str) -> None:
    expected = "? groq.key: Groq API key\n< sk-wrong\n! Refused.\n< ^skip\n| Left out.\n"
    actual = f"? groq.key: Groq API key\n! Refused.\n{again}| Left out.\n"
    matched = match(talk(expected), items(actual), {}, strict=hold is session)
    assert matched.failures == ()


def test_marks_of_what_is_volatile_are_not_compared_and_kept() -> None:
    item = Item("|", f"on {volatile('port', 4000)}")
    matched = match(talk("| on 4000\n"), [item], {}, strict=True)
    assert matched.failures == ()
    assert matched.rows[0].actual == (item,)
    assert match(talk("| x\n"), [item], {}, strict=True).failures[0].diff == (
        "- | x",
        "+ | on 4000",
    )


def test_a_failure_shows_what_is_missing_and_what_came_instead() -> None:
    matched = session(
        "# as recorded\n| MODEL\n|...\n| end\n! a warning\n= 0\n",
        "| MODEL\n| x\n| end\n! a mistake\n| more\n",
    )
    assert matched.failures == (
        (
            6,
            (
                "  | MODEL",
                "  |...",
                "  | end",
                "- ! a warning",
                "+ ! a mistake",
                "+ | more",
                "  = 0",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("expected", "actual", "line"),
    [
        ("| a\n\n| b\n", "| a\n", 4),
        ("| a\n| b\n", "| x\n| a\n| b\n", 2),
        ("| a\n| b\n", "| a\n| x\n| b\n", 3),
        ("| a\n| b\n", "| a\n| b\n| x\n", 3),
        ("", "| x\n", 0),
        ("? place\n< user\n", "? fetch: x\n", 2),
    ],
)
def test_a_failure_names_the_line_that_failed_first(expected: str, actual: str, line: int) -> None:
    assert session(expected, actual).failures[0].line == line


def test_a_script_that_fails_shows_what_was_said() -> None:
    failure = script("| a\n| b\n= 0\n", "| x\n| a\n| c\n").failures[0]
    assert failure == (3, ("+ | x", "  | a", "- | b", "+ | c", "  = 0"))


def test_a_question_in_other_words_is_the_same_question() -> None:
    matched = session("? a: Old?\n< x\n| ok\n", "? a: New?\n| ok\n")
    assert matched.failures[0].diff == ("- ? a: Old?", "+ ? a: New?", "  < x", "  | ok")
    assert rows(matched) == ["? a: Old? x ? New?", "< x = ", "| ok = | ok"]


def test_a_difference_in_the_middle_of_much_is_shown_alone() -> None:
    lines = [f"| line {n}\n" for n in range(2_000)]
    said = [*lines[:900], "| other\n", *lines[901:]]
    failure = session("".join(lines), "".join(said)).failures[0]
    assert failure.line == 902
    assert len(failure.diff) == 40
    assert failure.diff[20:22] == ("- | line 900", "+ | other")


def test_rows_tell_where_everything_belongs() -> None:
    matched = session(
        "? a\n< x\n|...\n| port {p:port}\n|? maybe\n| gone\n| end\n= 1\n",
        "? a: A\n| 1\n| 2\n| port 80\n| new\n| end\n! after\n",
    )
    assert rows(matched) == [
        "? a = ? A",
        "< x = ",
        "|... = | 1, | 2",
        "| port {p:port} = | port 80",
        "|? maybe = ",
        "| gone x ",
        "none x | new",
        "| end = | end",
        "none x ! after",
        "= 1 = ",
    ]
    assert matched.bound == {"p": "80"}


def test_another_line_ends_what_the_dots_stand_for() -> None:
    matched = session("|...\n| end\n", "| a\n! b\n| c\n| end\n")
    assert rows(matched) == ["|... = | a", "none x ! b", "none x | c", "| end = | end"]


def test_rows_of_a_script_leave_other_lines_free() -> None:
    matched = script("| a\n= 0\n", "| x\n| a\n| y\n")
    assert rows(matched) == ["none = | x", "| a = | a", "none = | y", "= 0 = "]


def test_a_line_that_contradicts_what_is_bound_is_told() -> None:
    matched = session("| {a:int}\n| x\n| {a}\n", "| 1\n| y\n| 2\n")
    assert rows(matched) == [
        "| {a:int} = | 1",
        "| x x ",
        "| {a} x ",
        "none x | y",
        "none x | 2",
    ]


def numbered(count: int) -> str:
    return "".join(f"| {n} of many\n" for n in range(count))


@pytest.mark.parametrize(
    "expected",
    [
        "|...\n| 39 of many\n" * 50,
        "|...\n|* *many\n" * 50 + "| never\n",
        "".join(f"|...\n| {{n{i}:int}} of many\n" for i in range(50)) + "|...\n| never\n",
        "".join(f"|...\n| {{n{i}:int}} of many\n" for i in range(25))
        + "".join(f"|...\n| {{n{i}}} of many\n" for i in range(25)),
        "|? 1 of many\n" * 50 + "|...\n| never\n",
    ],
)
def test_many_dots_and_many_lines_are_told_to_differ(expected: str) -> None:
    assert match(talk(expected), items(numbered(2_000)), {}, strict=True).failures


def test_many_dots_in_many_lines_hold() -> None:
    expected = "".join(f"|...\n| {n * 39} of many\n" for n in range(50)) + "|...\n"
    assert match(talk(expected), items(numbered(2_000)), {}, strict=True).failures == ()


def test_more_than_can_be_compared_is_all_told_as_changed() -> None:
    said = [Item("!", str(n)) for n in range(3_000)]
    matched = match(talk(numbered(3_000)), said, {}, strict=True)
    assert len(matched.rows) == 6_000
    assert not any(row.holds for row in matched.rows)
