"""Entries for tests, and a database of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.usage.entry import Attempt, Entry, Way
from freerouter.usage.schema import open_to_write
from freerouter.usage.store import Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

NOON = 1_795_521_600
"""2026-11-24, 12:00 UTC, in seconds."""
GOOD = Way("fast", "groq", "llama", "groq/llama", "client/1", "chat", stream=True, status=200)
BAD = GOOD._replace(status=429, error="RateLimitError")


def entry(at: float = NOON, way: Way = GOOD, **more: Any) -> Entry:
    """One that ended then, in seconds, with one call that ended as it did."""
    ms = round(at * 1000)
    told = {"first_token": 50_000, "tokens_in": 10, "tokens_out": 5, "cost": 2_000_000}
    given = {"latency": 200_000, "attempts": (Attempt(ms, way, 200_000),), **told, **more}
    return Entry(at=ms, way=way, **given)


def keep(path: Path | str, entries: Iterable[Entry]) -> sqlite3.Connection:
    """A connection to a database that has them."""
    db = open_to_write(str(path))
    Store(db).add(entries)
    return db
