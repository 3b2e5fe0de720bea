"""The listening socket: taking it, and saying who has it when it is taken."""

from __future__ import annotations

import contextlib
import errno
import os
import socket

from freerouter.errors import FreeRouterError, UsageError
from freerouter.volatile import volatile

HIGHEST = 65535
_LISTEN = "0A"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it. A name that merely begins like one does not count."""
    numbers = host.startswith("127.") and host.replace(".", "").isdigit()
    return numbers or host in ("localhost", "::1")


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening socket. Raises with the name of the program that holds the port."""
    if not 0 < port <= HIGHEST:
        raise UsageError(f"There is no port {port}.", fix=f"Ports are 1 to {HIGHEST}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _explain(error, host, port) from None
    return listener


def _explain(error: OSError, host: str, port: int) -> FreeRouterError:
    if error.errno == errno.EADDRINUSE:
        who = volatile("any", holder(port)) if holder(port) else ""
        return FreeRouterError(
            f"Port {volatile('port', port)} on {host} is taken by {who or 'another program'}.",
            "FreeRouter does not touch programs that it did not start.",
            f"`freerouter start --port {volatile('port', next_free(host, port))}` uses the next "
            "free one; "
            "`gateway: {port: …}` in providers.yaml keeps it.",
        )
    if error.errno == errno.EACCES:
        return FreeRouterError(
            f"Port {port} is reserved for the system.",
            fix="Use one above 1024: `start --port 4000`.",
        )
    return UsageError(
        f'Cannot listen on "{host}".', f"{error.strerror or error}.", "Use 127.0.0.1, say."
    )


def next_free(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port + 1, min(port + 200, HIGHEST + 1)):
        with socket.socket(family, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, candidate))
            return candidate
    return 0


def holder(port: int) -> str:
    """`name (pid N)` of the process that listens on a port; "" where the system does not tell."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return ""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{entry}/fd"):
                if os.readlink(f"/proc/{entry}/fd/{descriptor}") in sockets:
                    with open(f"/proc/{entry}/comm", encoding="utf-8") as file:
                        return f"{file.read().strip()} (pid {entry})"
    return ""


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(table, encoding="utf-8") as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
                    found.add(fields[9])
    return found
