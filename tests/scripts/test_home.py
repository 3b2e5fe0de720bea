"""`@home fresh`: nothing of the user's is read or written, and nothing is left."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freerouter.config.providers_file import USUAL_PORT
from freerouter.process.record import running
from freerouter.scripts.home import fresh_home
from freerouter.scripts.stage import Silent
from freerouter.session import Session

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories are made, with nothing in it yet."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return path


def test_nothing_of_the_users_is_read_or_written(world: World, temporary: Path) -> None:
    world.providers("nonsense: [\n")
    (world.cwd / "config").mkdir()
    (world.cwd / "config" / "providers.yaml").write_text("nonsense: [\n")
    text = "@home fresh\n> init\n| Made ~/.config/freerouter/providers.yaml.\n> fetch\n> list\n"
    (world.cwd / "x.frs").write_text(text)
    before = world.written()
    ran = world.cli("run", "x.frs")
    assert ran.code == 0, ran.err
    assert world.written() == before
    assert list(temporary.iterdir()) == []


def test_nothing_is_left_after_a_failure_either(world: World, temporary: Path) -> None:
    (world.cwd / "x.frs").write_text("@home fresh\n> init\n> status\n")
    assert world.cli("run", "x.frs").code == 1
    assert list(temporary.iterdir()) == []


def test_the_environment_says_nothing_of_the_user(world: World, temporary: Path) -> None:
    mine = {"PATH": "/bin", "HOME": "/home/me", "XDG_CONFIG_HOME": "/x", "GROQ_API_KEY": "k"}
    with fresh_home(mine) as (environ, cwd):
        assert set(environ) == {"PATH", "HOME", USUAL_PORT}
        assert Path(environ["HOME"]).parent == Path(cwd).parent
        assert Path(cwd).parent.parent == temporary
        assert os.listdir(cwd) == os.listdir(environ["HOME"]) == []
    assert list(temporary.iterdir()) == []


def test_the_port_is_one_where_nobody_listens(world: World) -> None:
    with fresh_home(os.environ) as (environ, _cwd), socket.socket() as mine:
        mine.bind(("127.0.0.1", int(environ[USUAL_PORT])))


def test_what_the_script_needs_or_sets_goes_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "made-up-key-of-mine")
    text = (
        "@set OTHER another-made-up-key\n@home fresh\n@need env MINE\n> init\n"
        "> providers add oai --name lab --url http://127.0.0.1:9/v1 --keyed\n"
        "> keys set lab --from-env MINE\n| Stored as LAB_API_KEY in .env.\n"
        "> keys set lab --from-env OTHER\n| Stored as LAB_API_KEY in .env.\n"
    )
    (world.cwd / "x.frs").write_text(text)
    ran = world.cli("run", "x.frs")
    assert ran.code == 0, ran.err


def test_home_itself_is_never_brought_along(world: World) -> None:
    (world.cwd / "x.frs").write_text("@need env HOME\n@home fresh\n@need env HOME\n> init\n")
    before = world.written()
    assert world.cli("run", "x.frs").code == 0
    assert world.written() == before


@pytest.mark.gateway
@pytest.mark.parametrize("profile", ["", "work"])
def test_a_gateway_that_still_runs_is_stopped(world: World, profile: str) -> None:
    with fresh_home(os.environ) as (environ, cwd):
        session = Session(Silent(), environ, cwd, profile)
        for command in ("init", "fetch", "start"):
            assert session.run(session.parse(command)).exit_code == 0
        record = running(session.context().workspace)
        assert record is not None
    assert not record.identity.alive
    assert not Path(cwd).parent.exists()
