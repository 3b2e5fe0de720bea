"""What is shown of work that says nothing of itself: a line, once it takes long."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from freerouter.result import Progress

if TYPE_CHECKING:
    from freerouter.frontends.progress import LiveProgress

LONG = 0.5
"""Seconds after which something is shown. What is over by then has loaded nothing to draw with."""


class Waiting:
    """Begins at once to wait; `end` takes away what may be there by then."""

    def __init__(self, what: str, long: float = LONG) -> None:
        self._what = what
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._live: LiveProgress | None = None
        self._long = long
        threading.Thread(target=self._wait, name="waiting", daemon=True).start()

    def _wait(self) -> None:
        if self._ended.wait(self._long):
            return
        from freerouter.frontends.progress import LiveProgress

        with self._lock:
            if not self._ended.is_set():
                self._live = LiveProgress()
                self._live.update(Progress("waiting", self._what))

    def end(self) -> None:
        self._ended.set()
        with self._lock:
            if self._live is not None:
                self._live.close()
                self._live = None
