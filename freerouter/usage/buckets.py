"""Durations in buckets that are so narrow that a percentile read off them is right to 0.4 %.

A bucket keeps the seven leading bits below the first one of a number of microseconds: numbers below
256 have one each. Many durations are an array of 16-bit numbers, two bytes each.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BITS = 8
HALF = 1 << (BITS - 1)
MANY = 20_000
LONGEST = 1 << 40
"""Twelve days, in microseconds: what took longer counts as that."""
ERROR = 1 / (2 * HALF)
"""How far a percentile may be from the truth, as a part of it."""


def bucket_of(micros: int) -> int:
    """The bucket of a duration."""
    micros = min(max(micros, 0), LONGEST)
    shift = max(micros.bit_length() - BITS, 0)
    return shift * HALF + (micros >> shift)


def middle_of(bucket: int) -> float:
    """Microseconds in the middle of a bucket."""
    if bucket < 2 * HALF:
        return float(bucket)
    shift = bucket // HALF - 1
    lowest = (bucket - shift * HALF) << shift
    return lowest + ((1 << shift) - 1) / 2


def packed(buckets: Iterable[int]) -> bytes:
    """Little-endian, on every machine."""
    found = array("H", buckets)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def counted_in(packs: Iterable[bytes]) -> Counter[int]:
    """How many durations each bucket has."""
    return Counter(_unpacked(packs))


def percentiles_in(packs: Iterable[bytes], parts: Sequence[float]) -> list[float | None]:
    """As `percentiles`. Few are sorted, which is quick where each pack is; many are counted."""
    found = _unpacked(packs)
    if not found or len(found) > MANY:
        return percentiles(Counter(found), parts)
    values = sorted(found)
    return [middle_of(values[rank - 1]) / 1e6 for rank in _ranks(len(values), parts)]


def _unpacked(packs: Iterable[bytes]) -> array[int]:
    found = array("H", b"".join(packs))
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _ranks(total: int, parts: Sequence[float]) -> list[int]:
    return [max(1, -(-round(part * total * 1e6) // 10**6)) for part in parts]


def percentiles(counts: Counter[int], parts: Sequence[float]) -> list[float | None]:
    """Seconds below which these parts of all lie (the nearest rank); None where there are none."""
    total = sum(counts.values())
    if not total:
        return [None for _ in parts]
    ranks = _ranks(total, parts)
    found: list[float | None] = []
    below, rank = 0, ranks[0]
    for bucket, number in sorted(counts.items()):
        below += number
        while rank <= below:
            found.append(middle_of(bucket) / 1e6)
            if len(found) == len(ranks):
                return found
            rank = ranks[len(found)]
    return found
