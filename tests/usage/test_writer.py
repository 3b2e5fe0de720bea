"""Lines in a file that several write, off the path of whoever writes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from freerouter.usage import writer as module
from freerouter.usage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "requests.jsonl"


@pytest.fixture
def begin(path: Path) -> Iterator[Callable[[], Writer[str]]]:
    made: list[Writer[str]] = []

    def start() -> Writer[str]:
        made.append(Writer(str(path), str.upper))
        return made[-1]

    yield start
    for one in made:
        one.close()


def wait_for(path: Path, text: str) -> None:
    """Until the file holds that."""
    while not (path.exists() and path.read_text() == text):
        time.sleep(0.01)


def test_what_is_put_is_written_in_its_order_by_a_thread(
    path: Path, begin: Callable[[], Writer[str]]
) -> None:
    writer = begin()
    for word in ("a", "b", "c"):
        writer.put(word)
    wait_for(path, "A\nB\nC\n")
    assert path.stat().st_mode & 0o777 == 0o600


def test_closing_writes_what_is_queued(path: Path, begin: Callable[[], Writer[str]]) -> None:
    writer = begin()
    writer.put("last")
    writer.close()
    assert path.read_text() == "LAST\n"


@pytest.mark.parametrize("away", [os.unlink, lambda path: os.rename(path, f"{path}.elsewhere")])
def test_a_file_that_was_removed_or_moved_is_made_anew(
    path: Path, begin: Callable[[], Writer[str]], away: Callable[[str], None]
) -> None:
    writer = begin()
    writer.put("one")
    wait_for(path, "ONE\n")
    away(str(path))
    writer.put("two")
    wait_for(path, "TWO\n")


def test_two_writers_share_a_file(path: Path, begin: Callable[[], Writer[str]]) -> None:
    one, other = begin(), begin()
    for number in range(200):
        one.put(f"one{number}")
        other.put(f"other{number}")
    one.close()
    other.close()
    lines = path.read_text().splitlines()
    assert sorted(lines) == sorted(f"{w}{n}" for w in ("ONE", "OTHER") for n in range(200))


def test_a_long_file_is_put_aside_and_two_writers_agree_on_it(
    path: Path, begin: Callable[[], Writer[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    one, other = begin(), begin()
    one.put("first line")
    wait_for(path, "FIRST LINE\n")
    other.put("second")
    wait_for(path, "SECOND\n")
    one.put("third")
    wait_for(path, "SECOND\nTHIRD\n")
    assert path.with_name("requests.jsonl.1").read_text() == "FIRST LINE\n"


def test_what_cannot_be_written_is_counted_and_what_comes_later_is_written(
    path: Path, begin: Callable[[], Writer[str]]
) -> None:
    path.mkdir()
    writer = begin()
    writer.put("one")
    writer.put("two")
    while writer.lost < 2:
        time.sleep(0.01)
    path.rmdir()
    writer.put("three")
    wait_for(path, "THREE\n")
    assert writer.lost == 2


def test_a_line_that_cannot_be_made_costs_only_itself(path: Path) -> None:
    writer: Writer[int] = Writer(str(path), lambda number: str(1 // number))
    for number in (1, 0, 1):
        writer.put(number)
    writer.close()
    assert path.read_text() == "1\n1\n"
    assert writer.lost == 1


def test_after_a_line_that_was_cut_the_next_one_begins_a_new_line(
    path: Path, begin: Callable[[], Writer[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def write(file: int, raw: bytes) -> int:
        return real(file, raw[:3] if raw == b"FIRST\n" else raw)

    monkeypatch.setattr(os, "write", write)
    writer = begin()
    writer.put("first")
    wait_for(path, "FIR")
    writer.put("second")
    wait_for(path, "FIR\nSECOND\n")
