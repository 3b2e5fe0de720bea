"""Rows by column are a list of maps to who looks into them, and come to the same JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.rows import AT_ONCE, Later, Rows, as_lists, encoded

TEXT = Rows(
    {"id": ["a", 'b"é', "c"], "size": [1, None, 1]},
    [0, 1, 0],
    [{"free": "no", "can": {"tools": True}}, {"free": "", "can": {}}],
)
LISTED = [
    {"id": "a", "size": 1, "free": "no", "can": {"tools": True}},
    {"id": 'b"é', "size": None, "free": "", "can": {}},
    {"id": "c", "size": 1, "free": "no", "can": {"tools": True}},
]


def test_they_are_a_list_of_maps() -> None:
    assert [*TEXT] == LISTED
    assert TEXT == LISTED
    assert (len(TEXT), TEXT[1], TEXT[-1], TEXT[1:]) == (3, LISTED[1], LISTED[2], LISTED[1:])
    assert LISTED[:2] != TEXT
    with pytest.raises(TypeError, match="hash"):
        hash(TEXT)


def test_they_come_to_the_same_json() -> None:
    data = {"models": TEXT, "more": [1], "again": TEXT}
    assert "".join(encoded(data)) == json.dumps(
        {"models": LISTED, "more": [1], "again": LISTED}, ensure_ascii=False
    )
    assert as_lists(data) == {"models": LISTED, "more": [1], "again": LISTED}


@pytest.mark.parametrize("data", [{}, [], 7, None, {"a": {"b": "é"}}])
def test_other_data_is_as_ever(data: Any) -> None:
    assert "".join(encoded(data)) == json.dumps(data, ensure_ascii=False)


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_a_piece_never_ends_within_a_value(count: int) -> None:
    rows = Rows({"id": [f"m{n}" for n in range(count)]}, [0] * count, [{"x": 1}])
    pieces = [*rows.pieces()]
    assert json.loads("".join(pieces)) == [*rows]
    assert all(piece.endswith('"x": 1') for piece in pieces[1:-1])


@given(st.lists(st.tuples(st.text(), st.none() | st.integers(2), st.integers(0, 1))))
def test_whatever_the_values_are(rows: list[tuple[str, int | None, int]]) -> None:
    columns: dict[str, list[Any]] = {"a": [row[0] for row in rows], "b": [row[1] for row in rows]}
    made = Rows(columns, [row[2] for row in rows], [{"k": "%s"}, {"k": None}])
    assert json.loads("".join(encoded({"rows": made}))) == {"rows": [*made]}


def test_what_is_made_later_is_made_once() -> None:
    made: list[int] = []

    def make() -> tuple[tuple[str, ...], ...]:
        made.append(1)
        return (("a",), ("b",))

    rows = Later(make)
    assert not made
    assert ([*rows], len(rows), rows[1]) == ([("a",), ("b",)], 2, ("b",))
    assert rows == (("a",), ("b",))
    assert hash(rows) == hash((("a",), ("b",)))
    assert len(made) == 1
