"""Percentiles out of buckets, held against the truth."""

from __future__ import annotations

from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.usage.buckets import (
    ERROR,
    LONGEST,
    MANY,
    bucket_of,
    counted_in,
    middle_of,
    packed,
    percentiles,
    percentiles_in,
)

MICROS = st.integers(0, LONGEST - 1)


@given(MICROS)
def test_the_middle_of_a_bucket_is_near_all_that_is_in_it(micros: int) -> None:
    assert abs(middle_of(bucket_of(micros)) - micros) <= micros * ERROR


@given(MICROS, MICROS)
def test_buckets_are_in_the_order_of_what_is_in_them(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert bucket_of(low) <= bucket_of(high) < 1 << 16


@given(st.lists(st.integers(0, (1 << 16) - 1)))
def test_what_is_packed_comes_back(buckets: list[int]) -> None:
    assert sorted(counted_in([packed(buckets), packed([7])]).elements()) == sorted([*buckets, 7])


@pytest.mark.parametrize("micros", [-5, LONGEST, LONGEST * 9])
def test_what_cannot_be_is_put_at_an_end(micros: int) -> None:
    assert bucket_of(micros) in (0, bucket_of(LONGEST))


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=300))
def test_percentiles_are_those_of_the_durations_themselves(micros: list[int]) -> None:
    found = percentiles(counted_in([packed(map(bucket_of, micros))]), (0.5, 0.95, 0.99))
    ordered = sorted(micros)
    for part, value in zip((50, 95, 99), found, strict=True):
        rank = max(-(-part * len(ordered) // 100), 1)
        assert value == pytest.approx(ordered[rank - 1] / 1e6, rel=ERROR)


def test_percentiles_of_many_agree_with_another_way_to_work_them_out() -> None:
    micros = [number * number for number in range(1, 10_001)]
    found = percentiles(counted_in([packed(map(bucket_of, micros))]), (0.5, 0.95, 0.99))
    cuts = quantiles(micros, n=100, method="inclusive")
    assert found == pytest.approx([cuts[i] / 1e6 for i in (49, 94, 98)], rel=0.005)


@pytest.mark.parametrize("count", [1, 2, 7, MANY, MANY + 1])
def test_few_and_many_are_the_same(count: int) -> None:
    packs = [packed(bucket_of(number * 37) for number in range(n, count, 3)) for n in range(3)]
    parts = (0.01, 0.5, 0.95, 0.99, 1.0)
    assert percentiles_in(packs, parts) == percentiles(counted_in(packs), parts)


def test_of_nothing_there_are_no_percentiles() -> None:
    assert percentiles(counted_in([]), (0.5, 0.99)) == [None, None]
    assert percentiles_in([b""], (0.5, 0.99)) == [None, None]
