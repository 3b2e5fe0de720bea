"""What was typed, across sessions: a private file, and never a line with a secret in it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from prompt_toolkit.history import FileHistory, InMemoryHistory

from freerouter.redact import KEY_SHAPES, sets_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prompt_toolkit.history import History

    from freerouter.context import Context

LOOKED_AT = 500
"""So many of the last lines tell what was used recently."""


def holds_secret(line: str, redact: Callable[[str], str] = str) -> bool:
    """Whether a line has something of a key's shape in it, a secret that is known, or one that it
    would write into providers.yaml.
    """
    return bool(re.search(KEY_SHAPES, line)) or sets_secret(line) or redact(line) != line


class PassingHistory(InMemoryHistory):
    """Kept until the shell is left."""

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        super().__init__()
        self._redact = redact

    def append_string(self, string: str) -> None:
        if not holds_secret(string, self._redact):
            super().append_string(string)


class SafeHistory(FileHistory):
    """A history file of mode 0600. A line with a secret is not even to be found with Ctrl-R."""

    def __init__(self, filename: str, redact: Callable[[str], str] = str) -> None:
        super().__init__(filename)
        self._redact = redact

    def append_string(self, string: str) -> None:
        if not holds_secret(string, self._redact):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        if holds_secret(string, self._redact):
            return
        os.close(os.open(os.fsdecode(self.filename), os.O_CREAT | os.O_APPEND, 0o600))
        super().store_string(string)


def history_for(ctx: Context, redact: Callable[[str], str] = str) -> History:
    """A file once there is a workspace; until then nothing is written anywhere."""
    if not ctx.workspace.configured:
        return PassingHistory(redact)
    os.makedirs(ctx.workspace.state, mode=0o700, exist_ok=True)
    return SafeHistory(ctx.workspace.history_file, redact)


def recently_used(lines: Iterable[str]) -> dict[str, int]:
    """Words of the last lines, the most recent with the smallest number. `lines`: newest first."""
    found: dict[str, int] = {}
    for number, line in enumerate(lines):
        if number == LOOKED_AT:
            break
        words = line.split()
        for word in (*words, " ".join(words[:2])):
            found.setdefault(word, number)
    return found
