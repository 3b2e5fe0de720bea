"""Names in a config.yaml of LiteLLM that lead nowhere, in circles, or to a bill."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.validation.findings import Hit, Path
from freerouter.config.validation.known import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from freerouter.config.validation.litellm import Config

FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
EDGES = ("router_settings", "litellm_settings")
"""The sections that may hold fallbacks."""
EVERYTHING = "*"
"""The group that stands for all."""


LONGEST_WAY = 6
"""Names of a circle that are shown."""


class Groups(NamedTuple):
    """Every name that a request may ask for; `wild` are those with a `*`."""

    names: frozenset[str]
    wild: tuple[str, ...]

    def has(self, name: str) -> bool:
        return name in self.names or any(fnmatchcase(name, group) for group in self.wild)

    def meant(self, name: str) -> str:
        near = nearest(name, self.names)
        return (
            f'Did you mean "{near.name}"?' if near else "Add a model of that name, or take it out."
        )


def groups_of(config: Config) -> Groups | None:
    """The groups; None where more may come from elsewhere."""
    general = config.section("general_settings")
    if config.data.get("include") or general.get("store_model_in_db"):
        return None
    names = set(_aliases(config))
    for _, row, _ in config.deployments:
        info = row.get("model_info")
        names |= {str(row.get("model_name")), str(info.get("id") if isinstance(info, dict) else "")}
    groups = config.section("router_settings").get("routing_groups")
    for group in groups if isinstance(groups, list) else ():
        if isinstance(group, dict):
            names.add(str(group.get("group_name")))
    names -= {"", "None"}
    return Groups(frozenset(names), tuple(name for name in names if EVERYTHING in name))


def _aliases(config: Config) -> dict[str, str]:
    """By alias, the group that it leads to; "" where that is no name."""
    found = config.section("router_settings").get("model_group_alias")
    aliases = {}
    for alias, value in found.items() if isinstance(found, dict) else ():
        target = value.get("model") if isinstance(value, dict) else value
        aliases[str(alias)] = target if isinstance(target, str) else ""
    return aliases


def check_aliases(config: Config) -> Iterator[Hit]:
    groups, aliases = groups_of(config), _aliases(config)
    for alias, target in aliases.items():
        here = (*config.under, "router_settings", "model_group_alias", alias)
        if groups is not None and not groups.has(target):
            what = f'"{alias}" stands for "{target}", which is no model of this file.'
            yield Hit("alias-to-nothing", here, what, groups.meant(target))
    for circle in _circles({alias: [target] for alias, target in aliases.items()}):
        here = (*config.under, "router_settings", "model_group_alias", circle[0])
        yield Hit("fallback-loop", here, f"{_way(circle)}: the alias leads back to itself.")


def check_fallbacks(config: Config) -> Iterator[Hit]:
    """Each fallback's both ends, and whether they go round in circles."""
    groups = groups_of(config)
    for section, name in ((section, name) for section in EDGES for name in FALLBACKS):
        rows = config.section(section).get(name)
        here = (*config.under, section, name)
        if rows is not None and not isinstance(rows, list):
            yield Hit("wrong-type", here, f"{name} must be a list.", "Write `- MODEL: [OTHER]`.")
            continue
        edges: dict[str, list[str]] = {}
        places: dict[str, Path] = {}
        for path, group, targets in _edges(rows or [], here):
            if targets is None:
                yield Hit("wrong-type", path, "a fallback is a model and a list.", WRITE)
                continue
            edges.setdefault(group, []).extend(target for _, target in targets)
            places.setdefault(group, path)
            if groups is not None:
                yield from _ends(group, path, targets, groups)
        for circle in _circles(edges):
            what = f"{_way(circle)}: where all fail, each is asked again."
            yield Hit("fallback-loop", places[circle[0]], what, "Let the last one have none.")
    default = config.section("router_settings").get("default_fallbacks")
    default = default or config.section("litellm_settings").get("default_fallbacks")
    for number, target in enumerate(default if isinstance(default, list) else ()):
        if groups is not None and isinstance(target, str) and not groups.has(target):
            section = EDGES[not config.section("router_settings").get("default_fallbacks")]
            here = (*config.under, section, "default_fallbacks", number)
            what = f'the fallback "{target}" is no model of this file.'
            yield Hit("missing-group", here, what, groups.meant(target))


WRITE = "Write `- MODEL: [OTHER, ANOTHER]`."
Targets = list[tuple[Path, str]]


def _edges(rows: list[Any], here: Path) -> Iterator[tuple[Path, str, Targets | None]]:
    """Path, group and targets of each fallback; None for targets that are no list."""
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            yield (*here, number), "", None
            continue
        for group, targets in row.items():
            path = (*here, number, group)
            if not isinstance(targets, list):
                yield path, str(group), None
                continue
            named = [t.get("model") if isinstance(t, dict) else t for t in targets]
            yield path, str(group), [((*path, n), str(t)) for n, t in enumerate(named)]


def _ends(group: str, path: Path, targets: Targets, groups: Groups) -> Iterator[Hit]:
    if group != EVERYTHING and not groups.has(group):
        what = f'fallbacks for "{group}", which is no model of this file.'
        yield Hit("missing-group", path, what, groups.meant(group), key=True)
    for place, target in targets:
        if not groups.has(target):
            what = f'the fallback "{target}" is no model of this file.'
            yield Hit("missing-group", place, what, groups.meant(target))


def _circles(edges: Mapping[str, list[str]]) -> list[list[str]]:
    """Ways that lead back to where they began; of those that begin alike, one."""
    found: dict[str, list[str]] = {}
    done: set[str] = set()
    for start in edges:
        trail: dict[str, int] = {}
        waiting = [iter([start])]
        while waiting:
            name = next(waiting[-1], None)
            if name is None:
                waiting.pop()
                if trail:
                    done.add(trail.popitem()[0])
            elif name in trail and name not in found:
                found[name] = [*list(trail)[trail[name] :], name]
            elif name in edges and name not in done and name not in trail:
                trail[name] = len(trail)
                waiting.append(iter(edges[name]))
    return list(found.values())


def _way(circle: list[str]) -> str:
    shown = circle if len(circle) <= LONGEST_WAY else [*circle[: LONGEST_WAY - 2], "…", circle[-1]]
    return " → ".join(shown)


def check_ids(config: Config) -> Iterator[Hit]:
    first: dict[str, int] = {}
    for number, row, _ in config.deployments:
        info = row.get("model_info")
        name = info.get("id") if isinstance(info, dict) else None
        if name is None:
            continue
        other = first.setdefault(str(name), number)
        if other != number:
            here = (*config.under, "model_list", number, "model_info", "id")
            what = f'the id "{name}" is that of model {other + 1} of the list already.'
            yield Hit("duplicate-id", here, what, "Give it one of its own, or leave it out.")


def check_money(config: Config) -> Iterator[Hit]:
    """Deployments that cost money in a group, or behind a group, of those that cost nothing."""
    costs: dict[str, list[tuple[int, bool]]] = {}
    for number, row, params in config.deployments:
        paid = _is_paid(row, params)
        if paid is not None:
            costs.setdefault(str(row.get("model_name")), []).append((number, paid))
    free = {name for name, rows in costs.items() if not all(paid for _, paid in rows)}
    for name in free:
        for number in (number for number, paid in costs[name] if paid):
            here = (*config.under, "model_list", number)
            what = f'this one costs money, and others of the group "{name}" cost nothing.'
            yield Hit("paid-in-free-pool", here, what, "Give it a model_name of its own.")
    for section, name in ((section, name) for section in EDGES for name in FALLBACKS):
        rows = config.section(section).get(name)
        edges = _edges(rows if isinstance(rows, list) else [], (*config.under, section, name))
        for _, group, targets in edges:
            for place, target in (targets or ()) if group in free else ():
                if any(paid for _, paid in costs.get(target, ())):
                    what = f'"{group}" costs nothing, and its fallback "{target}" costs money.'
                    yield Hit(
                        "paid-in-free-pool", place, what, "Take it out, if that is not meant."
                    )


def _is_paid(row: Mapping[Any, Any], params: Mapping[Any, Any]) -> bool | None:
    """Whether a deployment costs money; None where the file does not say."""
    info = row.get("model_info")
    info = info if isinstance(info, dict) else {}
    said = info.get("freerouter_free") or info.get("tier")
    if said in ("no", "paid"):
        return True
    if said in ("yes", "quota", "free") or str(params.get("model")).endswith(":free"):
        return False
    prices = [
        price
        for name in ("input_cost_per_token", "output_cost_per_token")
        for price in (params.get(name), info.get(name))
        if isinstance(price, int | float)
    ]
    return any(price > 0 for price in prices) if prices else None


CHECKS: tuple[Callable[[Config], Iterator[Hit]], ...] = (
    check_aliases,
    check_fallbacks,
    check_ids,
    check_money,
)
