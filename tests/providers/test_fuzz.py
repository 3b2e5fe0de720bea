"""Whatever a provider answers, there is no traceback and no model that the answer does not hold."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from freerouter.errors import ProviderError
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.http import _decode
from freerouter.providers.models import Reader
from freerouter.providers.pages import next_url
from freerouter.providers.verdicts import Said, check, message_in, parsed

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS = [record for record in Catalogue().all() if not record.fixed]
DAY = date(2026, 9, 1)
NAMES = sorted(
    {
        *("id", "name", "data", "models", "result", "modelSummaries", "error", "message", "next"),
        *("links", "has_more", "last_id", "pricing", "prompt", "completion", "input", "output"),
        *("architecture", "output_modalities", "providers", "provider", "status", "is_free"),
        *("properties", "property_id", "value", "unit", "price", "task", "type", "active", "usd"),
        *("context_length", "context_window", "deprecation", "expiration_date", "isFree", "code"),
        *("capabilities", "completion_chat", "endpoints", "details", "family", "owned_by", "meta"),
        *("supportedGenerationMethods", "outputModalities", "inferenceTypesSupported", "modelId"),
        *("nextPageToken", "next_page_token", "result_info", "total_pages", "remote_host"),
    }
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["a/b", "x:free", "-1", "0", "1e400", "NaN", "chat", "text", "2026-08-01"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inside: st.one_of(
        st.lists(inside, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=4)), inside, max_size=6),
    ),
    max_leaves=30,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8), max_size=5)
FREE = {"yes", "quota", "no", "unknown"}


def texts_in(value: Any) -> set[str]:
    """Every text in an answer, names of fields too."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return {t for pair in value.items() for part in pair for t in texts_in(part)}
    if isinstance(value, list):
        return {t for one in value for t in texts_in(one)}
    return set()


def made_of(identity: str, texts: set[str], strip: str) -> bool:
    """Whether a model's name stands in the answer, or is put together of what does."""
    known = {text.removeprefix(strip) for text in texts}
    parts = [identity[:n] in known and identity[n + 1 :] in known for n in range(len(identity))]
    return identity in known or any(parts)


def failure(do: Callable[[], object]) -> ProviderError | None:
    """The failure that something ends with; anything but that and an end is a fault of ours."""
    try:
        do()
    except ProviderError as error:
        return error
    return None


@settings(max_examples=400)
@given(record=st.sampled_from(RECORDS), data=st.data())
def test_no_answer_breaks_the_reading_and_none_makes_a_model_up(record: Any, data: Any) -> None:
    where = record.list.get("rows", "data")
    path = where if isinstance(where, str) else where[0]
    rows = data.draw(ROWS)
    answer = data.draw(st.one_of(VALUES, st.just({path: rows} if path else rows)))
    reader = Reader(record, record.id, DAY)
    if failure(lambda: reader.page(answer)):
        return
    texts = texts_in(answer)
    for model in reader.models:
        assert made_of(model.id, texts, record.list.get("strip", ""))
        assert model.id.isprintable()
        assert model.free in FREE
        assert model.reason
        for price in (model.input_price, model.output_price):
            assert price is None or (Decimal(price).is_finite() and Decimal(price) >= 0)
        for size in (model.context, model.output):
            assert size is None or (isinstance(size, int) and size > 0)
    assert len({m.id for m in reader.models}) == len(reader.models)
    json.dumps([m._asdict() for m in reader.models], allow_nan=False)


@settings(max_examples=300)
@given(
    rule=st.sampled_from([r.list["next"] for r in RECORDS if "next" in r.list]),
    data=VALUES,
    new=st.integers(-1, 5),
)
def test_the_next_page_is_an_address_or_none(rule: Any, data: Any, new: int) -> None:
    try:
        found = next_url(rule, "https://host/v1/models?page=2", data, new)
    except ValueError:  # which discovery words
        return
    assert isinstance(found, str)


@settings(max_examples=300)
@given(
    status=st.integers(200, 599),
    raw=st.one_of(st.binary(max_size=60), VALUES.map(lambda v: json.dumps(v).encode())),
    record=st.sampled_from(RECORDS),
)
def test_every_answer_to_a_key_is_worded(status: int, raw: bytes, record: Any) -> None:
    assert isinstance(message_in(raw), str)
    error = failure(lambda: check("Lab", Said(status, raw, parsed(raw)), record.verdicts))
    assert error or status < 300
    assert error is None or error.what.startswith("Lab")
    assert error is None or error.state in {"refused", "no_quota", "region", "unknown", "absent"}


@settings(max_examples=300)
@given(
    raw=st.binary(max_size=80),
    kind=st.one_of(
        st.sampled_from(["", "application/json", "text/html", "text/json; charset=latin-1"]),
        st.text(max_size=12).map(lambda text: f"application/json; charset={text}"),
    ),
)
def test_bytes_are_json_or_a_failure(raw: bytes, kind: str) -> None:
    error = failure(lambda: _decode("Lab", kind, raw))
    assert error is None or error.what.startswith("Lab")
