"""From a row of a provider's list to a `Model`: its name, its size, its price, and if it is free.

Prices are USD per million tokens, as decimal text, so that nothing is rounded. None is unknown.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.providers.catalogue import Provider

PER_MILLION = {"token": Decimal(1_000_000), "million": Decimal(1)}
HIGHEST_PRICE = 10**9
"""More than that for a million tokens is a mistake of the list."""
NOT_CHAT = ("embed", "rerank", "whisper", "tts", "moderation", "dall-e")
"""Parts of an id that tell a model is not for chat, for lists that say nothing better."""


class Model(NamedTuple):
    """One model at one provider. `free`: yes, quota, no or unknown, because of `reason`."""

    id: str
    provider: str
    context: int | None = None
    output: int | None = None
    input_price: str | None = None
    output_price: str | None = None
    free: str = "unknown"
    reason: str = ""
    stale: bool = False

    @property
    def costs_nothing(self) -> bool:
        return self.free in ("yes", "quota")


_JSON_WORDS = {type(None): "null", bool: "true or false", str: "a text", list: "a list"}


def read_models(provider: Provider, name: str, data: Any, today: date) -> list[Model]:
    """Every chat model in one page of an answer, in its order, each id once."""
    who = provider.name if name == provider.id else name
    _check_refused(provider, who, data)
    found: dict[str, Model] = {}
    for row in find_rows(provider, who, data):
        model = _model(provider, name, row, today) if isinstance(row, dict) else None
        if model:
            found.setdefault(model.id, model)
    return list(found.values())


def find_rows(provider: Provider, who: str, data: Any) -> list[Any]:
    """The list inside an answer. Raises where there is none: never an empty success."""
    for path in _many(provider.list.get("rows", "data")):
        rows = dig(data, path) if path else data
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


def _check_refused(provider: Provider, who: str, data: Any) -> None:
    rule = provider.refused
    if rule and isinstance(data, dict) and dig(data, rule["field"]) in rule["values"]:
        said = dig(data, "msg")
        raise ProviderError(
            f"{who} refused this key.",
            f'It says: "{said}".' if said else "",
            provider.key_help(),
            state="refused",
        )


def _model(provider: Provider, name: str, row: Mapping[str, Any], today: date) -> Model | None:
    rules = provider.list
    identity = _first(row, rules.get("id", "id"))
    # A name with control characters or half a surrogate could not be written, sent or shown.
    if not isinstance(identity, str) or not identity.strip() or not identity.isprintable():
        return None
    if not _is_chat(rules, row, identity) or _expired(rules, row, today):
        return None
    price = rules.get("price") or {}
    costs = [
        _price(dig(row, price[side]), price["unit"]) if price else None
        for side in ("input", "output")
    ]
    free, reason = judge_free(provider, identity, costs)
    return Model(
        identity,
        name,
        _whole(_first(row, rules.get("context", ()))),
        _whole(_first(row, rules.get("output", ()))),
        costs[0],
        costs[1],
        free,
        reason,
    )


def _is_chat(rules: Mapping[str, Any], row: Mapping[str, Any], identity: str) -> bool:
    skip = rules.get("skip")
    if skip and dig(row, skip["field"]) in skip["values"]:
        return False
    modality = dig(row, rules["modality"]) if "modality" in rules else None
    if isinstance(modality, list):
        return "text" in modality
    return not any(part in identity.lower() for part in NOT_CHAT)


def _expired(rules: Mapping[str, Any], row: Mapping[str, Any], today: date) -> bool:
    value = dig(row, rules["expires"]) if "expires" in rules else None
    try:
        return isinstance(value, str) and date.fromisoformat(value[:10]) < today
    except ValueError:
        return False


def judge_free(provider: Provider, identity: str, costs: Iterable[str | None]) -> tuple[str, str]:
    """Whether a model is free, and why. A price of zero alone never makes one free."""
    rule = provider.free
    if "always" in rule:
        return rule["always"], rule.get("reason", "")
    if "id_suffix" in rule:
        zero = all(cost is not None and Decimal(cost) == 0 for cost in costs)
        if identity.endswith(rule["id_suffix"]) and zero:
            return "quota", f"its id ends in {rule['id_suffix']} and its price is zero"
        if any(cost is None for cost in costs):
            return "unknown", "its price is not known"
        return rule[
            "otherwise"
        ], "it has a price" if not zero else "its price is zero, but not its id"
    return "unknown", "the provider does not say"


def _price(value: Any, unit: str) -> str | None:
    """USD per million tokens. Negative (OpenRouter's -1: it varies) and odd values are unknown."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value)) * PER_MILLION[unit]
    except DecimalException:
        return None
    if not amount.is_finite() or not 0 <= amount < HIGHEST_PRICE:
        return None
    return format(amount.normalize(), "f") if amount else "0"


def _whole(value: Any) -> int | None:
    """A positive whole number, or None: providers also send 0, "" and null."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124
        return None
    return int(value) if 0 < value < 10**12 else None


def dig(data: Any, path: str) -> Any:
    """A value by its dotted path, or None."""
    for step in path.split("."):
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _first(row: Mapping[str, Any], paths: str | Iterable[str]) -> Any:
    values = (dig(row, path) for path in _many(paths))
    return next((v for v in values if v not in (None, "", 0)), None)


def _many(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
