"""A text with other data in it: what stays the same stays as it was written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.config.rewrite import rewritten
from freerouter.config.yaml_file import dump_yaml, parse_yaml

TEXT = """\
# mine
version: 1   # of the file

providers:
  # the first
  - type: openrouter
    api_key: "${A}"   # quoted
  # the second
  - {type: groq, enabled: false}

gateway:
  port: 4000  # as always
"""


def data_of(text: str) -> Any:
    return parse_yaml(text.encode(), "").data


def test_the_same_data_leave_every_byte() -> None:
    assert rewritten(TEXT, data_of(TEXT)) == TEXT


def test_a_changed_value_changes_only_itself() -> None:
    wanted = data_of(TEXT)
    wanted["gateway"]["port"] = 5000
    wanted["providers"][1]["enabled"] = True
    expected = TEXT.replace("4000", "5000").replace("enabled: false", "enabled: true")
    assert rewritten(TEXT, wanted) == expected


def test_what_is_new_is_added_and_what_went_is_taken_out() -> None:
    wanted = data_of(TEXT)
    del wanted["gateway"]
    wanted["providers"] = [wanted["providers"][1], {"type": "xai"}]
    wanted["spend"] = "never"
    text = rewritten(TEXT, wanted)
    assert data_of(text) == wanted
    assert text.startswith("# mine\nversion: 1   # of the file\n")
    assert "  - {type: groq, enabled: false}\n  - type: xai\n" in text
    assert "# quoted" not in text


@pytest.mark.parametrize("text", ["{a: 1, b: {c: 2}}\n", "a: &x {k: 1}\nb: *x\n"])
def test_where_lines_cannot_be_changed_the_data_are_right_all_the_same(text: str) -> None:
    wanted = {**data_of(text), "b": {"c": [1, {"d": None}]}, "new": "yes"}
    assert data_of(rewritten(text, wanted)) == wanted


def test_another_order_of_a_list_keeps_comments() -> None:
    wanted = data_of(TEXT)
    wanted["providers"].reverse()
    text = rewritten(TEXT, wanted)
    assert data_of(text) == wanted
    assert "# mine" in text
    assert "# as always" in text


def test_comments_of_a_file_without_data_stay() -> None:
    assert rewritten("# nothing yet\n", {"a": 1}) == "# nothing yet\n\na: 1\n"
    assert rewritten("", {"a": 1}) == "a: 1\n"
    assert rewritten("- a list\n", {"a": 1}) == "a: 1\n"


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
keys = st.text("abcdef", min_size=1, max_size=2)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(keys, values, max_size=4)


@given(maps, maps)
def test_whatever_it_was_it_reads_as_wanted(before: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert data_of(rewritten(f"# head\n{dump_yaml(before)}", wanted)) == wanted
