"""The one place that knows every secret value, and hides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_SHAPES = r"(?:sk-|gsk_|hf_|nvapi-|xai-|pplx-|csk-|AIza|ms-)[A-Za-z0-9_\-]{16,}"
"""How providers' keys look. A word of this shape on a command line is refused."""

SHORTEST = 6
"""A value shorter than this is no secret worth hiding: it would blank out ordinary words."""


class Redactor:
    """Replaces known secret values in text by `env:NAME`."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def learn(self, secrets: Mapping[str, str]) -> None:
        """Remember values by name: as they are, without the white space around, and as in JSON."""
        for name, value in secrets.items():
            bare = value.strip()
            for form in {value, bare, bare.replace("\\", "\\\\").replace('"', '\\"')}:
                if len(form) >= SHORTEST:
                    self._names.setdefault(form, name)

    def __call__(self, text: str) -> str:
        for value in sorted(self._names, key=len, reverse=True):
            if value in text:
                text = text.replace(value, f"env:{self._names[value]}")
        return text
