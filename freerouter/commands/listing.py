"""Every model of the last fetch, by column, with what is known of it besides: `list` shows them."""

from __future__ import annotations

from operator import add, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.serving import Serving, serving
from freerouter.config.kept_models import OF_KIND, OWN, able, read_kept
from freerouter.config.proven import day_of, read_calls
from freerouter.config.state import read_selected, read_state, refusing_in
from freerouter.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from freerouter.context import Context

STATES = ("listed", "proven", "failing", "gone")
"""In its list; answered the last call; failed at it; selected, but in its list no more."""
BESIDES = {"state": "listed", "proven": "", "why": "", "selected": False, "served": None}
"""What is known of a model besides its list, and what it is where nothing is known."""
REFUSED = "the key is refused"
"""Why a list is old, where its provider took no key when it was last asked."""
KIND = (*OF_KIND, *BESIDES)
UNLISTED = {"free": "unknown", "reason": "", "stale": False, "can": "", "written": False}
"""What is said of a model that is gone, besides its name."""


class Listing(NamedTuple):
    """Rows by column, as `config.state.Kept`, where kinds have the fields `KIND`.

    `names` are `provider/id`.
    """

    own: Mapping[str, Sequence[Any]]
    kind: Sequence[int]
    kinds: Sequence[tuple[Any, ...]]
    names: Sequence[str]
    serving: Serving

    def column(self, name: str) -> Sequence[Any]:
        if name in OWN:
            return self.own[name]
        return self.each_kind(name, lambda value: value)

    def each_kind(self, name: str, worded: Callable[[Any], Any]) -> list[Any]:
        """For each row what is made of a field of its kind."""
        place = KIND.index(name)
        values = [worded(kind[place]) for kind in self.kinds]
        return [*map(values.__getitem__, self.kind)]

    def where(
        self, name: str, right: Callable[[Any], bool], places: Iterable[int]
    ) -> Sequence[int]:
        """Those of the rows whose field is right."""
        if name in OWN:
            column = self.own[name]
            return [place for place in places if right(column[place])]
        field = KIND.index(name)
        kinds = [right(kind[field]) for kind in self.kinds]
        return [place for place in places if kinds[self.kind[place]]]

    def at(self, places: Sequence[int]) -> Listing:
        """Only these rows, in that order."""
        if len(places) < 2:  # noqa: PLR2004 - one place is picked without a tuple around it
            pick: Callable[[Sequence[Any]], Sequence[Any]] = lambda column: [  # noqa: E731
                column[place] for place in places
            ]
        else:
            pick = itemgetter(*places)
        own = {name: pick(column) for name, column in self.own.items()}
        return self._replace(own=own, kind=pick(self.kind), names=pick(self.names))

    def rows(self) -> Rows:
        """As programs see them."""
        kinds = []
        for values in self.kinds:
            kind = dict(zip(KIND, values, strict=True))
            can = able(kind.pop("can"))
            kinds.append({**kind, "capabilities": can})
        return Rows(self.own, self.kind, kinds)


def read_listing(ctx: Context) -> Listing:
    data = read_state(ctx.workspace.models_file) or {}
    own, kind, kinds = read_kept(data)
    heads = [f"{values[0]}/" for values in kinds]
    names = [*map(add, map(heads.__getitem__, kind), own["id"])]
    providers = {values[0] for values in kinds}
    selected = [
        (provider, model)
        for provider, models in read_selected(data).items()
        if provider in providers
        for model in models
    ]
    proven, failing = read_calls(ctx.workspace)
    found = serving(ctx)
    served = found.names or ()
    asked = {*proven, *failing, *served, *(f"{p}/{m}" for p, m in selected)}
    there = {name: place for place, name in enumerate(names) if name in asked}
    refusing = refusing_in(data)
    besides = {
        name: {**BESIDES, "why": REFUSED} if name in refusing else BESIDES for name in providers
    }
    told = _Told(kind, [(*values, *besides[values[0]].values()) for values in kinds])
    for provider, model in selected:
        name = f"{provider}/{model}"
        if name not in there:
            there[name] = len(names)
            names.append(name)
            for field in OWN:
                own[field].append(model if field == "id" else None)
            told.add({**BESIDES, **UNLISTED, "provider": provider, "state": "gone"})
        told.tell(there[name], selected=True)
    for name in proven.keys() & there.keys():
        state = "gone" if told.is_gone(there[name]) else "proven"
        told.tell(there[name], state=state, proven=day_of(proven[name]))
    for name in failing.keys() & there.keys():
        state = "gone" if told.is_gone(there[name]) else "failing"
        told.tell(there[name], state=state, why=str(failing[name].get("why", "")))
    _tell_what_is_served(found, told, there)
    return Listing(own, told.kind, told.kinds, names, found)


class _Told:
    """Rows of which more and more is told: each is of another kind then."""

    def __init__(self, kind: list[int], kinds: list[tuple[Any, ...]]) -> None:
        self.kind = kind
        self.kinds = kinds
        self._known = {values: number for number, values in enumerate(kinds)}
        self._steps: dict[Any, int] = {}
        """Kinds that others become when something is told of them."""

    def add(self, values: Mapping[str, Any]) -> None:
        self.kind.append(self._number(tuple(values[name] for name in KIND)))

    def tell(self, place: int, **more: Any) -> None:
        step = (self.kind[place], *more.items())
        if step not in self._steps:
            values = dict(zip(KIND, self.kinds[self.kind[place]], strict=True)) | more
            self._steps[step] = self._number(tuple(values.values()))
        self.kind[place] = self._steps[step]

    def tell_all(self, **more: Any) -> None:
        self.kinds = [
            tuple((dict(zip(KIND, values, strict=True)) | more).values()) for values in self.kinds
        ]
        self._known = {values: number for number, values in enumerate(self.kinds)}
        self._steps.clear()

    def is_gone(self, place: int) -> bool:
        return bool(self.kinds[self.kind[place]][KIND.index("state")] == "gone")

    def is_written(self, place: int) -> bool:
        return bool(self.kinds[self.kind[place]][KIND.index("written")])

    def _number(self, values: tuple[Any, ...]) -> int:
        number = self._known.setdefault(values, len(self.kinds))
        if number == len(self.kinds):
            self.kinds.append(values)
        return number


def _tell_what_is_served(found: Serving, told: _Told, there: Mapping[str, int]) -> None:
    """Whether the gateway serves it; nothing where it does not run, or does not tell."""
    if found.names is None and not found.current:
        return
    told.tell_all(served=False)
    for place in range(len(told.kind)) if found.names is None else ():
        if told.is_written(place):
            told.tell(place, served=True)
    for name in found.names or ():
        if name in there:
            told.tell(there[name], served=True)
