"""Files that grow are put aside when they are long: `name.1` is the newest of those kept."""

from __future__ import annotations

import contextlib
import os

MAX_BYTES = 5 * 1024 * 1024
KEPT = 3
"""How many files are kept besides the one that is written."""


def put_aside(path: str) -> None:
    """`path` becomes `path.1`, what was `path.1` becomes `path.2`; the oldest is gone."""
    for number in range(KEPT, 0, -1):
        older = f"{path}.{number - 1}" if number > 1 else path
        with contextlib.suppress(FileNotFoundError):
            os.replace(older, f"{path}.{number}")
