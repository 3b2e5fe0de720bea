"""Who speaks to the supervisor: connections to its control socket, and what they wait for."""

from __future__ import annotations

import contextlib
import os
import selectors
from typing import TYPE_CHECKING

from freerouter.process.control import Channel, is_the_users, listen_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.process.control import Message


class Desk:
    """The control socket and its clients. `answer` is called with each request."""

    def __init__(
        self,
        path: str,
        selector: selectors.BaseSelector,
        answer: Callable[[Channel, Message], None],
        gone: Callable[[Channel], None],
    ) -> None:
        self.path = path
        self.waiting: set[Channel] = set()
        self._selector = selector
        self._answer = answer
        self._gone = gone
        self._clients: set[Channel] = set()
        self._control = listen_at(path)
        selector.register(self._control, selectors.EVENT_READ, self._accept)

    def keep(self) -> None:
        """Put the socket file back where somebody has removed it."""
        if os.path.exists(self.path):
            return
        with contextlib.suppress(OSError):
            control = listen_at(self.path)
            self._selector.unregister(self._control)
            self._control.close()
            self._control = control
            self._selector.register(control, selectors.EVENT_READ, self._accept)

    def tell(self, message: Message) -> None:
        """Answer all who wait."""
        for client in list(self.waiting):
            client.send(message)
            self._drop(client)

    def forget(self) -> None:
        """In a forked worker: close what is the supervisor's alone."""
        self._control.close()
        for client in self._clients:
            client.connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._control.accept()
            connection.setblocking(True)
            if not is_the_users(connection):
                connection.close()
                return
            client = Channel(connection)
            self._clients.add(client)
            self._selector.register(client, selectors.EVENT_READ, lambda: self._hear(client))

    def _hear(self, client: Channel) -> None:
        for request in client.receive():
            self._answer(client, request)
        if client.closed:
            if client in self.waiting:
                self.waiting.discard(client)
                self._gone(client)
            self._drop(client)

    def _drop(self, client: Channel) -> None:
        if client not in self._clients:
            return
        self._selector.unregister(client)
        self._clients.discard(client)
        self.waiting.discard(client)
        client.close()
