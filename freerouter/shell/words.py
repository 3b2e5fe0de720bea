"""What the shell itself understands besides commands. It changes nothing but the shell."""

from __future__ import annotations

from freerouter.verbs import REGISTRY

WORDS = {
    "what next": "Say what would naturally come next",
    "why": "Explain the last error, or what is wrong now",
    "how do I": "Find the command for something: how do I add groq",
    "set": "Show or change the shell's settings",
    "exit": "Leave the shell",
}
LEAVE = ("exit", "quit")


def own_word(line: str) -> tuple[str, str]:
    """Which of them a line begins with, and the rest; two empty texts where it is a command."""
    if line in REGISTRY.own_names:
        return "", ""
    line = line.strip().rstrip("?").strip()
    first, _, rest = line.partition(" ")
    first = first.lower()
    if first in ("why", "set"):
        return first, rest.strip()
    if first == "what" and rest.strip().lower() in ("next", "now", "is next", "comes next"):
        return "what next", ""
    if first in ("how", "what", "where", "which", "can"):
        return "how do I", rest.strip()
    return "", ""
