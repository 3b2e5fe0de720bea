"""Rows as providers send them, with something wrong in each: none breaks the reading of the others,
and none is called free without what the record's rule asks for.
"""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_shapes import RECORDED, SAMPLES

from freerouter.errors import ProviderError
from freerouter.fakes import shapes
from freerouter.fakes.description import FakeModel
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Reader
from freerouter.providers.paths import dig, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freerouter.providers.catalogue import Provider

DAY = date(2026, 9, 1)
RECORDS = [record for record in Catalogue().all() if not record.fixed]
TELLING = [record for record in RECORDS if "always" not in record.free]
"""Those of which single rows say what is free."""
MODELS = (
    FakeModel("vendor/a-flash", 4096, 512, (Decimal("0.25"), Decimal(1))),
    FakeModel("vendor/b:free", 131072, None, (Decimal(0), Decimal(0))),
    FakeModel("vendor/c", None, None, (Decimal(0), None)),
    FakeModel("vendor/d", 8192, 64, (Decimal(-1), Decimal(-1)), expires="2026-01-01"),
)
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**30, -(10**30), 1e308, 0.1, [], {}, [None], [[[None]]],
    "", "0", "-1", "0.0", "NaN", "Infinity", "1e400", "1E-9", "free", "text", "2020-01-01",
    "\x00", "\ud800", {"": None}, {"usd": None}, {"input": {"usd": "0"}}, [{"id": None}],
)  # fmt: skip
WRONG = st.one_of(
    st.sampled_from(ODD).map(copy.deepcopy), st.integers(), st.floats(), st.text(max_size=6)
)
PLACES = 40
"""Fields of one row among which the one to spoil is drawn."""


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a row: what holds it, and the key of it."""
    pairs = list(value.items()) if isinstance(value, dict) else []
    pairs = list(enumerate(value)) if isinstance(value, list) else pairs
    for key, inner in pairs:
        yield value, key
        yield from spots(inner)


def spoiled(data: Any, rows: list[Any]) -> list[Any]:
    """The rows with values that are missing or of another kind, some listed twice."""
    rows = copy.deepcopy(rows)
    for row in rows:
        for _ in range(data.draw(st.integers(0, 3))):
            found = list(spots(row))
            if not found:
                break
            holder, key = found[data.draw(st.integers(0, PLACES)) % len(found)]
            if data.draw(st.booleans()) and isinstance(holder, dict):
                del holder[key]
            else:
                holder[key] = data.draw(WRONG)
    more = data.draw(st.lists(st.one_of(st.sampled_from(rows or [None]), WRONG), max_size=2))
    return [*rows, *copy.deepcopy(more)]


def each_row(record: Provider, rows: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row that has a name, with it, as the record lays them out."""
    names = texts_of(record.list.get("id", "id"))
    inside = record.list.get("each")
    for outer in rows:
        inner = dig(outer, inside) if inside else None
        some = [outer]
        if isinstance(inner, list):
            some = [{**r, "parent": outer} for r in inner if isinstance(r, dict)]
        for row in some:
            (identity,) = names([row]) if isinstance(row, dict) else (None,)
            if isinstance(identity, str):
                yield identity.removeprefix(record.list.get("strip", "")), row


def is_zero(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and Decimal(str(value)) == 0
    except InvalidOperation:
        return False


def may_be_free(record: Provider, identity: str, row: dict[str, Any]) -> bool:
    """Whether the rule of the record lets this row be free, read by hand."""
    rule, price = record.free, record.list.get("price") or {}
    sides = [price.get("input", ()), price.get("output", ())]
    paths = [[side] if isinstance(side, str) else side for side in sides]
    told = [next((v for p in some if (v := dig(row, p)) is not None), None) for some in paths]
    zero = all(is_zero(value) for value in told)
    if rule.get("always") in ("yes", "quota"):
        return True
    flag = rule.get("flag", "")
    if flag:
        return dig(row, flag) is True
    suffix = rule.get("id_suffix", "")
    if suffix and identity.endswith(suffix):
        return zero or not rule.get("zero_price")
    return zero and rule.get("zero") in ("yes", "quota")


def check_reading(record: Provider, rows: list[Any]) -> None:
    place = record.list.get("rows", "data")
    where = place if isinstance(place, str) else place[0]
    answer: Any = {}
    shapes.put(answer, where, rows)
    reader = Reader(record, record.id, DAY)
    try:
        reader.page(answer if where else rows)
    except ProviderError:
        return
    named = list(each_row(record, rows))
    for model in reader.models:
        same = [row for identity, row in named if identity == model.id]
        assert same, f"{model.id} is in no row"
        if model.costs_nothing:
            assert any(may_be_free(record, model.id, row) for row in same), model
        for value in (model.input_price, model.output_price):
            assert value is None or 0 <= Decimal(value) < Decimal(10) ** 9
    assert len({m.id for m in reader.models}) == len(reader.models)
    if "each" not in record.list:
        assert len(reader.models) + reader.left_out.total() == len(rows)
    json.dumps([m._asdict() for m in reader.models], allow_nan=False)


@settings(max_examples=400)
@given(record=st.sampled_from(TELLING) | st.sampled_from(RECORDS), data=st.data())
def test_spoiled_rows_of_every_provider(record: Provider, data: Any) -> None:
    place = record.list.get("rows", "data")
    where = place if isinstance(place, str) else place[0]
    whole = shapes.model_list(record, MODELS)
    check_reading(record, spoiled(data, dig(whole, where) if where else whole))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded answers are not here")
@settings(max_examples=250)
@given(sample=st.sampled_from(sorted(RECORDED)), data=st.data())
def test_spoiled_rows_of_recorded_answers(sample: str, data: Any) -> None:
    provider, _, where = RECORDED[sample]
    rows = recorded(sample, where)
    first = data.draw(st.integers(0, len(rows) - 1))
    check_reading(Catalogue().get(provider), spoiled(data, rows[first : first + 4]))


@cache
def recorded(sample: str, where: str) -> list[Any]:
    whole = json.loads(Path(SAMPLES / f"{sample}.json").read_bytes().decode("utf-8-sig"))
    rows: list[Any] = whole[where] if where else whole
    return rows
