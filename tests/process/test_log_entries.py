"""Lines of the log as entries: when, how bad, and what belongs below."""

from __future__ import annotations

from datetime import datetime

import pytest

from freerouter.process.log_entries import Entry, entries, is_bad

UVICORN = "2026-11-24 13:26:53,800 INFO 127.0.0.1 answered"
OURS = "2026-11-24 13:26:54 FREEROUTER worker 2 is ready"
LITELLM = "13:26:55 - LiteLLM Proxy:ERROR: x.py:3 - it went wrong"
ROUTER = "13:26:56 - LiteLLM Router:WARNING: y.py:4 - careful"
STACK = ["Traceback (most recent call last):", '  File "x.py"', "ValueError: no"]
UNTIL = datetime(2026, 11, 24, 14, 0, 0)  # noqa: DTZ001 - the log's times are local


def read(*lines: str) -> list[Entry]:
    """The entries of a log, oldest first."""
    return list(entries(reversed(lines), UNTIL))[::-1]


def test_all_three_hands_are_read() -> None:
    found = read(UVICORN, OURS, LITELLM, ROUTER)
    assert [e.level for e in found] == ["INFO", "FREEROUTER", "ERROR", "WARNING"]
    assert [e.bad for e in found] == [False, False, True, True]
    times = [f"{e.time:%d %H:%M:%S}" for e in found if e.time]
    assert times == ["24 13:26:53", "24 13:26:54", "24 13:26:55", "24 13:26:56"]


def test_what_has_no_head_of_its_own_belongs_above() -> None:
    found = read(LITELLM, *STACK, UVICORN)
    assert found[0].lines == (LITELLM, *STACK)
    assert found[1].lines == (UVICORN,)


def test_a_stack_makes_an_error_of_what_it_stands_below() -> None:
    (found,) = read(UVICORN, *STACK)
    assert (found.level, found.bad) == ("ERROR", True)


def test_what_stands_above_every_head_has_no_time() -> None:
    found = read("it starts", "and goes on", UVICORN)
    assert found[0] == Entry(("it starts", "and goes on"), None, "")
    assert read(*STACK)[0].bad


def test_a_time_of_day_is_of_the_last_day_that_it_can_be() -> None:
    found = read("23:59:59 - LiteLLM:INFO: late", "00:00:01 - LiteLLM:INFO: early", OURS)
    assert [str(e.time.date()) for e in found if e.time] == [
        "2026-11-23",
        "2026-11-24",
        "2026-11-24",
    ]


@pytest.mark.parametrize(
    ("lines", "bad"),
    [
        ([LITELLM, *STACK, UVICORN], [True, True, True, True, False]),
        ([OURS, "more of it"], [False, False]),
        ([UVICORN, *STACK], [False, True, True, True]),
    ],
)
def test_line_by_line_it_is_known_what_is_part_of_something_bad(
    lines: list[str], bad: list[bool]
) -> None:
    before = False
    found = []
    for line in lines:
        before = is_bad(line, before=before)
        found.append(before)
    assert found == bad
