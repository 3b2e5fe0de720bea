"""A process is ours only where its pid, its start and its token all agree."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from fakes import TOKEN

from freerouter.process.identity import Identity, command_of, started_at

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us."""
    child = subprocess.Popen(["sleep", "60"])
    yield child
    child.kill()
    child.wait()


def test_our_own_process_is_alive(worker: subprocess.Popen[bytes]) -> None:
    assert Identity(worker.pid, started_at(worker.pid), TOKEN).alive


def test_somebody_elses_process_is_not_ours(sleeper: subprocess.Popen[bytes]) -> None:
    assert started_at(sleeper.pid)
    assert not Identity(sleeper.pid, started_at(sleeper.pid), TOKEN).alive


def test_a_process_that_took_over_the_pid_is_not_ours(worker: subprocess.Popen[bytes]) -> None:
    assert not Identity(worker.pid, "1", TOKEN).alive


def test_a_gateway_with_another_token_is_not_ours(worker: subprocess.Popen[bytes]) -> None:
    assert not Identity(worker.pid, started_at(worker.pid), TOKEN[:-1]).alive


@pytest.mark.parametrize("token", ["", "--token"[:1]])
def test_no_token_or_a_part_of_a_word_proves_nothing(
    worker: subprocess.Popen[bytes], token: str
) -> None:
    assert not Identity(worker.pid, started_at(worker.pid), token).alive


def test_a_process_that_ended_is_not_alive(worker: subprocess.Popen[bytes]) -> None:
    identity = Identity(worker.pid, started_at(worker.pid), TOKEN)
    worker.kill()
    worker.wait()
    assert not identity.alive
    assert started_at(worker.pid) == ""
    assert TOKEN not in command_of(worker.pid)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="seen in /proc only")
def test_a_process_that_ended_but_was_not_waited_for_is_not_alive(
    worker: subprocess.Popen[bytes],
) -> None:
    identity = Identity(worker.pid, started_at(worker.pid), TOKEN)
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert os.path.exists(f"/proc/{worker.pid}")
    assert started_at(worker.pid) == ""
    assert not identity.alive


@pytest.mark.parametrize("pid", [0, -1])
def test_a_pid_that_means_a_group_is_nobody(pid: int) -> None:
    assert started_at(pid) == ""
    assert not Identity(pid, "", TOKEN).alive


def test_a_start_that_is_not_known_proves_nothing() -> None:
    assert not Identity(2**22 + 1, "", TOKEN).alive


def test_the_start_of_a_process_does_not_change(sleeper: subprocess.Popen[bytes]) -> None:
    assert started_at(sleeper.pid) == started_at(sleeper.pid) != ""
    assert command_of(sleeper.pid)[:2] == ["sleep", "60"]
