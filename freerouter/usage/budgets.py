"""Budgets inside a worker: a deployment that costs is asked only while there is money for it.

What cannot be known counts as used up: a price that nobody names, a database that cannot be read,
or one that is another than at the start. What costs nothing is never held up.
"""

from __future__ import annotations

import glob
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from freerouter.config.budgets_file import spent_words
from freerouter.config.providers_file import read_providers
from freerouter.config.yaml_file import read_yaml
from freerouter.errors import FreeRouterError
from freerouter.usage.doors import BUDGET, Shut
from freerouter.usage.schema import open_to_write
from freerouter.usage.spending import (
    NANO,
    Hold,
    Standing,
    day_of,
    hold,
    period_of,
    standing_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from freerouter.config.budgets_file import Budget

OFTEN = 1.0
"""Seconds for which providers.yaml is not looked at again."""
FRESH = 0.2
"""Seconds for which what was read of a provider's budgets is told again; whoever is let in is
looked at anew.
"""
LONG_ANSWER = 4096
"""Tokens that are held for an answer whose request does not limit it."""
SOON = 10.0
"""Seconds after which it is worth asking again where calls under way have taken what is left."""
BYTES_A_TOKEN = 3
NONE = (0, 0)
BROKEN = ".broken-"
"""In the name of a database that was put aside, before the day."""


class Budgets:
    """`budgets` are those of the start; `providers` is the path of providers.yaml, which is read
    again when it was changed, so that they hold at once. `path` is that of usage.db, `clock`
    in seconds since 1970. For one thread, that of the event loop.
    """

    def __init__(
        self,
        budgets: Iterable[Budget],
        providers: str,
        path: str,
        say: Callable[[str], None],
        *,
        recorded: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._budgets = tuple(budgets)
        self._providers, self._path, self._say = providers, path, say
        self._recorded, self._clock = recorded, clock
        self._looked = -OFTEN
        self._seen: tuple[int, ...] = ()
        self._db: sqlite3.Connection | None = None
        self._first = _identity(path)
        """The database that is held to be the one that knows; (0, 0) before there is any."""
        self._told: set[tuple[str, str, str, bool]] = set()
        self._known: dict[str, tuple[float, Shut | None]] = {}

    def look(self) -> None:
        """Now and then, also where nobody asks: a database that is begun meanwhile is the one."""
        if self._first == NONE:
            self._first = _identity(self._path)

    def any_for(self, row: Mapping[str, Any]) -> bool:
        """Whether calls of it have to keep to a budget."""
        return bool(self._of(row))

    def door(self, row: Mapping[str, Any]) -> Shut | None:
        """Whether the budgets of its provider are used up."""
        budgets = self._of(row)
        if not budgets:
            return None
        provider = provider_of(row)
        if prices_of(row) is None:
            return Shut(BUDGET, _unpriced(provider, row))
        known = self._known.get(provider)
        if known is None or time.monotonic() - known[0] > FRESH:
            known = self._known[provider] = time.monotonic(), self._look(budgets)
        return known[1]

    def admit(
        self, row: Mapping[str, Any], given: Mapping[str, Any], size: int
    ) -> Hold | Shut | None:
        """Hold what a call may cost, or say why it may not be made. None: it needs no holding.

        `given` is what LiteLLM is asked with, `size` how many bytes the client sent.
        """
        budgets = self._of(row)
        if not budgets:
            return None
        provider = provider_of(row)
        prices = prices_of(row)
        if prices is None:
            return Shut(BUDGET, _unpriced(provider, row))
        tokens_in, tokens_out = tokens_of(row, given, size)
        cost = round((tokens_in * prices[0] + tokens_out * prices[1]) * NANO)
        now = self._clock()
        try:
            found = hold(self._open(budgets, now), budgets, provider, cost, now)
        except (sqlite3.Error, OSError, FreeRouterError) as error:
            return _unreadable(error)
        return self._shut(found) if isinstance(found, Standing) else found

    def _look(self, budgets: tuple[Budget, ...]) -> Shut | None:
        now = self._clock()
        try:
            db = self._open(budgets, now)
            standings = [standing_of(db, budget, now) for budget in budgets]
        except (sqlite3.Error, OSError, FreeRouterError) as error:
            return _unreadable(error)
        for one in standings:
            if one.runs_out:
                self._tell(one, now)
        return next((self._shut(one) for one in standings if one.used_up), None)

    def _of(self, row: Mapping[str, Any]) -> tuple[Budget, ...]:
        """Those of its provider and those for all, as providers.yaml has them now; of a deployment
        that costs nothing, none.
        """
        if time.monotonic() - self._looked > OFTEN:
            self._looked = time.monotonic()
            self._read()
        if not self._budgets or is_free(row):
            return ()
        provider = provider_of(row)
        return tuple(budget for budget in self._budgets if budget.covers(provider))

    def _read(self) -> None:
        """A file that cannot be read changes nothing: what held before holds."""
        try:
            there = os.stat(self._providers)
            seen = (there.st_mtime_ns, there.st_size, there.st_ino)
            if seen == self._seen:
                return
            budgets = read_providers(read_yaml(self._providers)).budgets
        except (OSError, FreeRouterError):
            return
        self._seen, self._budgets = seen, budgets
        self._known.clear()

    def _open(self, budgets: tuple[Budget, ...], now: float) -> sqlite3.Connection:
        """The database of the start. Raises FreeRouterError where it is another one."""
        if not self._recorded:
            raise FreeRouterError("nothing is recorded: FREEROUTER_RECORDER is off")
        if self._first == NONE:
            self._db = open_to_write(self._path)
            self._first = _identity(self._path)
        if _identity(self._path) != self._first:
            raise FreeRouterError(
                "it was removed or replaced while the gateway ran; `freerouter reload` begins anew"
            )
        if self._db is None:
            self._db = open_to_write(self._path)
        for budget in budgets:
            for day in broken_on(self._path):
                if day >= period_of(budget.period, now)[0]:
                    raise FreeRouterError(
                        f"it broke on {day}; move its {BROKEN}* file away to begin anew"
                    )
        return self._db

    def _shut(self, standing: Standing) -> Shut:
        spent = standing.spent >= standing.limit
        return Shut(BUDGET, worded(standing), standing.until if spent else self._clock() + SOON)

    def _tell(self, one: Standing, now: float) -> None:
        """A line of the log at 80 and at 100 %, once a period."""
        key = (*one.budget[::2], day_of(period_of(one.budget.period, now)[1]), one.used_up)
        if key not in self._told:
            self._told.add(key)
            self._say(f"budget: {worded(one)}")


def worded(one: Standing) -> str:
    """`openrouter: $4.10 of $5 this month are spent`."""
    return f"{one.budget.whose}: {spent_words(one.budget, one.spent / NANO, one.held / NANO)}"


def is_free(row: Mapping[str, Any]) -> bool:
    """Known to cost nothing: free as it is, or within a quota and without any price."""
    info = row.get("model_info") or {}
    free = info.get("freerouter_free")
    return free == "yes" or (free == "quota" and prices_of(row) is None)


def prices_of(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """USD per token, in and out; None where they are not known. Of nothing for both, a list says
    nothing, and one below nothing is a router's.
    """
    found = []
    for name in ("input_cost_per_token", "output_cost_per_token"):
        info, params = row.get("model_info") or {}, row.get("litellm_params") or {}
        price = info.get(name) if info.get(name) is not None else params.get(name)
        if not isinstance(price, int | float) or price < 0:
            return None
        found.append(float(price))
    return (found[0], found[1]) if any(found) else None


def provider_of(row: Mapping[str, Any]) -> str:
    """As the ledger names it."""
    info, params = row.get("model_info") or {}, row.get("litellm_params") or {}
    prefix = str(params.get("model") or "").partition("/")[0]
    return str(info.get("freerouter_provider") or params.get("custom_llm_provider") or prefix)


def tokens_of(row: Mapping[str, Any], given: Mapping[str, Any], size: int) -> tuple[int, int]:
    """What a request of so many bytes may take, in and out."""
    asked = next(
        (
            given[name]
            for name in ("max_completion_tokens", "max_tokens", "max_output_tokens")
            if isinstance(given.get(name), int)
        ),
        LONG_ANSWER,
    )
    most = (row.get("model_info") or {}).get("max_output_tokens")
    return size // BYTES_A_TOKEN, min(asked, most) if isinstance(most, int) else asked


def broken_on(path: str) -> list[str]:
    """The days on which a database was put aside: what was spent until then is not known."""
    days = (name.rpartition(BROKEN)[2][:8] for name in glob.glob(f"{glob.escape(path)}{BROKEN}*"))
    return sorted({f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in days if d.isdecimal()})


def _unpriced(provider: str, row: Mapping[str, Any]) -> str:
    model = str((row.get("litellm_params") or {}).get("model") or "").partition("/")[2]
    return f"{provider}: there is a budget, and what {model} costs is not known"


def _unreadable(error: Exception) -> Shut:
    what = error.what if isinstance(error, FreeRouterError) else str(error)
    return Shut(BUDGET, f"there is a budget, and what was spent is not known (usage.db: {what})")


def _identity(path: str) -> tuple[int, int]:
    try:
        there = os.stat(path)
    except OSError:
        return NONE
    return there.st_dev, there.st_ino
