"""A provider whose models are each of one mood, and that keeps its own log of what it was asked.

`log` counts by model and status (0 where it never answered), `tokens` what it told in and out.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from loopback import Handler, Loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

FINE, SLOW, STALLS, FLAKY = "fine", "slow", "stalls", "flaky"
"""It answers; never; begins a stream and says no more; fails with 500 every other time."""
OK = 200
MESSAGE = {"role": "assistant", "content": "Good day."}


class Moody(Loopback):
    """`moods` says how each model is: one of those words, or the status that it fails with."""

    def __init__(self, moods: Mapping[str, str | int]) -> None:
        self.moods = dict(moods)
        self.log: Counter[tuple[str, int]] = Counter()
        self.tokens = [0, 0]
        self._lock = threading.Lock()
        super().__init__(self._handler())
        self.base = f"{self.url}/v1"

    def note(self, model: str, status: int) -> int:
        """Put down what is answered; a flaky model's answer is chosen here."""
        with self._lock:
            if status < 0:
                asked = sum(n for (name, _), n in self.log.items() if name == model)
                status = 200 if asked % 2 else 500
            self.log[model, status] += 1
        return status

    def told(self, usage: Mapping[str, int]) -> None:
        with self._lock:
            self.tokens[0] += usage["prompt_tokens"]
            self.tokens[1] += usage["completion_tokens"]

    def _handler(self) -> type[Handler]:
        outer = self

        class Answering(Handler):
            def answer(self, raw: bytes | None) -> None:
                if raw is None:
                    rows = [{"id": name, "object": "model"} for name in outer.moods]
                    self.send(200, {"object": "list", "data": rows})
                    return
                body = json.loads(raw)
                model = body["model"]
                mood = outer.moods[model]
                if mood == SLOW:
                    outer.note(model, 0)
                    self.close_connection = True
                    outer.closing.wait(30)
                elif mood == FLAKY:
                    status = outer.note(model, -1)
                    if status == OK:
                        self._answer(body)
                    else:
                        self._fail(status)
                elif isinstance(mood, int):
                    outer.note(model, mood)
                    self._fail(mood)
                elif mood == STALLS:
                    outer.note(model, 200)
                    self._stream(body, whole=False)
                else:
                    outer.note(model, 200)
                    self._answer(body)

            def _answer(self, body: Any) -> None:
                usage = usage_of(body)
                outer.told(usage)
                if body.get("stream"):
                    self._stream(body, whole=True)
                else:
                    choice = {"index": 0, "message": MESSAGE, "finish_reason": "stop"}
                    self.send(200, {**_head(body), "choices": [choice], "usage": usage})

            def _fail(self, status: int) -> None:
                self.send(status, {"error": {"message": f"It says {status}.", "type": "mood"}})

            def _stream(self, body: Any, *, whole: bool) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                deltas: list[Any] = [{"role": "assistant", "content": "Good "}, {"content": "day."}]
                for delta in deltas:
                    self._event(body, {"index": 0, "delta": delta, "finish_reason": None})
                if not whole:
                    outer.closing.wait(30)
                    return
                self._event(body, {"index": 0, "delta": {}, "finish_reason": "stop"})
                last = {**_head(body), "choices": [], "usage": usage_of(body)}
                self.wfile.write(f"data: {json.dumps(last)}\n\ndata: [DONE]\n\n".encode())

            def _event(self, body: Any, choice: Any) -> None:
                event = {**_head(body), "object": "chat.completion.chunk", "choices": [choice]}
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

        return Answering


def usage_of(body: Any) -> dict[str, int]:
    """As many tokens as the question has letters, and three."""
    asked = len(body["messages"][-1]["content"])
    return {"prompt_tokens": asked, "completion_tokens": 3, "total_tokens": asked + 3}


def _head(body: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000,
        "model": body["model"],
    }  # fmt: skip
