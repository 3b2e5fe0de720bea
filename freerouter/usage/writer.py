"""Lines into a file that several processes share, off the path of whoever has something to write.

One thread a writer takes what was queued and appends it in whole lines. The file is put aside when
it is long, and opened anew when somebody moved or removed it. Nothing here ever raises into the
caller: what cannot be written is counted in `lost`.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from freerouter.config.atomic import lock
from freerouter.errors import FreeRouterError
from freerouter.rotation import MAX_BYTES, put_aside

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE = 0.25
"""Seconds after a write in which lines gather for the next one. A lone line is written at once."""
LAST_WORDS = 2.0
"""Seconds that closing waits for what is still queued."""

Item = TypeVar("Item")


class Writer(Generic[Item]):
    """Writes `line_of(item)` for every item that is put; the thread begins here."""

    def __init__(self, path: str, line_of: Callable[[Item], str]) -> None:
        self.path = path
        self.lost = 0
        self._line_of = line_of
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._file = -1
        self._torn = False
        self._thread = threading.Thread(target=self._run, name="requests", daemon=True)
        self._thread.start()

    def put(self, item: Item) -> None:
        self._queue.put(item)

    def close(self) -> None:
        """Write what is queued, and end."""
        self._queue.put(None)
        self._thread.join(LAST_WORDS)

    def _run(self) -> None:
        going = True
        written = 0.0
        while going:
            items = [self._queue.get()]
            if items[0] is not None:
                time.sleep(max(0.0, written + PAUSE - time.monotonic()))
            with contextlib.suppress(Empty):
                while True:
                    items.append(self._queue.get_nowait())
            going = None not in items
            self._write([item for item in items if item is not None])
            written = time.monotonic()

    def _write(self, items: list[Item]) -> None:
        text = ""
        written = 0
        for item in items:
            try:
                text += self._line_of(item) + "\n"
                written += 1
            except Exception:  # noqa: BLE001 - the thread's outermost door: one line is not worth more
                self.lost += 1
        try:
            self._open()
            self._append(text.encode("utf-8", "replace"))
        except (OSError, FreeRouterError):
            self.lost += written

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
