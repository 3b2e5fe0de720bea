"""From the rows of a provider's list to `Model`s: name, size, price, and whether it is free."""

from __future__ import annotations

from collections import Counter
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import ProviderError
from freerouter.providers import kinds
from freerouter.providers.abilities import Abilities
from freerouter.providers.money import VARIES, Free, Prices
from freerouter.providers.paths import column_of, dig, finder, many, texts_of
from freerouter.providers.verdicts import Said, check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from freerouter.providers.catalogue import Provider


class Model(NamedTuple):
    """One model at one provider. `free`: yes, quota, no or unknown, because of `reason`.

    Prices are USD per million tokens, as exact decimal text.
    """

    id: str
    provider: str
    context: int | None = None
    output: int | None = None
    input_price: str | None = None
    output_price: str | None = None
    free: str = "unknown"
    reason: str = ""
    stale: bool = False
    can: str = ""
    """What its list tells that it can do, in the words of `abilities`: `tools -vision`."""

    @property
    def costs_nothing(self) -> bool:
        return self.free in ("yes", "quota")


UNKNOWN = (None, None)
LARGEST = 10**12
MOST_ROWS = 100_000
"""More rows than that are no list of models."""
_JSON_WORDS = {type(None): "null", bool: "true or false", str: "a text", list: "a list"}


class Reader:
    """Reads one provider's list, page by page. Each id counts once, where it stands first.

    `left_out` counts the rows that are no models to chat with, by kind.
    """

    def __init__(self, provider: Provider, name: str, today: date, plan: str = "") -> None:
        rules = provider.list
        self._provider = provider
        self._name = name
        self._ids = texts_of(rules.get("id", "id"))
        self._strip = rules.get("strip", "")
        self._contexts = column_of(rules.get("context", ()))
        self._outputs = column_of(rules.get("output", ()))
        self._text_sizes = rules.get("sizes") == "text"
        self._sorter = kinds.Sorter(rules, today)
        self._prices = Prices(rules.get("price") or {})
        self._priced = bool(rules.get("price"))
        self._free = Free(provider, plan)
        self._can = Abilities(rules.get("can") or {})
        untold = not self._priced and not rules.get("can")
        self._alike = self._free.always if untold else None
        """Whether they are free, and why, where that is all that there is to tell of each."""
        self._found: dict[str, Model] = {}
        self.left_out: Counter[str] = Counter()
        self.maker = ""

    @property
    def models(self) -> tuple[Model, ...]:
        return tuple(self._found.values())

    def page(self, data: Any) -> int:
        """Take in one page of an answer; how many rows of it were new, of whatever kind."""
        before = len(self._found) + self.left_out.total() - self.left_out[kinds.DUPLICATE]
        rows = find_rows(self._provider, self._who, data)
        owner = dig(rows[0], "owned_by") if rows else None
        self.maker = self.maker or (owner if isinstance(owner, str) else "")
        self.take(rows)
        if len(self._found) + self.left_out.total() > MOST_ROWS:
            raise ProviderError(f"{self._who} sent more than {MOST_ROWS:,} rows.")
        return len(self._found) + self.left_out.total() - self.left_out[kinds.DUPLICATE] - before

    def take(self, rows: list[Any]) -> None:
        """Take in rows, field by field: of a long list, that is faster than row by row."""
        rows = [*self._spread(rows)] if "each" in self._provider.list else rows
        whole = [row for row in rows if isinstance(row, dict)]
        ids = self._ids(whole)
        usable = [_is_name(name) for name in ids]
        named, names = [*compress(whole, usable)], [*compress(ids, usable)]
        if self._strip:
            names = [name.removeprefix(self._strip) for name in names]
        if len(names) < len(rows):
            self.left_out[kinds.NAMELESS] += len(rows) - len(names)
        columns = self._sorter.why_not(named, names), self._contexts(named), self._outputs(named)
        for name, row, kind, context, output in zip(names, named, *columns, strict=True):
            if name in self._found:
                self.left_out[kinds.DUPLICATE] += 1
            elif kind:
                self.left_out[kind] += 1
            else:
                self._found[name] = self._model(name, row, context, output)

    def leave_out(self, identity: str, kind: str) -> None:
        """Count a model that was taken in as one of those that are none."""
        del self._found[identity]
        self.left_out[kind] += 1

    def resize(self, identity: str, context: Any) -> None:
        self._found[identity] = self._found[identity]._replace(context=self._size(context))

    def enable(self, identity: str, told: Any) -> None:
        """What was told of a model when it was asked for alone says what it can do."""
        can = self._can.of(told) if isinstance(told, dict) else ""
        if can:
            self._found[identity] = self._found[identity]._replace(can=can)

    @property
    def _who(self) -> str:
        return self._provider.name if self._name == self._provider.id else self._name

    def _spread(self, rows: list[Any]) -> Iterator[Any]:
        """The rows, or those inside them: each then has the outer one as its `parent`."""
        inside = self._provider.list["each"]
        for row in rows:
            inner = dig(row, inside)
            if not isinstance(inner, list):
                yield row
                continue
            if not inner:
                self.left_out[kinds.INACTIVE] += 1
            yield from ({**one, "parent": row} for one in inner if isinstance(one, dict))

    def _model(self, name: str, row: dict[str, Any], context: Any, output: Any) -> Model:
        context, output = self._size(context), self._size(output)
        if self._alike:
            return Model(name, self._name, context, output, None, None, *self._alike)
        costs = self._prices.of(row) if self._priced else UNKNOWN
        free, reason = self._free.judge(name, costs, row)
        return Model(
            name,
            self._name,
            context,
            output,
            None if costs[0] == VARIES else costs[0],
            None if costs[1] == VARIES else costs[1],
            free,
            reason,
            False,
            self._can.of(row),
        )

    def _size(self, value: Any) -> int | None:
        """A positive whole number, or None: providers also send 0 and ""."""
        if value is None:
            return None
        if type(value) is int and 0 < value < LARGEST:  # nearly always
            return value
        if self._text_sizes and isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:16])
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return int(value) if 0 < value < LARGEST else None


def _is_name(told: Any) -> bool:
    """One with control characters or half a surrogate could not be written, sent or shown."""
    return isinstance(told, str) and told.isprintable() and not told.isspace() and told != ""


def read_models(provider: Provider, name: str, data: Any, today: date) -> list[Model]:
    """Every chat model in one page of an answer, in its order, each id once."""
    reader = Reader(provider, name, today)
    who = provider.name if name == provider.id else name
    check(who, Said(200, data=data), provider.verdicts, provider.key_help())
    reader.page(data)
    return list(reader.models)


def find_rows(provider: Provider, who: str, data: Any) -> list[Any]:
    """The list inside an answer. Raises where there is none: never an empty success."""
    for path in many(provider.list.get("rows", "data")):
        rows = finder(path)(data) if path else data
        if isinstance(rows, list):
            return rows
    kind = (
        f"keys: {', '.join(map(str, data))[:100]}"
        if isinstance(data, dict)
        else _JSON_WORDS.get(type(data), "a number")
    )
    raise ProviderError(
        f"{who} answered, but not with a model list.",
        f"What came has {kind}." if isinstance(data, dict) else f"What came is {kind}.",
        "Check `api_base`.",
    )
