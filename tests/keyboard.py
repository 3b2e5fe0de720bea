"""Keys typed at a terminal that is not there, and what was drawn on it."""

from __future__ import annotations

import io
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from freerouter.wizard.messages import Option, Question

if TYPE_CHECKING:
    from collections.abc import Callable

UP, DOWN, HOME, END, PAGE_UP, PAGE_DOWN = (
    "\x1b[A",
    "\x1b[B",
    "\x1b[H",
    "\x1b[F",
    "\x1b[5~",
    "\x1b[6~",
)
F1, F2, F3, F4 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"
ENTER, ESC, TAB, BACKSPACE, ALL, SKIP = "\r", "\x1b", "\t", "\x7f", "\x01", "\x18"


QUIET = 0.2
"""Seconds without anything drawn, after which a key has been dealt with."""
LONGEST = 5.0


class Seen(NamedTuple):
    """What the keys led to, and everything that was drawn."""

    value: Any
    drawn: str


def typed(keys: str | list[str], do: Callable[[], Any], columns: int = 80, rows: int = 24) -> Seen:
    """Do something that asks, on a terminal of that size. Between keys of a list it is drawn."""
    screen = io.StringIO()
    output = Vt100_Output(screen, lambda: Size(rows=rows, columns=columns), enable_cpr=False)
    first, *later = [keys] if isinstance(keys, str) else keys

    def go_on() -> None:
        drawn = 0
        for more in later:
            drawn = settled(screen, drawn)
            pipe.send_text(more)

    with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
        pipe.send_text(first)
        typing = threading.Thread(target=go_on)
        typing.start()
        try:
            return Seen(do(), screen.getvalue())
        finally:
            typing.join()


def settled(screen: io.StringIO, before: int) -> int:
    """Wait until more is drawn than before, and nothing more comes; how much there is then."""
    until, drawn, since = time.monotonic() + LONGEST, before, time.monotonic()
    while time.monotonic() < until:
        now = len(screen.getvalue())
        if now != drawn:
            drawn, since = now, time.monotonic()
        elif drawn > before and time.monotonic() - since > QUIET:
            break
        time.sleep(QUIET / 10)
    return drawn


def model(number: int, **changes: Any) -> Option:
    """One of many models, of five providers, the seventh of each ten not possible."""
    fields = {
        "PROVIDER": ("groq", "openrouter", "nim", "google", "demo")[number % 5],
        "FREE": ("yes", "quota", "no")[number % 3],
        "CONTEXT": ("8k", "32k", "131k", "1M")[number % 4],
    }
    made = {
        "value": f"m{number}",
        "label": f"{('meta', 'openai', 'qwen')[number % 3]}/model-{number}",
        "disabled": "needs a paid plan" if number % 10 == 7 else "",
        "fields": fields,
    }
    return Option(**{**made, **changes})


MODELS = Question(
    "models",
    "many",
    "Which models?",
    default=["m20", "m10"],
    options=tuple(model(number) for number in range(40)),
    filters=("FREE", "PROVIDER", "CONTEXT"),
)
