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


class Choosing(NamedTuple):
    """What a selection is made from: each provider's models, those written now, those selected."""

    lists: Mapping[str, Sequence[Model]]
    written: Selected
    selected: Selected
    demos: frozenset[str] = frozenset()
    """Providers that stand in for real ones, and are never deselected in their favour."""


def check_words(args: Mapping[str, Any]) -> None:
    """Refuse what says nothing, or two things at once."""
    filters = bool(args["free"] or args["limit"] is not None)
    if not (args["model"] or filters or args["provider"] or args["clear"]):
        raise UsageError(
            "`select` needs models, or --free, --limit, --provider or --clear.", fix=EXAMPLE
        )
    if args["add"] and args["remove"]:
        raise UsageError("Either --add or --remove, not both.", fix=EXAMPLE)
    if args["model"] and filters:
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
        return {name: ids for name, ids in before.items() if only and name != only}
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
    """Provider and id of every model that the words or the filters name."""
    only = args["provider"]
    if args["model"]:
        known = {
            name: {m.id for m in choosing.lists.get(name, ())}
            | set(choosing.selected.get(name, ()))
            for name in dict.fromkeys([*choosing.lists, *choosing.selected])
            if only in (None, name)
        }
        return [found for word in args["model"] for found in find_model(word, known)]
    rows = [
        (name, m.id)
        for name, models in choosing.lists.items()
        for m in models
        if only in (None, name) and (m.costs_nothing or not args["free"])
    ]
    if not rows:
        raise NotFoundError("No model matches.", fix="`freerouter list` shows what there is.")
    return rows[: args["limit"]]


def find_model(word: str, known: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Every model that a word names: `provider/id` is one, an id alone may be at several."""
    named = [
        (name, word.removeprefix(f"{name}/"))
        for name in known
        if word.startswith(f"{name}/") and word.removeprefix(f"{name}/") in known[name]
    ]
    found = named or [(name, word) for name in known if word in known[name]]
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
