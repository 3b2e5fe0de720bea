"""Putting aside a file that is long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.rotation import put_aside

if TYPE_CHECKING:
    from pathlib import Path


def test_three_older_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    for text in "abcde":
        path.write_text(text)
        put_aside(str(path))
    assert {p.name: p.read_text() for p in path.parent.iterdir()} == {
        "gateway.log.1": "e", "gateway.log.2": "d", "gateway.log.3": "c",
    }  # fmt: skip


def test_what_is_not_there_is_not_put_aside(tmp_path: Path) -> None:
    put_aside(str(tmp_path / "gateway.log"))
    assert list(tmp_path.iterdir()) == []
