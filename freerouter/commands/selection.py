"""Which models are meant by the words and filters of `select`, and what the selection becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import NotFoundError, UsageError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freerouter.providers.models import Model

    Selected = Mapping[str, Sequence[str]]

EXAMPLE = "For example: select --free --limit 5, or: select MODEL MODEL"
PATTERN = frozenset("*?[")
"""Characters by which a word is a pattern: `qwen/*`, `lab/*-mini`."""
COST = ("yes", "quota", "unknown", "no")


class Choosing(NamedTuple):
    """What a selection is made from: each provider's models, those written now, those selected."""

    lists: Mapping[str, Sequence[Model]]
    written: Selected
    selected: Selected
    demos: frozenset[str] = frozenset()
    """Providers that stand in for real ones, and are never deselected in their favour."""
    proven: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()
    """How the last call of a model ended, by `provider/id`."""


def check_words(args: Mapping[str, Any]) -> None:
    """Refuse what says nothing, or two things at once."""
    filters = bool(args["free"] or args["limit"] is not None)
    if not (args["model"] or filters or args["provider"] or args["clear"]):
        raise UsageError(
            "`select` needs models, or --free, --limit, --provider or --clear.", fix=EXAMPLE
        )
    if args["add"] and args["remove"]:
        raise UsageError("Either --add or --remove, not both.", fix=EXAMPLE)
    if filters and not all(map(is_pattern, args["model"])):
        raise UsageError("Either name models, or say which with --free and --limit.", fix=EXAMPLE)
    if args["clear"] and (args["model"] or filters or args["add"] or args["remove"]):
        raise UsageError(
            "--clear forgets a selection, and takes only --provider.", fix="select --clear"
        )
    if args["limit"] is not None and args["limit"] < 1:
        raise UsageError("--limit takes a number from 1 on.", fix=EXAMPLE)


def new_selection(choosing: Choosing, args: Mapping[str, Any]) -> dict[str, list[str]]:
    """The selection after the command, by provider. One that is not in it goes by its own rule."""
    before = {name: list(ids) for name, ids in choosing.selected.items()}
    if args["clear"]:
        only = args["provider"]
        cleared = providers_meant(only, before)
        return {name: ids for name, ids in before.items() if only and name not in cleared}
    meant = _meant(choosing, args)
    if not (args["add"] or args["remove"]):
        # What is selected is all that is served: a provider of which nothing is named has nothing.
        others = [name for name in choosing.lists if name not in choosing.demos]
        after = {**before, **{name: [] for name in others}}
        for name in {name for name, _ in meant}:
            after[name] = []
    else:
        start = {name: list(choosing.written.get(name, ())) for name, _ in meant}
        after = {**start, **before}
    for name, model in dict.fromkeys(meant):
        if args["remove"]:
            after[name] = [other for other in after[name] if other != model]
        elif model not in after[name]:
            after[name].append(model)
    return after


def commands_to_restore(choosing: Choosing) -> tuple[tuple[str, ...], ...]:
    """The commands that bring the present selection back. What is gone from its list is left."""
    listed = {name: {m.id for m in models} for name, models in choosing.lists.items()}
    ids = [
        f"{name}/{model}"
        for name, models in choosing.selected.items()
        for model in models
        if model in listed.get(name, ())
    ]
    others = [n for n in choosing.lists if n not in choosing.selected and n not in choosing.demos]
    if ids:
        return (
            ("select", *ids),
            *(("select", "--clear", "--provider", name) for name in others),
        )
    empty = [name for name, models in choosing.selected.items() if not models]
    return (
        ("select", "--clear"),
        *(("select", "--remove", "--provider", name) for name in empty),
    )


def _meant(choosing: Choosing, args: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Provider and id of every model that the words and the filters name."""
    names = dict.fromkeys([*choosing.lists, *choosing.selected])
    names = dict.fromkeys(providers_meant(args["provider"], names))
    known = {
        name: dict.fromkeys(
            [*(m.id for m in choosing.lists.get(name, ())), *choosing.selected.get(name, ())]
        )
        for name in names
    }
    if not (args["free"] or args["limit"] is not None) and args["model"]:
        return [found for word in args["model"] for found in find_model(word, known)]
    asked = {found for word in args["model"] for found in find_model(word, known)}
    rows = [
        m
        for name in names
        for m in choosing.lists.get(name, ())
        if (m.costs_nothing or not args["free"])
        and (not args["model"] or (name, m.id) in asked)
        and (not args["remove"] or m.id in _present(choosing, name))
    ]
    if not rows:
        raise NotFoundError("No model matches.", fix="`freerouter list` shows what there is.")
    if args["limit"] is not None:
        rows = best_first(rows, choosing)
        rows = rows[-args["limit"] :] if args["remove"] else rows[: args["limit"]]
    return [(m.provider, m.id) for m in rows]


def _present(choosing: Choosing, name: str) -> Sequence[str]:
    return choosing.selected.get(name, choosing.written.get(name, ()))


def best_first(models: Iterable[Model], choosing: Choosing) -> list[Model]:
    """What does not fail, costs nothing and is proven; then the larger context, the lower price."""

    def key(model: Model) -> tuple[Any, ...]:
        name = f"{model.provider}/{model.id}"
        prices = (model.input_price, model.output_price)
        return (
            name in choosing.failing,
            COST.index(model.free),
            name not in choosing.proven,
            -(model.context or 0),
            float("inf") if None in prices else sum(float(price or 0) for price in prices),
            name,
        )

    return sorted(models, key=key)


def is_pattern(word: str) -> bool:
    return not PATTERN.isdisjoint(word)


def providers_meant(word: str | None, names: Iterable[str]) -> list[str]:
    """The providers of that name or pattern; all where there is none."""
    from fnmatch import fnmatchcase

    return [name for name in names if word is None or name == word or fnmatchcase(name, word)]


def find_model(word: str, known: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Every model that a word names: `provider/id` is one, an id alone may be at several.

    A pattern names all that it fits, as an id or with the provider.
    """
    named = [
        (name, word.removeprefix(f"{name}/"))
        for name in known
        if word.startswith(f"{name}/") and word.removeprefix(f"{name}/") in known[name]
    ]
    found = named or [(name, word) for name in known if word in known[name]]
    if not found and is_pattern(word):
        from fnmatch import fnmatchcase

        found = [
            (name, i)
            for name, ids in known.items()
            for i in ids
            if fnmatchcase(i, word) or fnmatchcase(f"{name}/{i}", word)
        ]
    if found:
        return found
    raise NotFoundError(
        f'There is no model "{word}".',
        fix=_nearest(word, known) or "`freerouter list` shows what there is.",
    )


def _nearest(word: str, known: Mapping[str, Iterable[str]]) -> str:
    names = {form for name, ids in known.items() for i in ids for form in (i, f"{name}/{i}")}
    holding = [name for name in names if word.lower() in name.lower()]
    near = min(holding, key=lambda name: (len(name), name)) if holding else word
    return did_you_mean(near, names)
