"""A worker's side of the quotas: what may be asked, what was asked, and what providers say of it.

A call is counted before it goes out, in every pot that it belongs to (`quota_store.py`), so that
all workers together never pass a limit. What is full is also kept in mind, so that whoever chooses
a deployment passes it over without a look at the disk. Where quota.db cannot be used, requests go
on, uncounted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from freerouter.config.atomic import lock
from freerouter.errors import FreeRouterError
from freerouter.limits import Limit, from_data, pot
from freerouter.usage.doors import QUOTA, Shut
from freerouter.usage.leases import PAUSE, Leases
from freerouter.usage.quota_store import Full, News, Pot, QuotaStore, Ticket, what
from freerouter.usage.said import said_in_429, said_in_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from freerouter.usage.said import Said

    Key = tuple[str, str, str]

T = TypeVar("T")
LOCK = "quota.lock"
EVERY = 1.0
"""Seconds after which it is looked what other workers heard, and a fault is tried again."""
LONGEST_PAUSE = 10.0
"""Seconds after which it is tried again at the latest."""
TIDY = 3600.0
MARK, OTHER_MARK = b"limit", b"call-remaining"
"""What is in the names of headers that tell of a limit."""
SURELY = 120.0
"""Seconds of a bare Retry-After from which on it is a quota that is used up, and no busy moment."""
BROKEN = ("malformed", "not a database", "no such table", "no such column", "unsupported file")
"""Words of SQLite about a database that does not mend by waiting."""
ROLLING = {"minute": "in a minute", "hour": "in an hour", "day": "in 24 hours"}
FIXED = {"minute": "this minute", "hour": "this hour", "day": "today", "month": "this month"}


class Way(NamedTuple):
    """A deployment as the quotas see it: whose it is, and every pot that a call of it goes into."""

    ident: str
    provider: str
    prefix: str
    """LiteLLM's word for whom it asks: `openai`, `groq`."""
    account: str
    model: str
    pots: tuple[Pot, ...]
    keys: tuple[Key, ...]

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Under which a limit that is in no list may have been learnt of it."""
        return (self.account, self.model), (self.account, ""), (self.provider, "")


class Quotas:
    """`say` words a line of the gateway's log; `clock` is in seconds since 1970."""

    def __init__(
        self, path: str, say: Callable[[str], None], clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._say = say
        self._clock = clock
        self._store: QuotaStore | None = None
        self._opened: tuple[int, int] = (0, 0)
        self._failing = ""
        self._again = self._looked = 0.0
        self._pause = EVERY
        self._tidied = time.monotonic()
        self._ways: dict[str, Way] = {}
        self._full: dict[Key, Full] = {}
        self._learnt: dict[tuple[str, str], Full] = {}
        self._leases = Leases()
        self._unused: list[Ticket] = []
        self._calls_more: list[tuple[Pot, int]] = []
        """Calls that an attempt made beyond the one that was counted for it."""
        self._tokens: dict[str, int] = {}
        """What answers took, by deployment."""
        self._said: dict[Pot, News] = {}
        self._waiting = False

    def door(self, row: Mapping[str, Any]) -> Shut | None:
        """Whether a quota of it is known to be used up. Cheap: nothing is counted here."""
        if time.monotonic() - self._looked > EVERY:
            self._look()
        if not self._full:
            return None
        way, now = self._way(row), self._clock()
        found = [self._full.get(key) for key in way.keys]
        found += [self._learnt.get(name) for name in way.names]
        full = max((f for f in found if f and f.until > now), key=_until, default=None)
        return shut_of(full) if full else None

    def enter(self, row: Mapping[str, Any]) -> Shut | Ticket | None:
        """Count a call that is about to be made, or say why it may not be. None: not counted."""
        way = self._way(row)
        if not way.pots:
            return None
        now = self._clock()
        ticket = self._leases.take(way.ident, now)
        if ticket is not None:
            return ticket
        wanted = self._leases.wanted(way.ident)
        found = self._try(lambda store: store.reserve(way.pots, now, wanted))
        if isinstance(found, Full):
            self._keep(found)
            return shut_of(found)
        if found and self._leases.keep(way.ident, found):
            self._later()
        return found.ticket if found else None

    def leave(self, row: Mapping[str, Any], ticket: Ticket, made: int) -> None:
        """How many calls it came to: none that left the machine, usually one."""
        if not made:
            self._unused.append(ticket)
            self._later()
        for pot_ in self._way(row).pots if made > 1 else ():
            if pot_.limit.counts == "requests":
                self._calls_more.append((pot_, made - 1))
                self._later()

    def spent(self, ident: str, tokens: int) -> None:
        """What an answer of a deployment took."""
        way = self._ways.get(ident)
        if way and way.pots and tokens:
            self._tokens[ident] = self._tokens.get(ident, 0) + tokens
            self._later()

    def heard(
        self, row: Mapping[str, Any], status: int, headers: Mapping[str, str], body: str
    ) -> None:
        """What a provider says of its limits; `body` is that of a 429."""
        way, now = self._way(row), self._clock()
        if status == QUOTA:
            said = said_in_429(body, headers, now, way.prefix)
        else:
            said = said_in_headers(headers, now, way.prefix)
        urgent = False
        for one in said:
            if _guessed(one) and (one.resets_at or 0) - now < SURELY:
                continue
            pot_ = pot_of(way, one)
            self._said[pot_] = News(pot_, one.most, one.left, one.resets_at)
            urgent |= one.left is not None and one.left <= 0
        if urgent:
            self.flush()
            self._look()
        elif self._said:
            self._later()

    def flush(self, *, ending: bool = False) -> None:
        """Write what is known after calls."""
        self._waiting = False
        unused = self._unused + self._leases.give_back(everything=ending)
        spent, said = self._calls_more, [*self._said.values()]
        for ident, tokens in self._tokens.items():
            pots = self._ways[ident].pots
            spent += [(pot_, tokens) for pot_ in pots if pot_.limit.counts == "tokens"]
        self._unused, self._calls_more, self._tokens, self._said = [], [], {}, {}
        if unused or spent or said:
            self._try(lambda store: store.settle(unused, spent, said, self._clock()))
        if self._leases.held:
            self._later()

    def close(self) -> None:
        self.flush(ending=True)
        self._forget()

    def _later(self) -> None:
        if not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_later(PAUSE, self.flush)

    def _way(self, row: Mapping[str, Any]) -> Way:
        info = row.get("model_info") or {}
        ident = str(info.get("id") or "")
        way = self._ways.get(ident)
        if way is None:
            way = self._ways[ident] = way_of(row)
        return way

    def _keep(self, full: Full) -> None:
        pot_ = full.pot
        self._full[pot_.account, pot_.model, what(pot_.limit)] = full
        if pot_.limit.source == "said":
            known = self._learnt.get((pot_.account, pot_.model))
            if known is None or known.until < full.until:
                self._learnt[pot_.account, pot_.model] = full

    def _look(self) -> None:
        """What is used up as other workers know, too; and what is so no longer, also where a clock
        was set, or the counts were lost.
        """
        self._looked = time.monotonic()
        now = self._clock()
        if self._store is None and not os.path.exists(self._path):
            self._full, self._learnt = {}, {}
            return
        if self._identity() != self._opened:
            self._forget()
        known = [full.pot for full in self._full.values() if full.until > now]
        found = self._try(lambda store: [*store.full(known, now), *store.shut(now)])
        if found is not None:
            self._full, self._learnt = {}, {}
            for full in found:
                self._keep(full)
        if self._looked - self._tidied > TIDY:
            self._tidied = self._looked
            self._try(lambda store: store.tidy(now))

    def _try(self, do: Callable[[QuotaStore], T]) -> T | None:
        """None where quota.db cannot be used: then nothing is counted, and nothing held back."""
        if time.monotonic() < self._again:
            return None
        try:
            if self._store is None:
                self._store = self._open()
            found = do(self._store)
        except Exception as error:  # noqa: BLE001 - whatever it is, the request goes on
            self._give_up(error)
            return None
        self._pause = EVERY
        if self._failing:
            self._failing = ""
            self._say("quota.db can be used again")
        return found

    def _open(self) -> QuotaStore:
        # While another worker makes it, or does away with a broken one, it is neither old nor new.
        with lock(os.path.dirname(self._path), LOCK):
            self._opened = self._identity()
            store = QuotaStore(self._path)
            self._opened = self._identity()
        return store

    def _give_up(self, error: Exception) -> None:
        self._forget()
        self._again = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        broken = isinstance(error, sqlite3.Error) and any(w in str(error) for w in BROKEN)
        if broken and self._remove():
            self._again = 0.0
        if str(error) != self._failing:
            self._failing = str(error)
            self._say(f"quota.db cannot be used, and calls are not counted meanwhile: {error}")

    def _remove(self) -> bool:
        """A broken one holds nothing that is worth keeping. Of several workers, the first does."""
        try:
            with lock(os.path.dirname(self._path), LOCK):
                if self._opened == self._identity():
                    for end in ("", "-wal", "-shm"):
                        if os.path.exists(self._path + end):
                            os.unlink(self._path + end)
        except (OSError, FreeRouterError):
            return False
        return True

    def _forget(self) -> None:
        if self._store:
            self._store.close()
        self._store = None

    def _identity(self) -> tuple[int, int]:
        try:
            there = os.stat(self._path)
        except OSError:
            return (0, 0)
        return (there.st_dev, there.st_ino)


def way_of(row: Mapping[str, Any]) -> Way:
    """Read out of LiteLLM's row: `freerouter_limits`, `freerouter_provider`, `freerouter_key`.

    What is written there by hand and makes no sense limits nothing.
    """
    info: Mapping[str, Any] = row.get("model_info") or {}
    provider, number = str(info.get("freerouter_provider") or ""), info.get("freerouter_key") or 1
    prefix, _, model = str((row.get("litellm_params") or {}).get("model")).partition("/")
    account = provider if number == 1 else f"{provider}#{number}"
    found: dict[Key, Pot] = {}
    for limit in _limits(info.get("freerouter_limits")):
        if limit.covers(model):
            one = Pot(*pot(limit, provider, number, model), limit)
            key = (one.account, one.model, what(limit))
            if key not in found or found[key].limit.most > limit.most:
                found[key] = one
    ident = str(info.get("id") or "")
    return Way(ident, provider, prefix, account, model, tuple(found.values()), tuple(found))


def _limits(rows: Any) -> list[Limit]:
    found = []
    for data in rows if isinstance(rows, list) else ():
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            found.append(from_data(data))
    return found


def pot_of(way: Way, said: Said) -> Pot:
    """The pot that a provider speaks of; one that is learnt where no list has it."""
    alike = [p for p in way.pots if (p.limit.counts, p.limit.per) == (said.counts, said.per)]
    alike = [p for p in alike if p.limit.scope == said.scope] or alike
    alike = [p for p in alike if p.limit.most == said.most] or alike
    if alike:
        return max(alike, key=lambda p: bool(p.model))
    scope = said.scope or "model"
    limit = Limit(said.counts, said.most or 0, said.per, scope, "fixed", source="said")
    account = way.provider if scope == "account" else way.account
    return Pot(account, way.model if scope == "model" else "", limit)


def shut_of(full: Full) -> Shut:
    """`groq: 1000 of 1000 requests today`."""
    who, limit = full.pot.account, full.pot.limit
    if full.pot.model:
        who = f"{who}/{full.pot.model}"
    when = (FIXED if limit.resets == "fixed" else ROLLING).get(limit.per, "in 30 days")
    much = f"{full.used} of {full.most}" if full.most else "all"
    return Shut(QUOTA, f"{who}: {much} {limit.counts} {when}", full.until)


def tells_limits(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether it is worth reading them: most answers have none that tell a limit."""
    names = b" ".join([name for name, _ in headers]).lower()
    return MARK in names or OTHER_MARK in names


def _guessed(said: Said) -> bool:
    return said.most is None and said.scope is None


def _until(full: Full) -> float:
    return full.until
