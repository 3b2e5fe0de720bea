"""Who is asked next, of those that may answer for an alias."""

from __future__ import annotations

from typing import Any

from freerouter.usage.outcome import Attempt
from freerouter.usage.walk import Walk


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
