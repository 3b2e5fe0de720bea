"""Writes entries into usage.db from a thread of its own, off the path of requests.

What cannot be written at once waits, up to `MOST`; what is too much then is dropped, oldest first,
and counted as lost. A broken database is put aside, and a new one begun. Nothing here ever raises
into the caller.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections import deque
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from freerouter.config.atomic import lock
from freerouter.errors import FreeRouterError
from freerouter.usage.days import join_days
from freerouter.usage.prune import DAY, prune
from freerouter.usage.schema import NewerError, open_to_write
from freerouter.usage.spans import seal, sum_whole
from freerouter.usage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.usage.entry import Entry

LOCK = "usage.lock"
PAUSE = 0.25
"""Seconds after a write in which entries gather for the next one. A lone one is written at once."""
AGAIN = 1.0
"""Seconds until what could not be written is tried again."""
LAST_WORDS = 2.0
"""Seconds that closing waits for what is still queued."""
MOST = 20_000
"""Entries that wait while nothing can be written."""
AT_ONCE = 1000
"""Entries of one transaction."""
BROKEN = ("malformed", "not a database", "no such table", "no such column", "unsupported file")
"""Words of SQLite about a database that does not mend by waiting."""
EVERY = 60.0
"""Seconds between two looks of the housekeeping."""
HOURLY = 60
"""Looks after which it also prunes."""


class Ledger:
    """`say` words a line of the gateway's log. `keep` is in days: 0 keeps everything."""

    def __init__(self, path: str, say: Callable[[str], None], keep: int = 0) -> None:
        self.path = path
        self.lost = 0
        self._say = say
        self._keep = keep
        self._untold = 0
        self._queue: SimpleQueue[tuple[Entry, ...] | None] = SimpleQueue()
        self._waiting: deque[Entry] = deque()
        self._store: Store | None = None
        self._opened: tuple[int, int] = (0, 0)
        self._failing = ""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
        self._thread.start()
        threading.Thread(target=self._look_after, name="usage-sums", daemon=True).start()

    def put(self, *entries: Entry) -> None:
        self._queue.put(entries)

    def close(self) -> None:
        """Write what is queued, and end."""
        self._ending.set()
        self._queue.put(None)
        self._thread.join(LAST_WORDS)

    def _run(self) -> None:
        going = True
        written = 0.0
        while going:
            items: list[tuple[Entry, ...] | None] = []
            with contextlib.suppress(Empty):
                items.append(self._queue.get(timeout=AGAIN if self._waiting else None))
            if items and items[0] is not None:
                self._ending.wait(max(0.0, written + PAUSE - time.monotonic()))
            with contextlib.suppress(Empty):
                while True:
                    items.append(self._queue.get_nowait())
            going = None not in items
            self._waiting.extend(entry for item in items if item is not None for entry in item)
            self._drop(len(self._waiting) - MOST)
            try:
                self._write()
            except Exception as error:  # noqa: BLE001 - the thread's outermost door: it must go on
                self._give_up(error)
            written = time.monotonic()
        self._drop(len(self._waiting))
        if self._store:
            self._store.close()

    def _drop(self, number: int) -> None:
        for _ in range(max(number, 0)):
            self._waiting.popleft()
            self.lost += 1
            self._untold += 1

    def _write(self) -> None:
        put_aside = False
        while self._waiting:
            batch = list(self._waiting)[:AT_ONCE]
            try:
                self._current().add(batch, self._untold, int(time.time() * 1000))
            except sqlite3.DatabaseError as error:
                if put_aside or not _is_broken(error) or not self._put_aside(error):
                    raise
                put_aside = True
                continue
            self._untold = 0
            for _ in batch:
                self._waiting.popleft()
            if self._failing:
                self._failing = ""
                self._say("usage.db can be written again")

    def _give_up(self, error: Exception) -> None:
        """Until the next time. What can never be written must not be tried for ever."""
        if not isinstance(error, sqlite3.Error | OSError | FreeRouterError):
            self._drop(min(len(self._waiting), AT_ONCE))
        if str(error) != self._failing:
            self._failing = str(error)
            self._say(f"usage.db cannot be written, and is tried again: {error}")

    def _current(self) -> Store:
        """The database that has the name now, also where somebody moved or removed ours."""
        if self._store and self._identity() != self._opened:
            self._forget()
        if self._store is None:
            # While another worker puts a broken one aside, its parts must not be mixed with ours.
            with lock(os.path.dirname(self.path), LOCK):
                self._opened = self._identity()
                self._store = Store(open_to_write(self.path))
                self._opened = self._identity()
        return self._store

    def _forget(self) -> None:
        if self._store:
            with contextlib.suppress(sqlite3.Error):
                self._store.close()
        self._store = None

    def _identity(self) -> tuple[int, int]:
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return (0, 0)
        return (there.st_dev, there.st_ino)

    def _put_aside(self, error: Exception) -> bool:
        """False where it cannot be moved. Of several workers, the first one does it."""
        self._forget()
        try:
            with lock(os.path.dirname(self.path), LOCK):
                if self._identity() != self._opened:
                    return True
                aside = _free_name(f"{self.path}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
                os.rename(self.path, aside)
                for end in ("-wal", "-shm"):
                    with contextlib.suppress(FileNotFoundError):
                        os.rename(self.path + end, aside + end)
        except (OSError, FreeRouterError):
            return False
        what = f"usage.db was put aside as {os.path.basename(aside)}, and a new one is begun"
        self._say(f"{what}: {error}")
        return True

    def _look_after(self) -> None:
        """Sums of what is over, and now and then an end of what is too old."""
        look = 0
        while not self._ending.wait(EVERY):
            with contextlib.suppress(sqlite3.Error, OSError):
                self._tidy(prunes=bool(self._keep) and look % HOURLY == 0)
            look += 1

    def _tidy(self, *, prunes: bool) -> None:
        if not os.path.exists(self.path):
            return
        db = open_to_write(self.path)
        try:
            seal(db, time.time())
            sum_whole(db)
            join_days(db, time.time())
            if prunes:
                prune(db, int(time.time() * 1000) - self._keep * DAY)
        finally:
            db.close()


def _is_broken(error: Exception) -> bool:
    return isinstance(error, NewerError) or any(word in str(error) for word in BROKEN)


def _free_name(path: str) -> str:
    number, name = 1, path
    while os.path.exists(name):
        number += 1
        name = f"{path}-{number}"
    return name
