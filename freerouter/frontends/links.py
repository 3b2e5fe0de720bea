"""Web addresses as links, in terminals that show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWING = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby")
"""`TERM_PROGRAM` of terminals that have links."""
NAMED = ("xterm-kitty", "alacritty", "foot", "xterm-ghostty", "contour")
"""`TERM` of those."""
VTE = 5000
"""The version from which GNOME's terminals have them."""
URL = re.compile(r"https?://[^\s\"'`<>()\[\]{}\033]*[^\s\"'`<>()\[\]{}\033.,;:!?]")


def has_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is known to show links; FORCE_HYPERLINK=1 or 0 decides it."""
    forced = environ.get("FORCE_HYPERLINK")
    if forced is not None:
        return forced not in ("", "0")
    term = environ.get("TERM", "")
    if term.startswith(("screen", "tmux")) or environ.get("TMUX"):
        return False
    vte = environ.get("VTE_VERSION", "")
    return (
        (vte.isdecimal() and int(vte) >= VTE)
        or environ.get("TERM_PROGRAM", "") in KNOWING
        or term in NAMED
        or bool(environ.get("WT_SESSION") or environ.get("KONSOLE_VERSION"))
    )


def linked(text: str) -> str:
    """The text with its web addresses as links; what is seen of it stays the same."""
    return URL.sub(lambda found: f"\033]8;;{found[0]}\033\\{found[0]}\033]8;;\033\\", text)
