"""Calls that are counted ahead: of many in a row, not each one waits for the disk.

Who asks once in a while is counted call by call. In a rush a worker counts some calls at once,
about as many as it has just made, and few of what is left; what it did not need is given back
within a quarter of a second.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freerouter.usage.quota_store import Grant, Ticket

MOST = 16
"""Calls that are counted ahead at once."""
PAUSE = 0.25
"""Seconds in which calls make a rush, and what is known after them gathers."""


class Leases:
    """Those of one worker, by deployment. `clock` times are in seconds since 1970."""

    def __init__(self) -> None:
        self._held: dict[str, Grant] = {}
        self._over: list[Ticket] = []
        self._made: dict[str, int] = {}
        self._before: dict[str, int] = {}
        """How many were made in this and in the last quarter of a second."""
        self._began = 0.0

    def take(self, ident: str, now: float) -> Ticket | None:
        """Where the next call is counted already; None where it is not."""
        held = self._held.get(ident)
        if held is None or not held.number or now >= held.until:
            return None
        self._held[ident] = held._replace(number=held.number - 1)
        self._made[ident] = self._made.get(ident, 0) + 1
        return held.ticket

    def wanted(self, ident: str) -> int:
        """How many calls it is worth counting now."""
        moment = time.monotonic()
        if moment - self._began > PAUSE:
            self._before = self._made if moment - self._began < 2 * PAUSE else {}
            self._began, self._made = moment, {}
        made = self._made.get(ident, 0)
        self._made[ident] = made + 1
        return max(1, min(max(made, self._before.get(ident, 0) // 2), MOST))

    def keep(self, ident: str, grant: Grant) -> bool:
        """What was counted, of which one is used at once; whether there is more."""
        before = self._held.get(ident)
        if before:
            self._over += [before.ticket] * before.number
        self._held[ident] = grant._replace(number=grant.number - 1)
        return grant.number > 1

    def give_back(self) -> list[Ticket]:
        """What nobody needed, a ticket for each call."""
        over, self._over = self._over, []
        for held in self._held.values():
            over += [held.ticket] * held.number
        self._held.clear()
        return over
