"""What is spent of the budgets, and what is saved, as commands show it: read from usage.db, which
may not be there.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from freerouter.errors import FreeRouterError
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.config.budgets_file import Budget
    from freerouter.config.workspace import Workspace
    from freerouter.context import Context
    from freerouter.usage.spending import Standing

OK, RUNS_OUT, USED_UP, UNKNOWN = "ok", "runs_out", "used_up", "unknown"
DAY = 86400
MARK = b"budgets:"
"""What a providers.yaml holds in which there are some: without it, nothing is read as YAML."""


def budget_rows(ctx: Context) -> list[dict[str, Any]]:
    """Of the workspace's budgets; none where providers.yaml cannot be read."""
    if not _mentions(ctx.workspace):
        return []
    from freerouter.config.providers_file import load_providers

    try:
        return rows_of(ctx, load_providers(ctx.workspace).budgets)
    except FreeRouterError:
        return []


def worst_budget(ctx: Context) -> str:
    """In few words, the one that is nearest to its end; "" where none runs out."""
    rows = [row for row in budget_rows(ctx) if row["state"] != OK]
    unknown = next((row for row in rows if row["state"] == UNKNOWN), None)
    if unknown:
        return f"budget of {unknown['scope']}: spending unknown"
    worst = max(rows, key=lambda row: row["part"], default=None)
    return f"budget of {worst['scope']}: {worst['part'] * 100:.0f} %" if worst else ""


def saved_lately(ctx: Context) -> dict[str, Any] | None:
    """What the last 24 hours would have cost elsewhere; None where nothing is compared with."""
    from freerouter.commands.metrics_price import find_price, set_price

    wanted = set_price(ctx)
    if not wanted:
        return None
    from freerouter.commands.metrics_text import saved_words
    from freerouter.usage.reading import grouped, read_usage, total
    from freerouter.usage.spending import NANO

    try:
        price = find_price(ctx, wanted)
        usage = read_usage(ctx.workspace.usage_file, ctx.now() - DAY, ctx.now())
    except FreeRouterError:
        return None
    if usage is None:
        return None
    found = total(grouped(usage, "provider"))
    tokens = {"tokens_in": found.tokens_in, "tokens_out": found.tokens_out}
    saved = price.saved({**tokens, "cost": found.cost / NANO})
    return {**saved, "text": saved_words(saved).replace("With", "with", 1)}


def rows_of(ctx: Context, budgets: Iterable[Budget]) -> list[dict[str, Any]]:
    """`spent` and `held` in USD, None where they are not known; `until` is a time of here."""
    from freerouter.usage.budgets import broken_on
    from freerouter.usage.schema import open_to_read
    from freerouter.usage.spending import period_of, standing_of

    now, path = ctx.now(), ctx.workspace.usage_file
    rows = []
    for one in budgets:
        first, until = period_of(one.period, now)
        row = {
            "scope": one.scope,
            "limit": f"{one.limit:f}",
            "period": one.period,
            "spent": 0.0,
            "held": 0.0,
            "part": 0.0 if one.limit else 1.0,
            "state": OK if one.limit else USED_UP,
            "until": volatile("any", time.strftime("%Y-%m-%d %H:%M", time.localtime(until))),
            "why": "",
            "text": "",
        }
        try:
            broken = any(day >= first for day in broken_on(path))
            db = None if broken else open_to_read(path)
            why = "it broke, and what was spent before is not known" if broken else ""
            if db is not None:
                with closing(db):
                    row |= _found(standing_of(db, one, now))
        except (sqlite3.Error, FreeRouterError) as error:
            why = error.why or error.what if isinstance(error, FreeRouterError) else str(error)
        if why:
            row |= {"spent": None, "held": None, "part": None, "state": UNKNOWN, "why": why}
        rows.append({**row, "text": _worded(one, row)})
    return rows


def _worded(one: Budget, row: Mapping[str, Any]) -> str:
    """A line on how it stands."""
    from freerouter.config.budgets_file import spent_words

    if row["state"] == UNKNOWN:
        return (
            f"{one.whose}: what is spent is not known, so models that cost money are not asked "
            f"(usage.db: {row['why'].rstrip('.')})."
        )
    told = f"{one.whose}: {spent_words(one, row['spent'], row['held'])}"
    if row["state"] != USED_UP:
        return f"{told} ({row['part'] * 100:.0f} %)."
    if row["spent"] < one.limit:
        return f"{told}: until they are done only free models answer."
    return f"{told}: until {row['until']} only free models answer."


def _found(found: Standing) -> dict[str, Any]:
    from freerouter.usage.spending import NANO

    state = USED_UP if found.used_up else RUNS_OUT if found.runs_out else OK
    return {
        "spent": found.spent / NANO,
        "held": found.held / NANO,
        "part": round(found.part, 4),
        "state": state,
    }


def _mentions(workspace: Workspace) -> bool:
    try:
        with open(workspace.providers_file, "rb") as file:
            return MARK in file.read()
    except OSError:
        return False
