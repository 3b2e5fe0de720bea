"""What stands between a request and a deployment: quotas and budgets that are used up.

A door is asked before a deployment is; whatever is behind it (`quotas.py`) is its own affair. One
that raises is open: what counts must never break what is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

QUOTA, BUDGET = 429, 402


class Shut(NamedTuple):
    """Why a deployment may not be asked now."""

    status: int
    """429 where a quota is used up, 402 where a budget is."""
    reason: str
    """One line for people: `groq: 1000 of 1000 requests today`."""
    until: float | None = None
    """When it opens again, in seconds since 1970; None where nobody knows."""


Door = Callable[[Mapping[str, Any]], Shut | None]
"""Given LiteLLM's row of a deployment: model_name, litellm_params, model_info."""
DOORS: list[Door] = []
"""Asked in this order; filled when a worker is set up."""


def shut(row: Mapping[str, Any]) -> Shut | None:
    """The first door that is shut."""
    for door in DOORS:
        try:
            found = door(row)
        except Exception:  # noqa: BLE001, S112 - a fault of the door, not of the request
            continue
        if found is not None:
            return found
    return None
