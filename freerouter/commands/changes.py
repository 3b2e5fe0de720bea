"""What is different in a provider's list since the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.result import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freerouter.providers.models import Model

MOST = 5
"""Names that one line tells."""
WORDS = {"new": "new", "gone": "gone", "paid": "no longer free", "free": "free now"}


def changes_between(old: Iterable[Model], new: Iterable[Model]) -> dict[str, list[str]]:
    """Ids of models that came and went, and of those that began or ceased to cost money.

    A price that is not known any more is no change: nobody says that it costs something.
    """
    before, now = {m.id: m for m in old}, {m.id: m for m in new}
    both = [(before[name], model) for name, model in now.items() if name in before]
    found = {
        "new": [name for name in now if name not in before],
        "gone": [name for name in before if name not in now],
        "paid": [m.id for was, m in both if was.costs_nothing and m.free == "no"],
        "free": [m.id for was, m in both if was.free == "no" and m.costs_nothing],
    }
    return found if any(found.values()) else {}


def change_lines(label: str, changes: Mapping[str, Sequence[str]]) -> list[Line]:
    return [
        Line(f"{label}: {len(names)} {WORDS[kind]}: {some(names)}", "dim")
        for kind, names in changes.items()
        if names
    ]


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")
