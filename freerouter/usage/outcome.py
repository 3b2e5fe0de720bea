"""What was tried for one request, and what a client is told where nobody could answer it.

Of providers it tells their names, a status and a time, and what of a limit is used; never their
words: those may hold a key.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.usage.doors import Shut

UNKNOWN_KEY = "The gateway does not know this key."
"""How a client is refused whose key is not the gateway's own."""
NO_DATABASE = "No connected db"
"""How LiteLLM words that, without our patches: it would look for other keys in a database."""
LIMIT, TIMEOUT = 429, 408
NO_BUDGET = 402
CUT = 0
"""The status of one that gave none: its connection failed, or ended in the middle."""
UNAVAILABLE = 503
TOO_LARGE = 413
CLIENT = (400, TOO_LARGE, 422)
"""What is wrong with the request itself, whoever is asked."""
SERVER = 500
LONGEST_HEADER = 1000
IN_SECONDS, IN_MINUTES, IN_HOURS = 120, 90, 48
"""Up to how much a time is told in that unit."""
LONGEST_REST = 3600.0
RESTS: Mapping[int, float] = {
    TIMEOUT: 120.0,
    LIMIT: 30.0,
    401: 30.0,
    402: 30.0,
    403: 30.0,
    404: 30.0,
}
"""Seconds for which one that failed so is asked last, where its provider does not say for how long;
what is not here (a server's error, a cut connection) passes sooner.
"""
SHORT_REST = 10.0
WORDS = {
    CUT: "connection failed",
    401: "refused the key",
    402: "no credit left",
    403: "not allowed",
    404: "no such model",
    TIMEOUT: "no answer in time",
    TOO_LARGE: "request too large",
    LIMIT: "limit reached",
}


class Attempt(NamedTuple):
    """One member that did not answer. `rested` are those that were not even asked."""

    member: str
    """`provider/model`."""
    status: int
    retry_after: float | None = None
    """Seconds, as the provider or the rest that it was given tells."""
    rested: bool = False
    shut: str = ""
    """What is used up, in words that begin with whose it is, where that kept it from being asked.
    """

    @property
    def words(self) -> str:
        again = f", again in {_length(self.retry_after)}" if self.retry_after else ""
        if self.shut:
            return f"{self.shut}{again}"
        refused = "request refused" if self.status in CLIENT else "failed"
        reason = WORDS.get(self.status, f"{refused} ({self.status})")
        return f"{self.member}: {reason}{again}"


class Ending(NamedTuple):
    """How a request ends that nobody could answer. `status` 0: as the last one who was asked."""

    status: int
    message: str
    retry_after: int | None = None


def rest_after(status: int, retry_after: float | None) -> float | None:
    """Seconds for which a member rests; None for a fault that is not its own."""
    if status in CLIENT:
        return None
    if retry_after is not None and status in (LIMIT, UNAVAILABLE):
        return min(retry_after, LONGEST_REST)
    return RESTS.get(status, SHORT_REST)


def shut_out(member: str, shut: Shut, now: float) -> Attempt:
    """One that may not be asked now."""
    wait = None if shut.until is None else max(shut.until - now, 1.0)
    return Attempt(member, shut.status, wait, rested=True, shut=shut.reason)


def ending_of(alias: str, attempts: Sequence[Attempt]) -> Ending:
    """One clear answer: 429 where waiting helps, 402 where only budgets are in the way, the
    client's own fault where it is one, or 503.
    """
    asked = [attempt for attempt in attempts if not attempt.rested]
    if asked and all(attempt.status in CLIENT for attempt in asked):
        return Ending(0, "")
    waits = [a.retry_after or RESTS[LIMIT] for a in attempts if a.status == LIMIT]
    used_up = bool(attempts) and all(attempt.shut for attempt in attempts)
    why = "all that it may use is used up" if used_up else "none of its models could answer"
    message = f"{alias}: {why}. {_told(attempts)}"
    if waits:
        return Ending(LIMIT, message, _seconds(min(waits)))
    if used_up:
        return Ending(NO_BUDGET, message)
    return Ending(UNAVAILABLE, message)


def passed_over(attempts: Sequence[Attempt]) -> str:
    """The same as a header of an answer: who was asked in vain, or could not be asked at all."""
    text = _told([attempt for attempt in attempts if attempt.shut or not attempt.rested])
    return text.encode("ascii", "replace").decode("ascii")[:LONGEST_HEADER]


def _told(attempts: Sequence[Attempt]) -> str:
    """Several models of one account are told once, where it is the account that is used up."""
    return "; ".join(dict.fromkeys(attempt.words for attempt in attempts))


def member_of(deployment: str, alias: str = "") -> str:
    """`provider/model` of the name that a deployment has in config.yaml."""
    name = deployment.removeprefix(f"{alias}:") if alias else deployment
    head, mark, number = name.rpartition("#")
    return head if mark and number.isdecimal() else name


def _seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def _length(seconds: float) -> str:
    """`40 s`, `12 min`, `5 h 20 min`, `3 days`: rounded up, so that nobody comes too early."""
    whole = _seconds(seconds)
    if whole <= IN_SECONDS:
        return f"{whole} s"
    minutes = math.ceil(whole / 60)
    if minutes <= IN_MINUTES:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < IN_HOURS:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{math.ceil(hours / 24)} days"
