"""The gateway's log: its last lines, its next lines, and its size."""

from __future__ import annotations

from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from freerouter.process import log
from freerouter.process.log import follow, newest_first, tail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway.log"


@pytest.mark.parametrize(
    ("count", "lines"),
    [(0, []), (-3, []), (1, ["three"]), (2, ["two", "three"]), (9, ["one", "two", "three"])],
)
def test_the_last_lines_come_in_their_order(path: Path, count: int, lines: list[str]) -> None:
    path.write_text("one\ntwo\nthree\n")
    assert tail(str(path), count) == lines


def test_a_line_that_is_still_being_written_counts(path: Path) -> None:
    path.write_text("one\ntwo")
    assert tail(str(path), 1) == ["two"]


def test_no_log_has_no_lines(path: Path) -> None:
    assert tail(str(path), 5) == []


def test_an_empty_log_has_no_lines(path: Path) -> None:
    path.touch()
    assert tail(str(path), 5) == []


def test_lines_longer_than_what_is_read_at_once_stay_whole(path: Path) -> None:
    lines = [letter * (log._BLOCK - 7) for letter in "abcd"]
    path.write_text("\n".join(lines) + "\n")
    assert tail(str(path), 3) == lines[1:]


def test_what_is_not_text_is_shown_as_far_as_it_is(path: Path) -> None:
    path.write_bytes(b"ok\n\xff\xfe bad\n")
    assert tail(str(path), 2) == ["ok", "\ufffd\ufffd bad"]


def test_what_was_moved_aside_is_read_as_well(path: Path) -> None:
    for name, text in (("gateway.log.2", "1\n2\n"), ("gateway.log.1", "3\n4\n")):
        path.with_name(name).write_text(text)
    path.write_text("5\n")
    assert tail(str(path), 2) == ["4", "5"]
    assert tail(str(path), 99) == ["1", "2", "3", "4", "5"]
    path.unlink()
    assert tail(str(path), 3) == ["2", "3", "4"]


def test_a_log_that_is_moved_aside_while_it_is_read_comes_once(path: Path) -> None:
    path.write_text("1\n2\n")
    lines = newest_first(str(path))
    assert next(lines) == "2"
    path.rename(path.with_name("gateway.log.1"))
    assert list(lines) == ["1"]


@pytest.mark.parametrize("text", ["\n", "\n\n", "a\n\n", "\na", "a\n\nb\n", "é" * 70000 + "\n\nx"])
def test_empty_lines_are_lines(path: Path, text: str) -> None:
    path.write_text(text)
    assert tail(str(path), 9) == text.split("\n")[: None if text[-1] != "\n" else -1]


def whenever_it_waits(monkeypatch: pytest.MonkeyPatch, *happenings: Callable[[], object]) -> None:
    """Let the world go on, one happening at a time, while the log is waited for."""
    coming = iter(happenings)

    def sleep(_seconds: float) -> None:
        next(coming)()

    monkeypatch.setattr(log, "time", SimpleNamespace(sleep=sleep))


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_following_gives_what_is_written_from_now_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("old\n")
    whenever_it_waits(monkeypatch, lambda: append(path, "new\nnewer\n"))
    assert list(islice(follow(str(path)), 2)) == ["new", "newer"]


def test_following_waits_for_the_end_of_a_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()
    whenever_it_waits(monkeypatch, lambda: append(path, "ha"), lambda: append(path, "lf\n"))
    assert next(follow(str(path))) == "half"


def test_following_may_begin_before_there_is_a_log(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whenever_it_waits(monkeypatch, lambda: None, lambda: append(path, "first\n"))
    assert next(follow(str(path))) == "first"


def test_following_goes_on_in_the_log_of_the_next_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("old\n")

    def restart() -> None:
        path.rename(path.with_name("gateway.log.1"))
        path.write_text("the first line of the new start\n")

    whenever_it_waits(monkeypatch, restart)
    assert next(follow(str(path))) == "the first line of the new start"


def test_following_goes_on_in_a_log_that_was_cut(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("a long line of the last start\n")
    whenever_it_waits(monkeypatch, lambda: path.write_text("new\n"))
    assert next(follow(str(path))) == "new"


def test_what_was_written_last_before_a_log_was_moved_aside_is_not_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("old\n")

    def move_on() -> None:
        append(path, "the last line\nand half of one")
        path.rename(path.with_name("gateway.log.1"))
        path.write_text("the first line\n")

    whenever_it_waits(monkeypatch, move_on)
    lines = list(islice(follow(str(path)), 3))
    assert lines == ["the last line", "and half of one", "the first line"]


def test_following_survives_that_the_log_is_removed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("old\n")
    whenever_it_waits(
        monkeypatch, path.unlink, lambda: None, lambda: path.write_text("a new log\n")
    )
    assert next(follow(str(path))) == "a new log"


def test_following_ends_when_it_is_told_so_and_not_before_the_last_line(path: Path) -> None:
    path.write_text("old\n")
    lines = follow(str(path), while_true=lambda: False)
    append(path, "new\n")
    assert list(lines) == []
    going = iter([True, False])

    def once_more() -> bool:
        append(path, "newer\n")
        return next(going)

    assert list(follow(str(path), pause=0.0, while_true=once_more)) == ["newer"]
