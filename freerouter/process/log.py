"""Reading the gateway's log files: backwards from the end, and as they grow.

A file that got too long was moved to `.1`, the one before that to `.2` and `.3`; they are read as
one. Whoever writes them (`state/gateway.log`, `state/requests.jsonl`) is elsewhere.
"""

from __future__ import annotations

import os
import time
from itertools import islice
from typing import TYPE_CHECKING

from freerouter.rotation import KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

_BLOCK = 64 * 1024


def newest_first(path: str) -> Iterator[str]:
    """All lines, from the last one back through the files that were moved aside.

    Reads only as much as is taken. Nothing where there is no file.
    """
    seen = set()
    for name in (path, *(f"{path}.{number}" for number in range(1, KEPT + 1))):
        try:
            file = open(name, "rb")  # noqa: SIM115 - closed below, when its lines are through
        except FileNotFoundError:
            continue
        with file:
            status = os.fstat(file.fileno())
            # Moved aside while it was being read, a file would come a second time.
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                yield from _backwards(file)


def _backwards(file: BinaryIO) -> Iterator[str]:
    position = file.seek(0, os.SEEK_END)
    rest: bytes | None = None
    while position > 0:
        step = min(_BLOCK, position)
        position -= step
        file.seek(position)
        block = file.read(step)
        if rest is None:
            rest, block = b"", block.removesuffix(b"\n")
        rest, *lines = (block + rest).split(b"\n")
        for line in reversed(lines):
            yield line.decode("utf-8", "replace")
    if rest is not None:
        yield rest.decode("utf-8", "replace")


def tail(path: str, count: int) -> list[str]:
    """The last lines in their order; [] where there is no log yet."""
    return list(islice(newest_first(path), max(count, 0)))[::-1]


def follow(
    path: str, pause: float = 0.2, while_true: Callable[[], bool] = lambda: True
) -> Iterator[str]:
    """Lines as they are written; goes on when the file is moved aside, removed or cut.

    What was written last into a file that was moved aside is not lost. For ever, or until
    `while_true`, which is asked at every pause, says no.
    """
    file = _open(path)
    if file:
        file.seek(0, os.SEEK_END)
    rest = b""
    try:
        while True:
            data = file.read(_BLOCK) if file else b""
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
            if data:
                continue
            fresh = _next(path, file)
            if fresh is not file:
                if rest:
                    yield rest.decode("utf-8", "replace")
                file, rest = fresh, b""
                continue
            if not while_true():
                return
            time.sleep(pause)
    finally:
        if file:
            file.close()


def _open(path: str) -> BinaryIO | None:
    try:
        return open(path, "rb")
    except FileNotFoundError:
        return None


def _next(path: str, file: BinaryIO | None) -> BinaryIO | None:
    """What to go on with: the same file, or the one that now has its name, from its beginning."""
    fresh = _open(path)
    if file is None or fresh is None:
        return file or fresh
    there, here = os.fstat(fresh.fileno()), os.fstat(file.fileno())
    if os.path.samestat(there, here) and here.st_size >= file.tell():
        fresh.close()
        return file
    file.close()
    return fresh
