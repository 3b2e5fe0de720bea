"""An address on loopback where Prometheus may ask for what usage.db knows.

Each worker tries to have it; one does, and when that is gone another one takes it. The answer is
read from the database, which all of them write: it is the same wherever it is asked for.
"""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from freerouter.errors import FreeRouterError
from freerouter.usage.prometheus import exposition

if TYPE_CHECKING:
    from collections.abc import Callable

KIND = "text/plain; version=0.0.4; charset=utf-8"
AGAIN = 1.0
"""Seconds until a port that somebody has is asked for again."""
IDLE = 10.0
"""Seconds after which a connection that says nothing is closed."""


def serve_metrics(path: str, port: int, say: Callable[[str], None]) -> None:
    """From a thread of its own, for as long as the process lives."""
    name = "metrics"
    threading.Thread(target=_run, args=(path, port, say), name=name, daemon=True).start()


def _run(path: str, port: int, say: Callable[[str], None]) -> None:
    told = False
    while True:
        try:
            server = _Server(("127.0.0.1", port), _handler(path))
            break
        except OSError as error:
            if not told:
                say(f"http://127.0.0.1:{port}/metrics is waited for: {error.strerror}")
            told = True
            time.sleep(AGAIN)
    say(f"numbers at http://127.0.0.1:{port}/metrics")
    server.serve_forever()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Without asking the network what this machine is called."""
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up in the middle is nothing to print a stack for."""


def _handler(path: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = IDLE

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self._send(404, "There is only /metrics here.\n")
                return
            try:
                self._send(200, exposition(path, time.time()))
            except FreeRouterError as error:
                self._send(503, f"{error}\n")

        def _send(self, status: int, text: str) -> None:
            raw = text.encode("utf-8", "replace")
            self.send_response(status)
            self.send_header("Content-Type", KIND)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *arguments: Any) -> None:
            """The gateway's log is not about who looks at it."""

    return Handler
