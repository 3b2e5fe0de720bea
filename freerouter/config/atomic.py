"""Writing a file so that a crash at any point leaves the old one or the new one, never another."""

from __future__ import annotations

import contextlib
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
    import tempfile  # not above: what only reads must be there at once

    directory = os.path.dirname(path)
    temporary = ""
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(
            prefix=f".{os.path.basename(path)}.", dir=directory
        )
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def unwritable(path: str, error: OSError) -> FileError:
    return FileError(
        f"Cannot write {path}.",
        f"{error.strerror or error}.",
        "Nothing was changed. Make the directory writable and try again.",
    )


@contextlib.contextmanager
def lock(root: str, name: str = ".lock") -> Iterator[None]:
    """Hold the workspace: one writer at a time. Waits for the other one."""
    try:
        os.makedirs(root, mode=0o700, exist_ok=True)
        file = open(os.path.join(root, name), "a", encoding="utf-8")  # noqa: SIM115 - held below
    except OSError as error:
        raise unwritable(os.path.join(root, name), error) from None
    with file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def back_up(path: str, backups: str, now: float) -> str:
    """Copy a file that is about to be overwritten; returns the backup's path, "" if none needed."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
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
    write_text(target, text)
    _prune(backups, os.path.basename(path))
    return target


def _prune(backups: str, name: str) -> None:
    with os.scandir(backups) as entries:
        found = [
            (e.stat().st_mtime_ns, e.path) for e in entries if e.name.startswith(f"{name}.backup.")
        ]
    for _, path in sorted(found)[:-BACKUPS_KEPT]:
        os.unlink(path)
