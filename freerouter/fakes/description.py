"""The file that describes test servers. Read strictly: each fault is told, with its place."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.providers_file import NOTHING
from freerouter.config.yaml_file import Document, read_yaml
from freerouter.errors import FileError
from freerouter.providers.catalogue import Catalogue, Provider
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path = tuple[str | int, ...]


class Failure(NamedTuple):
    """How something goes wrong: `kind` is `status` or one of FAILURES."""

    kind: str
    status: int = 0
    message: str = ""
    retry_after: int | None = None


class FakeModel(NamedTuple):
    """One model of a list. `price` is USD per million tokens, in and out; None is left unsaid."""

    id: str
    context: int | None = None
    output: int | None = None
    price: tuple[Decimal | None, Decimal | None] = (None, None)
    chat: bool = True
    expires: str = ""


class Fake(NamedTuple):
    """One server. `record` is what it is shaped after; `ours` where it stands in for that one."""

    name: str
    record: Provider
    ours: bool
    models: tuple[FakeModel, ...] = ()
    keys: tuple[str, ...] | None = None
    latency: float = 0.0
    answer: str = ""
    fail: Mapping[str, Failure] = NOTHING
    down: bool = False
    port: int = 0
    place: str = ""
    page: int = 0
    """How many models a page of its list has; 0 for all on one."""


class _Field(NamedTuple):
    """What may stand at a key; `low` and `high` bound a number."""

    kinds: tuple[type, ...]
    low: float = 0
    high: float = 10**9


FAILURES = ("hang", "drop", "cut", "html", "garbage", "empty", "no_quota", "region")
SHAPES = {"openai": "oai"}
"""Shapes that have another name in the catalogue than one would think."""
_TOP = {"providers": _Field((dict,))}
_PROVIDER = {
    "shape": _Field((str,)),
    "models": _Field((list,)),
    "keys": _Field((list,)),
    "latency": _Field((int, float), 0, 600),
    "answer": _Field((str,)),
    "fail": _Field((dict,)),
    "down": _Field((bool,)),
    "port": _Field((int,), 1, 65535),
    "page": _Field((int,), 1),
}
_MODEL = {
    "id": _Field((str,)),
    "context": _Field((int,), 1),
    "output": _Field((int,), 1),
    "price": _Field((int, float, dict), -1, 10**6),
    "chat": _Field((bool,)),
    "expires": _Field((date, str)),
}
_PRICE = dict.fromkeys(("input", "output"), _Field((int, float), -1, 10**6))
_FAIL = dict.fromkeys(("list", "check", "chat"), _Field((int, str, dict), 400, 599))
_FAILURE = {
    "status": _Field((int,), 400, 599),
    "retry_after": _Field((int,)),
    "message": _Field((str,)),
}
_WORDS = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list",
    dict: "a map", date: "a date", type(None): "nothing",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def read_fakes(path: str, catalogue: Catalogue | None = None) -> tuple[Fake, ...]:
    """The servers that a file describes. Raises FileError with all that is wrong with it."""
    reader = _Reader(read_yaml(path), catalogue or Catalogue())
    fakes = reader.read()
    if reader.faults:
        raise FileError("\n".join(reader.faults))
    return fakes


class _Reader:
    """One pass over the document. What is wrong is put down, and then passed over."""

    def __init__(self, document: Document, catalogue: Catalogue) -> None:
        self._document = document
        self._catalogue = catalogue
        self.faults: list[str] = []

    def read(self) -> tuple[Fake, ...]:
        top = self._map(self._document.data, (), _TOP, "the file")
        rows = top.get("providers") or {}
        if not rows and not self.faults:
            self._wrong((), "no provider is described.", "It begins with `providers:`.")
        made = [self._fake(name, row, ("providers", name)) for name, row in rows.items()]
        return tuple(fake for fake in made if fake)

    def _wrong(self, path: Path, what: str, fix: str = "", *, key: bool = False) -> None:
        place = self._document.place(path, key=key)
        self.faults.append(f"{place}: {what} {fix}".rstrip())

    def _fake(self, name: Any, row: Any, path: Path) -> Fake | None:
        fields = self._map(row, path, _PROVIDER, "a provider")
        record = self._record(name, fields.get("shape"), path)
        models = self._models(fields.get("models", ()), (*path, "models"))
        if isinstance(row, dict) and not (row.get("models") or fields.get("down")):
            self._wrong(path, f"{name} has no models.", "Add `models: [model-a]`.", key=True)
        if record is None:
            return None
        keys = fields.get("keys")
        return Fake(
            name,
            record,
            name == record.id,
            models,
            None if keys is None else self._keys(keys, (*path, "keys")),
            fields.get("latency", 0.0),
            fields.get("answer", f"Hello from the fake {name}."),
            self._failures(record, fields.get("fail", NOTHING), (*path, "fail")),
            fields.get("down", False),
            fields.get("port", 0),
            self._document.place(path, key=True),
            fields.get("page", 0),
        )

    def _record(self, name: Any, shape: str | None, path: Path) -> Provider | None:
        """The record that the server is shaped after."""
        ids = self._catalogue.ids()
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self._wrong(
                path,
                f'"{name}" cannot be the name of a provider.',
                "Use letters, digits, - and _; a number in quotes.",
                key=True,
            )
            return None
        if name in ids and shape is not None:
            self._wrong(
                (*path, "shape"),
                f"{name} is in the catalogue and has a shape.",
                "Leave `shape` out, or choose another name.",
                key=True,
            )
        elif shape is None and name not in ids:
            near = did_you_mean(name, ids)
            other = "Any other name needs a shape: `shape: openai`."
            what = f'there is no provider "{name}" in the catalogue.'
            self._wrong(path, what, f"{near} {other}".strip(), key=True)
            return None
        wanted = name if name in ids else SHAPES.get(shape or "", shape or "")
        if wanted not in ids:
            known = sorted({*ids, *SHAPES})
            fix = did_you_mean(wanted, known) or f"One of: {', '.join(known)}."
            self._wrong((*path, "shape"), f'there is no shape "{wanted}".', fix)
            return None
        record = self._catalogue.get(wanted)
        if record.fixed:
            self._wrong(path, f"{wanted} asks no server, so there is none to stand in.", key=True)
            return None
        return record

    def _models(self, rows: Iterable[Any], path: Path) -> tuple[FakeModel, ...]:
        made = [self._model(row, (*path, number)) for number, row in enumerate(rows)]
        return tuple(model for model in made if model)

    def _model(self, row: Any, path: Path) -> FakeModel | None:
        if not isinstance(row, str | dict):
            self._wrong(path, f"a model must be text or a map, but this is {_word(type(row))}.")
            return None
        fields: dict[str, Any] = {"id": row}
        if isinstance(row, dict):
            fields = self._map(row, path, _MODEL, "a model")
        if not fields.get("id"):
            if isinstance(row, str) or not row.get("id"):
                self._wrong(path, "this model has no id.", "Add `id: model-a`.")
            return None
        expires = fields.get("expires", "")
        return FakeModel(
            fields["id"],
            fields.get("context"),
            fields.get("output"),
            self._price(fields.get("price"), (*path, "price")),
            fields.get("chat", True),
            expires.isoformat() if isinstance(expires, date) else expires,
        )

    def _price(self, value: Any, path: Path) -> tuple[Decimal | None, Decimal | None]:
        if not isinstance(value, dict):
            both = None if value is None else Decimal(str(value))
            return both, both
        sides = self._map(value, path, _PRICE, "a price")
        given = [Decimal(str(sides[s])) if s in sides else None for s in ("input", "output")]
        return given[0], given[1]

    def _keys(self, keys: list[Any], path: Path) -> tuple[str, ...]:
        for number, key in enumerate(keys):
            if not isinstance(key, str) or not key:
                self._wrong((*path, number), "a key must be text.", 'Put it in quotes: "…".')
        return tuple(map(str, keys))

    def _failures(self, record: Provider, value: Any, path: Path) -> dict[str, Failure]:
        given = self._map(value, path, _FAIL, "fail") if value else {}
        if "check" in given and not record.check:
            self._wrong(
                (*path, "check"),
                f"{record.id} has no check besides its list.",
                "Write `list:` instead.",
                key=True,
            )
        made = {asked: self._failure(how, (*path, asked)) for asked, how in given.items()}
        return {asked: failure for asked, failure in made.items() if failure}

    def _failure(self, how: Any, path: Path) -> Failure | None:
        if isinstance(how, int):
            return Failure("status", how)
        if isinstance(how, dict):
            fields = self._map(how, path, _FAILURE, "a failure")
            if "status" not in how:
                self._wrong(path, "this failure has no status.", "Add `status: 429`, say.")
            return Failure("status", **fields) if "status" in fields else None
        if how in FAILURES:
            return Failure(how)
        fix = did_you_mean(how, FAILURES) or f"A status such as 500, or {', '.join(FAILURES)}."
        self._wrong(path, f'there is no failure "{how}".', fix)
        return None

    def _map(
        self, value: Any, path: Path, known: Mapping[str, _Field], what: str
    ) -> dict[str, Any]:
        """The entries of a map that are as they should be; the others are put down as faults."""
        if not isinstance(value, dict):
            self._wrong(path, f"{what} must be a map, but this is {_word(type(value))}.")
            return {}
        good: dict[str, Any] = {}
        for key, item in value.items():
            here = (*path, key)
            field = known.get(key)
            if field is None:
                fix = did_you_mean(str(key), known) or f"Known keys: {', '.join(known)}."
                self._wrong(here, f'unknown key "{key}" in {what}.', fix, key=True)
            elif not isinstance(item, field.kinds) or (
                isinstance(item, bool) and bool not in field.kinds
            ):
                words = " or ".join(_word(kind) for kind in field.kinds)
                self._wrong(here, f"{key} must be {words}, but this is {_word(type(item))}.")
            elif isinstance(item, int | float) and not field.low <= item <= field.high:
                self._wrong(here, f"{key} must be {field.low} to {field.high}.")
            else:
                good[key] = item
        return good


def _word(kind: type) -> str:
    return _WORDS.get(kind, kind.__name__)
