"""What usage.db knows, in Prometheus' text format. Counters only ever grow, also over a pruning."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from freerouter.usage.buckets import bucket_of, counted_in, packed, percentiles
from freerouter.usage.reading import PARTS, read_ways
from freerouter.usage.schema import SLOT, open_to_read, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.usage.entry import Way

LATELY = 5 * 60 * 1000
"""Milliseconds whose requests the quantiles are made of."""
MOST = 10_000
"""Requests of them, the newest."""
SUMS = ("requests", "calls", "tokens_in", "tokens_out", "cost", "took")
NAMES = ", ".join(SUMS)
SUMMED = ", ".join(f"sum({name})" for name in SUMS)
TOTALS = (
    f"SELECT way, {SUMMED} FROM (SELECT way, {NAMES} FROM before"  # noqa: S608 - names of ours
    f" UNION ALL SELECT way, {NAMES} FROM spans"
    " UNION ALL SELECT way, 1, 0, coalesce(tokens_in, 0), coalesce(tokens_out, 0),"
    f" coalesce(cost, 0), latency FROM requests JOIN open ON at >= slot * {SLOT}"
    f" AND at < (slot + 1) * {SLOT}"
    " UNION ALL SELECT way, 0, 1, 0, 0, 0, 0 FROM attempts JOIN open"
    f" ON at >= slot * {SLOT} AND at < (slot + 1) * {SLOT}) GROUP BY way"
)
RECENT = "SELECT way, latency, first_token FROM requests WHERE at >= ? ORDER BY at DESC LIMIT ?"
Labels = tuple[tuple[str, str], ...]


def exposition(path: str, now: float) -> str:
    """The whole text. Raises FileError where the database cannot be read."""
    db = open_to_read(path)
    if db is None:
        return ""
    try:
        db.execute("BEGIN")
        ways = read_ways(db)
        totals = {row[0]: row[1:] for row in db.execute(TOTALS)}
        recent = db.execute(RECENT, (round(now * 1000) - LATELY, MOST)).fetchall()
        lost = db.execute("SELECT coalesce(sum(number), 0) FROM lost").fetchone()[0]
    except sqlite3.Error as error:
        raise unreadable(path, error) from None
    finally:
        db.close()
    lines = [*_counters(ways, totals), *_durations(ways, totals, recent)]
    lines += _metric("records_lost_total", "counter", "Requests that could not be recorded.")
    lines.append(_sample("records_lost_total", (), lost))
    return "\n".join(lines) + "\n"


def _counters(ways: Mapping[int, Way], totals: Mapping[int, tuple[int, ...]]) -> list[str]:
    requests: dict[Labels, int] = {}
    calls: dict[Labels, int] = {}
    tokens: dict[Labels, int] = {}
    cost: dict[Labels, int] = {}
    for number, (asked, called, given, got, paid, _) in totals.items():
        way = ways[number]
        ended = (("status", str(way.status)), ("error", way.error))
        who = (("provider", way.provider), ("model", way.model))
        if asked:
            _add(requests, (("alias", way.alias), *who, ("client", way.client), *ended), asked)
            _add(tokens, (*who, ("direction", "in")), given)
            _add(tokens, (*who, ("direction", "out")), got)
            _add(cost, who, paid)
        if called:
            _add(calls, (*who, ("deployment", way.deployment), *ended), called)
    return [
        *_metric("requests_total", "counter", "Requests of clients."),
        *(_sample("requests_total", *one) for one in sorted(requests.items())),
        *_metric("calls_total", "counter", "Calls of providers, retries and fallbacks included."),
        *(_sample("calls_total", *one) for one in sorted(calls.items())),
        *_metric("tokens_total", "counter", "Tokens, as providers count them."),
        *(_sample("tokens_total", *one) for one in sorted(tokens.items())),
        *_metric("cost_usd_total", "counter", "Cost in USD, where a price is known."),
        *(_sample("cost_usd_total", who, paid / 1e9) for who, paid in sorted(cost.items())),
    ]


def _durations(
    ways: Mapping[int, Way],
    totals: Mapping[int, tuple[int, ...]],
    recent: Iterable[tuple[int, int, int | None]],
) -> list[str]:
    took: dict[Labels, int] = {}
    count: dict[Labels, int] = {}
    for number, (asked, _, _, _, _, micros) in totals.items():
        way = ways[number]
        who = (("provider", way.provider), ("model", way.model))
        if asked:
            _add(took, who, micros)
            _add(count, who, asked)
    lately: dict[Labels, list[int]] = {}
    firsts: dict[Labels, list[int]] = {}
    for number, latency, first in recent:
        way = ways[number]
        who = (("provider", way.provider), ("model", way.model))
        lately.setdefault(who, []).append(bucket_of(latency))
        if first is not None:
            firsts.setdefault(who, []).append(bucket_of(first))
    name = "request_duration_seconds"
    return [
        *_metric(name, "summary", "How long requests took; quantiles of the last five minutes."),
        *_quantiles(name, lately),
        *(_sample(f"{name}_sum", who, micros / 1e6) for who, micros in sorted(took.items())),
        *(_sample(f"{name}_count", *one) for one in sorted(count.items())),
        *_metric("first_token_seconds", "gauge", "Until a stream began, in five minutes."),
        *_quantiles("first_token_seconds", firsts),
    ]


def _quantiles(name: str, found: Mapping[Labels, list[int]]) -> list[str]:
    lines = []
    for who, buckets in sorted(found.items()):
        values = percentiles(counted_in([packed(buckets)]), PARTS)
        for part, value in zip(PARTS, values, strict=True):
            lines.append(_sample(name, (*who, ("quantile", str(part))), value or 0.0))
    return lines


def _add(sums: dict[Labels, int], labels: Labels, number: int) -> None:
    sums[labels] = sums.get(labels, 0) + number


def _metric(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP freerouter_{name} {text}", f"# TYPE freerouter_{name} {kind}"]


def _sample(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"freerouter_{name}{f'{{{inside}}}' if inside else ''} {value:.12g}"


def _escaped(text: str) -> str:
    """As a value of a label, in which a backslash, a quote and a line's end are escaped."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
