"""Keys of the shell besides those that every prompt has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.key_binding import KeyPressEvent

MAIN = "DEFAULT_BUFFER"
FREE_TEXT = ("ask", "how", "what", "why", "where", "which", "can")
"""Lines that begin so may have question marks in them."""


def shell_keys(offered: Callable[[], str], explain: Callable[[str], None]) -> KeyBindings:
    """Right, Tab, Ctrl-E, End: take what is `offered` on the empty line. `?`: explain the line."""
    keys = KeyBindings()
    at_line = has_focus(MAIN)
    takes = at_line & Condition(lambda: not get_app().current_buffer.text and bool(offered()))

    @keys.add("right", filter=takes)
    @keys.add("tab", filter=takes)
    @keys.add("c-e", filter=takes)
    @keys.add("end", filter=takes)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(offered())

    @keys.add("?", filter=at_line & Condition(_asks_for_help))
    def _(event: KeyPressEvent) -> None:
        typed = event.current_buffer.document.text_before_cursor
        run_in_terminal(lambda: explain(typed))

    return keys


def _asks_for_help() -> bool:
    """Where a word would begin, a question mark asks for help; inside words it is only a sign."""
    before = get_app().current_buffer.document.text_before_cursor
    words = before.split()
    return (not before or before[-1].isspace()) and (not words or words[0] not in FREE_TEXT)
