"""Limits that are nearly used up, or are: for status, the toolbar and doctor, from quota.db."""

from __future__ import annotations

import os
import time
from typing import Any, NamedTuple

from freerouter.volatile import volatile

NEARLY = 0.9
"""The part of a limit from which on it is told."""
ALL = 100
"""Percent."""
PERIODS = {"hour": "this hour", "day": "today", "month": "this month"}
"""A minute is over before anybody has read of it."""


class Warned(NamedTuple):
    """`who` is an account, with its model where that has a limit by itself. `percent` 100: none is
    left until `ends`, in seconds since 1970.
    """

    who: str
    percent: int
    counts: str
    per: str
    ends: float

    @property
    def short(self) -> str:
        """`groq 92 % of today`."""
        return f"{self.who} {self.percent} % of {PERIODS[self.per]}"

    def as_data(self) -> dict[str, Any]:
        return {
            "who": self.who,
            "percent": self.percent,
            "counts": self.counts,
            "per": self.per,
            "resets_at": _iso(self.ends),
        }

    def told(self, now: float) -> str:
        """A sentence, without its full stop."""
        when = "" if _same_day(self.ends, now) else f"{time.strftime('%d %b', _local(self.ends))} "
        until = f"until {when}{time.strftime('%H:%M', _local(self.ends))}"
        much = "no" if self.percent == ALL else f"{ALL - self.percent} % of the"
        return f"{self.who} has {much} {self.counts} left {volatile('any', until)}"


def warnings(path: str, now: float) -> list[Warned]:
    """Those of which most is used come first, one for each account and model."""
    if not os.path.exists(path):
        return []
    from freerouter.usage.quota_store import standing

    found: dict[str, Warned] = {}
    for one in standing(path, now):
        limit = one.limit
        if limit.per not in PERIODS or one.ends <= now:
            continue
        used = min(one.used / limit.most, 1.0) if limit.most else float(one.said_left == 0)
        who = f"{one.account}/{one.model}" if one.model else one.account
        percent = int(used * ALL)
        if percent >= NEARLY * ALL and (who not in found or percent > found[who].percent):
            found[who] = Warned(who, percent, limit.counts, limit.per, one.ends)
    return sorted(found.values(), key=lambda one: (-one.percent, one.who))


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(moment))


def _local(moment: float) -> time.struct_time:
    return time.localtime(moment)


def _same_day(one: float, other: float) -> bool:
    return _local(one)[:3] == _local(other)[:3]
