"""What the ledger keeps of a request and of each call that it took. Numbers, and names of things:
never a prompt or an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from freerouter.usage.spending import Hold

FAILED = 400


class Way(NamedTuple):
    """Who asked for what, who was asked, and how it ended. Many requests go the same way."""

    alias: str = ""
    provider: str = ""
    model: str = ""
    deployment: str = ""
    client: str = ""
    dialect: str = ""
    stream: bool = False
    status: int = 0
    """As the client saw it; of a call, as the provider answered, 0 where it did not."""
    error: str = ""
    """The class of what went wrong: "" where nothing did."""

    @property
    def failed(self) -> bool:
        return bool(self.error) or self.status >= FAILED


class Attempt(NamedTuple):
    """One call of a provider. `at`: when it ended, in ms since 1970; `latency` in microseconds."""

    at: int
    way: Way
    latency: int


class Entry(NamedTuple):
    """One request of a client. `at`: when it ended, in ms since 1970; durations in microseconds.

    `cost` is in billionths of a USD. None is what nobody told.
    """

    at: int
    way: Way
    latency: int
    first_token: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: int | None = None
    retries: int = 0
    fallbacks: int = 0
    attempts: tuple[Attempt, ...] = ()
    holds: tuple[tuple[Hold, bool], ...] = ()
    """What was held for its calls, and whether that counts as spent: nobody told the cost."""
