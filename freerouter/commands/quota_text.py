"""How `quota` words its numbers: a line for each limit, with where each number comes from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from freerouter.commands.status import duration
from freerouter.result import Line, Table
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freerouter.result import Block
    from freerouter.usage.quota_report import Quota

COLUMNS = (
    "PROVIDER", "MODEL", "LIMIT", "USED", "LEFT", "RESETS IN", "AT THIS PACE", "FROM",
)  # fmt: skip
WHOSE = {"": "all", "*": "each"}
FROM = {"catalogue": "catalogue", "yours": "yours", "said": "provider", "learnt": "a 429"}
NO_LIMITS = "No limits are known."
OWN = (
    "`limits: {{requests/day: 1000}}` at {} in providers.yaml names one; else the first 429 tells."
)
DAY = 86400


def as_text(found: Sequence[Quota], unknown: Sequence[str], now: float) -> tuple[Block, ...]:
    show: list[Block] = []
    if found:
        rows = tuple(_row(one, now) for one in found)
        show.append(Table(COLUMNS, rows, right=(3, 4), spare=(7, 3), last=(6, 5)))
    elif not unknown:
        show.append(Line(NO_LIMITS, "dim"))
    if unknown:
        names = ", ".join(unknown)
        show.append(Line(f"No limit is known of {names}. {OWN.format(unknown[0])}", "dim"))
    return tuple(show)


def _row(one: Quota, now: float) -> tuple[str, ...]:
    provider, _, number = one.account.partition("#")
    limit = one.limit
    model = WHOSE.get(one.model, one.model)
    if not one.model and limit.models:
        model = ", ".join(limit.models)
    return (
        f"{provider} (key {number})" if number else provider,
        model,
        f"{limit.most:,} {limit.kind}" if limit.most else limit.kind,
        f"{one.used:,}",
        "" if one.left is None else f"{one.left:,}",
        _resets(one, now),
        _forecast(one, now),
        _from(one, now),
    )


def _resets(one: Quota, now: float) -> str:
    """What rolls and holds nothing has nothing to come back."""
    if one.limit.resets == "rolling" and not one.used and not one.used_up:
        return ""
    return volatile("any", duration(max(one.ends - now, 0)))


def _forecast(one: Quota, now: float) -> str:
    if one.used_up:
        return "used up"
    if one.out_at is None:
        return ""
    return volatile("any", f"out at {clock(one.out_at, now)}")


def _from(one: Quota, now: float) -> str:
    number = "counted"
    if one.said_at is not None:
        number = f"said {volatile('any', clock(one.said_at, now))}"
    return f"{FROM[one.limit.source]}, {number}"


def clock(moment: float, now: float) -> str:
    """`16:40` in local time, with its day where that is not today."""
    there, today = time.localtime(moment), time.localtime(now)
    text = time.strftime("%H:%M", there)
    if there[:3] == today[:3]:
        return text
    near = abs(moment - now) < 6 * DAY
    return f"{time.strftime('%a' if near else '%d %b', there)} {text}"
