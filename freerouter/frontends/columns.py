"""Options in columns: a label, what stands beside it under headings, and a hint, in one line each.

How wide the columns are is worked out once for all options; lines are made one by one, when shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from freerouter.frontends.cells import cells, cut, one_line, wrapped
from freerouter.frontends.text import GAP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from freerouter.wizard.messages import Option

NUMBER = re.compile(r"[$~≥]?(\d[\d.,]*) ?([kKMG%]?)")
NOTHING = ("", "-", "–", "—", "?")
"""What stands in a cell in which nothing is known."""
SHORTEST_HINT = 8


__all__ = [
    "Cell",
    "Columns",
    "are_numbers",
    "cells",
    "cut",
    "hint_of",
    "number",
    "one_line",
    "packed",
    "wrap",
]


class Cell(NamedTuple):
    """A part of a line, as wide as its column. `kind`: label, field or hint."""

    kind: str
    text: str


class Columns:
    """The columns of some options. A heading is a column where anything stands under it."""

    def __init__(self, options: Sequence[Option]) -> None:
        names = dict.fromkeys(name for option in options for name in option.fields)
        texts = {name: [one_line(o.fields.get(name, "")) for o in options] for name in names}
        self.headings = [name for name in names if any(texts[name])]
        self._widths = {name: max(cells(name), *map(cells, texts[name])) for name in self.headings}
        self._right = {name for name in self.headings if are_numbers(texts[name])}
        self._label = max((cells(one_line(o.label)) for o in options), default=0)
        self._hint = max((cells(hint_of(o)) for o in options), default=0)

    def heading(self, width: int) -> str:
        """The headings, each over its column."""
        label, fields = self._fit(width)
        named = [self._aligned(name, name) for name in fields]
        return GAP.join([" " * label, *named]).rstrip()

    def line(self, option: Option, width: int) -> list[Cell]:
        """An option, fitted into the width. Where it cannot be chosen, its hint is the reason."""
        label, fields = self._fit(width)
        text = cut(one_line(option.label), label)
        line = [Cell("label", text), Cell("label", " " * (label - cells(text)))]
        for name in fields:
            shown = self._aligned(name, one_line(option.fields.get(name, "")))
            line.append(Cell("field", GAP + shown))
        room = self._hint_room(width)
        if hint := hint_of(option) if room >= SHORTEST_HINT else "":
            line.append(Cell("hint", GAP + cut(hint, room)))
        return line

    def hides_hints(self, width: int) -> bool:
        """Whether a hint does not fit whole."""
        return self._hint > max(self._hint_room(width), 0)

    def _hint_room(self, width: int) -> int:
        label, fields = self._fit(width)
        return width - label - sum(len(GAP) + self._widths[name] for name in fields) - len(GAP)

    def _fit(self, width: int) -> tuple[int, list[str]]:
        """The label has at least half of the room; columns that fit beside it, from the left."""
        room = width - min(self._label, width // 2)
        fields: list[str] = []
        for name in self.headings:
            room -= len(GAP) + self._widths[name]
            if room < 0:
                break
            fields.append(name)
        used = sum(len(GAP) + self._widths[name] for name in fields)
        return min(self._label, width - used), fields

    def _aligned(self, name: str, text: str) -> str:
        blank = " " * (self._widths[name] - cells(text))
        return blank + text if name in self._right else text + blank


def hint_of(option: Option) -> str:
    """What is said about an option; of one that cannot be chosen, why."""
    return one_line(option.disabled or option.hint)


def wrap(text: str, width: int) -> list[str]:
    """Lines that end between words."""
    lines: list[str] = []
    for part in text.splitlines():
        lines += wrapped(one_line(part), max(width, 1)) or [""]
    return lines


def packed(parts: Iterable[str], width: int) -> list[str]:
    """Parts on as many indented lines as they need, none of them broken."""
    lines: list[str] = []
    for part in parts:
        piece = GAP + part
        if lines and cells(lines[-1] + piece) <= width:
            lines[-1] += piece
        else:
            lines.append(cut(piece, width))
    return lines


def are_numbers(texts: Sequence[str]) -> bool:
    """Whether a column is one of numbers: 131072, 32k, $0.15."""
    known = [text for text in texts if text not in NOTHING]
    return bool(known) and all(NUMBER.fullmatch(text) for text in known)


def number(text: str) -> float:
    """What a cell of such a column says; 0 where nothing is known."""
    found = NUMBER.fullmatch(text)
    if not found:
        return 0.0
    factor = {"k": 1e3, "M": 1e6, "G": 1e9}.get(found[2].replace("K", "k"), 1.0)
    return float(found[1].replace(",", "").rstrip(".") or 0) * factor
