"""What a provider answers, laid out as its record says that it is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from freerouter.config.providers_file import Entry, variable_part
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Provider
from freerouter.providers.money import factor
from freerouter.providers.paths import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal
    from email.message import Message

    from freerouter.fakes.description import Fake, FakeModel

ANY_KEY = "any-key"
OWN = frozenset(
    (
        *("id", "name", "base_url", "status", "status_note", "since", "env", "key_url"),
        *("free_tier", "limits", "terms", "generic", "models", "mock_response", "regions", "where"),
        "key_pattern",
    )
)
"""What a server of another name does not take over from the record that it is shaped after."""


def record_of(fake: Fake, url: str) -> dict[str, Any]:
    """What a catalogue must say for the server to be asked in the provider's place."""
    record = fake.record
    address = {"base_url": url, **({"generic": False} if record.generic else {})}
    if fake.ours:
        return address
    plain = Provider("", "")
    given: dict[str, Any] = {
        field: list(value) if isinstance(value, tuple) else value
        for field, value in record._asdict().items()
        if field not in OWN and value != getattr(plain, field)
    }
    if "url" in record.check:
        rest = {name: value for name, value in record.check.items() if name != "url"}
        given["check"] = {**rest, "path": urlsplit(record.check["url"]).path}
    env = [f"{variable_part(fake.name)}_API_KEY"]
    key = record.key if fake.keys is None else "required"
    return {**given, "base_url": url, "key": key, "env": env}


def model_list(record: Provider, models: Iterable[FakeModel]) -> Any:
    """The list as the provider sends it."""
    rows = [_row(record, model) for model in models]
    path = _first(record.list.get("rows", "data"))
    answer: dict[str, Any] = {}
    put(answer, path, rows)
    return answer if path else rows


def page_of(fake: Fake, query: Mapping[str, str]) -> Any:
    """The part of the list that is asked for, and where it goes on."""
    record, models = fake.record, fake.models
    rules = record.list.get("next")
    rule = rules[0] if isinstance(rules, list) else rules
    if not (fake.page and rule and _first(record.list.get("rows", "data"))):
        return model_list(record, models)
    start = _start(rule, query, fake)
    end = start + fake.page
    page, more = models[start:end], end < len(models)
    answer: dict[str, Any] = model_list(record, page)
    if isinstance(rule, str):
        put(answer, rule, f"?start={end}" if more else None)
        return answer
    if "more" in rule:
        put(answer, rule["more"], more)
    by_id = rule.get("token") == "last_id"
    if "token" in rule and more:
        put(answer, rule["token"], page[-1].id if by_id else f"t{end}")
    if "pages" in rule:
        put(answer, rule["pages"], -(-len(models) // fake.page))
    return answer


def _start(rule: str | Mapping[str, str], query: Mapping[str, str], fake: Fake) -> int:
    """The place of the first model of the page."""
    if isinstance(rule, str):
        return _whole(query.get("start", ""))
    if "page" in rule:
        return (_whole(query.get(rule["page"], "")) or 1) * fake.page - fake.page
    token = query.get(rule["param"], "")
    ids = [model.id for model in fake.models]
    return ids.index(token) + 1 if token in ids else _whole(token[1:])


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _row(record: Provider, model: FakeModel) -> dict[str, Any]:
    rules = record.list
    row: dict[str, Any] = {"parent": {}} if "each" in rules else {}
    for path, value in _named(rules, model.id):
        put(row, path, value)
    for side, size in (("context", model.context), ("output", model.output)):
        put(row, _first(rules.get(side, "")), str(size) if size and "sizes" in rules else size)
    for rule in rules.get("chat", ())[-1:]:
        wanted = next(iter(rule.get("any", ())), None)
        other = next(iter(rule.get("none", ("image",))), "image")
        place, said = _first(rule["field"]), wanted if model.chat else other
        put(row, place, [said] if place.endswith("s") and isinstance(said, str) else said)
    put(row, rules.get("expires", ""), model.expires or None)
    _put_price(row, record, model)
    if "each" not in rules:
        return row
    outer: dict[str, Any] = row.pop("parent")
    put(outer, rules["each"], [row])
    return outer


def _named(rules: Mapping[str, Any], identity: str) -> list[tuple[str, str]]:
    """Where the parts of a model's id stand in its row."""
    for path in many(rules.get("id", "id")):
        if "{" not in path:
            return [(path, rules.get("strip", "") + identity)]
        places = re.findall(r"\{([^{}]+)\}", path)
        pattern = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
        match = re.fullmatch(re.sub(r"\{[^{}]+\}", "(.+)", pattern), identity)
        if match:
            return list(zip(places, match.groups(), strict=True))
    return []


def _put_price(row: dict[str, Any], record: Provider, model: FakeModel) -> None:
    price = record.list.get("price") or {}
    for side, dollars in zip(("input", "output"), model.price, strict=True):
        if side in price and dollars is not None:
            put(row, _first(price[side]), _in_unit(dollars, factor(price)))
    if "unit_field" in price:
        put(row, price["unit_field"], next(iter(price["units"])))
    if "flag" in record.free and model.price != (None, None):
        put(row, _first(record.free["flag"]), not any(model.price))


def _in_unit(dollars: Decimal, by: Decimal) -> str:
    """A price of a million tokens as the list words it."""
    return format((dollars / by).normalize(), "f")


def _first(paths: str | Iterable[str]) -> str:
    """The path that is looked at first, where a record names several."""
    return paths if isinstance(paths, str) else next(iter(paths), "")


_STEP = re.compile(r"([^.\[\]]+)(?:\[([^=\[\]]+)=([^\]]*)\])?(?:\.|$)")


def put(row: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at a path; nothing where there is no path or no value."""
    if not path or value is None:
        return
    *above, last = [match.groups() for match in _STEP.finditer(path)]
    for name, field, wanted in above:
        if field is None:
            row = row.setdefault(name, {})
            continue
        rows = row.setdefault(name, [])
        found = next((one for one in rows if one.get(field) == wanted), None)
        if found is None:
            rows.append(found := {field: wanted})
        row = found
    row[last[0]] = value


def is_accepted(fake: Fake, headers: Message) -> bool:
    """Whether a request carries a key that the server takes, where it goes in that provider."""
    if fake.keys is not None:
        return any(
            all(headers.get(name) == value for name, value in _headers(fake, key).items())
            for key in fake.keys
        )
    return all(
        headers.get(name, "").startswith(value.removesuffix(ANY_KEY))
        for name, value in _headers(fake, ANY_KEY).items()
    )


def _headers(fake: Fake, key: str) -> dict[str, str]:
    """What the product itself would send with that key."""
    return Account(fake.record, Entry(fake.name, fake.name), "", key).headers()


def wants_key(fake: Fake, asked: str) -> bool:
    """A list that proves no key is one that anybody gets: its record names another check."""
    keyed = fake.keys is not None or fake.record.key == "required"
    return keyed and not (asked == "list" and fake.record.check)


def refusal(record: Provider) -> tuple[int, Any]:
    """How a wrong key is told: status and body."""
    return told(record, "refused")


SAID = {
    "refused": (401, "Incorrect API key provided", "invalid_api_key"),
    "no_quota": (402, "Insufficient balance", "insufficient_balance"),
    "region": (451, "Not in your country", "unsupported_country"),
}
"""How a provider says what it has no way of its own for."""


def told(record: Provider, state: str) -> tuple[int, Any]:
    """How a provider says what its record reads as that verdict: status and body."""
    rule = next((rule for rule in record.verdicts if rule["state"] == state), None)
    if rule is None:
        status, message, code = SAID[state]
        return status, error_body(message, code)
    statuses = rule.get("status", 200)
    status = statuses[0] if isinstance(statuses, list) else statuses
    if "field" in rule:
        body: dict[str, Any] = {"msg": "Invalid API key"}
        put(body, rule["field"], rule["is"][0])
        return status, body
    return status, error_body(f"{state}: {rule.get('contains', '')}", rule.get("contains", ""))


def error_body(message: str, code: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "type": "error", "code": code or None}}
