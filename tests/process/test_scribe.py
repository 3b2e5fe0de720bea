"""The process that keeps a worker's records: it outlives the worker, and the worker outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kept_by_a_scribe import ended

from freerouter.process import worker
from freerouter.process.scribe import SIGNALS, can_be
from freerouter.redact import Redactor
from freerouter.usage.books import Books
from freerouter.usage.reading import grouped, read_usage, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).with_name("kept_by_a_scribe.py")
pytestmark = pytest.mark.skipif(not can_be(), reason="a system without packets between processes")


class Kept:
    """A worker of which nothing is left but that it has a scribe."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._child = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.scribe = int(self._line())

    def put(self, count: int, size: int = 0) -> tuple[float, int]:
        """How long that took, and what was lost by then."""
        assert self._child.stdin
        self._child.stdin.write(f"put {count} {size}\n")
        self._child.stdin.flush()
        took, lost = self._line().split()
        return float(took), int(lost)

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()

    def close(self) -> tuple[str, str]:
        """What was lost in all, and what was said."""
        return self._child.communicate(timeout=60)

    def _line(self) -> str:
        assert self._child.stdout
        return self._child.stdout.readline()

    def kept(self) -> tuple[int, int]:
        """How many are in the log, and in the ledger."""
        path = self.directory / "requests.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        usage = read_usage(str(self.directory / "usage.db"), 0, time.time() + 60)
        return len(lines), total(grouped(usage, "model")).requests if usage else 0

    def wait_for(self, count: int) -> None:
        """At least."""
        until = time.monotonic() + 30
        while min(self.kept()) < count:
            assert time.monotonic() < until, self.kept()
            time.sleep(0.05)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[], Kept]]:
    made: list[Kept] = []

    def new() -> Kept:
        made.append(Kept(tmp_path))
        return made[-1]

    yield new
    for one in made:
        with suppress(ProcessLookupError):
            os.kill(one.scribe, signal.SIGCONT)
        one.kill()
        one.close()


def wait_for_the_end_of(pid: int) -> None:
    """Of all its threads, until nothing is left but how it ended: nobody has waited for it yet."""
    until = time.monotonic() + 30
    with suppress(FileNotFoundError, ProcessLookupError):
        while [*_states(pid)] != ["Z"]:
            assert time.monotonic() < until
            time.sleep(0.01)


def _states(pid: int) -> Iterator[str]:
    for path in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile
            yield (path / "stat").read_text().rpartition(")")[2].split()[0]


def test_what_it_was_given_is_written_when_it_is_closed(begin: Callable[[], Kept]) -> None:
    one = begin()
    for _ in range(20):
        one.put(50)
    assert one.close() == ("0\n", "")
    assert one.kept() == (1000, 1000)
    wait_for_the_end_of(one.scribe)


def test_two_of_them_share_the_files(begin: Callable[[], Kept]) -> None:
    one, other = begin(), begin()
    for _ in range(10):
        one.put(10)
        other.put(10)
    one.close()
    other.close()
    assert one.kept() == (200, 200)


def test_it_writes_what_it_got_of_a_worker_that_was_killed_and_goes(
    begin: Callable[[], Kept],
) -> None:
    one = begin()
    one.put(50)
    one.kill()
    wait_for_the_end_of(one.scribe)
    assert one.kept() == (50, 50)


def test_a_worker_whose_scribe_was_killed_writes_itself(begin: Callable[[], Kept]) -> None:
    one = begin()
    one.put(1)
    one.wait_for(1)
    os.kill(one.scribe, signal.SIGKILL)
    wait_for_the_end_of(one.scribe)
    one.put(2)
    one.put(3)
    lost, said = one.close()
    assert lost == "0\n"
    assert said.count("the worker itself writes what its scribe does not take") == 1
    assert one.kept() == (6, 6)


def test_nobody_waits_for_one_that_does_not_come_along(begin: Callable[[], Kept]) -> None:
    one = begin()
    one.put(1)
    one.wait_for(1)
    os.kill(one.scribe, signal.SIGSTOP)
    slowest = max(one.put(64, 500)[0] for _ in range(60))
    assert slowest < 1
    one.wait_for(2)  # by the worker itself
    os.kill(one.scribe, signal.SIGCONT)
    one.close()
    assert one.kept() == (60 * 64 + 1, 60 * 64 + 1)


def test_a_batch_that_is_too_large_for_a_packet_goes_in_several(
    begin: Callable[[], Kept],
) -> None:
    one = begin()
    one.put(64, 64 * 1024)
    assert one.close()[0] == "0\n"
    assert one.kept() == (64, 64)


def test_what_it_loses_is_told_though_nothing_more_is_sent(
    begin: Callable[[], Kept], tmp_path: Path
) -> None:
    (tmp_path / "requests.jsonl").mkdir()
    one = begin()
    one.put(3)
    time.sleep(1.5)
    assert one.put(0)[1] == 3
    assert one.close()[0] == "3\n"


def test_a_signal_to_all_processes_of_the_gateway_does_not_end_it(
    begin: Callable[[], Kept],
) -> None:
    one = begin()
    one.put(1)
    one.wait_for(1)
    for name in SIGNALS:
        os.kill(one.scribe, getattr(signal, name))
    one.put(2)
    assert one.close() == ("0\n", "")
    assert one.kept() == (3, 3)


def test_a_worker_that_cannot_fork_one_keeps_its_books_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    requests, usage = tmp_path / "requests.jsonl", tmp_path / "usage.db"
    job = {"fork": True, "requests": str(requests), "usage": str(usage), "keep_days": 0}
    keeper = worker._keeper(job, Redactor(), [])
    assert isinstance(keeper, Books)
    keeper.put([ended(0)])
    keeper.close()
    assert keeper.lost == 0
    assert len(requests.read_text().splitlines()) == 1
