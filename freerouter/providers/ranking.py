"""Which models `auto`, `fast`, `smart` and `code` stand for, from the rules in a file.

The order is by what it may cost, then by turns of the providers, so that one which is down does not
take the first places with it; within a turn, what is proven to answer comes first, then the ablest.
"""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from freerouter.providers.account import Account
    from freerouter.providers.models import Model

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "built_in_aliases.yaml")
COSTS: Mapping[str, int] = {"yes": 0, "quota": 0, "unknown": 1, "no": 2}
SIZE = re.compile(r"(?<![0-9a-z.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z0-9])")
"""Billions of parameters in a name: 70b, 8x7b, 1.5b; not the active ones of a30b or a3b."""


class Ranked(NamedTuple):
    """A model that may be a member, with what it is ranked by."""

    account: Account
    model: Model
    points: float

    @property
    def name(self) -> str:
        return f"{self.account.name}/{self.model.id}"


@cache
def rules() -> dict[str, Any]:
    from freerouter.config.yaml_file import read_yaml

    found: dict[str, Any] = read_yaml(RULES).data
    return found


def rank(
    alias: str, served: Iterable[tuple[Account, Model]], proven: Collection[str]
) -> list[tuple[Account, Model]]:
    """The members of a built-in alias, the one that is asked first standing first."""
    rated: list[Ranked] = []
    by_cost: dict[int, list[tuple[Account, Model]]] = {}
    for account, model in served:
        by_cost.setdefault(COSTS[model.free], []).append((account, model))
    for _, pairs in sorted(by_cost.items()):
        if len(rated) < rules()["length"]:
            rated += _rated(alias, pairs)
    rated.sort(key=lambda one: one.name, reverse=True)
    rated.sort(key=lambda one: _standing(one, proven))
    turns: dict[tuple[int, str], int] = {}
    placed = []
    for one in rated:
        key = (COSTS[one.model.free], one.account.name)
        turns[key] = turns.get(key, 0) + 1
        placed.append((turns[key], one))
    placed.sort(key=lambda pair: (COSTS[pair[1].model.free], pair[0], _standing(pair[1], proven)))
    return [(one.account, one.model) for _, one in placed[: rules()["length"]]]


def _rated(alias: str, served: Iterable[tuple[Account, Model]]) -> list[Ranked]:
    return [
        Ranked(account, model, points)
        for account, model in served
        for points in [points_of(alias, model, account.provider.id)]
        if points is not None and not (account.provider.demo and alias != "auto")
    ]


def _standing(one: Ranked, proven: Collection[str]) -> tuple[int, bool, bool, float]:
    """What it may cost, whether its provider was silent last, whether it is unproven, how able."""
    return COSTS[one.model.free], one.model.stale, one.name not in proven, -one.points


def points_of(alias: str, model: Model, provider: str) -> float | None:
    """How well a model fits an alias; None where no conversation can be had with it."""
    all_rules, name = rules(), model.id.lower()
    able = _able(name)
    if able is None:
        return None
    wanted = all_rules["aliases"][alias]
    points: float = wanted["able"] * able
    points += wanted.get("providers", {}).get(provider, 0)
    points += sum(rule["points"] for rule in wanted["add"] if re.search(rule["match"], name))
    size = model.context or all_rules["windows"][-1]["below"]
    small = next((rule for rule in all_rules["windows"] if size < rule["below"]), None)
    return points + (small["points"] if small else 0)


@lru_cache(maxsize=4096)
def _able(name: str) -> float | None:
    """How able a model is by its name; None where it is none to talk with."""
    all_rules = rules()
    if _first(all_rules["never"], name):
        return None
    known, size = _first(all_rules["able"], name), size_of(name)
    if size is None:
        return float(known["points"] if known else all_rules["unknown"])
    by_size = next(points for least, points in all_rules["sizes"].items() if size >= least)
    return float(min(known["points"], by_size + all_rules["above"]) if known else by_size)


def size_of(name: str) -> float | None:
    """Billions of parameters as the name tells them, the largest number of it."""
    sizes = [float(size) * int(times or 1) for times, size in SIZE.findall(name)]
    return max(sizes, default=None)


def _first(found_in: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return next((rule for rule in found_in if re.search(rule["match"], name)), None)
