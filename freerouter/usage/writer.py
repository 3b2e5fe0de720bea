"""Lines into a file that several processes share, off the path of whoever has something to write.

One thread a writer takes what was queued and appends it in whole lines. The file is put aside when
it is long, and opened anew when somebody moved or removed it. Nothing here ever raises into the
caller: what cannot be written is counted in `lost`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from freerouter.config.atomic import lock
from freerouter.errors import FreeRouterError
from freerouter.rotation import MAX_BYTES, put_aside

if TYPE_CHECKING:
    from collections.abc import Callable

LAST_WORDS = 2.0
"""Seconds that closing waits for what is still queued."""


class Writer:
    """Writes every line that is put, and calls `after` after each write; the thread begins here."""

    def __init__(self, path: str, after: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self.lost = 0
        self._after = after
        self._queue: SimpleQueue[tuple[str, ...] | None] = SimpleQueue()
        self._file = -1
        self._torn = False
        self._thread = threading.Thread(target=self._run, name="requests", daemon=True)
        self._thread.start()

    def put(self, *lines: str) -> None:
        self._queue.put(lines)

    def close(self) -> None:
        """Write what is queued, and end."""
        self._queue.put(None)
        self._thread.join(LAST_WORDS)

    def _run(self) -> None:
        going = True
        while going:
            items = [self._queue.get()]
            with contextlib.suppress(Empty):
                while True:
                    items.append(self._queue.get_nowait())
            going = None not in items
            self._write([line for lines in items if lines is not None for line in lines])
            self._after()

    def _write(self, lines: list[str]) -> None:
        text = "".join([f"{line}\n" for line in lines])
        try:
            self._open()
            self._append(text.encode("utf-8", "replace"))
        except (OSError, FreeRouterError):
            self.lost += len(lines)

    def _append(self, raw: bytes) -> None:
        """In one call, so that lines of several processes do not mix."""
        raw = b"\n" + raw if self._torn else raw
        sent = os.write(self._file, raw)
        self._torn = sent < len(raw)
        if self._torn:
            raise OSError(f"only {sent} of {len(raw)} bytes were written")

    def _open(self) -> None:
        """Have the file open under its name, and put a long one aside first."""
        if self._file >= 0 and not self._is_current():
            os.close(self._file)
            self._file = -1
        if self._file < 0:
            self._file = self._new_descriptor()
        if os.fstat(self._file).st_size >= MAX_BYTES:
            with lock(os.path.dirname(self.path), "requests.lock"):
                if self._is_current():
                    put_aside(self.path)
            os.close(self._file)
            self._file = -1
            self._file = self._new_descriptor()

    def _new_descriptor(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _is_current(self) -> bool:
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return False
        ours = os.fstat(self._file)
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
