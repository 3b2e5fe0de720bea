"""What comes first for what people type, over the names of models that providers really list."""

from __future__ import annotations

from pathlib import Path

import pytest

from freerouter.matching import Index, positions

HERE = Path(__file__).parent / "ranking"
MODELS = (HERE / "models.txt").read_text(encoding="utf-8").splitlines()
INDEX = Index(MODELS)
EXPECTED = [
    tuple(line.split(" -> "))
    for line in (HERE / "expected.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def names(places: list[int]) -> list[str]:
    return [MODELS[place] for place in places]


@pytest.mark.parametrize(("query", "expected"), EXPECTED)
def test_what_was_meant_comes_first(query: str, expected: str) -> None:
    assert names(Index(MODELS).find(query, 5))[:1] == [expected]


@pytest.mark.parametrize(("query", "expected"), EXPECTED)
def test_typing_letter_by_letter_leads_to_the_same(query: str, expected: str) -> None:
    for end in range(len(query)):
        INDEX.find(query[:end], 50)
    assert INDEX.find(query, 50) == Index(MODELS).find(query)[:50]


@pytest.mark.parametrize(("query", "expected"), EXPECTED)
def test_what_is_found_can_be_shown(query: str, expected: str) -> None:
    letters = "".join(expected[place].lower() for place in positions(query, expected))
    assert sorted(letters) == sorted(query.replace(" ", "").lower())


def test_the_table_is_long_enough_to_hold_the_quality() -> None:
    assert len(EXPECTED) >= 60
    assert {expected for _, expected in EXPECTED} <= set(MODELS)
