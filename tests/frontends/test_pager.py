"""What is longer than the screen, and web addresses on a terminal that has links."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from freerouter.frontends.links import has_links, linked
from freerouter.frontends.pager import pager

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

pty = pytest.importorskip("pty")


def drawn(world: World, *argv: str, **environ: str) -> str:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", *argv],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=world.cwd,
        env={**os.environ, "COLUMNS": "80", "LINES": "10", "TERM": "xterm", **environ},
    )
    os.close(theirs)
    found = b""
    try:
        while chunk := os.read(ours, 65536):
            found += chunk
    except OSError:  # the other end is closed
        pass
    child.wait(timeout=30)
    os.close(ours)
    return found.decode().replace("\r\n", "\n")


@pytest.fixture
def marking(world: World) -> Path:
    """A pager that says that it was one."""
    program = world.home / "my pager"
    program.write_text('#!/bin/sh\necho "PAGED $1 $LESS"\ncat\n')
    program.chmod(0o755)
    return program


def test_a_long_table_goes_through_the_pager(world: World, marking: Path) -> None:
    text = drawn(world, "providers", "list", "--all", FREEROUTER_PAGER=f"'{marking}' -x")
    assert text.startswith("PAGED -x FRX\n")
    assert "openrouter" in text


def test_what_fits_does_not(world: World, marking: Path) -> None:
    assert "PAGED" not in drawn(world, "plugins", FREEROUTER_PAGER=f"'{marking}'")


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (["--plain"], {}),
        (["--json"], {}),
        ([], {"TERM": "dumb"}),
        ([], {"FREEROUTER_PAGER": "off"}),
    ],
)
def test_it_is_left_out_where_it_would_be_in_the_way(
    world: World, marking: Path, words: list[str], environ: dict[str, str]
) -> None:
    given = {"FREEROUTER_PAGER": f"'{marking}'", **environ}
    assert "PAGED" not in drawn(world, "providers", "list", "--all", *words, **given)


def test_a_pipe_is_never_paged(world: World, marking: Path) -> None:
    ran = world.process("providers", "list", "--all", FREEROUTER_PAGER=f"'{marking}'", LINES="5")
    assert "PAGED" not in ran.out


def test_ours_comes_before_that_of_everything() -> None:
    assert pager({"FREEROUTER_PAGER": "cat -v", "PAGER": "sh"}) == ["cat", "-v"]
    assert pager({"PAGER": "sh -c x"}) == ["sh", "-c", "x"]
    for off in ("off", "", "cat", "'", "/nowhere/pager"):
        assert pager({"FREEROUTER_PAGER": off, "PAGER": "sh"}) == []


def test_links_are_drawn_only_where_they_are_known() -> None:
    assert has_links({"VTE_VERSION": "7000", "TERM": "xterm-256color"})
    assert has_links({"TERM": "xterm-kitty"})
    assert has_links({"FORCE_HYPERLINK": "1"})
    assert not has_links({"TERM": "xterm-256color"})
    assert not has_links({"VTE_VERSION": "7000", "TMUX": "x"})
    assert not has_links({"FORCE_HYPERLINK": "0", "TERM": "xterm-kitty"})


def test_a_link_looks_as_the_address_does() -> None:
    shown = linked("See https://a.example/b?c=1. Then `http://x/`.")
    bare = shown.replace("\033]8;;\033\\", "")
    assert "\033]8;;https://a.example/b?c=1\033\\https://a.example/b?c=1" in bare
    assert shown.count("\033]8;;\033\\") == 2


def test_no_link_reaches_a_pipe(world: World) -> None:
    assert "\033" not in world.process("help", FORCE_HYPERLINK="1").out
