"""Writes that leave the old file or the new one; backups; the lock."""

from __future__ import annotations

import errno
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
