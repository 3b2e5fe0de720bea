"""usage.db: its tables, how older ones become today's, and opening it to write or to read.

All times are UTC: `at` in ms since 1970. A *slot* is a quarter of an hour since 1970: every zone's
hours and days are made of whole ones. What is repeated (names, and whole ways) stands once.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import NamedTuple
from urllib.parse import quote

from freerouter.errors import FileError

SLOT = 15 * 60 * 1000
"""Milliseconds."""
PATIENCE = 0.5
"""Seconds that one may wait for another who writes."""
READERS_PATIENCE = 2.0
"""Who reads waits only while a database is opened or mended after a crash."""


class Migration(NamedTuple):
    """One step from the version before: its statements, each with a semicolon."""

    name: str
    script: str


MIGRATIONS = (
    Migration(
        "requests and their calls",
        """
        CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
        CREATE TABLE targets (
            id INTEGER PRIMARY KEY,
            provider INTEGER NOT NULL, model INTEGER NOT NULL, deployment INTEGER NOT NULL,
            UNIQUE (provider, model, deployment)
        );
        CREATE TABLE ways (
            id INTEGER PRIMARY KEY,
            alias INTEGER NOT NULL, target INTEGER NOT NULL, client INTEGER NOT NULL,
            dialect INTEGER NOT NULL, stream INTEGER NOT NULL,
            status INTEGER NOT NULL, error INTEGER NOT NULL,
            UNIQUE (alias, target, client, dialect, stream, status, error)
        );
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, way INTEGER NOT NULL,
            latency INTEGER NOT NULL, first_token INTEGER,
            tokens_in INTEGER, tokens_out INTEGER, cost INTEGER,
            retries INTEGER NOT NULL, fallbacks INTEGER NOT NULL
        );
        CREATE INDEX requests_at ON requests (at);
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, way INTEGER NOT NULL,
            latency INTEGER NOT NULL, request INTEGER NOT NULL
        );
        CREATE INDEX attempts_at ON attempts (at);
        CREATE TABLE lost (at INTEGER NOT NULL, number INTEGER NOT NULL);
        """,
    ),
    # A slot in `open` has no sums yet, or none any more; `before` holds those of what was pruned.
    Migration(
        "slots that are over are summed up",
        """
        CREATE TABLE open (slot INTEGER PRIMARY KEY);
        CREATE TABLE spans (
            slot INTEGER NOT NULL, way INTEGER NOT NULL,
            requests INTEGER NOT NULL, calls INTEGER NOT NULL,
            tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
            cost INTEGER NOT NULL, unpriced INTEGER NOT NULL,
            took INTEGER NOT NULL, talked INTEGER NOT NULL,
            latencies BLOB NOT NULL, firsts BLOB NOT NULL,
            PRIMARY KEY (slot, way)
        ) WITHOUT ROWID;
        CREATE TABLE before (
            way INTEGER PRIMARY KEY, requests INTEGER NOT NULL, calls INTEGER NOT NULL,
            tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
            cost INTEGER NOT NULL, took INTEGER NOT NULL
        );
        INSERT INTO open
            SELECT at / 900000 FROM requests UNION SELECT at / 900000 FROM attempts;
        """,
    ),
    # A day of the local zone, as it was then: the slots from `first` to before `last`.
    Migration(
        "days that are over are summed up",
        """
        CREATE TABLE days (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
        CREATE TABLE day_spans (
            slot INTEGER NOT NULL, way INTEGER NOT NULL,
            requests INTEGER NOT NULL, calls INTEGER NOT NULL,
            tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
            cost INTEGER NOT NULL, unpriced INTEGER NOT NULL,
            took INTEGER NOT NULL, talked INTEGER NOT NULL,
            latencies BLOB NOT NULL, firsts BLOB NOT NULL,
            PRIMARY KEY (slot, way)
        ) WITHOUT ROWID;
        """,
    ),
    # By provider and day of the local zone, what calls cost in billionths of a USD; `held` is what
    # those may cost that are under way.
    Migration(
        "what was spent",
        """
        CREATE TABLE spending (
            provider TEXT NOT NULL, day TEXT NOT NULL, cost INTEGER NOT NULL,
            PRIMARY KEY (provider, day)
        ) WITHOUT ROWID;
        CREATE INDEX spending_day ON spending (day);
        CREATE TABLE held (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
            provider TEXT NOT NULL, day TEXT NOT NULL, cost INTEGER NOT NULL
        );
        INSERT INTO spending
            SELECT texts.text, date(at / 1000, 'unixepoch', 'localtime') AS day, sum(cost)
            FROM requests JOIN ways ON ways.id = way JOIN targets ON targets.id = target
            JOIN texts ON texts.id = targets.provider
            WHERE cost > 0 GROUP BY texts.text, day;
        """,
    ),
    # All ways of a slot together, those that failed and those that did not; what is in `unsummed`
    # has not got that yet.
    Migration(
        "slots are summed up whole",
        """
        CREATE TABLE whole_spans (
            slot INTEGER NOT NULL, failed INTEGER NOT NULL,
            requests INTEGER NOT NULL, calls INTEGER NOT NULL,
            tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
            cost INTEGER NOT NULL, unpriced INTEGER NOT NULL,
            took INTEGER NOT NULL, talked INTEGER NOT NULL,
            latencies BLOB NOT NULL, firsts BLOB NOT NULL,
            PRIMARY KEY (slot, failed)
        ) WITHOUT ROWID;
        CREATE TABLE unsummed (slot INTEGER PRIMARY KEY);
        INSERT INTO unsummed SELECT DISTINCT slot FROM spans;
        """,
    ),
)
VERSION = len(MIGRATIONS)


class NewerError(sqlite3.DatabaseError):
    """A later version of ours made it."""


def open_to_write(path: str) -> sqlite3.Connection:
    """Made where it is not there, and brought up to date. Raises sqlite3.Error, OSError."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    # One that is there is not opened: closing it would take the locks away that this process holds
    # on it through other connections, and its journal would go while it is written.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    found = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        if not _version(found):
            found.execute("PRAGMA auto_vacuum = INCREMENTAL")
        found.execute("PRAGMA journal_mode = WAL")
        found.execute("PRAGMA synchronous = NORMAL")
        migrate(found)
    except BaseException:
        found.close()
        raise
    return found


def migrate(found: sqlite3.Connection, to: int = VERSION) -> None:
    """All steps that are missing, or none."""
    if _version(found) == to:
        return
    found.execute("BEGIN IMMEDIATE")
    try:
        version = _known(_version(found), to)
        for migration in MIGRATIONS[version:to]:
            for statement in migration.script.split(";"):
                found.execute(statement)
        found.execute(f"PRAGMA user_version = {to}")
        found.execute("COMMIT")
    except BaseException:
        found.execute("ROLLBACK")
        raise


def open_to_read(path: str) -> sqlite3.Connection | None:
    """None where nothing was recorded yet. An older database is brought up to date first.

    Raises FileError where it cannot be read. Whoever writes is not held up.
    """
    if not os.path.exists(path):
        return None
    found = sqlite3.connect(
        f"file:{quote(path)}?mode=ro", uri=True, timeout=READERS_PATIENCE, isolation_level=None
    )
    try:
        version = _version(found)
        if version < VERSION:
            found.close()
            if not version:
                return None
            open_to_write(path).close()
            return open_to_read(path)
        _known(version, VERSION)
    except (sqlite3.Error, OSError) as error:
        found.close()
        raise unreadable(path, error) from None
    return found


def unreadable(path: str, error: Exception) -> FileError:
    fix = "A running gateway puts a broken one aside and begins anew."
    if isinstance(error, NewerError):
        fix = "Use the FreeRouter that made it, or move the file away."
    elif "locked" in str(error) or "busy" in str(error):
        fix = "Try again in a moment."
    return FileError(f"Cannot read {path}.", f"{str(error).capitalize()}.", fix)


def _known(version: int, newest: int) -> int:
    if version > newest:
        raise NewerError(f"it has version {version}, and this FreeRouter knows {newest}")
    return version


def _version(found: sqlite3.Connection) -> int:
    return int(found.execute("PRAGMA user_version").fetchone()[0])
