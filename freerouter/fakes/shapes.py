"""What a provider answers, laid out as its record says that it is read."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.providers_file import Entry, variable_part
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Provider
from freerouter.providers.models import PER_MILLION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal
    from email.message import Message

    from freerouter.fakes.description import Fake, FakeModel

ANY_KEY = "any-key"
OWN = frozenset(
    (
        *("id", "name", "base_url", "status", "status_note", "env", "key_url", "free_tier"),
        *("terms", "generic", "models", "mock_response"),
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
    given = {
        field: value
        for field, value in record._asdict().items()
        if field not in OWN and value != getattr(plain, field)
    }
    env = [f"{variable_part(fake.name)}_API_KEY"]
    key = record.key if fake.keys is None else "required"
    return {**given, "base_url": url, "key": key, "env": env}


def model_list(record: Provider, models: Iterable[FakeModel]) -> Any:
    """The list as the provider sends it."""
    rows = [_row(record.list, model) for model in models]
    path = _first(record.list.get("rows", "data"))
    answer: dict[str, Any] = {}
    _put(answer, path, rows)
    return answer if path else rows


def _row(rules: Mapping[str, Any], model: FakeModel) -> dict[str, Any]:
    row: dict[str, Any] = {}
    _put(row, _first(rules.get("id", "id")), model.id)
    _put(row, _first(rules.get("context", "")), model.context)
    _put(row, _first(rules.get("output", "")), model.output)
    _put(row, rules.get("modality", ""), ["text"] if model.chat else ["image"])
    _put(row, rules.get("expires", ""), model.expires or None)
    if "skip" in rules and not model.chat:
        _put(row, rules["skip"]["field"], rules["skip"]["values"][0])
    price = rules.get("price") or {}
    for side, dollars in zip(("input", "output"), model.price, strict=True):
        if side in price and dollars is not None:
            _put(row, _first(price[side]), _in_unit(dollars, price["unit"]))
    return row


def _in_unit(dollars: Decimal, unit: str) -> str:
    """A price of a million tokens as the list words it."""
    return format((dollars / PER_MILLION[unit]).normalize(), "f")


def _first(paths: str | Iterable[str]) -> str:
    """The path that is looked at first, where a record names several."""
    return paths if isinstance(paths, str) else next(iter(paths), "")


def _put(row: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at a dotted path; nothing where there is no path or no value."""
    if not path or value is None:
        return
    *above, last = path.split(".")
    for step in above:
        row = row.setdefault(step, {})
    row[last] = value


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
    rule = record.refused
    if rule:
        body: dict[str, Any] = {"msg": "Invalid API key"}
        _put(body, rule["field"], rule["values"][0])
        return 200, body
    return 401, error_body("Incorrect API key provided", "invalid_api_key")


def error_body(message: str, code: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "type": "error", "code": code or None}}


class Chat(NamedTuple):
    """A question, and what is answered: `words` with the white space behind them."""

    model: str
    words: tuple[str, ...]
    asked: int
    cut_short: bool = False
    stream: bool = False

    @property
    def text(self) -> str:
        return "".join(self.words)

    @property
    def finish(self) -> str:
        return "length" if self.cut_short else "stop"


def read_chat(body: Any, answer: str) -> Chat | None:
    """The question in a request; None where it is none. A word stands for a token."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return None
    words = tuple(re.findall(r"\s*\S+\s*", answer))
    limit = body.get("max_tokens")
    kept = words[:limit] if isinstance(limit, int) and limit > 0 else words
    asked = sum(len(str(m.get("content", "")).split()) for m in messages if isinstance(m, dict))
    short = len(kept) < len(words)
    return Chat(str(body.get("model", "")), kept, asked, short, bool(body.get("stream")))


def completion(chat: Chat) -> dict[str, Any]:
    """The whole answer of an OpenAI-compatible server."""
    message = {"role": "assistant", "content": chat.text}
    choice = {"index": 0, "message": message, "finish_reason": chat.finish}
    return {**_head(chat, "chat.completion"), "choices": [choice], "usage": _usage(chat)}


def events(chat: Chat) -> list[dict[str, Any]]:
    """The same answer as a stream: a word each, then why it ended and what it took."""
    head = _head(chat, "chat.completion.chunk")
    deltas: list[dict[str, Any]] = [
        {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
        for word in chat.words
    ]
    last = {"index": 0, "delta": {}, "finish_reason": chat.finish}
    said = [{**head, "choices": [delta]} for delta in deltas]
    return [*said, {**head, "choices": [last], "usage": _usage(chat)}]


def _head(chat: Chat, kind: str) -> dict[str, Any]:
    made = int(time.time())
    return {"id": "chatcmpl-fake", "object": kind, "created": made, "model": chat.model}


def _usage(chat: Chat) -> dict[str, int]:
    said = len(chat.words)
    return {
        "prompt_tokens": chat.asked,
        "completion_tokens": said,
        "total_tokens": chat.asked + said,
    }


def ollama_lines(chat: Chat) -> list[dict[str, Any]]:
    """Ollama's own answer: a line of JSON for each word, or one for all of them."""
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    head = {"model": chat.model, "created_at": made}
    said = chat.words if chat.stream else ()
    lines = [{**head, "message": _said(word), "done": False} for word in said]
    last = {
        **head,
        "message": _said("" if chat.stream else chat.text),
        "done": True,
        "done_reason": chat.finish,
        "prompt_eval_count": chat.asked,
        "eval_count": len(chat.words),
    }
    return [*lines, last]


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}
