"""Asking several at once and none for too long: a thread each, since all that they do is wait.

Threads and not asyncio: importing asyncio and what HTTP clients need to run on it takes longer than
reading the configuration, and every command that asks a provider would pay for it.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

MOST = 64
"""Threads at once; what is more waits for the first of them to end."""
UNDER_WAY = 0.05
"""Seconds after which the questions have surely been sent."""


def in_parallel(
    jobs: Sequence[Callable[[], T]],
    seconds: float,
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, T]]:
    """Run all jobs; yield the number and the value of each as it ends, for `seconds` at most.

    A job that is not yielded was too slow; what it still gives is dropped. What a job raises is
    raised here. `meanwhile` is done once the jobs are under way.
    """
    ended: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()

    ahead = iter(range(len(jobs)))
    until = time.monotonic() + seconds

    def run() -> None:
        for number in ahead:
            if time.monotonic() >= until:
                return
            try:
                ended.put((number, jobs[number](), None))
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is seen
                ended.put((number, None, error))

    for _ in range(min(MOST, len(jobs))):
        threading.Thread(target=run, daemon=True).start()
    waiting = len(jobs)
    patience = min(UNDER_WAY, seconds)
    while waiting:
        try:
            number, value, error = ended.get(timeout=max(0.0, patience))
        except queue.Empty:
            if time.monotonic() >= until:
                return
            meanwhile()
        else:
            waiting -= 1
            if error is not None:
                raise error
            yield number, value  # type: ignore[misc] # None only where T allows it, or with error
        patience = until - time.monotonic()
