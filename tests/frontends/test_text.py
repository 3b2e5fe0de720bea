"""Results as text: aligned, fitted to the width, coloured only where that is wanted."""

from __future__ import annotations

import json

import pytest

from freerouter.errors import FreeRouterError
from freerouter.frontends.text import Painter
from freerouter.redact import Redactor
from freerouter.result import Fields, Line, Result, Reveal, Table

MODELS = Table(("MODEL", "FREE", "IN"), (("gpt", "yes", "1"), ("llama-3", "", "12.5")), (2,))


def painter(width: int = 0, *, colour: bool = False) -> Painter:
    return Painter(lambda text: text, width, colour=colour)


def secretive(**secrets: str) -> Painter:
    redact = Redactor()
    redact.learn(secrets)
    return Painter(redact)


def test_a_table_is_aligned_and_has_no_trailing_blanks() -> None:
    assert painter().block(MODELS) == (
        "MODEL    FREE    IN\n"
        "gpt      yes      1\n"
        "llama-3        12.5\n"
    )  # fmt: skip


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    table = Table(("A", "EMPTY", "B"), (("1", "", "2"),))
    assert painter().block(table) == "A  B\n1  2\n"


def test_a_table_without_rows_is_no_error() -> None:
    assert painter(80).block(Table(("A", "B"), ())).strip() == ""


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_table_is_cut_to_the_width_at_its_widest_column(width: int) -> None:
    table = Table(("MODEL", "FREE"), (("x" * 90, "yes"), ("short", "no")))
    lines = painter(width).block(table).splitlines()
    assert max(len(line) for line in lines) == width
    assert lines[1].split() == ["x" * (width - 7) + "…", "yes"]
    assert lines[2].split() == ["short", "no"]


WIDE = Table(
    ("MODEL", "PROVIDER", "FREE", "STATE"),
    (("m" * 30, "openrouter", "quota", "listed"),),
    (),
    (2, 1),
)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, ["MODEL", "PROVIDER", "FREE", "STATE"]),
        (51, ["MODEL", "PROVIDER", "FREE", "STATE"]),
        (50, ["MODEL", "PROVIDER", "STATE"]),
        (44, ["MODEL", "PROVIDER", "STATE"]),
        (43, ["MODEL", "STATE"]),
        (12, ["MODEL", "STATE"]),
        (0, ["MODEL", "PROVIDER", "FREE", "STATE"]),
    ],
)
def test_what_can_be_spared_is_left_out_where_there_is_no_room(
    width: int, shown: list[str]
) -> None:
    assert painter(width).block(WIDE).splitlines()[0].split() == shown


def test_a_cell_of_several_lines_stays_in_its_row() -> None:
    table = Table(("A", "B"), (("1\n2", "x"), ("3", "y")))
    assert painter().block(table) == "A    B\n1 2  x\n3    y\n"


def test_a_table_for_a_pipe_is_never_cut() -> None:
    name = "x" * 300
    assert name in painter(0).block(Table(("MODEL",), ((name,),)))


def test_a_terminal_too_narrow_for_a_table_still_shows_the_start_of_each_cell() -> None:
    text = painter(5).block(Table(("A", "B"), (("a" * 30, "b" * 30),)))
    assert text.splitlines()[1] == "aaaaaaa…  bbbbbbb…"


def test_a_number_is_cut_last() -> None:
    table = Table(("NAME", "LEFT"), (("a" * 30, "1,000,000"),), (1,))
    assert painter(20).block(table).splitlines()[1] == "aaaaaaaa…  1,000,000"
    assert painter(12).block(table).splitlines()[1] == "aaa…  1,000…"


def test_what_is_wanted_to_the_last_is_left_out_before_all_is_cut_short() -> None:
    table = Table(("NAME", "LIMIT", "IN"), (("a" * 30, "b" * 30, "5h 20m"),), last=(2,))
    assert painter(40).block(table).splitlines()[0] == "NAME             LIMIT            IN"
    assert painter(34).block(table).splitlines()[0] == "NAME              LIMIT"


def test_fields_are_aligned_at_their_values() -> None:
    fields = Fields((("address", "http://x"), ("pid", "7")))
    assert painter().block(fields) == "  address  http://x\n  pid      7\n"


def test_a_long_value_goes_on_under_itself() -> None:
    fields = Fields((("a", "one two three four five six seven"),))
    assert painter(28).block(fields) == "  a  one two three four five\n     six seven\n"


def test_no_fields_are_nothing_at_all() -> None:
    assert painter().block(Fields(())) == ""


def test_colour_is_given_only_when_it_is_wanted() -> None:
    line = Line("Ready", "ok")
    assert painter().block(line) == "Ready\n"
    assert painter(colour=True).block(line) == "\033[32mReady\033[0m\n"


@pytest.mark.parametrize("line", [Line("plain"), Line("", "ok"), Line("x", "no such style")])
def test_what_has_no_style_gets_no_colour(line: Line) -> None:
    assert painter(colour=True).block(line) == line.text + "\n"


def test_colour_does_not_shift_a_table() -> None:
    coloured = painter(colour=True).block(MODELS).replace("\033[1m", "").replace("\033[0m", "")
    assert coloured == painter().block(MODELS)


def test_an_error_is_told_line_by_line_without_gaps() -> None:
    assert painter().error(FreeRouterError("What.", "Why.", "Fix.")) == "What.\nWhy.\nFix.\n"
    assert painter().error(FreeRouterError("What.", fix="Fix.")) == "What.\nFix.\n"
    assert painter().error(FreeRouterError("What.", "Its lines:\n  a\n")) == (
        "What.\nIts lines:\n  a\n"
    )


def test_what_belongs_to_standard_error_is_kept_apart() -> None:
    result = Result({}, (Line("a"), Line("b", err=True), Fields((("c", "d"),))))
    assert painter().result(result) == ("a\n  c  d\n", "b\n")


def test_a_secret_is_hidden_in_every_kind_of_block() -> None:
    secret = "sk-canary-1"
    hidden = secretive(KEY=secret)
    blocks = (Line(secret), Fields((("key", secret),)), Table(("K",), ((secret,),)))
    for block in blocks:
        text = hidden.block(block)
        assert "canary" not in text
        assert "env:KEY" in text
    assert "canary" not in hidden.error(FreeRouterError(secret, secret, secret))
    assert hidden.json({"key": secret}) == '{"key": "env:KEY"}\n'


def test_a_table_is_aligned_after_its_secrets_are_hidden() -> None:
    text = secretive(K="a-long-secret-value").block(
        Table(("A", "B"), (("a-long-secret-value", "x"), ("y", "z")))
    )
    assert text == "A      B\nenv:K  x\ny      z\n"


def test_only_what_was_asked_to_be_shown_is_shown() -> None:
    assert secretive(KEY="sk-canary-1").block(Reveal("KEY", "sk-canary-1")) == "sk-canary-1\n"


def test_json_is_one_line_of_plain_unicode() -> None:
    text = painter(20).json({"name": "Grüße", "rows": [1, None]})
    assert text == '{"name": "Grüße", "rows": [1, null]}\n'
    assert json.loads(text) == {"name": "Grüße", "rows": [1, None]}


def test_nothing_that_is_shown_commands_the_terminal() -> None:
    painter = Painter(lambda text: text)
    evil = "\033[31mred\033[0m \033]0;title\007 bell\x9b2J\r"
    assert painter.block(Line(evil)) == "red ]0;title bell2J\n"
    assert painter.block(Table(("A",), ((evil,),))) == "A\nred ]0;title bell2J\n"
    assert painter.error(FreeRouterError(evil)) == "red ]0;title bell2J\n"
    assert painter.block(Line("two\nlines\tand a tab")) == "two\nlines\tand a tab\n"
