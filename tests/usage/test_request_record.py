"""A record as a line, and back."""

from __future__ import annotations

import pytest

from freerouter.usage.record import RequestRecord, from_line, to_line

WHEN = "2026-11-24T13:47:21.807+00:00"


def test_a_record_comes_back_as_it_was_written() -> None:
    record = RequestRecord(
        WHEN, "fast", "groq", "llama", 200, latency=0.25, tokens_in=5, client="Grüße/1"
    )
    line = to_line(record)
    assert "\n" not in line
    assert from_line(line) == record


def test_bodies_stand_in_a_line_only_where_there_are_some() -> None:
    assert '"request"' not in to_line(RequestRecord(WHEN))
    with_one = RequestRecord(WHEN, request='{"a":\n1}', response="b")
    assert from_line(to_line(with_one)) == with_one


@pytest.mark.parametrize(
    "line", ["", "{", '{"time": "x", "ali', "[]", "7", '{"alias": "a"}', '{"time": "noon"}']
)
def test_a_line_that_is_no_record_is_none(line: str) -> None:
    assert from_line(line) is None


def test_a_line_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert from_line(f'{{"time": "{WHEN}", "alias": "a", "mood": "good"}}') == RequestRecord(
        WHEN, "a"
    )


@pytest.mark.parametrize(
    ("record", "failed"),
    [
        (RequestRecord(WHEN, status=200), False),
        (RequestRecord(WHEN, status=404), True),
        (RequestRecord(WHEN, status=200, error="Cut"), True),
    ],
)
def test_it_failed_by_its_status_or_because_something_broke(
    record: RequestRecord, failed: bool
) -> None:
    assert record.failed is failed
