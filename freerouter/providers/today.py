"""The calendar day of a clock reading, in UTC: providers date their models so."""

from __future__ import annotations

from datetime import date, datetime, timezone


def today(now: float) -> date:
    return datetime.fromtimestamp(now, timezone.utc).date()
