"""Options laid out in columns, whatever the width."""

from __future__ import annotations

import pytest

from freerouter.frontends.columns import (
    Columns,
    are_numbers,
    cells,
    cut,
    number,
    one_line,
    packed,
    wrap,
)
from freerouter.wizard.messages import Option

OPTIONS = (
    Option("a", "llama-3", "fast", fields={"FREE": "yes", "IN": "0.15", "EMPTY": ""}),
    Option("b", "a-much-longer-name", "not so fast", fields={"FREE": "quota", "IN": "12"}),
    Option("c", "off", "hint", "no key"),
)


def line(option: Option, width: int, options: tuple[Option, ...] = OPTIONS) -> str:
    return "".join(cell.text for cell in Columns(options).line(option, width)).rstrip()


def test_fields_stand_under_their_headings_and_numbers_to_the_right() -> None:
    assert Columns(OPTIONS).heading(60) == "                    FREE     IN"
    assert line(OPTIONS[0], 60) == "llama-3             yes    0.15  fast"
    assert line(OPTIONS[1], 60) == "a-much-longer-name  quota    12  not so fast"


def test_a_reason_stands_in_the_place_of_the_hint() -> None:
    assert line(OPTIONS[2], 60).split() == ["off", "no", "key"]


def test_a_hint_is_cut_and_left_out_where_nothing_of_it_would_be_read() -> None:
    assert line(OPTIONS[1], 43) == "a-much-longer-name  quota    12  not so fa…"
    assert line(OPTIONS[1], 38) == "a-much-longer-name  quota    12"


def test_it_is_known_when_a_hint_does_not_fit() -> None:
    assert Columns(OPTIONS).hides_hints(43)
    assert Columns(OPTIONS).hides_hints(10)
    assert not Columns(OPTIONS).hides_hints(44)
    assert not Columns((Option("a", "x" * 90),)).hides_hints(10)


@pytest.mark.parametrize("width", range(1, 70))
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    assert cells(Columns(OPTIONS).heading(width)) <= width
    assert all(cells(line(option, width)) <= width for option in OPTIONS)


def test_where_it_is_narrow_the_label_keeps_half_and_columns_fall_away() -> None:
    assert line(OPTIONS[1], 24) == "a-much-longer-na…  quota"
    assert line(OPTIONS[1], 12) == "a-much-long…"


def test_options_without_fields_are_labels_and_hints() -> None:
    options = (Option("a", "Yes", "of course"), Option("b", "Perhaps"))
    assert Columns(options).headings == []
    assert line(options[0], 40, options) == "Yes      of course"
    assert line(options[1], 40, options) == "Perhaps"


def test_wide_letters_take_two_places() -> None:
    options = (
        Option("a", "通义千问", fields={"X": "1"}),
        Option("b", "abcdefgh", fields={"X": "2"}),
    )
    assert line(options[0], 40, options) == "通义千问  1"
    assert cut("通义千问", 6) == "通义…"
    assert cells("é") == 1


def test_a_label_keeps_to_its_line_and_commands_nothing() -> None:
    assert one_line("a\n b\x1b[31m\tc") == "a b[31m c"


def test_the_beginning_is_what_is_kept() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcdef", 0) == ""


def test_sentences_are_wrapped_between_words_and_keep_their_lines() -> None:
    assert wrap("one two three\n\nfour", 8) == ["one two", "three", "", "four"]
    assert wrap("", 8) == []


def test_parts_go_on_in_the_next_line_whole() -> None:
    assert packed(["one two", "three", "four"], 16) == ["  one two  three", "  four"]
    assert packed(["much too long"], 8) == ["  much …"]


@pytest.mark.parametrize(
    ("texts", "numeric"),
    [
        (["131072", "32k", "1M"], True),
        (["$0.15", "–", "", "1,000"], True),
        (["yes", "1"], False),
        (["", "-"], False),
        (["3 models"], False),
    ],
)
def test_numbers_are_known_by_their_looks(texts: list[str], numeric: bool) -> None:
    assert are_numbers(texts) is numeric


@pytest.mark.parametrize(
    ("text", "value"),
    [("131072", 131072), ("32k", 32e3), ("1.5M", 1.5e6), ("64 K", 64e3), ("?", 0), ("1,000", 1000)],
)
def test_numbers_have_a_value(text: str, value: float) -> None:
    assert number(text) == value
