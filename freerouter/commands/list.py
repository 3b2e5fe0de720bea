"""`list`: the models of the last fetch, from the small JSON files that were left of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from freerouter.commands.listing import REFUSED, read_listing
from freerouter.commands.models import thousands, tokens
from freerouter.config.kept_models import able
from freerouter.config.written_names import aliases_in, read_config
from freerouter.errors import NotFoundError, UsageError
from freerouter.registry import did_you_mean
from freerouter.result import Line, Result, Table, counted
from freerouter.rows import Later
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from freerouter.commands.listing import Listing
    from freerouter.commands.serving import Serving
    from freerouter.context import Context

COLUMNS = {
    "model": "MODEL",
    "provider": "PROVIDER",
    "context": "CONTEXT",
    "output": "OUTPUT",
    "in": "IN $/M",
    "out": "OUT $/M",
    "free": "FREE",
    "state": "STATE",
    "selected": "SELECTED",
    "served": "SERVED",
    "can": "CAN",
    "proven": "PROVEN",
    "why": "WHY",
    "reason": "REASON",
}
"""The columns that there are, by what `--columns` calls them."""
USUAL = ("model", "provider", "context", "in", "out", "free", "state", "selected", "served")
SPARE = ("free", "out", "in", "context", "provider", "selected", "served")
"""What a narrow screen does without, the first first."""
NARROWING = ("search", "provider", "free", "context", "capability", "state")
"""Options that ask for some of the models."""
MOST_ALIASES = 12
NUMBERS = ("context", "output", "in", "out")
FREE_FIRST = ("yes", "quota", "unknown", "no")
PROVEN_FIRST = ("proven", "listed", "failing", "gone")
ORDERS: Mapping[str, Callable[[Any], Any]] = {
    "name": str,
    "provider": str,
    "price": float,
    "context": int,
    "output": int,
    "free": FREE_FIRST.index,
    "state": PROVEN_FIRST.index,
    "proven": lambda day: day or None,
}
"""What `--sort` knows, and what is compared of a kind: the cheapest, the largest first."""


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    columns = _columns(args["columns"])
    orders = _orders(args["sort"])
    least = tokens(args["context"]) if args["context"] else 0
    every = read_listing(ctx)
    if args["provider"]:
        _check_provider(args["provider"], frozenset(every.column("provider")))
    places = _narrowed(every, args, least)
    unknown = _unknown(every, args, places, least)
    found = every.at(_sorted(every, places, orders, searched=bool(args["search"])))
    aliases = aliases_in(read_config(ctx.workspace.config_file))
    data = {
        "models": found.rows(),
        "aliases": [{"name": name, "members": [*members]} for name, members in aliases],
        "gateway": found.serving.state,
        "current": found.serving.current,
    }
    if not found.names:
        return Result(data, (Line("No model matches.", "dim"), *unknown))
    table = Table(
        tuple(COLUMNS[name] for name in columns),
        Later(lambda: tuple(zip(*(_shown(found, name) for name in columns), strict=True))),
        tuple(i for i, name in enumerate(columns) if name in NUMBERS),
        _spare(columns, chosen=bool(args["columns"])),
    )
    besides = _besides([one.name for one in aliases]) if not any(map(args.get, NARROWING)) else ()
    return Result(data, (table, *besides, _total(found), *_refusals(found), *unknown))


def _besides(names: Sequence[str]) -> tuple[Line, ...]:
    """The aliases, which are asked as models are."""
    if not names:
        return ()
    more = len(names) - MOST_ALIASES
    named = ", ".join(names[:MOST_ALIASES]) + (f" and {more} more" if more > 0 else "")
    return (Line(f"Aliases besides: {named} (`alias list`).", "dim"),)


def _columns(given: str | None) -> Sequence[str]:
    if not given:
        return USUAL
    names = [name for word in given.lower().split(",") if (name := word.strip())]
    return tuple(dict.fromkeys(_known(name, COLUMNS, "column") for name in names)) or USUAL


def _orders(given: str | None) -> list[tuple[str, bool]]:
    """What to sort by, and whether turned round."""
    words = [name for word in (given or "").lower().split(",") if (name := word.strip())]
    turned = [(word.removeprefix("-"), word[0] == "-") for word in words]
    turned = [("name" if name == "model" else name, back) for name, back in turned]
    return [(_known(name, ORDERS, "order"), back) for name, back in turned]


def _known(name: str, known: Collection[str], what: str) -> str:
    if name not in known:
        fix = did_you_mean(name, known) or f"One of: {', '.join(known)}."
        raise UsageError(f'There is no {what} "{name}".', fix=fix)
    return name


def _check_provider(name: str, known: frozenset[str]) -> None:
    if name in known:
        return
    from freerouter.providers.catalogue_names import known_ids

    if name not in known_ids():
        raise NotFoundError(
            f'There is no provider "{name}".',
            fix=did_you_mean(name, known | known_ids()) or f"In use: {', '.join(sorted(known))}.",
        )


def _narrowed(every: Listing, args: Mapping[str, Any], least: int) -> Sequence[int]:
    """The rows that are asked for; where they are searched for, the best first."""
    places: Sequence[int] = range(len(every.names))
    if args["search"]:
        from freerouter.matching import rank

        near = rank(args["search"], every.names, close=True)
        places = near or rank(args["search"], every.column("id"))
    if args["provider"]:
        places = every.where("provider", args["provider"].__eq__, places)
    if args["free"]:
        places = every.where("free", ("yes", "quota").__contains__, places)
    if args["state"]:
        places = every.where("state", args["state"].__contains__, places)
    if least:
        places = every.where("context", lambda size: bool(size) and size >= least, places)
    for wanted in args["capability"]:
        places = every.where("can", partial(_is_able, wanted), places)
    return places


def _is_able(wanted: str, told: str) -> bool:
    return able(told).get(wanted) is True


def _may_be_able(wanted: str, told: str) -> bool:
    return able(told).get(wanted) is not False


def _unknown(
    every: Listing, args: Mapping[str, Any], found: Sequence[int], least: int
) -> tuple[Line, ...]:
    """How many were left out because nobody tells what was asked for."""
    if not (least or args["capability"]):
        return ()
    places = _narrowed(every, {**args, "capability": []}, 0)
    places = every.where("context", lambda size: not size or size >= least, places)
    for wanted in args["capability"]:
        places = every.where("can", partial(_may_be_able, wanted), places)
    count = len(places) - len(found)
    return (Line(f"Of {count} more their providers do not tell.", "dim"),) if count else ()


def _sorted(
    every: Listing, places: Sequence[int], orders: Sequence[tuple[str, bool]], *, searched: bool
) -> Sequence[int]:
    """By name where nothing else is said, or in the order of the search."""
    if not searched or orders:
        places = sorted(places, key=every.names.__getitem__)
        if _is_one_in_another({kind[0] for kind in every.kinds}):
            places.sort(key=every.column("provider").__getitem__)
    for name, back in reversed(orders):
        keys = _keys(every, name)
        known = [i for i in places if keys[i] is not None]
        known.sort(key=keys.__getitem__, reverse=back)
        # What is not known comes last, whichever way round.
        places = [*known, *(i for i in places if keys[i] is None)]
    return places


def _is_one_in_another(names: Collection[str]) -> bool:
    """Whether the order of `provider/id` may be another one than that of the providers."""
    return any(other != name and other.startswith(name) for name in names for other in names)


def _keys(every: Listing, name: str) -> Sequence[Any]:
    """What rows are compared by, None where it is not known."""
    if name == "name":
        return every.column("id")
    if name in ("context", "output"):
        return [-size if size else None for size in every.column(name)]
    if name == "price":
        pairs = zip(every.column("input_price"), every.column("output_price"), strict=True)
        return [None if None in pair else sum(map(float, pair)) for pair in pairs]
    return every.each_kind(name, ORDERS[name])


def _shown(found: Listing, name: str) -> Sequence[str]:
    """A column of the table."""
    if name == "model":
        return found.column("id")
    if name in ("context", "output"):
        sizes = found.column(name)
        words = {size: thousands(size) for size in set(sizes)}
        return [words[size] for size in sizes]
    if name in ("in", "out"):
        return [price or "" for price in found.column(f"{name}put_price")]
    if name == "state":
        facts = zip(*map(found.column, ("state", "stale", "why")), strict=True)
        return [f"{state}{_age(why) if stale else ''}" for state, stale, why in facts]
    if name == "selected":
        facts = zip(*map(found.column, ("selected", "written", "state")), strict=True)
        return [
            _SELECTED[chosen, bool(written or state == "gone")] for chosen, written, state in facts
        ]
    if name == "served":
        pairs = zip(found.column("served"), found.column("written"), strict=True)
        return [_SERVED[served, bool(written)] for served, written in pairs]
    if name == "can":
        return found.each_kind("can", lambda t: " ".join(n for n, yes in able(t).items() if yes))
    if name == "proven":
        return found.each_kind("proven", lambda day: volatile("date", day) if day else "")
    return found.column(name)


def _age(why: str) -> str:
    """That a list is an old one."""
    return ", key refused" if why == REFUSED else ", stale"


_SELECTED = {
    (True, True): "yes",
    (True, False): "left out",
    (False, True): "by rule",
    (False, False): "",
}
"""By whether it is selected, and whether it stands in config.yaml (or is gone, and cannot)."""
_SERVED = {
    (True, True): "yes",
    (True, False): "still",
    (False, True): "not yet",
    (False, False): "",
    (None, True): "",
    (None, False): "",
}
"""By whether the gateway serves it, and whether it stands in config.yaml."""


def _spare(columns: Sequence[str], *, chosen: bool) -> tuple[int, ...]:
    """Of columns that were asked for the last go first."""
    if chosen:
        return tuple(range(len(columns) - 1, 0, -1))
    return tuple(columns.index(name) for name in SPARE)


def _refusals(found: Listing) -> list[Line]:
    """The next step for every provider that took no key."""
    pairs = zip(found.column("provider"), found.column("why"), strict=True)
    names = sorted({name for name, why in pairs if why == REFUSED})
    return [
        Line(f"{name} refuses its key: `keys set {name}` stores another one, then `fetch`.", "warn")
        for name in names
    ]


def _total(found: Listing) -> Line:
    total = counted(len(found.names), "model")
    gateway: Serving = found.serving
    written = sum(map(bool, found.column("written")))
    if gateway.state == "stopped":
        return Line(f"{total}, {written} in config.yaml. The gateway does not run.", "dim")
    if gateway.state == "starting":
        return Line(f"{total}, {written} in config.yaml. The gateway does not answer yet.", "dim")
    if gateway.names is None and not gateway.current:
        return Line(f"{total}. The gateway runs and does not tell what it serves.", "warn")
    served = sum(map(bool, found.column("served")))
    if gateway.current:
        return Line(f"{total}, {served} of them served by the gateway.", "dim")
    what = f"{total}, {served} of them served by the gateway, which runs an older config.yaml"
    return Line(f"{what}: `reload`.", "warn")
