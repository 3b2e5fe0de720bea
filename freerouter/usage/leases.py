"""Calls that are counted ahead: of many in a row, not each one waits for the disk.

Who asks once in a while is counted call by call. In a rush a worker counts some calls at once,
about as many as it has just made, and few of what is left; what it did not need is given back
within a second after the last call.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freerouter.usage.quota_store import Grant, Ticket

MOST = 64
"""Calls that are counted ahead at once."""
PAUSE = 0.5
"""Seconds in which calls make a rush, and what is known after them gathers."""


class Leases:
    """Those of one worker, by deployment. `clock` times are in seconds since 1970."""

    def __init__(self) -> None:
        self._held: dict[str, Grant] = {}
        self._left: dict[str, int] = {}
        """How many of a grant's calls were not made yet."""
        self._over: list[Ticket] = []
        self._used: set[str] = set()
        """Whose were used since it was last looked what can be given back."""
        self._made: dict[str, int] = {}
        self._before: dict[str, int] = {}
        """How many were made in this half second, and in one of the time before it."""
        self._began = 0.0

    def take(self, ident: str, now: float) -> Ticket | None:
        """Where the next call is counted already; None where it is not."""
        left = self._left.get(ident)
        if not left:
            return None
        held = self._held[ident]
        if now >= held.until:
            return None
        self._left[ident] = left - 1
        self._used.add(ident)
        self._made[ident] = self._made.get(ident, 0) + 1
        return held.ticket

    def wanted(self, ident: str) -> int:
        """How many calls it is worth counting now."""
        moment = time.monotonic()
        passed = moment - self._began
        if passed > PAUSE:
            self._before = {name: int(n * PAUSE / passed) for name, n in self._made.items()}
            self._began, self._made = moment, {}
        made = self._made.get(ident, 0)
        self._made[ident] = made + 1
        return max(1, min(max(made, self._before.get(ident, 0)), MOST))

    def keep(self, ident: str, grant: Grant) -> bool:
        """What was counted, of which one is used at once; whether there is more."""
        before = self._held.get(ident)
        if before:
            self._over += [before.ticket] * self._left[ident]
        self._held[ident] = grant
        self._left[ident] = grant.number - 1
        self._used.add(ident)
        return grant.number > 1

    @property
    def held(self) -> bool:
        """Whether anything is there that may have to be given back."""
        return any(self._left.values())

    def give_back(self, *, everything: bool = False) -> list[Ticket]:
        """What nobody needs, a ticket for each call: of a deployment that was not called since it
        was last asked for, or of all.
        """
        over, self._over = self._over, []
        idle = [ident for ident in self._held if everything or ident not in self._used]
        for ident in idle:
            over += [self._held.pop(ident).ticket] * self._left.pop(ident)
        self._used.clear()
        return over
