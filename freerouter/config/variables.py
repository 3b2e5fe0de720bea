"""`${NAME}` and `${NAME:-default}` anywhere inside a string."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class UnsetVariable(KeyError):  # noqa: N818 - caught and worded by its callers, never shown
    """A variable that has neither a value nor a default."""


def names(text: str) -> list[str]:
    """Names of the variables that the text refers to."""
    return [m.group(1) for m in _REFERENCE.finditer(text)]


def whole(text: str) -> str | None:
    """The name, where the whole text is one plain `${NAME}`."""
    match = _REFERENCE.fullmatch(text.strip())
    return match.group(1) if match and match.group(2) is None else None


def expand(text: str, get: Callable[[str], str | None]) -> str:
    """The text with every reference replaced; raises UnsetVariable."""

    def value(match: re.Match[str]) -> str:
        found = get(match.group(1)) or match.group(2)
        if found is None:
            raise UnsetVariable(match.group(1))
        return found

    return _REFERENCE.sub(value, text)
