"""Lengths of time as people write them: `30s`, `500ms`, `2m`, `1h`, `3d`."""

from __future__ import annotations

import re

from freerouter.errors import UsageError

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_SHAPE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h|d|)")


def seconds(text: str) -> float:
    """The length in seconds. A bare number is one of seconds."""
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f'"{text}" is no length of time.', fix="`30s`, `500ms`, `2m` are.")
    return float(found.group(1)) * _SECONDS[found.group(2)]
