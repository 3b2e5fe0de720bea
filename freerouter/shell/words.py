"""What the shell itself understands besides commands: how to leave it, and questions as they are
spoken, which it puts into the command that answers them.
"""

from __future__ import annotations

from freerouter.commands.how import ASKING, NEXT
from freerouter.verbs import REGISTRY

WORDS = {"exit": "Leave the shell"}
LEAVE = ("exit", "quit")


def as_command(line: str) -> list[str]:
    """The words of the command that answers a question; none where it is no plain question."""
    first, *rest = line.strip().rstrip("?").split() or [""]
    first = first.lower()
    if first == "why":
        return ["why"]
    if line in REGISTRY.own_names:
        return []
    if first == "what" and " ".join(rest).lower() in NEXT:
        return ["next"]
    if first not in ASKING:
        return []
    return ["how", *(["--"] if any(word.startswith("-") for word in rest) else []), *rest]
