"""What the same tokens would have cost elsewhere: at a price of the last fetch, or a given one."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.state import read_models
from freerouter.errors import FreeRouterError, NotFoundError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

GIVEN = re.compile(r"(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)")
MILLION = 1_000_000


class Price(NamedTuple):
    """USD per million tokens."""

    name: str
    tokens_in: Decimal
    tokens_out: Decimal

    def saved(self, total: Mapping[str, Any]) -> dict[str, Any]:
        """What it would have cost, in USD, and what that is more than what is known to be paid."""
        exact = total["tokens_in"] * self.tokens_in + total["tokens_out"] * self.tokens_out
        cost = float(exact / MILLION)
        return {
            "model": self.name,
            "input_price": str(self.tokens_in),
            "output_price": str(self.tokens_out),
            "cost": cost,
            "saved": cost - total["cost"],
        }


MARK = b"compare_to:"
"""What a providers.yaml holds that says one: without it, nothing is read as YAML."""


def set_price(ctx: Context) -> str:
    """What `usage compare` has set; "" where nothing is."""
    try:
        with open(ctx.workspace.providers_file, "rb") as file:
            if MARK not in file.read():
                return ""
    except OSError:
        return ""
    from freerouter.config.providers_file import load_providers

    try:
        return load_providers(ctx.workspace).usage.get("compare_to") or ""
    except FreeRouterError:
        return ""


def find_price(ctx: Context, name: str) -> Price:
    """Of `id` or `provider/id`, or of `IN/OUT`. Raises where no price is known."""
    given = GIVEN.fullmatch(name.strip())
    if given:
        return Price(f"${given[1]} in, ${given[2]} out", Decimal(given[1]), Decimal(given[2]))
    rows = read_models(ctx.workspace)
    found = [row for row in rows if name in (row["id"], f"{row['provider']}/{row['id']}")]
    for row in found:
        prices = row["input_price"], row["output_price"]
        if None not in prices and any(Decimal(price) for price in prices):
            return Price(f"{row['provider']}/{row['id']}", *(Decimal(price) for price in prices))
    own = "Or give a price in USD per million tokens, in and out: 2.5/10."
    if found:
        raise FreeRouterError(f"What {name} costs is not known.", "Its list names no price.", own)
    raise NotFoundError(
        f'There is no model "{name}" in the lists of the last fetch.',
        fix=did_you_mean(name, [f"{row['provider']}/{row['id']}" for row in rows]) or own,
    )
