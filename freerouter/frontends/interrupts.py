"""Ctrl-C while a prompt is set up or taken away: it waits until there is somebody to be told."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


SOON = 0.02
"""Seconds until an interrupt that nobody was told of comes again."""


class Held:
    """Whether Ctrl-C came meanwhile."""

    def __init__(self) -> None:
        self._came = False

    def note(self, *_signal: object) -> None:
        self._came = True

    def take(self) -> bool:
        came, self._came = self._came, False
        return came


@contextmanager
def held() -> Iterator[Held]:
    """Keep Ctrl-C back; what came and was not taken is raised at the end.

    prompt-toolkit has a handler of its own while it reads. Before and after, an interrupt would hit
    the event loop half made, which Python answers with a traceback on the screen.
    """
    import threading

    kept = Held()
    if threading.current_thread() is not threading.main_thread():
        yield kept
        return
    before = signal.signal(signal.SIGINT, kept.note)
    try:
        yield kept
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
    if kept.take():
        raise KeyboardInterrupt


def never_lost() -> None:
    """Have Ctrl-C come again where nobody could be told.

    In the callback of a weak reference, say, Python drops it and prints a traceback.
    """
    tell = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            import threading

            again = threading.Timer(SOON, os.kill, (os.getpid(), signal.SIGINT))
            again.daemon = True
            again.start()
        else:
            tell(unraisable)

    sys.unraisablehook = hook
