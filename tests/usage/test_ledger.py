"""Whatever happens to the database, nothing reaches the caller, and what can be kept is kept."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ledger_entries import BAD, NOON, entry, keep

from freerouter.usage import ledger as module
from freerouter.usage.ledger import Ledger
from freerouter.usage.reading import grouped, read_usage, total
from freerouter.usage.schema import VERSION, open_to_write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).with_name("recording_for_ever.py")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "usage.db"


@pytest.fixture
def begin(
    path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Ledger]]:
    """Ledgers that do not take their time."""
    monkeypatch.setattr(module, "PAUSE", 0.01)
    monkeypatch.setattr(module, "AGAIN", 0.02)
    monkeypatch.setattr("freerouter.usage.schema.PATIENCE", 0.01)
    made = []

    def make(**more: int) -> Ledger:
        made.append(Ledger(str(path), said.append, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def count(path: Path) -> int:
    usage = read_usage(str(path), 0, NOON) if path.exists() else None
    return total(grouped(usage, "model")).requests if usage else 0


def wait_until(holds: Callable[[], object]) -> None:
    while not holds():
        time.sleep(0.01)


def test_what_is_put_is_in_the_database_soon(path: Path, begin: Callable[..., Ledger]) -> None:
    ledger = begin()
    for number in range(30):
        ledger.put(entry(NOON + number))
    wait_until(lambda: count(path) == 30)
    assert ledger.lost == 0


def test_closing_writes_what_is_queued(path: Path, begin: Callable[..., Ledger]) -> None:
    ledger = begin()
    ledger.put(entry())
    ledger.close()
    assert count(path) == 1


def test_several_write_into_one(path: Path, begin: Callable[..., Ledger]) -> None:
    for worker in [begin(), begin(), begin()]:
        for number in range(50):
            worker.put(entry(NOON + number))
    wait_until(lambda: count(path) == 150)


def test_a_locked_one_is_waited_for(
    path: Path, begin: Callable[..., Ledger], said: list[str]
) -> None:
    with closing(keep(path, [])) as other:
        other.execute("BEGIN IMMEDIATE")
        ledger = begin()
        ledger.put(entry())
        wait_until(lambda: said)
        ledger.put(entry())
        assert count(path) == 0
        other.execute("COMMIT")
        wait_until(lambda: count(path) == 2)
    assert ledger.lost == 0
    wait_until(lambda: len(said) == 2)
    assert "database is locked" in said[0]
    assert said[1] == "usage.db can be written again"


def test_what_is_too_much_is_dropped_counted_and_told_of(
    path: Path, begin: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    path.parent.mkdir()
    path.mkdir()  # what cannot be opened for writing
    ledger = begin()
    for number in range(12):
        ledger.put(entry(NOON + number))
    wait_until(lambda: ledger.lost == 7)
    path.rmdir()
    wait_until(lambda: count(path) == 5)
    usage = read_usage(str(path), 0, NOON)
    assert usage is not None
    assert usage.lost == 7
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT min(at) FROM requests").fetchone() == ((NOON + 7) * 1000,)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a way to limit files")
def test_a_full_disk_loses_nothing_that_can_wait(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; sys.path[:0] = sys.argv[2:];"
        "from ledger_entries import entry; from freerouter.usage.ledger import Ledger;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "ledger = Ledger(sys.argv[1], lambda text: print(text, flush=True));"
        "ledger.put(entry()); sys.stdin.readline();"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY));"
        "ledger.put(entry()); sys.stdin.readline();"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1)); sys.stdin.readline(); ledger.close()"
    )
    path = tmp_path / "usage.db"
    here = [str(Path(__file__).parent.parent)]
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path), *here],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin
    assert child.stdout
    wait_until(lambda: count(path) == 1)
    child.stdin.write("\n")
    child.stdin.flush()
    assert "cannot be written" in child.stdout.readline()
    assert count(path) == 1
    child.stdin.write("\n")
    child.stdin.flush()
    assert "can be written again" in child.stdout.readline()
    assert count(path) == 2
    child.communicate("\n", timeout=60)


def broken_from_the_beginning(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"This is no database at all. " * 400)


def broken_in_the_middle(path: Path) -> None:
    keep(path, [entry(NOON + n) for n in range(2000)]).close()
    raw = bytearray(path.read_bytes())
    raw[4096 : len(raw) - 4096] = b"\xee" * (len(raw) - 8192)
    path.write_bytes(raw)


def without_a_table(path: Path) -> None:
    with closing(keep(path, [])) as db:
        db.execute("DROP TABLE requests")


def of_a_later_version(path: Path) -> None:
    with closing(keep(path, [])) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


@pytest.mark.parametrize(
    "spoil",
    [broken_from_the_beginning, broken_in_the_middle, without_a_table, of_a_later_version],
)
def test_a_broken_one_is_put_aside_and_a_new_one_begun(
    path: Path, begin: Callable[..., Ledger], said: list[str], spoil: Callable[[Path], None]
) -> None:
    spoil(path)
    before = path.read_bytes()[:4096]
    workers = [begin(), begin()]
    for worker in workers:
        worker.put(entry())
    wait_until(lambda: said)
    wait_until(lambda: count(path) == 2)
    (aside,) = path.parent.glob("usage.db.broken-*[0-9]")
    assert aside.read_bytes()[64:4096] == before[64:]
    told = [text for text in said if "was put aside" in text]
    assert len(told) == 1
    assert f"put aside as {aside.name}" in told[0]
    assert [worker.lost for worker in workers] == [0, 0]


def test_one_that_breaks_while_it_is_open_is_put_aside_too(
    path: Path, begin: Callable[..., Ledger], said: list[str]
) -> None:
    ledger = begin()
    ledger.put(entry())
    wait_until(lambda: count(path) == 1)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE attempts")
    ledger.put(entry())
    wait_until(lambda: any("put aside" in text for text in said))
    wait_until(lambda: count(path) == 1)


@pytest.mark.parametrize("way", ["removed", "moved"])
def test_one_that_was_taken_away_is_made_anew(
    path: Path, begin: Callable[..., Ledger], way: str
) -> None:
    ledger = begin()
    ledger.put(entry())
    wait_until(lambda: count(path) == 1)
    if way == "moved":
        path.rename(path.with_name("mine.db"))
    else:
        shutil.rmtree(path.parent)
    ledger.put(entry())
    ledger.put(entry())
    wait_until(lambda: count(path) == 2)


def test_what_can_never_be_written_is_not_tried_for_ever(
    path: Path, begin: Callable[..., Ledger]
) -> None:
    ledger = begin()
    ledger.put(entry()._replace(way=None))  # type: ignore[arg-type]
    wait_until(lambda: ledger.lost)
    ledger.put(entry())
    wait_until(lambda: count(path) == 1)


def test_it_sums_up_and_prunes_by_itself(
    path: Path, begin: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY", 0.02)
    now = time.time()
    with closing(keep(path, [entry(now - days * 86400) for days in (5, 3, 1)])) as db:
        begin(keep=2)

        def states() -> tuple[int, int]:
            rows: tuple[int, int] = db.execute(
                "SELECT (SELECT count(*) FROM requests), (SELECT count(*) FROM spans)"
            ).fetchone()
            return rows

        wait_until(lambda: states() == (1, 1))
        assert db.execute("SELECT sum(requests) FROM before").fetchone() == (2,)


def test_a_crash_loses_the_last_second_at_most(path: Path) -> None:
    """The program says when it put which entry; it is killed in the middle of that."""
    for seconds in (0.6, 1.3):
        child = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout
        put: list[tuple[float, int]] = []
        while not put or put[-1][0] - put[0][0] < seconds:
            when, number = child.stdout.readline().split()
            put.append((float(when), int(number)))
        killed = time.monotonic()
        os.kill(child.pid, signal.SIGKILL)
        child.communicate(timeout=60)
        with closing(open_to_write(str(path))) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            there = {number for (number,) in db.execute("SELECT tokens_in FROM requests")}
            calls = db.execute("SELECT count(*) FROM attempts").fetchone()[0]
            assert calls == db.execute("SELECT count(*) FROM requests").fetchone()[0]
            spent, cost = db.execute(
                "SELECT (SELECT sum(cost) FROM spending), (SELECT sum(cost) FROM requests)"
            ).fetchone()
            assert spent == cost
        old = {number for when, number in put if when < killed - 1}
        assert old <= there
        assert there, "some of it was written before the end"
        path.unlink()


def test_a_failed_one_counts_as_such(path: Path, begin: Callable[..., Ledger]) -> None:
    begin().put(entry(NOON, BAD))
    wait_until(lambda: count(path) == 1)
    usage = read_usage(str(path), 0, NOON)
    assert usage is not None
    found = total(grouped(usage, "alias"))
    assert (found.failed, found.failed_calls) == (1, 1)
