"""Writes that leave the old file or the new one; backups; the lock."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from freerouter.config import atomic
from freerouter.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_written_file_is_private_and_holds_exactly_the_text(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.yaml"
    atomic.write_text(str(path), "one\ntwo é\n")
    assert path.read_bytes() == "one\ntwo é\n".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    atomic.write_text(str(tmp_path / "file"), "text")
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_stays_a_link_and_its_file_changes(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "providers.yaml"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "providers.yaml"
    link.symlink_to(real)
    atomic.write_text(str(link), "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_file_where_the_directory_should_be_is_named_and_stays(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("mine")
    with pytest.raises(FileError) as caught:
        atomic.write_text(str(tmp_path / "state" / "x.json"), "text")
    assert caught.value.what == f"Cannot write {tmp_path}/state/x.json."
    assert caught.value.why == "A file stands where its directory should be."
    assert caught.value.fix == "Nothing was changed. Move that file away and try again."
    assert (tmp_path / "state").read_text() == "mine"


def test_a_directory_of_the_files_name_is_named_and_no_scrap_stays(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(FileError) as caught:
        atomic.write_text(str(tmp_path / "config.yaml"), "text")
    assert caught.value.why == "A directory of that name is in the way."
    assert os.listdir(tmp_path) == ["config.yaml"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_not_called_unwritable(number: int) -> None:
    error = atomic.unwritable("/w/x", OSError(number, "No space left on device"))
    assert str(error) == (
        "Cannot write /w/x. No space left on device. "
        "Nothing was changed. Free some space on that disk and try again."
    )


def test_the_lock_of_a_workspace_that_is_a_file_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / "freerouter").write_text("mine")
    with (
        pytest.raises(FileError, match="A file stands where its directory should be"),
        atomic.lock(str(tmp_path / "freerouter")),
    ):
        pytest.fail("the lock was given")


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    started = threading.Event()

    def second() -> None:
        started.set()
        with atomic.lock(str(tmp_path)):
            order.append("second")

    thread = threading.Thread(target=second)
    with atomic.lock(str(tmp_path)):
        thread.start()
        assert started.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


# Root too heeds permission bits once it has given up CAP_DAC_OVERRIDE for what it starts.
OBEDIENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "freerouter", *sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_read_only_workspace_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    workspace = tmp_path / "freerouter"
    workspace.mkdir()
    (workspace / "providers.yaml").write_text("providers:\n  - type: demo\n")
    workspace.chmod(0o500)
    done = subprocess.run(
        [sys.executable, "-c", OBEDIENT, "fetch"],
        env={"PATH": os.environ["PATH"], "FREEROUTER_HOME": str(workspace), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    workspace.chmod(0o700)
    assert done.stderr == (
        f"Cannot write {workspace}/.lock.\nPermission denied.\n"
        "Nothing was changed. Make the directory writable and try again.\n"
    )
    assert done.returncode == 2
    assert os.listdir(workspace) == ["providers.yaml"]


def test_what_a_crash_has_left_is_taken_away_by_the_next_write_of_that_file(tmp_path: Path) -> None:
    left, young, other = (
        *(tmp_path / f"..env.{number}-17ab" for number in (1, 2)),
        tmp_path / ".config.yaml.1-17ab",
    )
    for path in (left, young, other):
        path.write_text("SOME_KEY=left by a crash")
    for path in (left, other):
        os.utime(path, (0, 0))
    atomic.write_text(str(tmp_path / ".env"), "new")
    assert sorted(os.listdir(tmp_path)) == ["..env.2-17ab", ".config.yaml.1-17ab", ".env"]


def test_of_several_files_none_is_written_where_one_cannot_be(tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.write_text("old")
    (tmp_path / "second").mkdir()
    with pytest.raises(FileError, match="A directory of that name is in the way"):
        atomic.write_together({str(first): b"new", str(tmp_path / "second"): b"new"})
    assert first.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["first", "second"]


def test_file_and_name_are_on_the_disk_before_anything_else_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a power failure cannot take the backup and leave the change."""
    order: list[str] = []
    sync, replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        order.append("directory" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        sync(descriptor)

    def replaced(old: str, new: str) -> None:
        order.append(f"replace {os.path.basename(new)}")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replaced)
    atomic.write_together({str(tmp_path / "a"): b"1", str(tmp_path / "b"): b"2"})
    assert order == ["file", "file", "replace a", "replace b", "directory"]


NAMESPACE = ["unshare", "--mount", "--map-root-user"]
DISK = """
import json, os, subprocess, sys
top, state = sys.argv[1:]
root = os.path.join(top, "freerouter")
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", top], check=True)
environ = {**os.environ, "FREEROUTER_HOME": root, "HOME": top, "MY_KEY": "k" * 20000}

def command(line):
    words = [sys.executable, "-m", "freerouter", *line.split()]
    done = subprocess.run(words, env=environ, capture_output=True, text=True)
    return [done.returncode, done.stderr]

def files():
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(directory, name), "rb") as file:
                found[os.path.join(directory, name)] = file.read().hex()
    return found

os.mkdir(root)
with open(os.path.join(root, "providers.yaml"), "w") as file:
    file.write("# " + "mine " * 2000 + "\\nproviders:\\n  - type: demo\\n")
static = "providers add static --model {} --via openai --url http://127.0.0.1:9/v1"
for line in ("fetch", static.format("one"), "fetch", static.format("two")):
    assert command(line)[0] == 0, line
if state == "full":
    with open(os.path.join(top, "filler"), "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 512):
                pass
        except OSError:
            pass
else:
    subprocess.run(["mount", "-o", "remount,ro", top], check=True)
before = files()
said = {line: command(line) for line in (
    static.format("three"), "fetch", "undo", "restore 2 --yes", "providers disable demo",
    "keys set openrouter --from-env MY_KEY --unchecked",
)}
print(json.dumps({"said": said, "same": files() == before}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
@pytest.mark.parametrize(
    ("state", "why"), [("full", "No space left on device."), ("ro", "Read-only file system.")]
)
def test_on_a_full_disk_and_on_a_read_only_one_everything_stays_as_it_was(
    tmp_path: Path, state: str, why: str
) -> None:
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespace of mounts may be made here")
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", DISK, str(tmp_path), state],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    for line, (code, err) in report["said"].items():
        assert code == 2, (line, err)
        assert err.splitlines()[1] == why, (line, err)
        assert "Nothing was changed." in err
    assert report["same"]
