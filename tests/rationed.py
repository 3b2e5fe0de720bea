"""A provider that gives so many answers and then says 429, until it is renewed.

`log` counts what it answered, by status. What it says of its limit is the test's choice: nothing,
or in headers as OpenAI's.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from fakes import Reply, completion, streamed

if TYPE_CHECKING:
    from collections.abc import Mapping

OK, LIMIT = 200, 429


class Rationed:
    """Serves chats and embeddings of the models `names`."""

    def __init__(
        self, most: int, *names: str, headers: Mapping[str, str] | None = None, message: str = ""
    ) -> None:
        self.most = most
        self.names = names
        self.log: Counter[int] = Counter()
        self.headers = dict(headers or {})
        """Sent with every 429."""
        self.message = message or "Rate limit exceeded."
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def renew(self) -> None:
        """Its day begins anew."""
        with self._lock:
            self.log.clear()

    def _count(self) -> int:
        with self._lock:
            status = OK if self.log[OK] < self.most else LIMIT
            self.log[status] += 1
        return status

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                rows = [{"id": name, "object": "model"} for name in outer.names]
                self._send(Reply({"object": "list", "data": rows}))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if outer._count() == LIMIT:
                    told = {"error": {"message": outer.message, "type": "rate_limit_exceeded"}}
                    self._send(Reply(told, status=LIMIT, headers=outer.headers))
                    return
                self._send(answer_to(self.path, body))

            def _send(self, reply: Reply) -> None:
                raw = reply.raw()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *arguments: Any) -> None:
                return

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up is nothing to print a stack for."""


def answer_to(path: str, body: Any) -> Reply:
    if path.endswith("/embeddings"):
        usage = {"prompt_tokens": 5, "total_tokens": 5}
        row = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
        return Reply({"object": "list", "data": [row], "model": body["model"], "usage": usage})
    reply = Reply(completion("Good day.", body["model"]))
    return streamed(reply) if body.get("stream") else reply
