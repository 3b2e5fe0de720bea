"""Limits that nobody tells are learnt: a rest that was too short is doubled."""

from __future__ import annotations

from freerouter.usage.rests import Rests


def test_a_rest_that_was_too_short_is_doubled_up_to_an_hour() -> None:
    rests, now, given = Rests(), 1000.0, []
    for _ in range(9):
        seconds = rests.after("lab/m", 429, None, now)
        assert seconds
        given.append(seconds)
        now += seconds + 1
    assert given == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_refusals_of_calls_that_were_on_their_way_together_are_one() -> None:
    rests = Rests()
    assert [rests.after("lab/m", 429, None, 1000.0 + n) for n in range(3)] == [30.0] * 3


def test_one_that_answered_for_as_long_again_begins_anew() -> None:
    rests = Rests()
    rests.after("lab/m", 429, None, 1000.0)
    assert rests.after("lab/m", 429, None, 1031.0) == 60
    assert rests.after("lab/m", 429, None, 1031.0 + 121) == 30


def test_what_a_provider_says_and_other_faults_are_as_ever() -> None:
    rests = Rests()
    rests.after("lab/m", 429, None, 1000.0)
    assert rests.after("lab/m", 429, 7.0, 1031.0) == 7
    assert rests.after("lab/m", 500, None, 1031.0) == 10
    assert rests.after("lab/m", 400, None, 1031.0) is None
    assert rests.after("other/m", 429, None, 1031.0) == 30
