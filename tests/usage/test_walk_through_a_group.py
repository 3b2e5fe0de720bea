"""Who is asked next, of those that may answer for an alias."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.usage.doors import DOORS, Shut
from freerouter.usage.outcome import Attempt
from freerouter.usage.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def row(name: str, order: int | None = None, window: int = 0, weight: int = 1) -> dict[str, Any]:
    params = {"order": order, "weight": weight}
    info = {"id": f"fast:{name}", "freerouter_alias": "fast", "max_input_tokens": window or None}
    return {"litellm_params": params, "model_info": info}


def walk(*rows: dict[str, Any]) -> Walk:
    return Walk("fast", rows or (row("a/x", 1), row("b/y", 2), row("c/z", 3)))


def rests(status: int) -> Attempt:
    return Attempt("", status, 5.0, rested=True)


def test_it_goes_by_the_order_and_asks_each_once() -> None:
    going = walk(row("b/y", 2), row("a/x", 1), row("c/z", 3))
    asked = []
    while (name := going.following({})) is not None:
        asked.append(name)
        going.fail(name, 500, None)
    assert asked == ["fast:a/x", "fast:b/y", "fast:c/z"]
    assert [attempt.member for attempt in going.tried.values()] == ["a/x", "b/y", "c/z"]


def test_those_that_rest_come_last_and_at_a_limit_never() -> None:
    going = walk()
    resting = {"fast:a/x": rests(408), "fast:b/y": rests(500), "fast:c/z": rests(429)}
    asked = []
    while (name := going.following(resting)) is not None:
        asked.append(name)
        going.fail(name, 500, None)
    assert asked == ["fast:b/y", "fast:a/x"], "who did not answer in time is asked last of all"
    assert [(a.member, a.status) for a in going.attempts(resting)] == [
        ("a/x", 500),
        ("b/y", 500),
        ("", 429),
    ]


def test_a_prompt_that_is_too_long_goes_to_a_larger_window() -> None:
    going = walk(row("a/x", 1, 8000), row("b/y", 2, 8000), row("c/z", 3, 32000), row("d/u", 4))
    going.fail("fast:a/x", 400, None, too_long=True)
    assert going.following({}) == "fast:c/z"
    going.fail("fast:c/z", 400, None, too_long=True)
    assert going.following({}) == "fast:d/u", "whose window nobody knows"


def test_without_an_order_all_take_part_by_their_weights() -> None:
    going = walk(row("a/x", weight=1), row("b/y", weight=9))
    chosen = [going.following({}) for _ in range(400)]
    assert 0 < chosen.count("fast:a/x") < chosen.count("fast:b/y")


def test_it_knows_its_own() -> None:
    going = walk()
    assert going.belongs("fast")
    assert going.belongs("fast:a/x")
    assert not going.belongs("a/x")


@pytest.fixture
def closed() -> Iterator[set[str]]:
    """Deployments whose door is shut."""
    names: set[str] = set()

    def door(asked: Mapping[str, Any]) -> Shut | None:
        name = asked["model_info"]["id"]
        return Shut(429, f"{name} is used up", time.time() + 600) if name in names else None

    DOORS.append(door)
    yield names
    DOORS.remove(door)


def test_who_has_nothing_left_is_not_asked(closed: set[str]) -> None:
    closed |= {"fast:a/x", "fast:c/z"}
    going = walk()
    assert going.following({}) == "fast:b/y"
    going.fail("fast:b/y", 500, None)
    assert going.following({}) is None
    assert [(a.member, a.status, a.rested, a.shut) for a in going.attempts({})] == [
        ("a/x", 429, True, "fast:a/x is used up"),
        ("b/y", 500, False, ""),
        ("c/z", 429, True, "fast:c/z is used up"),
    ]


def test_only_those_that_come_before_the_one_that_served_were_passed_over(closed: set[str]) -> None:
    closed |= {"fast:a/x", "fast:c/z"}
    going = walk()
    going.following({})
    assert [attempt.member for attempt in going.passed("fast:b/y")] == ["a/x"]
    assert [attempt.member for attempt in going.passed("")] == ["a/x", "c/z"]


def test_one_that_turned_out_to_have_nothing_left_is_not_thought_of_again() -> None:
    going = walk()
    going.bar("fast:a/x", Shut(402, "spent"))
    assert going.following({}) == "fast:b/y"
    assert going.attempts({})[0].words == "spent"


def test_a_door_that_fails_is_open() -> None:
    def door(_row: Mapping[str, Any]) -> Shut | None:
        raise ValueError

    DOORS.append(door)
    try:
        assert walk().following({}) == "fast:a/x"
    finally:
        DOORS.remove(door)
