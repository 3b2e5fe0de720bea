"""Reading the gateway's log file: its last lines, and following it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK = 64 * 1024


def tail(path: str, count: int) -> list[str]:
    """The last lines; [] where there is no log yet. Reads only as much of the file as it needs."""
    if count <= 0:
        return []
    try:
        with open(path, "rb") as file:
            position = file.seek(0, os.SEEK_END)
            data = b""
            while position > 0 and data.count(b"\n") <= count:
                step = min(_BLOCK, position)
                position -= step
                file.seek(position)
                data = file.read(step) + data
    except FileNotFoundError:
        return []
    return data.decode("utf-8", "replace").splitlines()[-count:]


def follow(
    path: str, pause: float = 0.2, while_true: Callable[[], bool] = lambda: True
) -> Iterator[str]:
    """Lines as they are written; goes on when the file is replaced or cut.

    For ever, or until `while_true`, which is asked at every pause, says no.
    """
    position = os.path.getsize(path) if os.path.exists(path) else 0
    inode = os.stat(path).st_ino if os.path.exists(path) else 0
    rest = b""
    while True:
        try:
            now = os.stat(path)
        except FileNotFoundError:
            position, inode = 0, 0
            if not while_true():
                return
            time.sleep(pause)
            continue
        if now.st_ino != inode or now.st_size < position:
            position, inode, rest = 0, now.st_ino, b""
        if now.st_size == position:
            if not while_true():
                return
            time.sleep(pause)
            continue
        with open(path, "rb") as file:
            file.seek(position)
            data = rest + file.read(1024 * 1024)
            position = file.tell()
        *lines, rest = data.split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace")
