"""The database's versions, and opening it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from ledger_entries import NOON, entry, keep

from freerouter.errors import FileError
from freerouter.usage.reading import grouped, read_usage
from freerouter.usage.schema import MIGRATIONS, VERSION, migrate, open_to_read, open_to_write
from freerouter.usage.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "usage.db")


def shape_of(path: str) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name")
        return [" ".join(sql.split()) for (sql,) in rows]


def test_it_is_made_with_all_steps_for_the_user_alone(path: str) -> None:
    with closing(open_to_write(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        for name in (path, f"{path}-wal", f"{path}-shm"):
            assert os.stat(name).st_mode & 0o777 == 0o600
    assert len({migration.name for migration in MIGRATIONS}) == VERSION


@pytest.mark.parametrize("version", range(1, VERSION))
@pytest.mark.parametrize("reads_first", [True, False])
def test_an_older_one_becomes_todays_with_all_that_is_in_it(
    path: str, tmp_path: Path, version: int, reads_first: bool
) -> None:
    with closing(open_to_write(str(tmp_path / "new" / "usage.db"))):
        pass
    os.makedirs(os.path.dirname(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, version)
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
        db.execute("INSERT INTO texts VALUES (1, 'a'), (2, '')")
        db.execute("INSERT INTO targets VALUES (1, 1, 1, 1)")
        db.execute("INSERT INTO ways VALUES (1, 1, 1, 1, 1, 0, 200, 2)")
        at = (NOON * 1000,)
        db.execute("INSERT INTO requests VALUES (1, ?, 1, 5000, 0, 4, 2, 9, 0, 0)", at)
        db.execute("INSERT INTO attempts VALUES (1, ?, 1, 5000, 1)", at)
        if version > 1:
            db.execute("INSERT INTO open VALUES (?)", (NOON // 900,))
    if not reads_first:
        with closing(open_to_write(path)) as db:
            Store(db).add([entry(NOON + 1)])
    usage = read_usage(path, NOON - 60, NOON + 60)
    assert usage is not None
    found = grouped(usage, "alias")["a"]
    assert (found.requests, found.calls, found.tokens_in, found.cost) == (1, 1, 4, 9)
    assert shape_of(path) == shape_of(str(tmp_path / "new" / "usage.db"))


LOOKS_AND_GOES = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("SELECT count(*) FROM requests").fetchone()
db.close()
"""


def test_opening_it_again_takes_no_locks_from_who_has_it_open(path: str) -> None:
    """Or the next one who goes would take himself for the last, and remove the journal."""
    with closing(open_to_write(path)) as writing:
        Store(writing).add([entry()])
        open_to_write(path).close()
        subprocess.run([sys.executable, "-c", LOOKS_AND_GOES, path], check=True)
        Store(writing).add([entry(), entry()])
        with closing(sqlite3.connect(path)) as reading:
            assert reading.execute("SELECT count(*) FROM requests").fetchone() == (3,)
        assert os.path.exists(f"{path}-wal")


def test_a_step_that_fails_leaves_the_version_before(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, 1)
        db.execute("CREATE TABLE before (mine INTEGER)")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        open_to_write(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'open'").fetchall()


def test_one_of_a_later_version_is_left_as_it_is(path: str) -> None:
    with closing(open_to_write(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(FileError) as caught:
        open_to_read(path)
    assert f"version {VERSION + 1}" in caught.value.why
    with pytest.raises(sqlite3.DatabaseError, match="this FreeRouter knows"):
        open_to_write(path)


def test_what_is_no_database_is_told(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write("This is no database at all. " * 99)
    with pytest.raises(FileError, match="Cannot read"):
        open_to_read(path)


def test_where_there_is_none_there_is_nothing_to_read(path: str) -> None:
    assert open_to_read(path) is None
    os.makedirs(os.path.dirname(path))
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 0")
    assert open_to_read(path) is None


def test_who_reads_holds_nobody_up_and_sees_one_moment(path: str) -> None:
    writing = keep(path, [entry()])
    reading = open_to_read(path)
    assert reading is not None
    reading.execute("BEGIN")
    count = "SELECT count(*) FROM requests"
    assert reading.execute(count).fetchone() == (1,)
    Store(writing).add([entry()])
    assert reading.execute(count).fetchone() == (1,)
    reading.execute("COMMIT")
    assert reading.execute(count).fetchone() == (2,)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reading.execute("DELETE FROM requests")
    reading.close()
    writing.close()
