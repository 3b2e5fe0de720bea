"""One row of a list: what the model is called, holds, costs, and whether it is free."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fakes import openrouter_row

from freerouter.errors import ProviderError
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Model, read_models
from freerouter.providers.today import today

DAY = date(2026, 9, 1)


def read(provider: str, data: Any) -> list[Model]:
    return read_models(Catalogue().get(provider), provider, data, DAY)


def row(name: str = "a/b", **more: Any) -> Model:
    (model,) = read("openrouter", {"data": [openrouter_row(name, **more)]})
    return model


def test_a_row_of_openrouter_is_understood() -> None:
    assert row(price="0.00000125") == Model(
        *("a/b", "openrouter", 131072, 8192, "1.25", "1.25", "no", "it has a price"),
        can="-vision -audio",
    )


@pytest.mark.parametrize(
    ("name", "price", "free", "reason"),
    [
        ("a/b:free", "0", "quota", "its id ends in :free and its price is zero"),
        ("a/b:free", "0.0", "quota", "its id ends in :free and its price is zero"),
        ("a/b", "0", "no", "its price is zero, but not its id"),
        ("a/b:free", "0.000001", "no", "it has a price"),
        ("openrouter/auto", "-1", "unknown", "it is a router: its price varies"),
        ("a/b:free", "-1", "unknown", "it is a router: its price varies"),
    ],
)
def test_free_at_openrouter_are_id_and_price_together(
    name: str, price: str, free: str, reason: str
) -> None:
    model = row(name, price=price)
    assert (model.free, model.reason) == (free, reason)
    assert model.costs_nothing == (free == "quota")


@pytest.mark.parametrize(
    ("price", "per_million"),
    [
        ("0.00000035", "0.35"),
        (0.0000002, "0.2"),
        (1, "1000000"),
        ("0", "0"),
        ("-1", None),
        ("", None),
        ("free", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999999999", None),
        ("1e300", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_prices_are_exact_or_unknown(price: Any, per_million: str | None) -> None:
    model = row(pricing={"prompt": price, "completion": price})
    assert model.input_price == per_million
    assert model.output_price == per_million


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (8192, 8192),
        (8192.0, 8192),
        (0, None),
        (-1, None),
        ("8192", None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
    ],
)
def test_sizes_are_whole_and_positive_or_unknown(context: Any, expected: int | None) -> None:
    model = row(context_length=context, top_provider={})
    assert (model.context, model.output) == (expected, None)


def test_what_makes_images_is_no_chat_model() -> None:
    image = openrouter_row("a/image", architecture={"output_modalities": ["image"]})
    both = openrouter_row("a/both", architecture={"output_modalities": ["image", "text"]})
    assert [m.id for m in read("openrouter", {"data": [image, both]})] == ["a/both"]


@pytest.mark.parametrize(
    ("expires", "listed"),
    [("2026-08-31", 0), ("2026-09-01", 1), ("2026-08-31T10:00:00Z", 0), ("soon", 1), (None, 1)],
)
def test_a_model_is_listed_until_it_expires(expires: str | None, listed: int) -> None:
    data = {"data": [openrouter_row("a/b", expiration_date=expires)]}
    assert len(read("openrouter", data)) == listed


def test_embeddings_and_speech_are_left_out_where_only_the_name_tells() -> None:
    names = ["chat", "text-embedding-3", "whisper-1", "rerank-v3", "tts-1", "omni-moderation"]
    data = {"data": [{"id": name} for name in names]}
    assert [m.id for m in read("oai", data)] == ["chat"]


def test_ollamas_embeddings_are_told_by_their_family() -> None:
    rows = [
        {"name": "qwen3", "details": {"family": "qwen3"}},
        {"name": "minilm", "details": {"family": "bert"}},
        {"name": "plain"},
    ]
    found = read("ollama", {"models": rows})
    assert [m.id for m in found] == ["qwen3", "plain"]
    assert {m.free for m in found} == {"yes"}


def test_odd_rows_and_names_that_could_not_be_written_are_left_out() -> None:
    odd = [None, 7, "text", {}, {"id": None}, {"id": 7}, {"id": " "}]
    bad = [{"id": "a\nb"}, {"id": "\x1b[31mred"}, {"id": "half\ud800"}]
    assert [m.id for m in read("oai", {"data": [*odd, *bad, {"id": "ok"}]})] == ["ok"]


def test_a_model_that_is_listed_twice_counts_once() -> None:
    data = {"data": [{"id": "a", "context_length": 1}, {"id": "b"}, {"id": "a"}]}
    assert [(m.id, m.context) for m in read("oai", data)] == [("a", 1), ("b", None)]


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        ({"data": [{"id": "a"}]}, ["a"]),
        ({"models": [{"name": "b"}]}, ["b"]),
        ([{"id": "c"}], ["c"]),
        ({"models": [{"name": "x"}], "data": [{"id": "d"}]}, ["d"]),
    ],
)
def test_a_server_of_unknown_make_may_use_any_usual_shape(data: Any, ids: list[str]) -> None:
    assert [m.id for m in read("oai", data)] == ids


@pytest.mark.parametrize(
    "where", ["context_length", "context_window", "max_model_len", "max_context_length"]
)
def test_a_context_goes_by_many_names(where: str) -> None:
    assert read("oai", [{"id": "a", where: 4096}])[0].context == 4096
    assert read("oai", [{"id": "a", "meta": {"n_ctx": 2048}}])[0].context == 2048


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"error": "x", "code": 1}, "What came has keys: error, code."),
        ({"data": {"a": 1}}, "What came has keys: data."),
        (None, "What came is null."),
        ("text", "What came is a text."),
        (7, "What came is a number."),
        (True, "What came is true or false."),
        ([{"id": "a"}], "What came is a list."),
    ],
)
def test_an_answer_without_a_list_is_a_failure(data: Any, why: str) -> None:
    with pytest.raises(ProviderError) as caught:
        read("openrouter", data)
    assert str(caught.value) == (
        f"OpenRouter answered, but not with a model list. {why} Check `api_base`."
    )


@pytest.mark.parametrize("status", ["434", 434])
def test_iflows_status_434_is_a_refused_key(status: object) -> None:
    with pytest.raises(ProviderError) as caught:
        read("iflow", {"status": status, "msg": "apiKey error"})
    assert str(caught.value) == (
        'iFlow refused this key. It says: "apiKey error". Keys are made at https://platform.iflow.cn'
    )
    assert caught.value.state == "refused"


def test_today_is_that_of_utc() -> None:
    assert today(0.0) == date(1970, 1, 1)
    assert today(86399.9) == date(1970, 1, 1)
    assert today(86400.0) == date(1970, 1, 2)
