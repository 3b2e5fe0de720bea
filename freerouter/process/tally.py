"""What the workers counted, added up over those that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR = 60
"""Minutes."""


class Tally:
    """Requests by minute since 1970, and the last error."""

    def __init__(self) -> None:
        self._minutes: dict[int, int] = {}
        self._error: dict[str, Any] | None = None

    def keep(self, facts: dict[str, Any]) -> None:
        """Add what a worker had counted when it ended."""
        _add(self._minutes, facts)
        self._error = _later(self._error, facts.get("last_error"))

    def summary(self, facts: Iterable[dict[str, Any]], now: float) -> dict[str, Any]:
        """Requests of the last hour and the last error, with those of the workers that live."""
        minutes, error = dict(self._minutes), self._error
        for one in facts:
            _add(minutes, one)
            error = _later(error, one.get("last_error"))
        oldest = int(now // 60) - HOUR
        self._minutes = {m: n for m, n in self._minutes.items() if m > oldest}
        count = sum(number for minute, number in minutes.items() if minute > oldest)
        return {"requests_last_hour": count, "last_error": error}


def _add(minutes: dict[int, int], facts: dict[str, Any]) -> None:
    for minute, number in facts.get("minutes", {}).items():
        minutes[int(minute)] = minutes.get(int(minute), 0) + int(number)


def _later(one: dict[str, Any] | None, other: dict[str, Any] | None) -> dict[str, Any] | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda error: str(error.get("time", "")))
