"""A pager for what is longer than the screen."""

from __future__ import annotations

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = "FREEROUTER_PAGER"
"""The variable that names our pager, or is `off`."""
USUAL = "less"
LESS = "FRX"
"""How less does where the user has not said: quit if all fits, keep colours and screen."""


def pager(environ: Mapping[str, str]) -> list[str]:
    """The command of the pager; none where it is switched off or there is none."""
    import shlex

    named = environ.get(OURS)
    named = environ.get("PAGER") if named is None else named
    if named is None:
        return [USUAL] if shutil.which(USUAL) else []
    try:
        words = shlex.split(named)
    except ValueError:
        return []
    return [] if words in ([], ["off"], ["cat"]) or not shutil.which(words[0]) else words


def is_long(text: str) -> bool:
    """Whether it does not fit on the screen, with a line left for the prompt."""
    return text.count("\n") >= shutil.get_terminal_size().lines


def page(text: str, command: list[str], environ: Mapping[str, str]) -> bool:
    """Show it in a pager until the user leaves that; whether it could be started."""
    import subprocess

    given = dict(environ)
    given.setdefault("LESS", LESS)
    given.setdefault("LV", "-c")
    sys.stdout.flush()
    try:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, env=given)
    except OSError:
        return False
    # It may be left before its end, and Ctrl-C is the pager's own affair.
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        child.communicate(text.encode("utf-8", "replace"))
    while child.poll() is None:
        try:
            child.wait()
        except KeyboardInterrupt:
            continue
    return True
