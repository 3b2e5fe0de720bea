"""`usage prune`: an end for old numbers. `usage compare`: what they would have cost elsewhere."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

from freerouter.commands.logs import AGO
from freerouter.commands.metrics import SECONDS
from freerouter.config.edit import put_setting
from freerouter.config.providers_file import KEEP_DAYS, load_providers
from freerouter.errors import UsageError
from freerouter.result import Line, Result, counted
from freerouter.usage.prune import prune
from freerouter.usage.schema import open_to_write, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

COMPARE = ("usage", "compare_to")


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


def compare(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Set what `metrics` and `status` compare with; without a word, say what is set."""
    from freerouter.commands.metrics_price import find_price, set_price

    before = set_price(ctx)
    if args["off"] and args["model"]:
        raise UsageError("--off stands alone.", fix="`usage compare --off`, or a model.")
    if not (args["off"] or args["model"]):
        text = f"Compared with {before}." if before else "Compared with nothing."
        return Result({"compare_to": before, "changed": False}, (Line(text),))
    wanted = args["model"] or ""
    price = find_price(ctx, wanted) if wanted else None
    changed = put_setting(ctx.workspace, COMPARE, wanted or None, ctx.now())
    text = "`metrics` and `status` compare with nothing any more."
    if price:
        each = f"${price.tokens_in:f} in and ${price.tokens_out:f} out per million tokens"
        text = f"`metrics` and `status` compare with {wanted}: {each}."
    undo = ("usage", "compare", before) if before else ("usage", "compare", "--off")
    data = {"compare_to": wanted, "changed": changed}
    return Result(data, (Line(text, "ok"),), undo=(undo,) if changed else ())


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
