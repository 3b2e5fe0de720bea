"""One real HTTP server on loopback that answers as a provider would, or fails as it is told to."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from freerouter.config import variables
from freerouter.errors import FileError
from freerouter.fakes import dialects, shapes, streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from freerouter.fakes.description import Failure, Fake

JSON = "application/json"
LONGEST_BODY = 32 * 1024 * 1024
_STANDS_FOR = {"AZURE_API_BASE": "http://fake", "CLOUDFLARE_ACCOUNT_ID": "fake"}
"""What is filled in where an address leaves a part of it to the user."""
POLL = 0.02
"""Seconds until a server notices that it is to stop."""
LOGIN_PAGE = b"<!DOCTYPE html>\n<html><body><h1>Sign in</h1></body></html>\n"


class Answer(NamedTuple):
    """What is sent. A stream goes out in its `parts`; `cut` ends it in the middle."""

    status: int
    parts: tuple[bytes, ...]
    kind: str = JSON
    retry_after: int | None = None
    stream: bool = False
    cut: bool = False


class FakeServer:
    """Listens from when it is made until `close`. One that is down only holds its port."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        address = variables.expand(fake.record.base_url, _STANDS_FOR.get)
        base = urlsplit(address).path.rstrip("/")
        self._base = "/v1" if fake.record.generic else base
        self._stopping = threading.Event()
        self._held: socket.socket | None = None
        self._server: _Server | None = None
        try:
            port = self._hold() if fake.down else self._listen()
        except OSError as error:
            raise FileError(
                f"{fake.place}: port {fake.port} cannot be had.",
                f"{error.strerror}.",
                "Choose another one, or leave `port` out.",
            ) from None
        self.url = f"http://127.0.0.1:{port}{self._base}"

    def _hold(self) -> int:
        self._held = socket.socket()
        try:
            self._held.bind(("127.0.0.1", self._fake.port))
        except OSError:
            self._held.close()
            raise
        return int(self._held.getsockname()[1])

    def _listen(self) -> int:
        self._server = _Server(("127.0.0.1", self._fake.port), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL,), daemon=True
        )
        self._thread.start()
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening, and end every connection that is still open."""
        self._stopping.set()
        if self._held:
            self._held.close()
        if self._server:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def answer(self, method: str, path: str, headers: Message, raw: bytes) -> Answer | None:
        """What a request gets; None where it gets nothing at all."""
        body, (path, _, query) = _json(raw), path.partition("?")
        path = path.rstrip("/")
        asked = self._asked(method, path, body)
        if self._stopping.wait(self._fake.latency):
            return None
        failure = self._fake.fail.get(asked)
        if failure and failure.kind == "hang":
            self._stopping.wait()
            return None
        if failure and failure.kind == "drop":
            return None
        if failure and failure.kind in ("status", "html"):
            return _failed(failure)
        if failure and failure.kind in shapes.SAID:
            return _as_json(*shapes.told(self._fake.record, failure.kind))
        answer = self._right(asked, path, headers, body, dict(parse_qsl(query)))
        if failure and failure.kind == "empty":
            empty = shapes.model_list(self._fake.record, ())
            return _as_json(200, empty) if asked == "list" else Answer(200, (b"",))
        if failure and failure.kind == "garbage":
            whole = b"".join(answer.parts)
            return answer._replace(parts=(whole[: len(whole) // 2],), stream=False)
        return answer._replace(cut=failure is not None)

    def _asked(self, method: str, path: str, body: Any) -> str:
        """Which of its questions this is: list, check or chat; "" for none of them."""
        rules = self._fake.record
        if path == self._path(rules.list.get("path", "/models")):
            return "list"
        if path in self._checks():
            return "check"
        if method != "POST" or not dialects.dialect_of(path):
            return ""
        one_token = isinstance(body, dict) and body.get("max_tokens") == 1
        return "check" if rules.check.get("chat") and one_token else "chat"

    def _checks(self) -> list[str]:
        rule = self._fake.record.check
        paths = [rule["path"]] if "path" in rule else rule.get("paths", [])
        elsewhere = [urlsplit(rule["url"]).path] if "url" in rule else []
        return [self._path(path) for path in [*paths, *elsewhere]]

    def _path(self, path: str) -> str:
        path = path.partition("?")[0]
        whole = urljoin(f"{self._base}/", path) if path.startswith("../") else self._base + path
        return whole.rstrip("/")

    def _right(
        self, asked: str, path: str, headers: Message, body: Any, query: Mapping[str, str]
    ) -> Answer:
        """The answer where nothing is made to fail."""
        fake = self._fake
        if not asked:
            return _as_json(404, shapes.error_body(f"There is no {path} here"))
        if shapes.wants_key(fake, asked) and not shapes.is_accepted(fake, headers):
            return _as_json(*shapes.refusal(fake.record))
        if asked == "list":
            return _as_json(200, shapes.page_of(fake, query))
        if not dialects.dialect_of(path):
            return _as_json(200, {"data": {"label": "fake"}})
        chat = dialects.read_chat(dialects.request_of(path, body), fake.answer)
        if chat is None:
            return _as_json(400, shapes.error_body("This is no request for a chat completion"))
        if asked != "check" and chat.model not in {model.id for model in fake.models}:
            message = f"The model {chat.model} does not exist"
            return _as_json(404, shapes.error_body(message, "model_not_found"))
        return _chat(chat, path, headers.get("Accept", ""))


def _chat(chat: dialects.Chat, path: str, accept: str) -> Answer:
    kind = dialects.dialect_of(path)
    if kind == "ollama":
        lines = tuple(_dump(line) + b"\n" for line in dialects.ollama_lines(chat))
        return Answer(200, lines, "application/x-ndjson", stream=chat.stream)
    if not chat.stream:
        return _as_json(200, dialects.native_of(kind, chat))
    sent, parts = streams.stream_of(kind, chat, accept)
    return Answer(200, parts, sent, stream=True)


def _failed(failure: Failure) -> Answer:
    if failure.kind == "html":
        return Answer(200, (LOGIN_PAGE,), "text/html; charset=utf-8")
    message = failure.message or f"The fake provider fails with {failure.status}"
    body = _as_json(failure.status, shapes.error_body(message))
    return body._replace(retry_after=failure.retry_after)


def _as_json(status: int, body: Any) -> Answer:
    return Answer(status, (_dump(body),))


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that closing it ends them all and waits for their threads."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: dict[Any, threading.Thread] = {}
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without asking the network what this machine is called."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._open = {r: t for r, t in self._open.items() if t.is_alive()}
        self._open[request] = thread
        thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is nothing to print a stack for."""

    def server_close(self) -> None:
        for request, thread in self._open.items():
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
            thread.join()
        super().server_close()


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            length = self.headers.get("Content-Length", "0")
            size = int(length) if length.isdecimal() else LONGEST_BODY + 1
            if size > LONGEST_BODY:
                self.send_error(400)
                return
            raw = self.rfile.read(size)
            answer = fake.answer(self.command, self.path, self.headers, raw)
            if answer is None:
                self.close_connection = True
            else:
                self._send(answer)

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            if answer.retry_after is not None:
                self.send_header("Retry-After", str(answer.retry_after))
            whole = b"".join(answer.parts)
            if answer.stream:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            if answer.cut:
                self.close_connection = True
            if not answer.stream:
                self.wfile.write(whole[: len(whole) // 2] if answer.cut else whole)
                return
            for part in answer.parts[: len(answer.parts) // 2] if answer.cut else answer.parts:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            if not answer.cut:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *arguments: Any) -> None:
            """Nothing is logged."""

    return Handler
