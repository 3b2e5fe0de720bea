"""One request on its way through the deployments of a group: who was asked, and who is next."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from freerouter.usage import doors
from freerouter.usage.outcome import LIMIT, TIMEOUT, Attempt, member_of, shut_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAST = 10**9
"""The place of a deployment that has no order."""


class Walk:
    """`rows` are LiteLLM's entries of the group, by the name of the deployment."""

    def __init__(self, group: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.group = group
        self.rows = {row["model_info"]["id"]: row for row in rows}
        self.alias = next((r["model_info"].get("freerouter_alias", "") for r in rows), "")
        self.tried: dict[str, Attempt] = {}
        self.shut: dict[str, Attempt] = {}
        """Those that were passed over, since a quota or a budget of theirs is used up."""
        self.asking = ""
        """The deployment that is being asked, and whose failure is waited for."""
        self._too_few = 0
        """A window, in tokens, that the request does not fit."""

    def belongs(self, model: str) -> bool:
        """Whether a request for that is one of this walk."""
        return model == self.group or model in self.rows

    def fail(
        self, name: str, status: int, retry_after: float | None, *, too_long: bool = False
    ) -> Attempt:
        """Note that a deployment did not answer, because the request is too long for it, say."""
        if too_long:
            self._too_few = max(self._too_few, self._window(name))
        attempt = Attempt(member_of(name, self.alias), status, retry_after)
        self.tried[name] = attempt
        return attempt

    def bar(self, name: str, shut: doors.Shut) -> None:
        """Note that a deployment may not be asked."""
        self.shut[name] = shut_out(member_of(name, self.alias), shut, time.time())

    def following(self, resting: Mapping[str, Attempt]) -> str | None:
        """Who is asked next. Those that rest come last; for whom a limit holds, not at all."""
        left = [name for name in self.rows if name not in self.tried and self._may_fit(name)]
        left = [name for name in left if self._is_open(name)]
        fresh = [name for name in left if name not in resting]
        if fresh:
            return self._one_of(fresh)
        tired = [name for name in left if resting[name].status != LIMIT]
        return min(
            tired, key=lambda n: (resting[n].status == TIMEOUT, self._order(n)), default=None
        )

    def attempts(self, resting: Mapping[str, Attempt]) -> list[Attempt]:
        """All that is to be told at the end, those included that were not even asked."""
        found = (
            self.tried.get(name) or self.shut.get(name) or resting.get(name) for name in self.rows
        )
        return [attempt for attempt in found if attempt]

    def passed(self, served: str) -> list[Attempt]:
        """Whom the one that served stood in for: who was asked in vain, or could not be asked."""
        last = self._order(served) if served in self.rows else LAST
        found = (
            self.tried.get(name) or (self.shut.get(name) if self._order(name) <= last else None)
            for name in self.rows
        )
        return [attempt for attempt in found if attempt]

    def _is_open(self, name: str) -> bool:
        if name in self.shut:
            return False
        shut = doors.shut(self.rows[name])
        if shut:
            self.bar(name, shut)
        return not shut

    def _window(self, name: str) -> int:
        return int(self.rows[name]["model_info"].get("max_input_tokens") or 0)

    def _may_fit(self, name: str) -> bool:
        own = self._window(name)
        return not (own and self._too_few) or own > self._too_few

    def _order(self, name: str) -> int:
        return order_of(self.rows[name])

    def _one_of(self, names: Sequence[str]) -> str:
        lowest = min(map(self._order, names))
        equal = [name for name in names if self._order(name) == lowest]
        weights = [self.rows[name]["litellm_params"].get("weight") or 1 for name in equal]
        return random.choices(equal, weights)[0]  # noqa: S311 - shares of work, no secret


def order_of(row: Mapping[str, Any]) -> int:
    return int(row["litellm_params"].get("order") or LAST)
