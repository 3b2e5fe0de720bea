"""Where the gateway's processes write: standard output and error, which are its log.

Reading the log is `freerouter.process.log`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import IO, Any

from freerouter.redact import Redactor
from freerouter.rotation import MAX_BYTES, put_aside


class RedactedStream:
    """A text stream in which known secrets are written as their names. A full disk loses lines."""

    def __init__(self, stream: IO[str], redact: Redactor) -> None:
        self._stream = stream
        self._redact = redact

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(self._redact(text))
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def hide_secrets(job: dict[str, Any]) -> Redactor:
    """From here on nothing that this process prints holds a secret of the job."""
    redact = Redactor()
    redact.learn({name: job["environ"][name] for name in job["secrets"]})
    sys.stdout = RedactedStream(_plain(sys.stdout), redact)
    sys.stderr = RedactedStream(_plain(sys.stderr), redact)
    return redact


def _plain(stream: IO[str]) -> IO[str]:
    """The stream below: a forked worker hides secrets of its own."""
    return stream._stream if isinstance(stream, RedactedStream) else stream  # noqa: SLF001


def say(text: str) -> None:
    """A line of FreeRouter's own in the gateway's log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} FREEROUTER {text}\n")
    sys.stderr.flush()


def open_log(path: str) -> int:
    """A descriptor that appends, for the user alone."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def keep_open(path: str, *, rotates: bool = False) -> None:
    """See to it that output goes to the file of that name, also after it was moved or removed.

    The one process that `rotates` moves a log over MAX_BYTES aside.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            if rotates and os.stat(path).st_size > MAX_BYTES:
                put_aside(path)
        mine = os.fstat(2)
        try:
            there: os.stat_result | None = os.stat(path)
        except FileNotFoundError:
            there = None
        if there and os.path.samestat(mine, there):
            return
        opened = open_log(path)
    except OSError:
        return
    os.dup2(opened, 1)
    os.dup2(opened, 2)
    os.close(opened)
