"""`models choices`: the last list of models as the picker shows it. Reads, never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config.state import read_models
from freerouter.errors import UsageError
from freerouter.result import Result, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def choices(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Every model with its price and context; those that are served now are `selected`."""
    rows = [_row(model) for model in read_models(ctx.workspace)]
    rows.sort(key=lambda r: (not r["written"], r["free"] not in ("yes", "quota"), r["value"]))
    selected = [row["value"] for row in rows if row["written"]]
    shown = tuple((r["value"], r["context"], r["price"], r["free"]) for r in rows)
    table = Table(("MODEL", "CONTEXT", "IN/OUT $/M", "FREE"), shown)
    return Result({"models": rows, "selected": selected}, (table,))


def _row(model: dict[str, Any]) -> dict[str, Any]:
    prices = (model["input_price"], model["output_price"])
    return {
        "value": f"{model['provider']}/{model['id']}",
        "id": model["id"],
        "provider": model["provider"],
        "context": thousands(model["context"]),
        "price": "/".join("?" if p is None else p for p in prices) if any(prices) else "",
        "free": model["free"],
        "written": bool(model["written"]),
    }


def thousands(number: int | None) -> str:
    """A size in tokens as people write it: 128k, 1M."""
    if not number:
        return ""
    unit = 1024 if number % 1000 and not number % 1024 else 1000
    thousand = number / unit
    return f"{thousand:g}k" if thousand < 1000 else f"{thousand / unit:.3g}M"  # noqa: PLR2004


def tokens(word: str) -> int:
    """A size as a person types it: 100k, 1M, 131072. A thousand is 1000."""
    number, factor = word.strip().lower(), 1
    if number[-1:] in ("k", "m"):
        factor = 1_000 if number[-1] == "k" else 1_000_000
        number = number[:-1]
    try:
        size = round(float(number) * factor)
    except (ValueError, OverflowError):
        size = 0
    if size < 1 or not number[:1].isdigit():
        raise UsageError(
            f'"{word}" is no size.', fix="A number of tokens, such as 100k, 1M or 131072."
        )
    return size
