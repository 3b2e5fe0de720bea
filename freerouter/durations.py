"""Lengths of time as people write them: `30s`, `500ms`, `2m`, `1h`."""

from __future__ import annotations

import re

from freerouter.errors import UsageError

SHAPE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """The length in seconds. Raises UsageError for what is none."""
    found = SHAPE.fullmatch(text)
    if found is None:
        raise UsageError(f'"{text}" is no time.', fix="`30s`, `500ms` and `2m` are.")
    return float(found.group(1)) * _SECONDS[found.group(2)]
