"""`usage prune`: an end for old numbers."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

from freerouter.commands.logs import AGO
from freerouter.commands.metrics import SECONDS
from freerouter.config.providers_file import KEEP_DAYS, load_providers
from freerouter.errors import UsageError
from freerouter.result import Line, Result, counted
from freerouter.usage.prune import prune
from freerouter.usage.schema import open_to_write, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def prune_old(ctx: Context, args: Mapping[str, Any]) -> Result:
    age = _age(ctx, args["older_than"])
    path = ctx.workspace.usage_file
    if age is None:
        return Result({"requests": 0, "attempts": 0}, (Line("Numbers are kept for ever."),))
    if not os.path.exists(path):
        return Result({"requests": 0, "attempts": 0}, (Line("Nothing is recorded yet.", "dim"),))
    try:
        db = open_to_write(path)
        try:
            gone = prune(db, round((ctx.now() - age) * 1000))
        finally:
            db.close()
    except (sqlite3.Error, OSError) as error:
        raise unreadable(path, error) from None
    what = f"{counted(gone.requests, 'request')} and {counted(gone.attempts, 'call')} taken out."
    return Result(gone._asdict(), (Line(what, "ok"),))


def _age(ctx: Context, text: str | None) -> float | None:
    """Seconds; None where everything is kept."""
    if text:
        found = AGO.fullmatch(text.strip())
        if not found:
            raise UsageError(f'"{text}" is no time.', fix="For example: --older-than 30d.")
        return float(found[1]) * SECONDS[found[2]]
    days = KEEP_DAYS
    if ctx.workspace.configured:
        days = load_providers(ctx.workspace).usage.get("keep_days", KEEP_DAYS)
    return days * SECONDS["d"] if days else None
