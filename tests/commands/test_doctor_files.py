"""`doctor` on real files: their absence, their modes, their owners, and the room there is."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from test_doctor import brief, diagnosed, set_up

from freerouter.commands.doctor_files import space
from freerouter.volatile import plain

if TYPE_CHECKING:
    from conftest import World

linux = pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")

# Root too heeds permission bits once it has given up CAP_DAC_OVERRIDE for what it starts.
OBEDIENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
ctypes.CDLL(None).prctl(24, 2, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "freerouter", *sys.argv[1:]])
"""


def diagnosed_as_a_user(world: World) -> dict[str, Any]:
    """The findings of a process that modes hold for, whoever runs the tests."""
    done = subprocess.run(
        [sys.executable, "-c", OBEDIENT, "doctor", "--offline", "--json"],
        cwd=world.cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return {f["id"]: f for f in json.loads(done.stdout)["findings"]}


def test_a_workspace_as_it_is_made_has_no_fault(world: World) -> None:
    set_up(world)
    found = diagnosed(world)
    for name in ("workspace.configured", "files.readable", "files.private", "disk.writable"):
        assert brief(found, name) == ("ok", [])
    assert found["workspace.configured"]["what"] == "~/.config/freerouter is set up."


def test_without_a_directory_there_are_no_files_to_judge(world: World) -> None:
    (world.workspace / "providers.d" / "ollama.yaml").unlink()
    (world.workspace / "providers.d").rmdir()
    world.workspace.rmdir()
    found = diagnosed(world)
    assert brief(found, "files.readable") == ("skipped", [])
    assert brief(found, "disk.writable") == ("ok", [])


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644])
def test_keys_that_others_can_read_are_warned_of_with_the_exact_cure(
    world: World, mode: int
) -> None:
    set_up(world)
    path = world.workspace / ".env"
    path.chmod(mode)
    found = diagnosed(world)
    assert brief(found, "files.private:.env") == ("warn", [])
    assert "files.private" not in found
    subprocess.run(shlex.split(found["files.private:.env"]["fix"]), check=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert brief(diagnosed(world), "files.private") == ("ok", [])


def test_state_that_others_can_look_into_is_warned_of(world: World) -> None:
    set_up(world)
    state = world.workspace / "state"
    state.chmod(0o755)
    found = diagnosed(world)
    assert brief(found, "files.private:state") == ("warn", [])
    assert found["files.private:state"]["fix"] == f"chmod 700 {state}"


def test_the_keys_beside_a_project_are_looked_at_too(world: World) -> None:
    project = world.cwd / "config"
    project.mkdir()
    (project / "providers.yaml").write_text("providers: [{type: demo}]\n")
    beside = world.cwd / ".env"
    beside.write_text("A=1\n")
    beside.chmod(0o644)
    found = diagnosed(world)
    assert found["files.private:../.env"]["fix"] == f"chmod 600 {beside}"


def test_a_key_written_into_providers_yaml_must_not_be_for_all_eyes(world: World) -> None:
    path = world.providers(
        "providers:\n  - {type: oai, name: lab, api_base: 'http://127.0.0.1:9', api_key: k-1}\n"
    )
    path.chmod(0o644)
    found = diagnosed(world)
    assert brief(found, "files.private:providers.yaml") == ("warn", [])
    assert found["files.private:providers.yaml"]["fix"] == f"chmod 600 {path}"
    path.chmod(0o600)
    assert brief(diagnosed(world), "files.private") == ("ok", [])


def test_a_providers_yaml_without_a_key_may_be_read_by_anyone(world: World) -> None:
    world.providers("providers:\n  - {type: openrouter, api_key: '${A_KEY}'}\n").chmod(0o644)
    assert brief(diagnosed(world), "files.private") == ("ok", [])


def test_a_directory_in_the_place_of_a_file_is_no_file(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    (world.workspace / ".env").mkdir(mode=0o700)
    found = diagnosed(world)
    assert brief(found, "files.readable:.env") == ("error", [])
    assert found["files.readable:.env"]["why"] == "Is a directory."
    assert found["files.readable:.env"]["fix"] == "Move what is there away."
    assert brief(found, "providers.resolve") == ("skipped", [])


def test_keys_that_are_no_text_cannot_be_read(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    path = world.workspace / ".env"
    path.write_bytes(b"A=\xff\n")
    path.chmod(0o600)
    found = diagnosed(world)
    assert brief(found, "files.readable:.env") == ("error", [])
    assert found["files.readable:.env"]["fix"] == "Save it as UTF-8 text."


@linux
def test_a_file_that_may_not_be_read_is_named_with_its_cure(world: World) -> None:
    set_up(world)
    path = world.workspace / ".env"
    path.chmod(0)
    found = diagnosed_as_a_user(world)
    path.chmod(0o600)
    assert brief(found, "files.readable:.env") == ("error", [])
    assert found["files.readable:.env"]["why"] == "Permission denied."
    assert found["files.readable:.env"]["fix"] == f"chmod 600 {path}"


@linux
def test_a_directory_that_may_not_be_entered_is_named_once(world: World) -> None:
    set_up(world)
    state = world.workspace / "state"
    state.chmod(0)
    found = diagnosed_as_a_user(world)
    state.chmod(0o700)
    assert brief(found, "files.readable:state") == ("error", [])
    assert found["files.readable:state"]["fix"] == f"chmod 700 {state}"
    assert [name for name in found if name.startswith("files.readable")] == ["files.readable:state"]


@linux
def test_a_workspace_that_may_not_be_entered_is_not_taken_for_none(world: World) -> None:
    set_up(world)
    world.workspace.chmod(0)
    found = diagnosed_as_a_user(world)
    world.workspace.chmod(0o700)
    assert brief(found, "workspace.configured") == ("error", [])
    assert found["workspace.configured"]["fix"] == f"chmod 700 {world.workspace}"


@linux
def test_a_workspace_that_may_not_be_written_to_is_named(world: World) -> None:
    set_up(world)
    world.workspace.chmod(0o500)
    found = diagnosed_as_a_user(world)
    world.workspace.chmod(0o700)
    assert brief(found, "disk.writable:freerouter") == ("error", [])
    assert found["disk.writable:freerouter"]["fix"] == f"chmod u+rwx {world.workspace}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_another_user_is_warned_of(world: World) -> None:
    set_up(world)
    path = world.workspace / "config.yaml"
    os.chown(path, 65534, -1)
    found = diagnosed(world)
    assert brief(found, "files.owner:config.yaml") == ("warn", [])
    assert found["files.owner:config.yaml"]["fix"] == f"sudo chown 0 {path}"


@pytest.mark.parametrize(
    ("free", "state", "what"),
    [
        (0, "error", "Only 0 MB free on the disk of the workspace."),
        (99_999_999, "error", "Only 99 MB free on the disk of the workspace."),
        (100_000_000, "warn", "Only 100 MB free on the disk of the workspace."),
        (999_999_999, "warn", "Only 999 MB free on the disk of the workspace."),
        (1_000_000_000, "ok", "1 GB free."),
        (84_500_000_000, "ok", "84 GB free."),
    ],
)
def test_room_is_judged_by_how_much_there_is(free: int, state: str, what: str) -> None:
    found = space(free)
    assert (found.id, found.state, plain(found.what)) == ("disk.space", state, what)
    assert bool(found.fix) == (state != "ok")


@pytest.mark.parametrize("name", ["gateway.log", "gateway.log.1"])
def test_a_long_log_is_named_with_its_size(world: World, name: str) -> None:
    set_up(world)
    log = world.workspace / "state" / name
    log.touch()
    os.truncate(log, 100_000_000)
    assert f"disk.log:{name}" not in diagnosed(world)
    os.truncate(log, 123_000_000)
    found = diagnosed(world)[f"disk.log:{name}"]
    assert found["what"] == f"~/.config/freerouter/state/{name} is long: 123 MB."
    assert (found["state"], found["fix"], found["command"]) == ("warn", f"rm {log}", [])
