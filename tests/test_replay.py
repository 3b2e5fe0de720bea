"""What collects sessions as tests: it fails where they differ, and skips where it says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from by_frontends import FRONT_ENDS, ByMenus
from replay import play

from freerouter.scripts.grammar import parse
from freerouter.wizard.messages import Answer

if TYPE_CHECKING:
    from conftest import World

ROOT = Path(__file__).parent.parent
INIT = "| Made ~/.config/freerouter/providers.yaml.\n|...\n"
FLOW = (
    "#!freerouter session 1\n@home fresh\n> init --wizard --dry-run\n? place\n< user\n"
    "? providers\n< %s\n? fetch\n< no\n|...\n"
)


def collected(directory: Path, text: str, **environ: str) -> tuple[int, str]:
    """What pytest says of a directory with this session in it."""
    directory.joinpath("conftest.py").write_text("from replay import pytest_collect_file\n")
    directory.joinpath("one.frs").write_text(text)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(directory)),
            *("-c", str(ROOT / "pyproject.toml"), f"--rootdir={ROOT}"),
        ],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_session_that_differs_is_told_with_its_line_and_the_difference(
    world: World, tmp_path: Path
) -> None:
    code, said = collected(world.cwd, f"#!freerouter session 1\n> init\n{INIT}> list\n| x\n= 3\n")
    assert code == 1
    assert "one.frs:6: `list` did not say what is written.\n- | x\n+ ! No models" in said
    assert "Traceback" not in said


def test_a_session_that_needs_a_variable_is_played_where_it_is_set(world: World) -> None:
    text = (
        "#!freerouter session 1\n@home fresh\n@need env MINE\n> init\n|...\n"
        "> providers add oai --name lab --url http://127.0.0.1:9/v1 --keyed\n|...\n"
        "> keys set lab --from-env MINE --unchecked\n| Stored as LAB_API_KEY in .env.\n"
    )
    code, said = collected(world.cwd, text, MINE="made-up-key-of-mine")
    assert code == 0, said
    assert "1 passed" in said
    code, said = collected(world.cwd, text)
    assert "1 skipped" in said
    assert "MINE is not set." in said


def test_the_home_of_who_tests_is_never_the_sessions(world: World) -> None:
    before = world.written()
    ended = play(parse("@need env HOME\n> init\n", "x.frs"), os.environ)
    assert ended.outcome.code == 0
    assert world.written() == before


def test_a_session_that_asks_is_played_through_every_front_end(world: World) -> None:
    code, said = collected(world.cwd, FLOW % "demo")
    assert code == 0, said
    assert f"{1 + len(FRONT_ENDS)} passed" in said


def test_an_answer_that_is_no_choice_can_be_given_by_no_menu(world: World) -> None:
    text = (FLOW % "mars").replace("< mars\n", "< mars\n!...\n? providers\n< demo\n")
    _, said = collected(world.cwd, text)
    assert "1 skipped" in said
    assert "nobody can answer that by menus: mars" in said


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_each_front_end_gives_the_events_of_the_script(world: World, name: str) -> None:
    file = parse(FLOW % "demo", "x.frs")
    usual = play(file, os.environ).recorded
    assert "? providers: Which providers do you want to use?\n< " in usual
    assert play(file, os.environ, FRONT_ENDS[name]).recorded == usual


def test_other_events_are_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    file = parse(FLOW % "demo", "x.frs")
    usual = play(file, os.environ).recorded
    monkeypatch.setattr(ByMenus, "give", lambda _self, question, text: Answer(question.id, "no"))
    assert play(file, os.environ, ByMenus).recorded != usual
