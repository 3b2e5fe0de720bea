"""Writing a file so that a crash at any point leaves the old one or the new one, never another."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

from freerouter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows has no flock; writes stay atomic, only not serialised
    fcntl = None  # type: ignore[assignment]

BACKUPS_KEPT = 20


def write_text(path: str, text: str, mode: int = 0o600) -> None:
    """Temporary file beside it, fsync, atomic replace. Makes the directory, private."""
    _write(path, text.encode(), mode)


def write_bytes(path: str, raw: bytes, mode: int = 0o600) -> None:
    _write(path, raw, mode)


def _write(path: str, raw: bytes, mode: int) -> None:
    # A link stays a link: the file that it leads to is the one that changes.
    target = os.path.realpath(path)
    directory = os.path.dirname(target)
    temporary = f"{directory}{os.sep}.{os.path.basename(path)}.{os.getpid()}-{time.time_ns():x}"
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


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


def back_up(path: str, backups: str, now: float) -> str:
    """Copy a file that is about to be overwritten; returns the backup's path, "" if none needed."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise FileError(f"Cannot read {path}.", f"{error.strerror}.") from None
    stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(now))
    base = os.path.join(backups, f"{os.path.basename(path)}.backup.{stamp}")
    target, number = base, 1
    while os.path.exists(target):
        number += 1
        target = f"{base}_{number}"
    _write(target, raw, 0o600)
    _prune(backups, os.path.basename(path))
    return target


def _prune(backups: str, name: str) -> None:
    with os.scandir(backups) as entries:
        found = [
            (e.stat().st_mtime_ns, e.path)
            for e in entries
            if e.name.startswith(f"{name}.backup.") and e.is_file()
        ]
    for _, path in sorted(found)[:-BACKUPS_KEPT]:
        os.unlink(path)
