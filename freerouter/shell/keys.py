"""Keys of the shell besides those that every prompt has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings

from freerouter.shell.explaining import asks_for_help

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.key_binding import KeyBindingsBase, KeyPressEvent

MAIN = "DEFAULT_BUFFER"


def shell_keys(offered: Callable[[], str], explain: Callable[[str], None]) -> KeyBindingsBase:
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

    return merge_key_bindings([interrupting_keys(), keys])


def interrupting_keys() -> KeyBindings:
    """Ctrl-C gives the line up, once.

    prompt-toolkit's own raises where the line has just been given up, or accepted: a second Ctrl-C
    comes as a signal, and may come when nothing is asked any more.
    """
    keys = KeyBindings()

    @keys.add("c-c", filter=has_focus(MAIN))
    @keys.add("<sigint>")
    def _(event: KeyPressEvent) -> None:
        waits = event.app.future
        if waits is not None and not waits.done():
            event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    return keys


def _before_cursor() -> str:
    return get_app().current_buffer.document.text_before_cursor
