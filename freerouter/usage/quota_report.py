"""How every known limit stands: counted by the gateway, else out of the history in usage.db."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from freerouter.limits import COUNTS, SECONDS, Limit, pot, window
from freerouter.usage.quota_store import Standing, standing, what
from freerouter.usage.reading import read_usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from freerouter.limits import Limits
    from freerouter.usage.reading import Usage

HOUR = 3600
REFUSED = (401, 403, 429)
"""Calls that ended so cost nothing of a quota."""
KEY = re.compile(r"#(\d+)$")
ORDER = ("minute", "hour", "day", "month")

Key = tuple[str, str, str]
Sums = dict[tuple[str, str], list[int]]
"""By key and model: requests and tokens, as COUNTS has them."""


class Holder(NamedTuple):
    """Who has limits: a provider with one of its keys, and those of its models that are served."""

    provider: str
    key: int
    limits: Limits
    models: Sequence[str]

    @property
    def account(self) -> str:
        return self.provider if self.key == 1 else f"{self.provider}#{self.key}"


class Quota(NamedTuple):
    """One limit of an account, or of one `model` there; `model` "" where all count together.

    `used_from` is `counted`, or `said` where the provider said at `said_at` how much is left. Times
    are seconds since 1970. `pace` is what was used in the last hour; `out_at` is when nothing is
    left if that goes on, where that comes before something comes back at `ends`.
    """

    account: str
    model: str
    limit: Limit
    used: int
    begins: float
    ends: float
    used_from: str
    said_at: float | None = None
    pace: int = 0
    out_at: float | None = None
    used_up: bool = False

    @property
    def left(self) -> int | None:
        """None where nobody knows how much it is."""
        if self.used_up:
            return 0
        return max(self.limit.most - self.used, 0) if self.limit.most else None

    @property
    def part(self) -> float:
        """How much of it is used, 1.0 for all."""
        if self.used_up:
            return 1.0
        return min(self.used / self.limit.most, 1.0) if self.limit.most else 0.0


def known_limits(holders: Iterable[Holder]) -> dict[Key, Limit]:
    """By account, model and what tells it from others there: each pot once."""
    found: dict[Key, Limit] = {}
    for holder in holders:
        for model in holder.models:
            for limit in holder.limits.of(model):
                who, of = pot(limit, holder.provider, holder.key, model)
                found.setdefault((who, of, what(limit)), limit)
    return found


def quotas(quota_db: str, usage_db: str, holders: Sequence[Holder], now: float) -> list[Quota]:
    """By account; of a limit that each model has by itself, only those that were used of late, or
    one for all of them (`model` "*") where none was. Raises FileError as `read_usage` does.
    """
    counted = {(s.account, s.model, what(s.limit)): s for s in standing(quota_db, now)}
    known = known_limits(holders)
    accounts = {name for h in holders for name in (h.account, h.provider)}
    history = History(usage_db, now)
    found = [
        _counted(one, history, now)
        for key, one in counted.items()
        if one.account in accounts and (key in known or one.limit.source in ("said", "learnt"))
    ]
    found += [
        _recalled(account, model, limit, history, now)
        for (account, model, name), limit in known.items()
        if (account, model, name) not in counted
    ]
    # Of a limit that was learnt without its figure there is nothing to tell once it is over.
    found = [one for one in found if one.limit.most or one.used_up]
    return sorted(_without_idle(found), key=_order)


def _without_idle(found: Sequence[Quota]) -> Iterator[Quota]:
    idle: dict[tuple[str, Limit], Quota] = {}
    busy = set()
    for one in found:
        of_one_kind = (one.account, one.limit._replace(source=""))
        if one.model and not (one.used or one.pace or one.said_at or one.used_up):
            idle.setdefault(of_one_kind, one._replace(model="*"))
            continue
        if one.model:
            busy.add(of_one_kind)
        yield one
    yield from (one for kind, one in idle.items() if kind not in busy)


def _order(one: Quota) -> tuple[str, str, int, str]:
    return one.account, one.model, ORDER.index(one.limit.per), one.limit.counts


def _counted(one: Standing, history: History, now: float) -> Quota:
    limit = one.limit
    said = one.said_at is not None
    used_up = one.ends > now and (one.used >= limit.most if limit.most else one.said_left == 0)
    found = Quota(
        one.account,
        one.model,
        limit,
        one.used,
        one.begins,
        one.ends,
        "said" if said else "counted",
        one.said_at,
        history.used(one.account, one.model, limit, now - HOUR),
        used_up=used_up,
    )
    return found._replace(out_at=out_at(found, now))


def _recalled(account: str, model: str, limit: Limit, history: History, now: float) -> Quota:
    begins, ends = window(limit, now)
    used = history.used(account, model, limit, begins)
    pace = history.used(account, model, limit, now - HOUR)
    found = Quota(account, model, limit, used, begins, ends, "counted", None, pace)
    found = found._replace(used_up=used >= limit.most)
    return found._replace(out_at=out_at(found, now))


def out_at(one: Quota, now: float) -> float | None:
    """When it is used up at this pace, where that is before it is whole again.

    A minute is too short to speak of a pace, and what rolls over an hour comes back as it goes.
    """
    left = one.left
    rolls = one.limit.resets == "rolling" and SECONDS[one.limit.per] <= HOUR
    if not left or not one.pace or one.limit.per == "minute" or rolls:
        return None
    at = now + left / one.pace * HOUR
    return at if at < one.ends else None


class History:
    """What was used since a moment, out of usage.db. Each moment is read once."""

    def __init__(self, path: str, now: float) -> None:
        self._path, self._now = path, now
        self._read: dict[float, dict[str, Sums]] = {}

    def used(self, account: str, model: str, limit: Limit, since: float) -> int:
        """Requests, those that were refused left out, or tokens of both ways."""
        if since not in self._read:
            usage = read_usage(self._path, since, self._now)
            self._read[since] = _summed(usage) if usage else {}
        provider, _, number = account.partition("#")
        what = COUNTS.index(limit.counts)
        return sum(
            sums[what]
            for (key, name), sums in self._read[since].get(provider, {}).items()
            if (limit.scope == "account" or key == (number or "1"))
            and (name == model if model else limit.covers(name))
        )


def _summed(usage: Usage) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for _slot, number, span in usage.rows:
        way = usage.ways[number]
        key = KEY.search(way.deployment)
        place = (key[1] if key else "1", way.model)
        sums = found.setdefault(way.provider, {}).setdefault(place, [0, 0])
        sums[0] += 0 if way.status in REFUSED else span.calls
        sums[1] += span.tokens_in + span.tokens_out
    return found
