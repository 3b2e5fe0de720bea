"""Is that process the one that we started? Its pid, start time and token must all agree."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple


class Identity(NamedTuple):
    """`started` is the system's own notion of the start; `token` stands in the command line."""

    pid: int
    started: str
    token: str

    @property
    def alive(self) -> bool:
        """Whether exactly this process still runs; one that cannot be proven ours does not."""
        if not (self.started and self.token):
            return False
        return started_at(self.pid) == self.started and self.token in command_of(self.pid)


def started_at(pid: int) -> str:
    """The start time in the system's own words; "" where there is no such process or it is dead."""
    if pid <= 0:
        return ""
    if os.path.isdir("/proc/self"):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            return ""
        state, ticks = fields[0], fields[19]
        return "" if state in ("Z", "X") else ticks
    return _ps(pid, "lstart")


def command_of(pid: int) -> list[str]:
    """The words of the process's command line; [] where they cannot be read."""
    if os.path.isdir("/proc/self"):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read().decode("utf-8", "replace").split("\0")
        except OSError:
            return []
    return _ps(pid, "command").split()


def _ps(pid: int, field: str) -> str:
    if sys.platform == "win32":
        return ""
    import subprocess

    done = subprocess.run(
        ["ps", "-p", str(pid), "-o", f"{field}="], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
