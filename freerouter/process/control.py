"""Talking to the gateway's supervisor: lines of JSON over a socket that only the user can open."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Message = dict[str, Any]
LONGEST_PATH = 100
"""Bytes that the path of a unix socket may have on every system."""
LONGEST = 64 * 1024 * 1024
"""Bytes of one message: a configuration of very many models is one."""
_CHUNK = 256 * 1024


class Channel:
    """One end of a conversation. Messages are maps; `closed` is set once the other end has gone."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.closed = False
        self._pending = b""

    def fileno(self) -> int:
        return self.connection.fileno()

    def send(self, message: Message, *, wait: bool = True) -> bool:
        """Whether it went out. Without `wait` a peer that does not read loses the message."""
        raw = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            if wait:
                self.connection.sendall(raw)
                return True
            return self.connection.send(raw, socket.MSG_DONTWAIT) == len(raw)
        except BlockingIOError:
            return False
        except OSError:
            self.closed = True
            return False

    def receive(self) -> list[Message]:
        """What has come in: waits for at least something. Sets `closed` at the end."""
        try:
            data = self.connection.recv(_CHUNK)
        except OSError:
            data = b""
        self._pending += data
        if not data or len(self._pending) > LONGEST:
            self.closed = True
        *lines, self._pending = self._pending.split(b"\n")
        return [found for line in lines if (found := _message(line)) is not None]

    def close(self) -> None:
        self.closed = True
        self.connection.close()


def _message(line: bytes) -> Message | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def pair() -> tuple[Channel, Channel]:
    """The two ends of a private conversation."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Channel(ours), Channel(theirs)


def control_path(state: str, token: str) -> str:
    """Where the supervisor is spoken to: in the state directory, or where its path is too long."""
    path = os.path.join(state, "gateway.sock")
    if len(os.fsencode(path)) <= LONGEST_PATH:
        return path
    import tempfile

    return os.path.join(tempfile.gettempdir(), f"freerouter-{token[:16]}.sock")


def listen_at(path: str) -> socket.socket:
    """A socket file that nobody else can open, in the place of whatever lay there."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(path)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.listen(32)
    listener.setblocking(False)
    return listener


def is_the_users(connection: socket.socket) -> bool:
    """Whether the peer belongs to the same user; where the system does not tell, the file's mode
    has already kept others out.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    size = struct.calcsize("3i")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return bool(struct.unpack("3i", raw)[1] in (0, os.geteuid()))


def converse(path: str, request: Message, timeout: float, pause: float = 0.1) -> Iterator[Message]:
    """Send a request and yield what is answered, `{}` at every pause, until the end.

    Ends without more where nobody listens there, or after `timeout` seconds.
    """
    until = time.monotonic() + timeout
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel = Channel(connection)
    try:
        connection.settimeout(timeout)
        try:
            connection.connect(path)
        except OSError:
            return
        if not channel.send(request):
            return
        while not channel.closed and time.monotonic() < until:
            ready, _, _ = select.select([connection], [], [], pause)
            if not ready:
                yield {}
                continue
            yield from channel.receive()
    finally:
        channel.close()


def ask(path: str, request: Message, timeout: float = 2.0) -> Message | None:
    """The first answer to a request, None where there is none in time."""
    return next((found for found in converse(path, request, timeout) if found), None)
