"""A command whose result is shown in place and anew every second, with keys to change it: like top.

Only `metrics` is shown so. What it is given (order, filter, what a line is for) is all that keys
change; everything else is the command's own. Without a terminal it is no different from any other.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from freerouter.frontends.columns import cut
from freerouter.frontends.text import Painter
from freerouter.result import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from freerouter.registry import Call
    from freerouter.result import Result

ENTER, LEAVE = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"
HOME, END_OF_LINE, END_OF_SCREEN = "\033[H", "\033[K", "\033[J"
EVERY = 1.0
"""Seconds between two looks; where one takes long, three times as long as it took."""
SLICE = 0.1
"""Seconds in which a key or a new size of the window is noticed."""
SORTS = ("requests", "errors", "p95", "tokens", "cost", "name")
BY = ("model", "provider", "alias", "client", "hour", "day")
ERASE = ("\x7f", "\x08")
DONE = ("\r", "\n", "\033")
OLDEST = 32
"""Characters below that are none."""


class View(NamedTuple):
    """What is shown. `typing`: keys go into the filter."""

    sort: str
    by: str
    filter: str = ""
    typing: bool = False
    paused: bool = False
    over: bool = False


def pressed(view: View, key: str) -> View:
    """The view after a key."""
    if view.typing:
        if key in DONE:
            return view._replace(typing=False)
        if key in ERASE:
            return view._replace(filter=view.filter[:-1])
        return view._replace(filter=view.filter + key) if ord(key) >= OLDEST else view
    if key in ("q", "Q"):
        return view._replace(over=True)
    if key == "s":
        return view._replace(sort=_next(SORTS, view.sort))
    if key == "b":
        return view._replace(by=_next(BY, view.by))
    if key in ("f", "/"):
        return view._replace(typing=True, filter="")
    if key in ("p", " "):
        return view._replace(paused=not view.paused)
    return view


def _next(words: tuple[str, ...], word: str) -> str:
    return words[(words.index(word) + 1) % len(words)]


def footer(view: View) -> str:
    """What the keys do, and what is set."""
    if view.typing:
        return f"filter: {view.filter}_  (Enter ends it)"
    parts = [f"s sort: {view.sort}", f"b by: {view.by}", f"f filter: {view.filter or 'none'}"]
    return "  ".join(["q quit", *parts, "p go on (paused)" if view.paused else "p pause"])


def frame(result: Result, view: View, painter: Painter, columns: int, rows: int) -> list[str]:
    """The lines of a whole screen, the last one what the keys do."""
    out, err = painter.result(result)
    lines = (out + err).splitlines()
    room = rows - 1
    if len(lines) > room:
        more = len(lines) - room + 1
        lines = [*lines[: room - 1], painter.block(Line(f"… {more} more", "dim")).rstrip("\n")]
    lines += [""] * (room - len(lines))
    return [*lines, painter.block(Line(cut(footer(view), columns - 1))).rstrip("\n")]


def possible(call: Call) -> bool:
    """Whether there is a terminal to draw on and to press keys at, and a person in front of it."""
    if call.output or call.arguments["csv"] or call.arguments["prometheus"]:
        return False
    if os.environ.get("TERM") == "dumb":
        return False
    try:
        import termios  # noqa: F401 - only whether there is such a thing
    except ImportError:
        return False
    return sys.stdin.isatty() and sys.stdout.isatty()


def show_live(
    run: Callable[[Call], Result], call: Call, redact: Callable[[str], str], *, colour: bool
) -> int:
    """Until q or Ctrl-C. The screen is as it was before, however it ends."""
    by = call.arguments["by"]
    sort = call.arguments["sort"] or ("name" if by in ("hour", "day") else "requests")
    view = View(sort, by, call.arguments["filter"] or "")
    with _screen(sys.stdout) as keys:
        while not view.over:
            began = time.monotonic()
            result = run(call._replace(arguments=_arguments(call.arguments, view)))
            took = time.monotonic() - began
            view = _until_next(result, view, redact, keys, max(EVERY, 3 * took), colour=colour)
    return 0


def _arguments(given: Mapping[str, Any], view: View) -> dict[str, Any]:
    return {**given, "sort": view.sort, "by": view.by, "filter": view.filter or None}


def _until_next(
    result: Result,
    view: View,
    redact: Callable[[str], str],
    keys: Callable[[float], str],
    seconds: float,
    *,
    colour: bool,
) -> View:
    """Draw, and wait: until it is time for other numbers, or a key wants some."""
    until = time.monotonic() + seconds
    size = None
    while view.paused or time.monotonic() < until:
        now = os.get_terminal_size(sys.stdout.fileno())
        if now != size:
            size = now
            painter = Painter(redact, size.columns, colour=colour)
            _draw(frame(result, view, painter, size.columns, size.lines))
        before = view
        for key in keys(SLICE):
            view = pressed(view, key)
            size = None
        if view.over or view[:3] != before[:3]:
            return view
    return view


def _draw(lines: list[str]) -> None:
    text = f"{END_OF_LINE}\r\n".join(lines)
    sys.stdout.write(f"{HOME}{text}{END_OF_LINE}{END_OF_SCREEN}")
    sys.stdout.flush()


@contextmanager
def _screen(stream: IO[str]) -> Iterator[Callable[[float], str]]:
    """A screen of its own, on which keys come one by one; gives what waits for some."""
    import select
    import termios
    import tty

    source = sys.stdin.fileno()
    before = termios.tcgetattr(source)

    def keys(seconds: float) -> str:
        ready, _, _ = select.select([source], [], [], seconds)
        if not ready:
            return ""
        try:
            raw = os.read(source, 64)
        except OSError:
            raw = b""
        if not raw:
            raise KeyboardInterrupt  # the terminal is gone
        text = raw.decode("utf-8", "ignore")
        # An arrow or another key that sends a sequence means nothing here.
        return "" if text.startswith("\033") and len(text) > 1 else text

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    handlers = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setcbreak(source)
        stream.write(ENTER)
        stream.flush()
        yield keys
    except KeyboardInterrupt:
        pass  # Ctrl-C is a way to end it like any other
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        with suppress(OSError, termios.error):
            termios.tcsetattr(source, termios.TCSADRAIN, before)
            stream.write(LEAVE)
            stream.flush()
