"""Keys of the shell besides those that every prompt has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings

from freerouter.shell.explaining import asks_for_help

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.key_binding import KeyPressEvent

MAIN = "DEFAULT_BUFFER"


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

    @keys.add("?", filter=at_line & Condition(lambda: asks_for_help(_before_cursor())))
    def _(_event: KeyPressEvent) -> None:
        typed = _before_cursor()
        run_in_terminal(lambda: explain(typed))

    return keys


def _before_cursor() -> str:
    return get_app().current_buffer.document.text_before_cursor
