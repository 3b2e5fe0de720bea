"""The picker: keys in, events out, and what is drawn at each size."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

import pexpect
import pytest
from keyboard import (
    ALL,
    BACKSPACE,
    DOWN,
    END,
    ENTER,
    ESC,
    F1,
    F2,
    F3,
    HOME,
    MODELS,
    PAGE_DOWN,
    PAGE_UP,
    SKIP,
    TAB,
    UP,
    Seen,
    typed,
)

from freerouter.errors import CancelledError
from freerouter.frontends.columns import cells
from freerouter.frontends.picker import Picker, pick
from freerouter.wizard.messages import Answer, Back, Option, Question, Skip

ONE = replace(MODELS, type="choice", default="m30")
PLACES = Question(
    "place",
    "choice",
    "Where?",
    options=(Option("user", "For me", "everywhere"), Option("moon", "Moon", "far", "no air")),
)
LONG_HELP = "word " * 60


def picked(keys: str | list[str], question: Question = MODELS, **size: int) -> Seen:
    return typed(keys, lambda: pick(question), **size)


def answer(keys: str | list[str], question: Question = MODELS) -> Any:
    event = picked(keys, question).value
    assert isinstance(event, Answer)
    return event.value


def screen(picker: Picker, width: int = 79, height: int = 23) -> list[str]:
    lines = picker.lines(width, height)
    return ["".join(text for _, text in line).rstrip() for line in lines]


def styled(picker: Picker, style: str) -> list[str]:
    """The pieces that are drawn in a style."""
    return [t for line in picker.lines(79, 23) for s, t in line if style in s.split() and t.strip()]


@pytest.mark.parametrize(
    ("keys", "values"),
    [
        ("", ["m10", "m20"]),
        (" ", ["m20"]),
        (TAB + TAB, []),
        (TAB + " ", []),
        (DOWN + DOWN + " ", ["m0", "m10", "m20"]),
        (DOWN + DOWN + UP + " ", ["m10"]),
        (UP + UP + " ", ["m10", "m20", "m38"]),
        (END + UP + " ", ["m10", "m20", "m38"]),
        (END + HOME + " ", ["m20"]),
        (PAGE_DOWN + DOWN + " ", ["m10", "m18", "m20"]),
        (PAGE_DOWN + PAGE_UP + " ", ["m20"]),
        ("model-12" + TAB, ["m10", "m12", "m20"]),
        ("model-129" + BACKSPACE + TAB, ["m10", "m12", "m20"]),
        ("zz\x15model-12" + TAB, ["m10", "m12", "m20"]),
        ("qwen zz\x17 demo" + TAB, ["m10", "m14", "m20"]),
        ("\x1b[200~model-12\n\x1b[201~" + TAB, ["m10", "m12", "m20"]),
        ("model-12" + ESC + " ", ["m20"]),
        ("demo qwen" + ALL, ["m10", "m14", "m20", "m29"]),
        ("demo qwen" + ALL + ALL, ["m10", "m20"]),
        (F2 + F3 + "model" + ALL, ["m0", "m10", "m15", "m20", "m30"]),
        ("\x1b[C\x1b[D\x1a", ["m10", "m20"]),
    ],
)
def test_several_are_chosen_by_keys(keys: str, values: list[str]) -> None:
    assert answer(keys + ENTER) == values


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("", "m30"),
        (DOWN, "m31"),
        (" ", "m30"),
        (TAB, "m30"),
        (ALL, "m30"),
        ("model 12", "m12"),
        ("zzzz" + ENTER + ESC, "m0"),
        ("model-17" + ENTER + BACKSPACE, "m1"),
    ],
)
def test_one_is_chosen_by_enter(keys: str, value: str) -> None:
    assert answer(keys + ENTER, ONE) == value


def test_a_small_menu_is_not_searched_but_may_have_shortcuts() -> None:
    assert answer("x?" + ENTER, PLACES) == "user"
    seen = typed("M", lambda: pick(PLACES, {"u": "user", "m": "moon"}))
    assert seen.value == Answer("place", "moon")


def test_escape_goes_back_after_it_has_cleared_the_search() -> None:
    assert picked(ESC).value == Back()
    assert picked("gro" + ESC + ESC).value == Back()


def test_what_can_be_skipped_is_skipped_by_one_key() -> None:
    seen = picked(SKIP, replace(MODELS, skippable=True))
    assert seen.value == Skip()
    assert "skipped" in seen.drawn
    assert answer(SKIP + ENTER) == ["m10", "m20"]


def test_giving_up_is_possible_at_any_time() -> None:
    with pytest.raises(KeyboardInterrupt):
        picked("abc\x03")
    with pytest.raises(CancelledError):
        picked("abc\x04")


def test_too_few_and_too_many_are_refused_until_it_fits() -> None:
    question = replace(MODELS, min=1, max=2, default=[])
    assert answer(ENTER + TAB + TAB + TAB + ENTER + UP + " " + ENTER, question) == ["m0", "m1"]


def test_one_line_stays() -> None:
    drawn = picked(ENTER).drawn
    left = drawn[drawn.rindex("\x1b[J") :]
    assert "Which models?" in left
    assert "meta/model-10" not in left or "\n" not in left.strip()
    assert "40 shown" not in left


def test_a_short_answer_stays_in_words_and_a_long_one_as_a_number() -> None:
    assert Picker(MODELS, {}).summary(["m0"]) == "meta/model-0"
    assert Picker(MODELS, {}).summary(["m0", "m1"]) == "meta/model-0, openai/model-1"
    assert Picker(MODELS, {}).summary([f"m{n}" for n in range(12)]) == "12 chosen"
    assert Picker(MODELS, {}).summary([]) == "0 chosen"
    assert Picker(PLACES, {}).summary("user") == "For me"


def test_the_whole_screen_at_80_by_24() -> None:
    picker = Picker(replace(MODELS, help="Free ones first."), {})
    drawn = screen(picker)
    assert len(drawn) == 23
    assert drawn[:7] == [
        "? Which models?",
        "  Free ones first.",
        "  Search:  type to narrow down",
        "                     PROVIDER    FREE   CONTEXT",
        "❯ ● openai/model-10  groq        quota     131k",
        "  ● qwen/model-20    groq        no          8k",
        "  ○ meta/model-0     groq        yes         8k",
    ]
    assert drawn[-2:] == [
        "  2 chosen, 40 of 40 shown  F2 FREE: all  F3 PROVIDER: all  F4 CONTEXT: all",
        "  Enter accept  Space choose  Esc back  ? help  Ctrl-A all shown",
    ]
    assert "  – openai/model-7   nim" not in drawn


def test_what_is_searched_and_filtered_is_told() -> None:
    picker = Picker(MODELS, {})
    picker.choices.turn(1)
    picker.choices.turn(2)
    picker.choices.search_for("model-2")
    drawn = screen(picker)
    assert drawn[1] == "  Search: model-2"
    assert "F3 PROVIDER: groq  F4 CONTEXT: ≥ 32k" in "".join(drawn)
    assert "2 chosen, 1 of 40 shown" in drawn[-3] + drawn[-2]
    assert "Tab choose" in drawn[-1]
    assert len(drawn) == 23


def test_the_letters_that_were_found_are_made_visible() -> None:
    picker = Picker(MODELS, {})
    picker.choices.search_for("opn13")
    assert styled(picker, "class:found") == ["o", "p", "n", "1", "3"]


def test_a_label_that_is_cut_shows_its_end_as_cut() -> None:
    options = tuple(Option(f"v{n}", f"{'x' * 50}{n}y") for n in range(12))
    picker = Picker(Question("w", "choice", "?", options=options), {})
    picker.choices.search_for("y")
    assert not any("…" in s for s in styled(picker, "class:found"))
    assert "…" in screen(picker, 30)[3]


def test_what_cannot_be_chosen_is_grey_with_its_reason() -> None:
    picker = Picker(replace(MODELS, options=MODELS.options[:8]), {})
    assert screen(picker)[9] == (
        "  – openai/model-7  nim         quota       1M  needs a paid plan"
    )
    assert "needs a paid plan" in "".join(styled(picker, "class:dim"))
    picker.choices.leap(7)
    picker.choices.toggle()
    assert styled(picker, "class:problem") == [
        "  openai/model-7 is not possible: needs a paid plan"
    ]


def test_a_hint_that_does_not_fit_stands_below_for_the_row_pointed_at() -> None:
    hints = ("a hint that goes on and on " * 3).strip()
    picker = Picker(
        replace(PLACES, options=(Option("user", "For me", hints), Option("x", "X"))), {}
    )
    assert screen(picker)[3] == f"  {hints[:76]}…"
    picker.choices.move(1)
    assert screen(picker)[3] == ""
    assert len(screen(picker, 120)) == 4
    picker = Picker(MODELS, {})
    picker.choices.search_for("model-17")
    assert "    needs a paid plan" in screen(picker, 50)
    picker.choices.search_for("zzz")
    assert screen(picker, 50)[-4] == ""
    assert "    needs a paid plan" not in screen(picker, 50, 9)


@pytest.mark.parametrize("width", [20, 39, 60, 79, 150])
@pytest.mark.parametrize("height", [4, 6, 11, 23, 60])
def test_it_fits_whatever_the_size(width: int, height: int) -> None:
    question = replace(MODELS, problem="It was wrong. " * 4, help=LONG_HELP, skippable=True)
    for picker in (Picker(question, {}), Picker(replace(PLACES, help="Short."), {})):
        for search in ("", "m"):
            picker.choices.search_for(search)
            drawn = screen(picker, width, height)
            assert len(drawn) <= height
            assert max(map(cells, drawn)) <= width
            assert any("❯" in line for line in drawn)


def test_a_small_screen_keeps_rows_filters_and_keys() -> None:
    drawn = screen(Picker(replace(MODELS, help="Help.", problem="Wrong."), {}), 39, 11)
    assert drawn[0] == "? Wrong."
    assert [line for line in drawn if "model-" in line] == drawn[3:7]
    assert drawn[7:] == [
        "  2 chosen, 40 of 40 shown",
        "  F2 FREE: all  F3 PROVIDER: all",
        "  F4 CONTEXT: all",
        "  Enter accept  Space choose  Esc back",
    ]


def test_short_help_is_there_and_long_help_comes_when_asked_for() -> None:
    short = Picker(replace(PLACES, help="Short."), {})
    assert "  Short." in screen(short)
    long = Picker(replace(PLACES, help=LONG_HELP), {})
    assert "word word" not in "".join(screen(long))
    assert "? help" in screen(long)[-1]


@pytest.mark.parametrize("keys", ["?", F1])
def test_help_is_asked_for_by_a_key(keys: str) -> None:
    assert "word word" in picked([keys, ENTER], replace(PLACES, help=LONG_HELP)).drawn
    assert "word word" in picked(["zz", ESC, keys, ENTER], replace(ONE, help=LONG_HELP)).drawn


def test_help_that_was_asked_for_is_there_on_a_small_screen_too() -> None:
    picker = Picker(replace(MODELS, help="Short help."), {})
    assert "  Short help." not in screen(picker, 39, 11)
    picker._around.toggle_help()
    assert "  Short help." in screen(picker, 39, 11)
    picker._around.toggle_help()
    assert "  Short help." not in screen(picker, 39, 11)


def test_a_message_goes_with_the_next_key() -> None:
    picker = Picker(replace(MODELS, min=3), {})
    assert picker.choices.answer() is None
    assert "  Choose at least 3." in screen(picker)
    assert "chosen," not in "".join(screen(picker))
    picker._search_for("x")
    assert "  Choose at least 3." not in screen(picker)


SCRIPT = """
from freerouter.frontends.picker import pick
from freerouter.wizard.messages import Option, Question
options = tuple(
    Option(f"m{n}", f"vendor/model-{n}", fields={"FREE": ("yes", "no")[n % 2]})
    for n in range(2000)
)
print(pick(Question("w", "many", "Which?", options=options, min=1, filters=("FREE",))))
"""


@pytest.fixture
def child() -> Any:
    made = pexpect.spawn(
        sys.executable,
        ["-c", SCRIPT],
        env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=20,
    )
    yield made
    made.close(force=True)


def test_thousands_in_a_real_terminal(child: Any) -> None:
    child.expect("2000 of 2000 shown  F2 FREE: all")
    child.send("1999")
    child.expect("Tab choose")
    child.send(ENTER)
    child.expect("Choose at least 1.")
    child.send(TAB)
    child.expect("1 chosen")
    child.send(ESC)
    child.expect("Space choose")
    child.send(F2)
    child.expect("yes")
    child.setwinsize(12, 40)
    child.expect("1 chosen, 1000 of 2000 shown")
    child.expect("F2 FREE: yes")
    child.send(ENTER)
    child.expect(r"Answer\(id='w', value=\['m1999'\]")
    child.expect(pexpect.EOF)


@pytest.mark.parametrize(("key", "error"), [("\x03", "KeyboardInterrupt"), ("\x04", "Cancelled")])
def test_giving_up_in_a_real_terminal(child: Any, key: str, error: str) -> None:
    child.expect("of 2000 shown")
    child.send(key)
    child.expect(error)
    child.expect(pexpect.EOF)
