"""`list`: the models of the last fetch, from the small JSON file that it left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.models import thousands
from freerouter.config.proven import day_of, read_proven
from freerouter.config.state import read_models
from freerouter.errors import NotFoundError
from freerouter.registry import did_you_mean
from freerouter.result import Line, Result, Table, counted
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

_RIGHT = (2, 3, 4)


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    rows = read_models(ctx.workspace)
    if args["provider"]:
        rows = _of_provider(rows, args["provider"])
    if args["free"]:
        rows = [r for r in rows if r["free"] in ("yes", "quota")]
    if args["search"]:
        words = args["search"].lower().split()
        rows = [r for r in rows if all(w in r["id"].lower() for w in words)]
    if not rows:
        return Result({"models": []}, (Line("No model matches.", "dim"),))
    proven = read_proven(ctx.workspace)
    rows = [{**r, "proven": day_of(proven.get(f"{r['provider']}/{r['id']}"))} for r in rows]
    table = Table(
        ("MODEL", "PROVIDER", "CONTEXT", "IN $/M", "OUT $/M", "FREE", "SERVED", "PROVEN"),
        tuple(
            (
                r["id"],
                r["provider"],
                thousands(r["context"]),
                r["input_price"] or "",
                r["output_price"] or "",
                r["free"],
                ("stale" if r["stale"] else "yes") if r["written"] else "",
                volatile("date", r["proven"]) if r["proven"] else "",
            )
            for r in rows
        ),
        _RIGHT,
    )
    served = sum(bool(r["written"]) for r in rows)
    total = Line(f"{counted(len(rows), 'model')}, {served} of them served by the gateway.", "dim")
    return Result({"models": rows}, (table, total))


def _of_provider(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    known = {r["provider"] for r in rows}
    if name in known:
        return [r for r in rows if r["provider"] == name]
    from freerouter.providers.catalogue_names import known_ids

    if name in known_ids():
        return []
    raise NotFoundError(
        f'There is no provider "{name}".',
        fix=did_you_mean(name, known | known_ids()) or f"In use: {', '.join(sorted(known))}.",
    )
