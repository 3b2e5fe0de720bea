"""Which models `auto`, `fast`, `smart` and `code` stand for, from the rules in a file.

The order is by what it may cost, then by turns of the providers, so that one which is down does not
take the first places with it; within a turn, what is proven to answer comes first, then the ablest.
"""

from __future__ import annotations

import heapq
import os
import re
from collections import Counter
from functools import cache, lru_cache
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from freerouter.providers.account import Account
    from freerouter.providers.models import Model

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "built_in_aliases.yaml")
COSTS: Mapping[str, int] = {"yes": 0, "quota": 0, "unknown": 1, "no": 2}
SIZE = re.compile(r"(?<![0-9a-z.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z0-9])")
"""Billions of parameters in a name: 70b, 8x7b, 1.5b; not the active ones of a30b or a3b."""


class Candidate(NamedTuple):
    """A model that a conversation can be had with, and what every alias ranks it by."""

    model: Model
    able: float
    window: float
    """What its window takes away."""
    unproven: bool
    added: tuple[float, ...]
    """What its name adds for each alias of the rules."""


@cache
def rules() -> dict[str, Any]:
    from freerouter.config.yaml_file import read_yaml

    found: dict[str, Any] = read_yaml(RULES).data
    return found


class Patterns:
    """Rules with a pattern each. Most names match none, which one search for all of them tells."""

    def __init__(self, found: Sequence[Mapping[str, Any]]) -> None:
        # Without a group around each, `re` skips what none of them can begin with.
        self.any = re.compile("|".join(rule["match"] for rule in found) or r"(?!)").search
        self._each = [(re.compile(rule["match"]), rule.get("points", 0)) for rule in found]

    def points(self, name: str) -> Sequence[float]:
        """Those of each rule that the name matches, in the order of the rules."""
        if not self.any(name):
            return ()
        return [points for pattern, points in self._each if pattern.search(name)]


@cache
def patterns(*place: str) -> Patterns:
    """The rules at a place of the file."""
    found: Any = rules()
    for name in place:
        found = found[name]
    return Patterns(found)


Served = tuple["Account", "Model"]


def rank(
    aliases: Iterable[str], served: Iterable[Served], proven: Collection[str]
) -> dict[str, list[Served]]:
    """The members of built-in aliases, in each the one that is asked first standing first."""
    by_cost: dict[int, dict[str, tuple[Account, list[Model]]]] = {}
    for account, model in served:
        providers = by_cost.setdefault(COSTS[model.free], {})
        providers.setdefault(account.name, (account, []))[1].append(model)
    known = frozenset(proven)

    @cache
    def candidates(cost: int) -> list[tuple[Account, list[Candidate]]]:
        return [(a, _candidates(a, models, known)) for a, models in by_cost[cost].values()]

    return {alias: _members(alias, sorted(by_cost), candidates) for alias in aliases}


def _members(
    alias: str,
    costs: Iterable[int],
    candidates: Callable[[int], list[tuple[Account, list[Candidate]]]],
) -> list[Served]:
    length, best, fit = rules()["length"], scale(alias).best, 0
    placed: list[tuple[tuple[Any, ...], str, Served]] = []
    for cost in costs:
        if fit >= length:
            break
        for account, some in candidates(cost):
            if account.provider.demo and alias != "auto":
                continue
            fit += len(some)
            for turn, (standing, model) in enumerate(best(some, account.provider.id, length)):
                name = f"{account.name}/{model.id}"
                placed.append(((cost, turn, standing), name, (account, model)))
    placed.sort(key=itemgetter(1), reverse=True)
    placed.sort(key=itemgetter(0))
    return [pair for _, _, pair in placed[:length]]


def _candidates(
    account: Account, models: Iterable[Model], proven: Collection[str]
) -> list[Candidate]:
    """Those of one provider, later names first. Of those that no alias tells apart, only as many as
    an alias has room for.
    """
    found = []
    alike: Counter[tuple[Any, ...]] = Counter()
    length = rules()["length"]
    for model in sorted(models, key=attrgetter("id"), reverse=True):
        name = model.id.lower()
        able = _able(name)
        if able is None:
            continue
        window, added = _of_window(model.context), _added(name)
        unproven = f"{account.name}/{model.id}" not in proven
        kind = (model.stale, unproven, able, window, added)
        alike[kind] += 1
        if alike[kind] <= length:
            found.append(Candidate(model, able, window, unproven, added))
    return found


class Scale:
    """What an alias looks for, looked up once for all the models."""

    def __init__(self, alias: str) -> None:
        wanted = rules()["aliases"][alias]
        self._able: float = wanted["able"]
        self._providers: Mapping[str, float] = wanted.get("providers", {})
        self._place = [*rules()["aliases"]].index(alias)

    def best(
        self, some: Sequence[Candidate], provider: str, length: int
    ) -> list[tuple[list[float], Model]]:
        """The first ones of a provider, and where each stands: whether its provider was silent
        last, whether it is unproven, and how well it fits.
        """
        mine, able, bonus = self._place, self._able, self._providers.get(provider, 0)
        rated = []
        for place, one in enumerate(some):
            points = able * one.able + bonus + one.window + one.added[mine]
            rated.append((one.model.stale, one.unproven, -points, place))
        return [
            (standing, some[place].model) for *standing, place in heapq.nsmallest(length, rated)
        ]


@cache
def scale(alias: str) -> Scale:
    return Scale(alias)


@lru_cache(maxsize=1024)
def _of_window(context: int | None) -> float:
    """What a small window takes away."""
    windows = rules()["windows"]
    size = context or windows[-1]["below"]
    return next((float(rule["points"]) for rule in windows if size < rule["below"]), 0.0)


@cache
def _adding() -> tuple[list[Patterns], tuple[float, ...]]:
    """What adds to a name for each alias, and that of a name to which nothing does."""
    found = [patterns("aliases", alias, "add") for alias in rules()["aliases"]]
    return found, (0.0,) * len(found)


@lru_cache(maxsize=65_536)
def _added(name: str) -> tuple[float, ...]:
    """What a name adds for each alias of the rules."""
    adding, nothing = _adding()
    points = [added.points(name) for added in adding]
    return tuple([float(sum(some)) for some in points]) if any(points) else nothing


@lru_cache(maxsize=65_536)
def _able(name: str) -> float | None:
    """How able a model is by its name; None where it is none to talk with."""
    all_rules = rules()
    if patterns("never").any(name):
        return None
    known, size = next(iter(patterns("able").points(name)), None), size_of(name)
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
