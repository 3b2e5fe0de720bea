"""What comes from a terminal, in whole characters."""

from __future__ import annotations

import sys

from prompt_toolkit.application import get_app_session

UNREADABLE = "replace"


def in_whole_characters() -> None:
    """Have bytes that are no text come as U+FFFD wherever something is typed from now on.

    prompt-toolkit keeps each as half a surrogate, which can be neither printed nor written nor
    sent. A terminal in another encoding sends such bytes, and so does one that is typed into while
    it changes its mode.
    """
    reading = get_app_session().input
    reader = getattr(reading, "stdin_reader", None)  # there is none on Windows, nor in a pipe
    if reader is not None and reader.errors != UNREADABLE:
        encoding = sys.stdin.encoding or "utf-8"
        reading.stdin_reader = type(reader)(  # type: ignore[attr-defined] # as was just looked up
            reader.stdin_fd, errors=UNREADABLE, encoding=encoding
        )
