"""Many rows of the same fields, kept by column: JSON is made of them faster than of maps."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from itertools import chain, islice, repeat
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


AT_ONCE = 128
"""Rows that become one piece of text."""
SAMPLE = 100
"""Values that tell whether a column is one of names, of which no two are the same."""


class Rows(Sequence[dict[str, Any]]):
    """A list of maps to who looks into it: the values of its columns, and the fields of its kind.

    A column holds values of one type, or None. `kinds` have the same fields, `kind` says which is
    that of a row.
    """

    def __init__(
        self,
        columns: Mapping[str, Sequence[Any]],
        kind: Sequence[int],
        kinds: Sequence[Mapping[str, Any]],
    ) -> None:
        self._columns = columns
        self._kind = kind
        self._kinds = kinds

    def __len__(self) -> int:
        return len(self._kind)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return list(self)[place]
        return self._row([c[place] for c in self._columns.values()], self._kind[place])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(self._row, zip(*self._columns.values(), strict=True), self._kind)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        raise TypeError("Rows may hold maps: like a list they have no hash.")

    def _row(self, values: Sequence[Any], kind: int) -> dict[str, Any]:
        return {**dict(zip(self._columns, values, strict=True)), **self._kinds[kind]}

    def pieces(self) -> Iterator[str]:
        """The same text that a list of maps comes to, in pieces of many whole rows."""
        heads = [f", {_text(name)}: " for name in self._columns] + [", "]
        heads[0] = f"}}, {{{heads[0][2:]}"
        kinds = [_text(kind)[1:-1] for kind in self._kinds]
        columns = [*map(_values, self._columns.values()), [kinds[kind] for kind in self._kind]]
        turns = (turn for pair in zip(map(repeat, heads), columns, strict=True) for turn in pair)
        texts = chain.from_iterable(zip(*turns))  # noqa: B905 - the heads have no end
        size = AT_ONCE * 2 * len(heads)
        before = len("}, ")  # the first row follows nothing
        yield "["
        while many := "".join(islice(texts, size)):
            yield many[before:]
            before = 0
        yield "]" if before else "}]"


class Later(Sequence[tuple[str, ...]]):
    """Rows of a table that are made when they are first looked at: `--json` never does."""

    def __init__(self, make: Callable[[], tuple[tuple[str, ...], ...]]) -> None:
        self._make = make
        self._made: tuple[tuple[str, ...], ...] | None = None

    def _rows(self) -> tuple[tuple[str, ...], ...]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __len__(self) -> int:
        return len(self._rows())

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._rows())

    def __getitem__(self, place: Any) -> Any:
        return self._rows()[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._rows() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._rows())


def encoded(data: Any) -> Iterator[str]:
    """A result's data as JSON, in pieces: of many rows the whole text is never in memory."""
    if not (isinstance(data, dict) and any(isinstance(v, Rows) for v in data.values())):
        yield _text(data)
        return
    before = "{"
    for name, value in data.items():
        yield f"{before}{_text(name)}: "
        if isinstance(value, Rows):
            yield from value.pieces()
        else:
            yield _text(value)
        before = ", "
    yield "}"


def as_lists(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with plain lists, for who passes it on."""
    return {name: list(v) if isinstance(v, Rows) else v for name, v in data.items()}


def _values(values: Sequence[Any]) -> list[str]:
    """Each value as JSON; what comes again and again is worded once."""
    some = values[:SAMPLE]
    if len(set(some)) * 2 > len(some) and isinstance(values[0], str):
        with contextlib.suppress(TypeError):  # not all of them are texts
            return [*map(encode_basestring, values)]
    words = {value: _text(value) for value in set(values)}
    return [words[value] for value in values]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
