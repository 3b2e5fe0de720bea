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
def begin(path: Path) -> Iterator[Callable[[], Writer]]:
    made: list[Writer] = []

    def start() -> Writer:
        made.append(Writer(str(path)))
        return made[-1]

    yield start
    for one in made:
        one.close()


def wait_for(path: Path, text: str) -> None:
    """Until the file holds that."""
    while not (path.exists() and path.read_text() == text):
        time.sleep(0.01)


def test_what_is_put_is_written_in_its_order_by_a_thread(
    path: Path, begin: Callable[[], Writer]
) -> None:
    writer = begin()
    for word in ("a", "b", "c"):
        writer.put(word)
    wait_for(path, "a\nb\nc\n")
    assert path.stat().st_mode & 0o777 == 0o600


def test_closing_writes_what_is_queued(path: Path, begin: Callable[[], Writer]) -> None:
    writer = begin()
    writer.put("last")
    writer.close()
    assert path.read_text() == "last\n"


@pytest.mark.parametrize("away", [os.unlink, lambda path: os.rename(path, f"{path}.elsewhere")])
def test_a_file_that_was_removed_or_moved_is_made_anew(
    path: Path, begin: Callable[[], Writer], away: Callable[[str], None]
) -> None:
    writer = begin()
    writer.put("one")
    wait_for(path, "one\n")
    away(str(path))
    writer.put("two")
    wait_for(path, "two\n")


def test_two_writers_share_a_file(path: Path, begin: Callable[[], Writer]) -> None:
    one, other = begin(), begin()
    for number in range(200):
        one.put(f"one{number}")
        other.put(f"other{number}")
    one.close()
    other.close()
    lines = path.read_text().splitlines()
    assert sorted(lines) == sorted(f"{w}{n}" for w in ("one", "other") for n in range(200))


def test_a_long_file_is_put_aside_and_two_writers_agree_on_it(
    path: Path, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    one, other = begin(), begin()
    one.put("first line")
    wait_for(path, "first line\n")
    other.put("second")
    wait_for(path, "second\n")
    one.put("third")
    wait_for(path, "second\nthird\n")
    assert path.with_name("requests.jsonl.1").read_text() == "first line\n"


def test_what_cannot_be_written_is_counted_and_what_comes_later_is_written(
    path: Path, begin: Callable[[], Writer]
) -> None:
    path.mkdir()
    writer = begin()
    writer.put("one")
    writer.put("two")
    while writer.lost < 2:
        time.sleep(0.01)
    path.rmdir()
    writer.put("three")
    wait_for(path, "three\n")
    assert writer.lost == 2


def test_who_waits_for_a_write_is_called_after_it(path: Path) -> None:
    seen = []
    writer = Writer(str(path), lambda: seen.append(path.read_text()))
    writer.put("one")
    writer.close()
    assert seen[0] == "one\n"


def test_after_a_line_that_was_cut_the_next_one_begins_a_new_line(
    path: Path, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def write(file: int, raw: bytes) -> int:
        return real(file, raw[:3] if raw == b"first\n" else raw)

    monkeypatch.setattr(os, "write", write)
    writer = begin()
    writer.put("first")
    wait_for(path, "fir")
    writer.put("second")
    wait_for(path, "fir\nsecond\n")
