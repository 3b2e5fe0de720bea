"""Unified diffs: they turn one text into the other, and are short where little is different."""

from __future__ import annotations

from difflib import unified_diff

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.commands.raw_diff import unified

MODEL = "- model_name: {}\n  litellm_params:\n    model: {}\n    api_base: {}\n"
LINES = st.sampled_from(("- a", "  b: 1", "  b: 2", "  c", "", "# d", "e:"))


def text(*models: str, base: str = "x") -> str:
    listed = "".join(MODEL.format(name, name, base) for name in models)
    return f"# head\nmodel_list:\n{listed}settings:\n  drop: true\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (text("a", "b", "c"), text("a", "b", "x", "c")),
        (text("a"), text("a").replace("true", "false")),
        (text(*"abcdefgh"), text(*"abcdefgh").replace("model: d", "model: other")),
        ("", text("a")),
        (text("a"), ""),
    ],
)
def test_it_is_what_difflib_makes_of_small_changes(old: str, new: str) -> None:
    wanted = unified_diff(old.splitlines(), new.splitlines(), "o", "n", lineterm="")
    assert list(unified(old, new, "o", "n")) == list(wanted)


def test_an_entry_goes_whole() -> None:
    lines = list(unified(text("a", "b", "c"), text("a", "c"), "o", "n"))
    assert [line for line in lines[3:] if line[0] in "+-"] == [
        f"-{line}" for line in MODEL.format("b", "b", "x").splitlines()
    ]


def test_the_same_gives_no_line() -> None:
    assert list(unified(text("a"), text("a"), "o", "n")) == []


def applied(old: list[str], lines: list[str]) -> list[str]:
    """What a patch makes of a text."""
    made: list[str] = []
    place = 0
    for line in lines[2:]:
        if line.startswith("@@"):
            begin, _, length = line.split()[1][1:].partition(",")
            start = int(begin) - (length != "0")
            made += old[place:start]
            place = start
        elif line[0] != "+":
            assert old[place] == line[1:]
            made += [line[1:]] if line[0] == " " else []
            place += 1
        else:
            made.append(line[1:])
    return made + old[place:]


@given(st.lists(LINES, max_size=30), st.lists(LINES, max_size=30))
def test_it_turns_one_text_into_the_other(old: list[str], new: list[str]) -> None:
    lines = list(unified("\n".join([*old, "end"]), "\n".join([*new, "end"]), "o", "n"))
    assert applied([*old, "end"], lines) == [*new, "end"]
