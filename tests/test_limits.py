"""What an account may use in which time: clocks, zones, and whose calls count together."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.limits import (
    PERIODS,
    RESETS,
    SCOPES,
    SECONDS,
    SOURCES,
    Limit,
    Limits,
    as_data,
    from_data,
    limits_of,
    pot,
    window,
)

HOUR = 3600
ZONES = (
    "UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Africa/Cairo", "America/Havana", "Pacific/Apia",
)  # fmt: skip


def at(zone: str, *when: int, fold: int = 0) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).timestamp()  # type: ignore[misc,arg-type] # a date's parts


def fixed(per: str, zone: str = "UTC") -> Limit:
    return Limit("requests", 10, per, resets="fixed", zone=zone)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", (2026, 3, 29), 24),
        ("Europe/Berlin", (2026, 3, 28), 24),
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/Los_Angeles", (2026, 3, 8), 23),
        ("America/Los_Angeles", (2026, 11, 1), 25),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("Africa/Cairo", (2026, 4, 24), 23),  # there is no 00:00 on that day
        ("America/Havana", (2026, 11, 1), 25),  # 00:00 is there twice
        ("Asia/Kathmandu", (2026, 6, 1), 24),
    ],
)
def test_a_day_is_as_long_as_it_is_there(
    zone: str, day: tuple[int, int, int], hours: float
) -> None:
    begin, end = window(fixed("day", zone), at(zone, *day, 12))
    assert end - begin == hours * HOUR
    assert datetime.fromtimestamp(begin, ZoneInfo(zone)).date().timetuple()[:3] == day
    assert datetime.fromtimestamp(begin - 1, ZoneInfo(zone)).date().timetuple()[:3] != day
    assert window(fixed("day", zone), begin) == window(fixed("day", zone), end - 1) == (begin, end)
    assert window(fixed("day", zone), end)[0] == end


@pytest.mark.parametrize(
    ("month", "days"), [((2026, 2), 28), ((2028, 2), 29), ((2026, 12), 31), ((2026, 4), 30)]
)
def test_a_month_ends_with_its_last_day(month: tuple[int, int], days: int) -> None:
    for day in (1, days):
        begin, end = window(fixed("month"), at("UTC", *month, day, 23, 59, 59))
        assert datetime.fromtimestamp(begin, timezone.utc).timetuple()[:3] == (*month, 1)
        assert end - begin == days * 24 * HOUR


def test_a_month_with_a_clock_change_is_an_hour_shorter() -> None:
    begin, end = window(fixed("month", "Europe/Berlin"), at("Europe/Berlin", 2026, 3, 31, 23))
    assert end - begin == 31 * 24 * HOUR - HOUR
    assert end == at("Europe/Berlin", 2026, 4, 1)


def test_the_day_of_another_zone_begins_at_its_own_midnight() -> None:
    noon = at("UTC", 2026, 7, 1, 12)
    assert window(fixed("day", "America/Los_Angeles"), noon)[1] == at("UTC", 2026, 7, 2, 7)
    assert window(fixed("day", "Asia/Shanghai"), noon)[1] == at("UTC", 2026, 7, 1, 16)


def test_a_fixed_hour_begins_on_the_hour_also_where_that_is_a_quarter_to() -> None:
    noon = at("UTC", 2026, 7, 1, 12)
    assert window(fixed("hour"), noon + 1) == (noon, noon + HOUR)
    assert window(fixed("hour", "Asia/Kathmandu"), noon)[0] == noon - 45 * 60
    assert window(fixed("minute"), noon + 61.5) == (noon + 60, noon + 120)


def test_the_hour_that_is_there_twice_is_two() -> None:
    first = at("Europe/Berlin", 2026, 10, 25, 2, 30)
    second = at("Europe/Berlin", 2026, 10, 25, 2, 30, fold=1)
    hour = fixed("hour", "Europe/Berlin")
    assert window(hour, second)[0] == window(hour, first)[1] == window(hour, first)[0] + HOUR


def test_a_rolling_period_ends_when_its_oldest_count_is_old_enough() -> None:
    minute = Limit("requests", 3, "minute")
    assert window(minute, 1000.0) == (940.0, 1060.0)
    assert window(minute, 1000.0, oldest=950.0) == (940.0, 1010.0)
    assert window(Limit("tokens", 3, "month"), 0.0)[0] == -30 * 86400


@given(
    st.sampled_from(PERIODS),
    st.sampled_from(ZONES),
    st.floats(at("UTC", 2020, 1, 1), at("UTC", 2036, 1, 1)),
)
def test_every_moment_is_in_its_own_period(per: str, zone: str, now: float) -> None:
    begin, end = window(fixed(per, zone), now)
    assert begin <= now < end
    assert abs(end - begin - SECONDS[per]) <= {"day": HOUR, "month": 49 * HOUR}.get(per, 0)
    assert window(fixed(per, zone), end)[0] >= end - HOUR / 2


LIMITS = st.builds(
    Limit,
    st.sampled_from(("requests", "tokens")),
    st.integers(0, 10**9),
    st.sampled_from(PERIODS),
    st.sampled_from(SCOPES),
    st.sampled_from(RESETS),
    st.sampled_from(ZONES),
    st.lists(st.text("ab*:/", min_size=1), max_size=2).map(tuple),
    st.sampled_from(SOURCES),
)


@given(LIMITS)
def test_what_is_written_down_is_read_the_same(limit: Limit) -> None:
    assert from_data(as_data(limit)) == limit


def test_what_is_usual_is_not_written() -> None:
    assert as_data(Limit("requests", 5, "day", resets="fixed")) == {"requests/day": 5}
    assert as_data(Limit("tokens", 5, "minute", source="yours")) == {
        "tokens/minute": 5,
        "source": "yours",
    }


@pytest.mark.parametrize(
    "data", [{}, {"requests/day": 1, "requests/hour": 2}, {"requests/day": 1, "zone": "No/Where"}]
)
def test_what_is_no_limit_is_not_taken_for_one(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no limit"):
        from_data(data)


@pytest.mark.parametrize(
    ("scope", "key", "expected"),
    [
        ("key", 1, ("groq", "")),
        ("key", 2, ("groq#2", "")),
        ("model", 1, ("groq", "m")),
        ("model", 2, ("groq#2", "m")),
        ("account", 1, ("groq", "")),
        ("account", 2, ("groq", "")),
    ],
)
def test_whose_calls_count_together(scope: str, key: int, expected: tuple[str, str]) -> None:
    assert pot(Limit("requests", 1, "day", scope), "groq", key, "m") == expected


OPENROUTER = limits_of(
    {"requests/minute": 20, "requests/day": 50, "scope": "account", "models": ["*:free"]},
    "catalogue",
)
MODELSCOPE = [
    *limits_of({"requests/day": 2000, "zone": "Asia/Shanghai"}, "catalogue"),
    *limits_of({"requests/day": 500, "scope": "model", "zone": "Asia/Shanghai"}, "catalogue"),
]


def test_an_own_figure_keeps_the_clock_and_the_models_of_the_known_one() -> None:
    limits = Limits(OPENROUTER, [{"requests/day": 1000}])
    minute, day = OPENROUTER
    assert limits.of("x:free") == [day._replace(most=1000, source="yours"), minute]
    assert limits.of("paid") == []


def test_an_own_limit_of_a_scope_leaves_the_other_one() -> None:
    whole, each = MODELSCOPE
    assert Limits(MODELSCOPE, [{"requests/day": 9}]).of("m") == [
        whole._replace(most=9, source="yours"),
        each,
    ]
    assert Limits(MODELSCOPE, [{"requests/day": 9, "scope": "model"}]).of("m") == [
        each._replace(most=9, source="yours"),
        whole,
    ]


def test_an_own_limit_of_some_models_holds_for_those() -> None:
    limits = Limits(MODELSCOPE[:1], [{"requests/day": 5, "models": ["*pro*"]}])
    assert [limit.most for limit in limits.of("a-pro")] == [5]
    assert [limit.most for limit in limits.of("a")] == [2000]


def test_nought_takes_a_known_limit_away() -> None:
    assert Limits(OPENROUTER, [{"requests/day": 0}]).of("x:free") == OPENROUTER[:1]


def test_the_older_word_for_requests_a_minute_still_holds() -> None:
    assert limits_of({"note": "n", "rpm": 7}, "catalogue") == [Limit("requests", 7, "minute")]
