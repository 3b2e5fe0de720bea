"""`freerouter complete SHELL …`: what a system's shell offers at a TAB, one candidate a line.

It is called by the scripts in `completions/` and never by people, so it says nothing about faults:
where there is nothing to offer, it offers nothing. `TAB path` on a line asks for names of files.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from freerouter.candidates import PATH, Candidate, Names, next_words
from freerouter.config.workspace import find_workspace
from freerouter.errors import FreeRouterError

if TYPE_CHECKING:
    from collections.abc import Mapping

SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")
"""Characters that bash takes as they are."""
LISTING = "63"
"""Bash's sign that candidates are only shown, not typed: the place for descriptions."""
LONGEST = 60
"""Characters of a description."""


class Typed(NamedTuple):
    """A line up to the cursor, as bash reads it: whole words, and the one that is being typed."""

    words: list[str]
    current: str
    kept: str = ""
    """What of the current word stands before the part that bash replaces."""
    quote: str = ""
    """The quote that is open."""


def run(arguments: list[str], environ: Mapping[str, str], cwd: str) -> str:
    """The candidates' lines: `complete bash LINE BREAKS TYPE`, or `complete zsh WORD… CURRENT`."""
    try:
        shell, *rest = arguments
        if shell == "bash":
            line, breaks, kind = rest
            typed = read_line(line, breaks)
            found = _candidates(typed.words, typed.current, environ, cwd)
            described = len(found) > 1 and kind == LISTING
            return "".join(for_bash(one, typed, described=described) for one in found)
        found = _candidates(rest[:-1], rest[-1] if rest else "", environ, cwd)
    except (FreeRouterError, OSError, ValueError):
        return ""
    return "".join(for_zsh(one) if shell == "zsh" else _line(one) for one in found)


def _candidates(
    words: list[str], current: str, environ: Mapping[str, str], cwd: str
) -> list[Candidate]:
    profile = words[words.index("--profile") + 1] if "--profile" in words[:-1] else ""
    workspace = find_workspace(environ, cwd, profile)
    return next_words(words, current, Names(lambda: workspace, paths=True))


def _line(one: Candidate) -> str:
    return f"{one.text}\t{one.meta[:LONGEST]}\n"


def for_zsh(one: Candidate) -> str:
    """As `_describe` reads it: a colon ends the candidate, unless a backslash stands before it."""
    if one == PATH:
        return _line(one)
    text = one.text.replace("\\", "\\\\").replace(":", "\\:")
    return f"{text}:{one.meta[:LONGEST]}\n"


def for_bash(one: Candidate, typed: Typed, *, described: bool) -> str:
    """What bash puts into the place of the part that it replaces, quoted as it must be there."""
    if one == PATH:
        return _line(one)
    text = one.text[len(typed.kept) :]
    if described:
        return f"{text}  ({one.meta[:LONGEST]})\n" if one.meta else f"{text}\n"
    if typed.quote == '"':
        return "".join(f"\\{c}" if c in '"$`\\' else c for c in text) + "\n"
    if typed.quote:
        return f"{text}\n"
    return "".join(c if c in SAFE or not c.isascii() else f"\\{c}" for c in text) + "\n"


def read_line(line: str, breaks: str) -> Typed:
    """A line as bash reads it. `breaks` are the characters at which it begins a word anew.

    The first word is the program, behind what sets variables for it.
    """
    words: list[str] = []
    current, kept, quote = "", "", ""
    within = escaped = False
    for letter in line:
        if escaped:
            current, escaped = current + letter, False
        elif letter == "\\" and quote != "'":
            escaped = within = True
        elif quote:
            if letter == quote:
                quote = ""
            else:
                current += letter
        elif letter in "'\"":
            quote, kept, within = letter, current, True
        elif letter.isspace():
            words += [current] if within else []
            current, kept, within = "", "", False
        else:
            current, within = current + letter, True
            kept = current if letter in breaks else kept
    while words and "=" in words[0]:
        del words[0]
    return Typed(words[1:], current, kept, quote)


def main(arguments: list[str]) -> int:
    sys.stdout.write(run(arguments[1:], os.environ, os.getcwd()))
    return 0
