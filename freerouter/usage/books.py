"""Makes the records of requests and keeps them: as lines (`writer.py`), and as numbers in usage.db
(`ledger.py`). What cannot be recorded is counted as lost.
"""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING, Protocol

from freerouter.usage.accounting import entry_of
from freerouter.usage.record import to_line
from freerouter.usage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freerouter.usage.entry import Entry
    from freerouter.usage.exchange import Exchange
    from freerouter.usage.ledger import Ledger


class Keeper(Protocol):
    """Whoever keeps the records. None of it ever raises into the caller."""

    @property
    def lost(self) -> int:
        """How many went unwritten, as far as is known by now."""

    def put(self, exchanges: Sequence[Exchange]) -> None:
        """Those that have ended; does not wait until they are written."""

    def close(self) -> None:
        """Write what there is. Nothing is recorded afterwards."""


class Books:
    """Keeps them in this process, by threads that begin here."""

    def __init__(self, path: str, redact: Callable[[str], str], ledger: Ledger) -> None:
        self._redact = redact
        self._ledger = ledger
        self._unmade = 0
        self._entries: deque[Entry] = deque()
        self._writer = Writer(path, self._hand_over)

    @property
    def lost(self) -> int:
        return self._unmade + self._writer.lost

    def put(self, exchanges: Sequence[Exchange]) -> None:
        """Records are made here and not by the threads: those would take the interpreter from
        whoever is served next as well.
        """
        lines = []
        for exchange in exchanges:
            try:
                record = exchange.record(self._redact)
                entry, line = entry_of(exchange, record, self._redact), to_line(record)
            except Exception:  # noqa: BLE001 - the client is served, and a record is not worth more
                self._unmade += 1
            else:
                self._entries.append(entry)
                lines.append(line)
        if lines:
            self._writer.put(*lines)

    def close(self) -> None:
        self._writer.close()
        self._ledger.close()

    def _hand_over(self) -> None:
        """What belongs together goes on together: after each write, others are to be let in."""
        entries = []
        with contextlib.suppress(IndexError):
            while True:
                entries.append(self._entries.popleft())
        if entries:
            self._ledger.put(*entries)
