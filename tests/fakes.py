"""Real HTTP servers on loopback that answer in the shapes of the providers."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

from loopback import JSON, Handler, Loopback

TOKEN = "0123456789abcdef"
"""What stands in the command line of the `worker` fixture."""


@dataclass
class Reply:
    """What a path answers. `cut` closes the connection after that many bytes of the body."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    keys: tuple[str, ...] | None = None
    """Keys that are accepted; None accepts everything."""

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Seen:
    method: str
    path: str
    key: str
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    """By their names in small letters."""


class FakeServer(Loopback):
    """`server.replies["/v1/models"] = Reply(...)`; every request is kept in `seen`."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.seen: list[Seen] = []
        super().__init__(self._handler())

    def _handler(self) -> type[Handler]:
        outer = self

        class Answering(Handler):
            def answer(self, raw: bytes | None) -> None:
                json_sent = "json" in (self.headers.get("Content-Type") or "json")
                raw = raw or b""
                body = json.loads(raw or b"null") if json_sent else raw.decode()
                key = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.seen.append(Seen(self.command, self.path, key, body, headers))
                reply = outer.replies.get(self.path) or outer.replies.get(self.path.split("?")[0])
                if reply is None:
                    reply = Reply({"error": {"message": "no such path"}}, status=404)
                outer.closing.wait(reply.delay)
                if reply.keys is not None and key not in reply.keys:
                    reply = Reply({"error": {"message": "Incorrect API key"}}, status=401)
                if isinstance(body, dict) and body.get("stream"):
                    reply = streamed(reply)
                self.send(reply.status, reply.raw(), {**JSON, **reply.headers}, reply.cut)

        return Answering


def streamed(reply: Reply) -> Reply:
    """The same chat completion as a stream of two events; anything else as it is."""
    if reply.status != 200 or not isinstance(reply.body, dict) or "choices" not in reply.body:
        return reply
    head = {**reply.body, "object": "chat.completion.chunk"}
    said = [
        {"index": 0, "delta": choice["message"], "finish_reason": None}
        for choice in reply.body["choices"]
    ]
    ends = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    events = [{**head, "choices": said, "usage": None}, {**head, "choices": ends}]
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    raw = "".join([*lines, "data: [DONE]\n\n"]).encode()
    return replace(reply, body=raw, headers={**reply.headers, "Content-Type": "text/event-stream"})


def openrouter_row(name: str, *, price: str = "0.000001", **more: Any) -> dict[str, Any]:
    """A row as OpenRouter lists it."""
    return {
        "id": name,
        "name": name.title(),
        "context_length": 131072,
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {"prompt": price, "completion": price},
        "top_provider": {"context_length": 131072, "max_completion_tokens": 8192},
        **more,
    }


def openrouter(server: FakeServer, *keys: str) -> FakeServer:
    """OpenRouter: a public list of two free and one paid model, and /key which wants a key."""
    rows = [
        openrouter_row("meta/llama-3.3-70b:free", price="0"),
        openrouter_row("qwen/qwen3-coder:free", price="0"),
        openrouter_row("openai/gpt-5", price="0.00000125"),
    ]
    server.replies["/api/v1/models"] = Reply({"data": rows})
    server.replies["/api/v1/key"] = Reply({"data": {"label": "test"}}, keys=keys or None)
    server.replies["/api/v1/chat/completions"] = Reply(
        completion("Hello from OpenRouter"), keys=keys or None
    )
    return server


def ollama(server: FakeServer) -> FakeServer:
    rows = [
        {"name": "qwen3:latest", "model": "qwen3:latest", "details": {"family": "qwen3"}},
        {"name": "nomic-embed-text:latest", "details": {"family": "nomic-bert"}},
    ]
    server.replies["/api/tags"] = Reply({"models": rows})
    return server


def openai_list(*names: str) -> Reply:
    return Reply({"object": "list", "data": [{"id": n, "object": "model"} for n in names]})


def completion(text: str, model: str = "fake") -> dict[str, Any]:
    """A chat completion as an OpenAI-compatible server answers it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
    }
