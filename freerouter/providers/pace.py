"""Asking several providers at once, and each of them gently: few at a time, and not too often."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from freerouter.providers.account import Account

    T = TypeVar("T")

AT_ONCE = 2
"""Calls under way at one provider."""
LONGEST_REST = 10.0
"""Seconds that are waited at most where a provider asks to be left alone."""
MINUTE = 60.0


class Pace:
    """When the next call may start. Half of a minute's calls may come at once, the rest evenly.

    The other half is left to the gateway's own traffic. `rpm` 0 means that no limit is known.
    """

    def __init__(
        self,
        rpm: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = MINUTE / rpm if rpm else 0.0
        self._at_once = max(1, rpm // 2)
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait for the turn of one call, and take it."""
        with self._lock:
            now = self._clock()
            at = max(now, self._next)
            if self._at_once > 0:
                self._at_once -= 1
            if self._at_once == 0 and self._interval:
                self._next = at + self._interval
        if at > now:
            self._sleep(at - now)

    def rest(self, seconds: float) -> None:
        """Nobody's turn comes before that."""
        with self._lock:
            self._next = max(self._next, self._clock() + min(seconds, LONGEST_REST))


def rpm_of(account: Account) -> int:
    """Requests a minute, of whichever model has fewest; 0 is unknown."""
    own = account.entry.options.get("rpm")
    if own:
        return int(own)
    known = account.limits.all()
    return min((limit.most for limit in known if limit.kind == "requests/minute"), default=0)


def in_lanes(groups: Sequence[Sequence[Callable[[], T]]], at_once: int = AT_ONCE) -> Iterator[T]:
    """Run every job, all groups beside each other, `at_once` of each group; values as they end.

    What a job raises is raised here.
    """
    ended: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def lane(jobs: Iterator[Callable[[], T]], lock: threading.Lock) -> None:
        while True:
            with lock:
                job = next(jobs, None)
            if job is None:
                return
            try:
                ended.put((job(), None))
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is seen
                ended.put((None, error))

    for group in groups:
        jobs, lock = iter(group), threading.Lock()
        for _ in range(min(at_once, len(group))):
            threading.Thread(target=lane, args=(jobs, lock), daemon=True).start()
    for _ in range(sum(map(len, groups))):
        value, error = ended.get()
        if error is not None:
            raise error
        yield value  # type: ignore[misc] # None only where T allows it, or with error
