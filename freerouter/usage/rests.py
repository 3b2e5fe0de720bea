"""For how long who failed is asked last, longer each time where it says nothing of its limit."""

from __future__ import annotations

from freerouter.usage.outcome import LIMIT, LONGEST_REST, rest_after


class Rests:
    """What is learnt of limits that nobody has told: the rests that were given."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[float, float]] = {}
        """Until when each rested, and for how long."""

    def after(self, name: str, status: int, retry_after: float | None, now: float) -> float | None:
        """Seconds for which a deployment rests now; None for a fault that is not its own.

        A 429 that says nothing, soon after a rest: the rest was too short, and is doubled. One that
        comes later than another such rest after it begins anew.
        """
        seconds = rest_after(status, retry_after)
        if status != LIMIT or retry_after is not None or seconds is None:
            return seconds
        until, last = self._given.get(name, (0.0, 0.0))
        if now <= until + last:
            # Several that were on their way together are one refusal.
            seconds = min(last * 2, LONGEST_REST) if now >= until else last
        self._given[name] = now + seconds, seconds
        return seconds
