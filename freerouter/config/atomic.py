"""Writing a file so that a crash at any point leaves the old one or the new one, never another."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from typing import TYPE_CHECKING

from freerouter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

try:
    import fcntl
except ImportError:  # Windows has no flock; writes stay atomic, only not serialised
    fcntl = None  # type: ignore[assignment]

_SCRAP = re.compile(r"\..+\.\d+-[0-9a-f]+").fullmatch
STALE = 60.0
"""Seconds after which a temporary file is one that a crash has left."""


def write_text(path: str, text: str, mode: int = 0o600) -> None:
    """Temporary file beside it, fsync, atomic replace. Makes the directory, private."""
    write_together({path: text.encode()}, mode)


def write_bytes(path: str, raw: bytes, mode: int = 0o600) -> None:
    write_together({path: raw}, mode)


def write_together(files: Mapping[str, bytes], mode: int = 0o600) -> None:
    """Write several files, all or none: what can fail is done before the first one is replaced.

    A crash leaves each of them old or new.
    """
    staged: list[tuple[str, str, str]] = []
    try:
        for path, raw in files.items():
            with _worded(path):
                _stage(path, raw, mode, staged)
        for path, temporary, target in staged:
            with _worded(path):
                os.replace(temporary, target)
    finally:
        for _, temporary, _ in staged:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    for directory in dict.fromkeys(os.path.dirname(target) for _, _, target in staged):
        _settle(directory)


def _stage(path: str, raw: bytes, mode: int, staged: list[tuple[str, str, str]]) -> None:
    """The new file, whole and on the disk, under another name."""
    # A link stays a link: the file that it leads to is the one that changes.
    target = os.path.realpath(path)
    directory = os.path.dirname(target)
    temporary = f"{directory}{os.sep}.{os.path.basename(path)}.{os.getpid()}-{time.time_ns():x}"
    os.makedirs(directory, mode=0o700, exist_ok=True)
    _sweep(directory, f".{os.path.basename(path)}.")
    if os.path.isdir(target):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    staged.append((path, temporary, target))
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, mode)


@contextlib.contextmanager
def _worded(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None


def _sweep(directory: str, prefix: str) -> None:
    """Take away what a crash has left of an earlier write: it may hold a key."""
    for name in os.listdir(directory):
        if not name.startswith(prefix) or _SCRAP(name) is None:
            continue
        path = os.path.join(directory, name)
        with contextlib.suppress(OSError):
            if time.time() - os.stat(path).st_mtime > STALE:
                os.unlink(path)


def _settle(directory: str) -> None:
    """See to it that the new name is on the disk, where the system has a way: without it, a power
    failure could take a backup and leave the change that came after it.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def unwritable(path: str, error: OSError) -> FileError:
    if isinstance(error, FileExistsError | NotADirectoryError):
        why, cure = "A file stands where its directory should be", "Move that file away"
    elif isinstance(error, IsADirectoryError):
        why, cure = "A directory of that name is in the way", "Move it away"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        why, cure = error.strerror or str(error), "Free some space on that disk"
    else:
        why, cure = error.strerror or str(error), "Make the directory writable"
    return FileError(
        f"Cannot write {path}.", f"{why}.", f"Nothing was changed. {cure} and try again."
    )


@contextlib.contextmanager
def lock(root: str, name: str = ".lock") -> Iterator[None]:
    """Hold the workspace: one writer at a time. Waits for the other one."""
    try:
        os.makedirs(root, mode=0o700, exist_ok=True)
        held = os.open(os.path.join(root, name), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unwritable(os.path.join(root, name), error) from None
    try:
        if fcntl is not None:
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
