"""The README's commands. Its session is one of `transcripts/`: tests/test_docs.py."""

from __future__ import annotations

from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_both_commands_are_one_line_each_and_spare_the_systems_python() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith("freerouter init --wizard")
    assert lines[1].endswith("-m pytest")
    assert not any("break-system-packages" in line or "sudo" in line for line in lines)
