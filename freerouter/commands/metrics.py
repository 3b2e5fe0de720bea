"""`metrics`: what usage.db says of a time, in lines, as data, as CSV or for Prometheus."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from freerouter.commands.logs import AGO
from freerouter.errors import FreeRouterError, UsageError
from freerouter.result import Line, Result
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.result import Block
    from freerouter.usage.reading import Figures, Usage

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NONE_YET = "Nothing is recorded yet: that begins with the first request to the gateway."
NANO = 1_000_000_000


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    if args["prometheus"]:
        return _for_prometheus(ctx)
    from freerouter.commands.metrics_text import as_csv, as_text
    from freerouter.usage.reading import read_usage

    now = ctx.now()
    since = moment(args["since"], now)
    compared, unknown = _price(ctx, args["compare_to"])
    usage = read_usage(ctx.workspace.usage_file, since, now, args["by"])
    if usage is None:
        nothing = Line(NONE_YET, "dim")
        return Result(_frame(args, since, now), () if args["csv"] else (nothing,))
    data = {**_frame(args, since, now), **_found(usage, args)}
    if compared:
        data["compared"] = compared.saved(data["total"])
    show: tuple[Block, ...] = as_csv(data) if args["csv"] else (*as_text(data), *unknown)
    return Result(data, show)


def moment(text: str, now: float) -> float:
    """Seconds since 1970, for `10m`, `2h`, `7d`, or a date and time of the local zone or another.

    How long ago is counted in seconds: an hour ago is one also when the clocks were changed.
    """
    ago = AGO.fullmatch(text.strip())
    if ago:
        return now - float(ago[1]) * SECONDS[ago[2]]
    try:
        return datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip())).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f'"{text}" is no time.',
            fix="Say how long ago (30m, 24h, 7d), or when: 2026-01-31T18:00.",
        ) from None


def _for_prometheus(ctx: Context) -> Result:
    from freerouter.usage.prometheus import exposition

    text = exposition(ctx.workspace.usage_file, ctx.now())
    return Result({"prometheus": text}, tuple(Line(line) for line in text.splitlines()))


def _price(ctx: Context, name: str | None) -> tuple[Any, list[Line]]:
    """Of `--compare-to`, or of what is set; where that is not known any more, a word on it."""
    from freerouter.commands.metrics_price import find_price, set_price

    if name:
        return find_price(ctx, name), []
    wanted = set_price(ctx)
    try:
        return (find_price(ctx, wanted) if wanted else None), []
    except FreeRouterError as error:
        return None, [Line(f"Compared with nothing: {error.what} `usage compare` sets it.", "warn")]


def _frame(args: Mapping[str, Any], since: float, now: float) -> dict[str, Any]:
    return {
        "since": volatile("any", _iso(since)), "until": volatile("any", _iso(now)),
        "by": args["by"],
        "total": None, "groups": [], "course": [], "lost": 0,
    }  # fmt: skip


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")


def _found(usage: Usage, args: Mapping[str, Any]) -> dict[str, Any]:
    from freerouter.usage.reading import grouped, total

    found = grouped(usage, args["by"])
    groups = [_figures(name, figures) for name, figures in found.items()]
    if args["filter"]:
        groups = [row for row in groups if args["filter"].lower() in row["name"].lower()]
    order = args["sort"] or ("name" if args["by"] in ("hour", "day") else "requests")
    groups.sort(key=lambda row: _rank(row, order))
    return {
        "total": _figures("total", total(found)),
        "groups": groups,
        "course": usage.course,
        "lost": usage.lost,
    }


def _rank(row: Mapping[str, Any], order: str) -> tuple[float, str]:
    """The largest first, and the alphabet among equals."""
    value = {
        "requests": row["requests"] or row["calls"],
        "errors": row["failed"] + row["failed_calls"],
        "p95": row["p95"] or 0,
        "tokens": row["tokens_in"] + row["tokens_out"],
        "cost": row["cost"],
        "name": 0,
    }[order]
    return -value, row["name"]


def _figures(name: str, found: Figures) -> dict[str, Any]:
    """Seconds and USD. `error_rate` is None where nothing was asked."""
    p50, p95, p99 = found.latencies
    return {
        "name": name,
        "requests": found.requests,
        "failed": found.failed,
        "error_rate": round(found.failed / found.requests, 4) if found.requests else None,
        "calls": found.calls,
        "failed_calls": found.failed_calls,
        "p50": _rounded(p50),
        "p95": _rounded(p95),
        "p99": _rounded(p99),
        "first_token": _rounded(found.first_token),
        "tokens_in": found.tokens_in,
        "tokens_out": found.tokens_out,
        "tokens_per_second": _rounded(found.rate),
        "cost": found.cost / NANO,
        "unpriced": found.unpriced,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
