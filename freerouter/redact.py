"""The one place that knows every secret value, and hides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_SHAPES = r"(?:sk-|gsk_|hf_|nvapi-|xai-|pplx-|csk-|AIza|ms-)[A-Za-z0-9_\-]{16,}"
"""How providers' keys look. A word of this shape on a command line is refused."""

SENSITIVE = (
    r"(?i)(?:^|[._-])"
    r"(?:api_?key|keys?|token|secret|password|passwd|authorization|dsn|database_url)$"
)
"""What a setting is called that holds a secret."""
_SET = r"\bconfig\s+set\s+(?:--profile\s+\S+\s+|-\S+\s+)*(\S+)\s+(\S.*)"
_REFERENCE = r"\$\{[^}]*\}|os\.environ/\w+"
_PLAIN = r"(?i)[-+0-9.e_]+|true|false|null|none|no-key|not-needed|dummy|empty|ollama"
_INSIDE = r"(?i)(?:key|token|secret|password)[\"']?\s*:\s*[\"']?([^\s\"',}]+)"

SHORTEST = 6
"""A value shorter than this is no secret worth hiding: it would blank out ordinary words."""


LONG = 20
"""Characters that a secret has at least of which the last four may be shown."""


def masked(value: str) -> str:
    """A secret as it may be shown: its end where it is long, nothing of it where it is not."""
    return f"…{value[-4:]}" if len(value) >= LONG else "…"


def digest(secret: str) -> str:
    """Six digits of its hash: enough to tell whether it is the same, too few to find it by."""
    import hashlib

    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()[:6]


def names_secret(name: str) -> bool:
    import re

    return bool(re.search(SENSITIVE, name))


def sets_secret(line: str) -> bool:
    """Whether a line would write a secret itself, and no reference to one, with `config set`."""
    import re

    found = re.search(_SET, line, re.DOTALL)
    if not found:
        return False
    name, value = found[1].strip("\"'"), re.sub(_REFERENCE, "", found[2])
    words = re.split(r"[\s,\[\]{}\"']+", value) if names_secret(name) else []
    words += re.findall(_INSIDE, value)
    return any(word and not re.fullmatch(_PLAIN, word) for word in words)


class Redactor:
    """Replaces known secret values in text by `env:NAME`."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._longest_first: tuple[str, ...] = ()

    def learn(self, secrets: Mapping[str, str]) -> None:
        """Remember values by name: as they are, without the white space around, and as in JSON."""
        for name, value in secrets.items():
            bare = value.strip()
            for form in {value, bare, bare.replace("\\", "\\\\").replace('"', '\\"')}:
                known = self._names.get(form)
                if len(form) >= SHORTEST and (known is None or _better(name, known)):
                    self._names[form] = name
        self._longest_first = tuple(sorted(self._names, key=len, reverse=True))

    def name_of(self, value: str) -> str:
        """The name under which a value is known; "" for one that is no known secret."""
        return self._names.get(value.strip(), "")

    def begins(self, text: str) -> int:
        """How many characters at the end of a text may be the beginning of a secret."""
        longest = 0
        for value in self._names:
            for size in range(min(len(value) - 1, len(text)), longest, -1):
                if text.endswith(value[:size]):
                    longest = size
                    break
        return longest

    def __call__(self, text: str) -> str:
        for value in self._longest_first:
            if value in text:
                text = text.replace(value, f"env:{self._names[value]}")
        return text


class Flow:
    """Hides secrets in a text that comes in pieces, also where one is spread over several."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact
        self._held = ""

    def take(self, piece: str) -> str:
        """What can be shown by now."""
        text = self._redact(self._held + piece)
        size = self._redact.begins(text)
        self._held = text[len(text) - size :]
        return text[: len(text) - size]

    def end(self) -> str:
        """What was held back."""
        rest, self._held = self._held, ""
        return rest


def _better(name: str, known: str) -> bool:
    """Whether it is a variable's name, where the known one (a question's id, say) is none."""
    return name.isidentifier() and not known.isidentifier()
