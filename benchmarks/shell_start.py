"""How soon the shell shows its first prompt, against the barest prompt of prompt-toolkit."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from cli_start import fill
from measure import FREEROUTER, figure, medians, milliseconds, new_home

if TYPE_CHECKING:
    from measure import Home

ROUNDS = 15
TARGET = 1.3
BARE = [
    sys.executable,
    "-c",
    "import prompt_toolkit; prompt_toolkit.PromptSession().prompt('freerouter> ')",
]
SHELL_NAME, BARE_NAME = "freerouter", "an empty prompt"
LONGEST = 30.0


def main() -> None:
    with new_home() as home:
        fill(home)
        subjects = {
            BARE_NAME: partial(seconds_to_prompt, home, BARE),
            SHELL_NAME: partial(seconds_to_prompt, home, [FREEROUTER]),
        }
        medians(subjects, 2)
        times = medians(subjects, ROUNDS)
    print(f"Median of {ROUNDS}, until the prompt is drawn:")
    milliseconds(times)
    figure(SHELL_NAME, times[SHELL_NAME], BARE_NAME, times[BARE_NAME], TARGET)


def seconds_to_prompt(home: Home, command: list[str]) -> float:
    """From its start until its prompt can be seen on a terminal; then it is left."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    child = subprocess.Popen(
        command,
        env={**home.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
        cwd=home.path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    while b"freerouter>" not in seen:
        if not select.select([ours], [], [], LONGEST)[0]:
            raise SystemExit(f"{command}: no prompt within {LONGEST:g} s\n{seen!r}")
        seen += os.read(ours, 65536)
    ended = time.perf_counter()
    child.kill()
    child.wait()
    os.close(ours)
    return ended - began


if __name__ == "__main__":
    main()
