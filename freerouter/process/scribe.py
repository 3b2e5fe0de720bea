"""The process that keeps a worker's books: making records and writing them would take a part of
every second from whoever serves requests.

Forked off the worker before that has any thread. What it is sent is one batch of exchanges in each
packet, pickled; what it sends back is how many records were lost. It has no other task and nothing
to be told: once the worker has gone, however that was, it writes what it got and goes too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import signal
import socket
from typing import TYPE_CHECKING, NoReturn

from freerouter.process.output import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from freerouter.usage.books import Keeper
    from freerouter.usage.exchange import Exchange

LARGEST = 1024 * 1024
"""Bytes of a packet: no system lets a larger one through, of the buffer that is asked for."""
BEAT = 1.0
"""Seconds until a loss is told at the latest: threads write, some time after they are asked to."""
LAST_WORDS = 5.0
"""Seconds that closing waits for the other process: somewhat more than its own books take."""
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
"""What a terminal, or a service manager, sends to all processes of the gateway: it is the worker
that ends then, when it has served what it began.
"""


def can_be() -> bool:
    """Whether this system has packets that come whole and in order between two processes."""
    return hasattr(os, "fork") and hasattr(socket, "SOCK_SEQPACKET")


class Scribe:
    """The worker's side. Whatever the process cannot be sent, books of the worker's own keep: it
    has ended, it does not come along, or a batch is too large for a packet.

    `begin` opens the books, in whichever process that is; `before_each` is called by the other one
    whenever it is sent something. `serving` are the worker's own sockets. Raises OSError where the
    system has no room for another process.
    """

    def __init__(
        self,
        begin: Callable[[], Keeper],
        before_each: Callable[[], None],
        serving: Iterable[socket.socket] = (),
    ) -> None:
        self._begin = begin
        self._own: Keeper | None = None
        self._lost = 0
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST // 2)
        try:
            self.pid = os.fork()
        except OSError:
            self._socket.close()
            theirs.close()
            raise
        if not self.pid:
            # Held open here, they would be open for their other ends when the worker has gone.
            for one in (*serving, self._socket):
                one.close()
            _keep_books(theirs, begin, before_each)
        theirs.close()

    @property
    def lost(self) -> int:
        self._hear(socket.MSG_DONTWAIT)
        return self._lost + (self._own.lost if self._own else 0)

    def put(self, exchanges: Sequence[Exchange]) -> None:
        try:
            self._socket.send(pickle.dumps(exchanges), socket.MSG_DONTWAIT)
        except Exception as error:  # noqa: BLE001 - whatever it is, the records can still be made
            half = len(exchanges) // 2
            if half and isinstance(error, OSError) and error.errno == errno.EMSGSIZE:
                self.put(exchanges[:half])
                self.put(exchanges[half:])
                return
            if self._own is None:
                self._own = self._begin()
                say(f"the worker itself writes what its scribe does not take: {error}")
            self._own.put(exchanges)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(LAST_WORDS)
            if self._hear():
                os.waitpid(self.pid, 0)
        if self._own:
            self._own.close()
        self._socket.close()

    def _hear(self, flags: int = 0) -> bool:
        """What it says of losses, until there is nothing more; whether it has ended."""
        try:
            while said := self._socket.recv(64, flags):
                self._lost = int(said)
        except (BlockingIOError, TimeoutError):
            return False
        except OSError:
            pass
        return True


def _keep_books(
    connection: socket.socket, begin: Callable[[], Keeper], before_each: Callable[[], None]
) -> NoReturn:
    """In the new process, and to its end."""
    code = 1
    try:
        for name in SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        _serve(connection, begin(), before_each)
        code = 0
    except BaseException:  # noqa: BLE001 - the outermost door of a process
        import traceback

        say(traceback.format_exc())
    finally:
        os._exit(code)


def _serve(connection: socket.socket, books: Keeper, before_each: Callable[[], None]) -> None:
    told = 0
    connection.settimeout(BEAT)
    going = True
    while going:
        with contextlib.suppress(TimeoutError):
            packet = connection.recv(LARGEST)
            going = bool(packet)
            if going:
                before_each()
                # Sent by the process that this one was forked off, and by nobody else.
                books.put(pickle.loads(packet))  # noqa: S301
            else:
                books.close()
        if (lost := books.lost) != told:
            told = lost
            with contextlib.suppress(OSError):
                connection.send(b"%d" % lost, socket.MSG_DONTWAIT)
