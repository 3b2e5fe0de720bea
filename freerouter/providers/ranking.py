"""Which models `auto`, `fast`, `smart` and `code` stand for, from the rules in a file.

The order is by what it may cost, then by turns of the providers, so that one which is down does not
take the first places with it; within a turn, what is proven to answer comes first, then the ablest.
"""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from freerouter.providers.account import Account
    from freerouter.providers.models import Model

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "built_in_aliases.yaml")
COSTS: Mapping[str, int] = {"yes": 0, "quota": 0, "unknown": 1, "no": 2}
SIZE = re.compile(r"(?<![0-9a-z.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z0-9])")
"""Billions of parameters in a name: 70b, 8x7b, 1.5b; not the active ones of a30b or a3b."""


class Ranked(NamedTuple):
    """A model that may be a member, with what it is ranked by.

    `standing`: what it may cost, whether its provider was silent last, whether it is unproven, and
    how able it is.
    """

    account: Account
    model: Model
    name: str
    standing: tuple[int, bool, bool, float]


@cache
def rules() -> dict[str, Any]:
    from freerouter.config.yaml_file import read_yaml

    found: dict[str, Any] = read_yaml(RULES).data
    return found


class Patterns:
    """Rules with a pattern each. Most names match none, which one search for all of them tells."""

    def __init__(self, found: Sequence[Mapping[str, Any]]) -> None:
        either = re.compile("|".join(f"(?:{rule['match']})" for rule in found) or r"(?!)")
        self.any = either.search
        self._each = [(re.compile(rule["match"]), rule.get("points", 0)) for rule in found]

    def points(self, name: str) -> Iterator[float]:
        """Those of each rule that the name matches, in the order of the rules."""
        if self.any(name):
            yield from (points for pattern, points in self._each if pattern.search(name))


@cache
def patterns(*place: str) -> Patterns:
    """The rules at a place of the file."""
    found: Any = rules()
    for name in place:
        found = found[name]
    return Patterns(found)


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
            rated += _rated(alias, pairs, proven)
    rated.sort(key=attrgetter("name"), reverse=True)
    rated.sort(key=attrgetter("standing"))
    turns: dict[tuple[int, str], int] = {}
    placed = []
    for one in rated:
        key = (one.standing[0], one.account.name)
        turn = turns[key] = turns.get(key, 0) + 1
        if turn <= rules()["length"]:
            placed.append((turn, one))
    placed.sort(key=lambda pair: (pair[1].standing[0], pair[0], pair[1].standing))
    return [(one.account, one.model) for _, one in placed[: rules()["length"]]]


def _rated(
    alias: str, served: Iterable[tuple[Account, Model]], proven: Collection[str]
) -> list[Ranked]:
    points_by, rated = scale(alias).points, []
    for account, model in served:
        points = points_by(model, account.provider.id)
        if points is None or (account.provider.demo and alias != "auto"):
            continue
        name = f"{account.name}/{model.id}"
        standing = (COSTS[model.free], model.stale, name not in proven, -points)
        rated.append(Ranked(account, model, name, standing))
    return rated


class Scale:
    """What an alias looks for, looked up once for all the models."""

    def __init__(self, alias: str) -> None:
        wanted = rules()["aliases"][alias]
        self._able: float = wanted["able"]
        self._providers: Mapping[str, float] = wanted.get("providers", {})
        self._added = patterns("aliases", alias, "add")

    def points(self, model: Model, provider: str) -> float | None:
        """How well a model fits; None where no conversation can be had with it."""
        name = model.id.lower()
        able = _able(name)
        if able is None:
            return None
        points = self._able * able + self._providers.get(provider, 0) + _of_window(model.context)
        return points + sum(self._added.points(name)) if self._added.any(name) else points


@cache
def scale(alias: str) -> Scale:
    return Scale(alias)


def points_of(alias: str, model: Model, provider: str) -> float | None:
    """How well a model fits an alias; None where no conversation can be had with it."""
    return scale(alias).points(model, provider)


@lru_cache(maxsize=1024)
def _of_window(context: int | None) -> float:
    """What a small window takes away."""
    windows = rules()["windows"]
    size = context or windows[-1]["below"]
    return next((float(rule["points"]) for rule in windows if size < rule["below"]), 0.0)


@lru_cache(maxsize=65_536)
def _able(name: str) -> float | None:
    """How able a model is by its name; None where it is none to talk with."""
    all_rules = rules()
    if next(patterns("never").points(name), None) is not None:
        return None
    known, size = next(patterns("able").points(name), None), size_of(name)
    if size is None:
        return float(all_rules["unknown"] if known is None else known)
    by_size = next(points for least, points in all_rules["sizes"].items() if size >= least)
    return float(by_size if known is None else min(known, by_size + all_rules["above"]))


def size_of(name: str) -> float | None:
    """Billions of parameters as the name tells them, the largest number of it."""
    if "b" not in name:
        return None
    sizes = [float(size) * int(times or 1) for times, size in SIZE.findall(name)]
    return max(sizes, default=None)
