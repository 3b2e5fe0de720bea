"""Help for a line as far as it is typed: what can begin so, the command, or the option."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.commands.help import about, about_all, about_option, about_some
from freerouter.errors import UsageError
from freerouter.shell.completion import Line
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from freerouter.registry import Command
    from freerouter.result import Result

FREE_TEXT = ("ask", "how", "what", "why", "where", "which", "can")
"""Lines that begin so may have question marks in them."""


def asks_for_help(before: str) -> bool:
    """Whether a question mark typed behind this asks for help, or is only a sign.

    It asks where a word would begin, behind an option, and within the name of a command: none of
    these has one. In the value of something, between quotes and in plain words it is a sign.
    """
    words = before.split()
    if words and words[0].lower() in FREE_TEXT:
        return False
    if before.count('"') % 2 or before.count("'") % 2:
        return False
    if not words or before[-1].isspace() or words[-1].startswith("-"):
        return True
    return _within_name(words)


def _within_name(words: list[str]) -> bool:
    try:
        return REGISTRY.find(words)[1] == len(words)
    except UsageError:
        return bool(_beginning(words))


def explained(before: str) -> Result:
    """What there is to say of it."""
    line = Line(before)
    words = [*line.words, line.current] if line.current else line.words
    if line.command and line.option:
        return about_option(line.command, line.option)
    if line.command and line.current.startswith("-"):
        near = [p for p in line.options if any(n.startswith(line.current) for n in p.names)]
        if len(near) == 1:
            return about_option(line.command, near[0])
    try:
        command, _ = REGISTRY.find(words)
    except UsageError:
        some = _beginning(words)
        return about_some(some) if some else about_all()
    return about(command)


def _beginning(words: list[str]) -> list[Command]:
    """The commands whose names begin so."""
    head = " ".join(words)
    return [c for c in REGISTRY.visible if head and c.name.startswith(head)]
