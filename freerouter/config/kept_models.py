"""The models in state/models.json: by column and by kind, as a long list is read fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OWN = ("id", "context", "output", "input_price", "output_price")
OF_KIND = ("provider", "free", "reason", "stale", "can", "written")
"""Fields of which few combinations come: each is kept once, and rows say which one is theirs."""
FIELDS = (*OWN, *OF_KIND)
"""Those of `providers.models.Model`, and whether the model was written into config.yaml."""
ROW = frozenset(FIELDS)
LATER = {"can": ""}
"""Fields that a file of an earlier version has not got, and what they are then."""


class Kept(NamedTuple):
    """Models by column: what each has of its own, and which kind of model it is.

    A kind is what many have in common: the values of `OF_KIND`. Kept and read like this a long list
    takes a quarter of the time and of the memory that maps take.
    """

    own: dict[str, list[Any]]
    kind: list[int]
    kinds: list[tuple[Any, ...]]


def by_kind(rows: Iterable[Mapping[str, Any]]) -> Kept:
    rows = [*rows]
    return by_column({name: [row[name] for row in rows] for name in FIELDS})


def by_column(columns: Mapping[str, list[Any]]) -> Kept:
    """The same of models whose fields are columns already."""
    kinds: dict[tuple[Any, ...], int] = {}
    of_kind = zip(*(columns[name] for name in OF_KIND), strict=True)
    kind = [kinds.setdefault(values, len(kinds)) for values in of_kind]
    return Kept({name: columns[name] for name in OWN}, kind, list(kinds))


def rows_of(kept: Kept) -> list[dict[str, Any]]:
    kinds = [dict(zip(OF_KIND, values, strict=True)) for values in kept.kinds]
    return [
        {**dict(zip(OWN, own, strict=True)), **kinds[kind]}
        for *own, kind in zip(*kept.own.values(), kept.kind, strict=True)
    ]


def read_kept(data: Mapping[str, Any] | None) -> Kept:
    """The models in models.json, whichever version wrote it; none where it is damaged."""
    found = data.get("models") if data else None
    if isinstance(found, list):
        rows = [r for r in found if isinstance(r, dict) and r.keys() >= ROW - LATER.keys()]
        return by_kind({**LATER, **row} for row in rows)
    try:
        return _kept(found)
    except (TypeError, KeyError, ValueError):
        return by_kind(())


def _kept(found: Any) -> Kept:
    """Raises where it is not as it was written."""
    kept = Kept({name: found["own"][name] for name in OWN}, found["kind"], found["kinds"])
    if {len(column) for column in kept.own.values()} != {len(kept.kind)}:
        raise ValueError("columns of one length")
    if any(len(kind) != len(OF_KIND) for kind in kept.kinds):
        raise ValueError("kinds of these fields")
    if kept.kind and not 0 <= min(kept.kind) <= max(kept.kind) < len(kept.kinds):
        raise ValueError("kinds that are there")
    return kept


def able(told: str) -> dict[str, bool]:
    """By ability, whether the model has it; those of which nothing is told are left out."""
    return {word.removeprefix("-"): word[0] != "-" for word in told.split()}
