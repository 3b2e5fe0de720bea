"""One small GET to our own gateway over a plain socket: `status` cannot wait for a library."""

from __future__ import annotations

import socket

MAX_ANSWER = 4 * 1024 * 1024


def get(host: str, port: int, path: str, key: str = "", timeout: float = 2.0) -> tuple[int, bytes]:
    """Status code and body; (0, b"") where nothing answers in time."""
    authorization = f"Authorization: Bearer {key}\r\n" if key else ""
    request = f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n{authorization}\r\n"
    try:
        with socket.create_connection((reachable(host), port), timeout=timeout) as connection:
            connection.sendall(request.encode())
            answer = bytearray()
            while len(answer) < MAX_ANSWER and (chunk := connection.recv(65536)):
                answer += chunk
    except OSError:
        return 0, b""
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    code = words[1] if len(words) > 1 else b""
    return (int(code), body) if code.isdigit() else (0, b"")


def reachable(host: str) -> str:
    """The address to ask for a gateway that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - the reverse of binding


def url_of(host: str, port: int) -> str:
    shown = reachable(host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
