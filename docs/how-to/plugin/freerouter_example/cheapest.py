"""`cheapest`: a command takes a context and its arguments, and gives a result. It never prints."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from freerouter.config.state import read_models
from freerouter.result import Result, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    rows = [row for row in read_models(ctx.workspace) if row["output_price"] is not None]
    rows.sort(key=lambda row: Decimal(row["output_price"]))
    rows = rows[: args["limit"]]
    cells = tuple((row["id"], row["provider"], row["output_price"]) for row in rows)
    return Result({"models": rows}, (Table(("MODEL", "PROVIDER", "OUT $/M"), cells, (2,)),))
