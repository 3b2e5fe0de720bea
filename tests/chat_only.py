"""A provider that speaks only OpenAI chat: /v1/models and /v1/chat/completions, nothing else.

Where tools are offered it calls the first one; given the tool's answer, it says what that was.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from loopback import Handler, Loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL = "lab/chatty"
WORDS = ("Grüße ", "from ", "the ", "provider")
ARGUMENTS = ('{"city": ', '"Bern"}')
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
PATHS = ("/v1/models", "/v1/chat/completions")
EMBEDDINGS = "/v1/embeddings"
FINE, FAILS, BREAKS, HANGS = "", "fails", "breaks", "hangs"
"""How a model behaves: it answers, with 500, or a stream of it ends or stops after three events."""


class Asked(NamedTuple):
    path: str
    body: Any


class ChatOnly(Loopback):
    """`models` says how each behaves; `asked` holds every request, those in vain included."""

    def __init__(self, models: Mapping[str, str] | None = None) -> None:
        self.asked: list[Asked] = []
        self.models = dict(models or {MODEL: FINE})
        self.go_on = threading.Event()
        """What a stream that breaks waits for, with its first events out."""
        self.paths: tuple[str, ...] = PATHS
        super().__init__(self._handler())
        self.base = f"{self.url}/v1"

    def close(self) -> None:
        self.go_on.set()
        super().close()

    def _handler(self) -> type[Handler]:
        outer = self

        class Chatting(Handler):
            def answer(self, raw: bytes | None) -> None:
                body = json.loads(raw or b"null")
                path = self.path.partition("?")[0]
                outer.asked.append(Asked(path, body))
                if path not in outer.paths:
                    self.send(404, {"error": {"message": f"no {path}"}})
                elif body is None:
                    rows = [{"id": name, "object": "model"} for name in outer.models]
                    self.send(200, {"object": "list", "data": rows})
                elif path == EMBEDDINGS:
                    self.send(200, embedding(body))
                elif outer.models[body["model"]] == FAILS:
                    self.send(500, {"error": {"message": "It fails.", "type": "server_error"}})
                elif body.get("stream"):
                    self._stream(body, outer.models[body["model"]])
                else:
                    self.send(200, completion(body))

            def _stream(self, body: Any, how: str) -> None:
                events = [json.dumps(event) for event in stream(body)]
                parts = [f"data: {event}\n\n".encode() for event in [*events, "[DONE]"]]
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(sum(map(len, parts))))
                self.end_headers()
                if how != FINE:
                    self.close_connection = True
                for part in parts if how == FINE else parts[:3]:
                    self.wfile.write(part)
                if how in (BREAKS, HANGS):
                    (outer.go_on if how == BREAKS else outer.closing).wait()

        return Chatting


def said(body: Any) -> str:
    """The words of the answer: what a tool said, where one was called."""
    last = body["messages"][-1]
    if last["role"] != "tool":
        return "".join(WORDS)
    told = last["content"]
    return "It said: " + (told if isinstance(told, str) else told[0]["text"])


def called(body: Any) -> dict[str, Any] | None:
    """The call of a tool, where tools are offered and none has answered yet."""
    if not body.get("tools") or body["messages"][-1]["role"] == "tool":
        return None
    function = {"name": body["tools"][0]["function"]["name"], "arguments": "".join(ARGUMENTS)}
    return {"id": "call_1", "type": "function", "function": function}


def completion(body: Any) -> dict[str, Any]:
    call = called(body)
    message: dict[str, Any] = {"role": "assistant", "content": None if call else said(body)}
    if call:
        message["tool_calls"] = [call]
    reason = "tool_calls" if call else "stop"
    return {
        "id": "chatcmpl-7",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": USAGE,
    }


def embedding(body: Any) -> dict[str, Any]:
    """One vector for each text."""
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    rows = [
        {"object": "embedding", "index": index, "embedding": [float(len(text)), 0.5]}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    return {"object": "list", "data": rows, "model": body["model"], "usage": usage}


def stream(body: Any) -> list[dict[str, Any]]:
    """The events: words or pieces of a call, the reason, and usage where it was asked for."""
    call = called(body)
    if call:
        head = {**call, "index": 0, "function": {**call["function"], "arguments": ""}}
        deltas: list[dict[str, Any]]
        deltas = [{"role": "assistant", "content": None, "tool_calls": [head]}]
        deltas += [
            {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ARGUMENTS
        ]
    else:
        words = said(body).split(" ")
        pieces = [f"{word} " for word in words[:-1]] + words[-1:]
        deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in pieces)]
    reason = "tool_calls" if call else "stop"
    events = [_event([{"index": 0, "delta": d, "finish_reason": None}]) for d in deltas]
    events.append(_event([{"index": 0, "delta": {}, "finish_reason": reason}]))
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append({**_event([]), "usage": USAGE})
    return events


def _event(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-7",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": choices,
    }
