"""Running numbers of one worker: cheap to add to, cheap to read from another thread."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

HOUR = 60
"""Minutes that are counted one by one."""


class LastError(NamedTuple):
    """`time` is ISO, UTC."""

    time: str
    status: int
    message: str
    alias: str


class Counters:
    def __init__(self) -> None:
        self.done = 0
        self.errors = 0
        self.in_flight = 0
        self.last_error: LastError | None = None
        self._minutes: dict[int, int] = {}

    def begin(self) -> None:
        self.in_flight += 1

    def forget(self) -> None:
        """What began does not count."""
        self.in_flight -= 1

    def end(self, *, failed: bool) -> None:
        self.in_flight -= 1
        self.done += 1
        self.errors += failed
        minute = int(time.time()) // 60
        if minute in self._minutes:
            self._minutes[minute] += 1
            return
        recent = {m: n for m, n in self._minutes.items() if m > minute - HOUR}
        self._minutes = {**recent, minute: 1}

    def snapshot(self) -> dict[str, Any]:
        """`minutes` counts by minutes since 1970, of the last hour."""
        oldest = int(time.time()) // 60 - HOUR
        minutes = self._minutes.copy()
        return {
            "done": self.done,
            "errors": self.errors,
            "in_flight": self.in_flight,
            "minutes": {m: n for m, n in minutes.items() if m > oldest},
            "last_error": self.last_error._asdict() if self.last_error else None,
        }
