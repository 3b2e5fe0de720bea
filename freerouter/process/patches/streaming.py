"""Answers of providers that pass over `stream: true` and send one JSON body.

OpenAI's client looks for events in it and finds none: the client's stream would be empty, and
nobody would know why. The body is given out as the events that it would have been.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freerouter.process.patches.target import Patch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def events_of(body: bytes) -> list[str]:
    """The data of the events that stand for a whole chat completion; an error is one event."""
    try:
        data = json.loads(body)
    except ValueError:
        return [
            json.dumps({"error": {"message": "The answer is neither a stream nor sound JSON."}})
        ]
    choices = data.get("choices") if isinstance(data, dict) else None
    if not isinstance(choices, list):
        return [json.dumps(data if isinstance(data, dict) else {"error": {"message": str(data)}})]
    head = {**data, "object": "chat.completion.chunk"}
    usage = head.pop("usage", None)
    said = [{"index": n, "delta": _delta(c), "finish_reason": None} for n, c in enumerate(choices)]
    ends: list[dict[str, Any]] = [
        {"index": n, "delta": {}, "finish_reason": c.get("finish_reason") or "stop"}
        for n, c in enumerate(choices)
    ]
    events = [{**head, "choices": said}, {**head, "choices": ends}]
    if usage:
        events.append({**head, "choices": [], "usage": usage})
    return [json.dumps(event) for event in events]


def _delta(choice: dict[str, Any]) -> dict[str, Any]:
    delta = dict(choice.get("message") or {})
    if delta.get("tool_calls"):
        delta["tool_calls"] = [{"index": n, **c} for n, c in enumerate(delta["tool_calls"])]
    return delta


async def _in_one_piece(body: bytes) -> AsyncIterator[bytes]:
    yield body


def give_out_whole_answers_as_streams() -> None:
    from openai._streaming import AsyncStream, ServerSentEvent

    stream: Any = AsyncStream
    look_for_events = stream._iter_events

    async def iter_events(self: Any) -> AsyncIterator[Any]:
        if not self.response.headers.get("content-type", "").startswith("application/json"):
            async for event in look_for_events(self):
                yield event
            return
        body = await self.response.aread()
        if not body.lstrip().startswith(
            (b"{", b"[")
        ):  # A stream after all, called by another name.
            async for event in self._decoder.aiter_bytes(_in_one_piece(body)):
                yield event
            return
        for data in events_of(body):
            yield ServerSentEvent(data=data)

    stream._iter_events = iter_events


PATCHES = (
    Patch(
        "a whole answer is given out as a stream",
        {"openai._streaming:AsyncStream._iter_events": "4335561579a4"},
        give_out_whole_answers_as_streams,
    ),
)
