"""The README's session is run again, for real, and must come out as it is printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import World

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CHANGING = (
    (r"> start --port \d+", "> start"),  # where something else has port 4000
    (r"ready in [\d.]+ s", "ready in N s"),
    (r"(pid +)\d+", r"\1N"),
    (r"(uptime +)\d+s", r"\1Ns"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r'"\$\(.* keys show master\)"', '"$(freerouter keys show master)"'),
)


def steady(text: str) -> str:
    for pattern, instead in CHANGING:
        text = re.sub(pattern, instead, text)
    return text


def session() -> list[tuple[str, str]]:
    """Commands and their output, from the block after the session's mark."""
    block = README.split("<!-- session -->\n```console\n")[1].split("```")[0]
    parts = re.split(r"^\$ freerouter ", block, flags=re.MULTILINE)[1:]
    return [(command, output) for command, _, output in (p.partition("\n") for p in parts)]


@pytest.mark.gateway
def test_the_session_of_the_readme_is_true(world: World) -> None:
    assert len(session()) >= 4
    try:
        for command, printed in session():
            ran = world.cli(*shlex.split(command))
            assert steady(ran.out + ran.err) == steady(printed), command
    finally:
        world.cli("stop", "--timeout", "2")


def test_both_commands_are_one_line_each_and_spare_the_systems_python() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith("freerouter init --wizard")
    assert lines[1].endswith("-m pytest")
    assert not any("break-system-packages" in line or "sudo" in line for line in lines)
