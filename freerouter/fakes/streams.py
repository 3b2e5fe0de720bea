"""An answer as a stream, word by word, in each dialect: server-sent events, or those of AWS."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

from freerouter.fakes import dialects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freerouter.fakes.dialects import Chat

EVENTS = "text/event-stream"
OF_LINES = "application/stream+json"
OF_AWS = "application/vnd.amazon.eventstream"
_TEXT_HEADER = 7
"""The type of a header whose value is a text, in AWS's binary events."""


def stream_of(dialect: str, chat: Chat, accept: str) -> tuple[str, tuple[bytes, ...]]:
    """The content type of a stream, and what is sent: a piece for each event.

    Cohere sends lines of JSON where server-sent events are not asked for by `accept`.
    """
    if dialect == "cohere" and EVENTS not in accept:
        return OF_LINES, tuple(json.dumps(event).encode() + b"\n" for event in _cohere(chat))
    kind = OF_AWS if dialect == "bedrock" else EVENTS
    return kind, tuple(_STREAMS.get(dialect, _openai)(chat))


def _openai(chat: Chat) -> Iterator[bytes]:
    for event in dialects.events(chat):
        yield _data(event)
    yield b"data: [DONE]\n\n"


def _anthropic(chat: Chat) -> Iterator[bytes]:
    whole = dialects.native_of("anthropic", chat)
    usage = whole["usage"]
    start = {**whole, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 0}}
    yield _named({"type": "message_start", "message": start})
    block = {"type": "text", "text": ""}
    yield _named({"type": "content_block_start", "index": 0, "content_block": block})
    for word in chat.words:
        delta = {"type": "text_delta", "text": word}
        yield _named({"type": "content_block_delta", "index": 0, "delta": delta})
    yield _named({"type": "content_block_stop", "index": 0})
    ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield _named({"type": "message_delta", "delta": ended, "usage": usage})
    yield _named({"type": "message_stop"})


def _gemini(chat: Chat) -> Iterator[bytes]:
    for word in chat.words:
        content = {"role": "model", "parts": [{"text": word}]}
        yield _data({"candidates": [{"index": 0, "content": content}], "modelVersion": chat.model})
    last = dialects.native_of("gemini", chat)
    last["candidates"][0]["content"]["parts"][0]["text"] = ""
    yield _data(last)


def _cohere(chat: Chat) -> Iterator[dict[str, Any]]:
    whole = dialects.native_of("cohere", chat)
    start: dict[str, Any] = {"message": {"role": "assistant", "content": []}}
    yield {"type": "message-start", "id": whole["id"], "delta": start}
    yield {"type": "content-start", "index": 0, "delta": _cohere_text("")}
    for word in chat.words:
        yield {"type": "content-delta", "index": 0, "delta": _cohere_text(word)}
    yield {"type": "content-end", "index": 0}
    ended = {"finish_reason": whole["finish_reason"], "usage": whole["usage"]}
    yield {"type": "message-end", "id": whole["id"], "delta": ended}


def _cohere_text(text: str) -> dict[str, Any]:
    return {"message": {"content": {"type": "text", "text": text}}}


def _bedrock(chat: Chat) -> Iterator[bytes]:
    whole = dialects.native_of("bedrock", chat)
    yield _of_aws("messageStart", {"role": "assistant"})
    for word in chat.words:
        yield _of_aws("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}})
    yield _of_aws("contentBlockStop", {"contentBlockIndex": 0})
    yield _of_aws("messageStop", {"stopReason": whole["stopReason"]})
    yield _of_aws("metadata", {"usage": whole["usage"], "metrics": whole["metrics"]})


def _data(event: Any) -> bytes:
    return b"data: %s\n\n" % json.dumps(event).encode()


def _named(event: dict[str, Any]) -> bytes:
    """An event that says its type twice, as Anthropic and Cohere do."""
    return b"event: %s\n%s" % (event["type"].encode(), _data(event))


def _of_aws(name: str, payload: Any) -> bytes:
    """A binary event: lengths and their checksum, headers, the payload, the checksum of it all."""
    told = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(_header(name, value) for name, value in told.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    message = prelude + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    size, text = struct.pack(">B", len(name)), value.encode()
    return size + name.encode() + struct.pack(">BH", _TEXT_HEADER, len(text)) + text


_STREAMS: dict[str, Callable[[Chat], Iterator[bytes]]] = {
    "anthropic": _anthropic,
    "gemini": _gemini,
    "cohere": lambda chat: map(_named, _cohere(chat)),
    "bedrock": _bedrock,
}
