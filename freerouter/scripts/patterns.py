"""What may stand after `|` and `!`: a line of output as it is, a glob or a regular expression.

A pattern is checked when it is compiled; the expression that it needs is built when it first meets
a line, so that a long file is read fast.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import UsageError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_UNIT = r"(?:ms|µs|us|ns|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|s|m|h|d)"
KINDS = {
    "int": r"[+-]?[0-9]+",
    "float": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "word": r"\S+",
    "path": r"(?:~?/.*?|[A-Za-z]:[\\/].*?|\S+?)",
    "port": (
        r"(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
    ),
    "duration": rf"{_NUMBER} ?{_UNIT}(?: ?{_NUMBER} ?{_UNIT})*",
    "version": r"v?[0-9]+\.[0-9](?:[0-9A-Za-z.+-]*[0-9A-Za-z])?",
    "date": (
        r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
        r"(?:[T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?"
        r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
    ),
    "any": r".*?",
}
"""The kinds of placeholders, as regular expressions."""

ANY_LINES = "..."
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PLACEHOLDER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::(.*))?")
_WILD = re.compile(r"[*?]")


class Placeholder(NamedTuple):
    """`{name:kind}`, or `{name}` with the kind that the name was given before."""

    name: str
    kind: str


class Pattern(NamedTuple):
    """A pattern as written (`text`, all that follows `|` or `!`) and as understood.

    `mode` is "exact", "*", "/", "?" or "..."; `parts` are literal texts and placeholders.
    """

    text: str
    mode: str
    parts: tuple[str | Placeholder, ...] = ()

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of every placeholder, by name."""
        return dict(part for part in self.parts if isinstance(part, Placeholder))

    @property
    def is_optional(self) -> bool:
        return self.mode == "?"

    @property
    def is_any_lines(self) -> bool:
        return self.mode == ANY_LINES

    def match(self, line: str, bound: Mapping[str, str]) -> dict[str, str] | None:
        """What the line newly binds, or None where it does not match. Looks at one line only."""
        if self.is_any_lines:
            return {}
        plain = self.parts[0] if self.parts else ""
        if self.mode in ("exact", "?") and len(self.parts) <= 1 and isinstance(plain, str):
            return {} if line == plain else None
        names = self.kinds
        found = _expression(self, tuple((n, bound[n]) for n in names if n in bound)).fullmatch(line)
        if found is None:
            return None
        return found.groupdict() if names else {}


def compile_pattern(text: str, known: Mapping[str, str] | None = None) -> Pattern:
    """Read what follows `|` or `!`. `known` are the kinds of the placeholders met before."""
    if not text or text[0] == " ":
        return Pattern(text, "exact", _placeholders(text[1:], known or {}))
    if text.startswith(ANY_LINES):
        if text.rstrip() != ANY_LINES:
            raise UsageError("`...` stands alone on its line.", fix="`| ...` is three dots.")
        return Pattern(ANY_LINES, ANY_LINES)
    mode, rest = text[0], text[1:].removeprefix(" ")
    if mode == "?":
        return Pattern(text, mode, _placeholders(rest, known or {}))
    if mode == "/":
        _check_expression(rest)
        return Pattern(text, mode, (rest,) if rest else ())
    if mode == "*" and text[1:2] == " ":
        return Pattern(text, mode, _placeholders(rest, known or {}))
    if mode == "*":
        raise UsageError("A glob has a space before it.", fix="`|* text*` is one.")
    raise UsageError(
        "No space stands before the text.",
        fix="A space means exact, `*` glob, `/` regular expression, `?` optional, `...` any lines.",
    )


def escape(text: str) -> str:
    """The pattern that matches exactly this line."""
    return " " + text.replace("{", "{{").replace("}", "}}") if text else ""


def _placeholders(text: str, known: Mapping[str, str]) -> tuple[str | Placeholder, ...]:
    if "{" not in text and "}" not in text:
        return (text,) if text else ()
    kinds = dict(known)
    parts: list[str | Placeholder] = []
    literal, end = "", 0
    for found in _BRACES.finditer(text):
        literal += text[end : found.start()]
        end = found.end()
        if found.group() in ("{{", "}}"):
            literal += found.group()[0]
            continue
        if found.group(1) is None:
            raise UsageError(
                f"The brace at character {found.start() + 1} has no other half.",
                fix="A literal brace is written twice: `{{` or `}}`.",
            )
        placeholder = _placeholder(found.group(1), kinds)
        kinds[placeholder.name] = placeholder.kind
        parts += [literal, placeholder] if literal else [placeholder]
        literal = ""
    literal += text[end:]
    return (*parts, literal) if literal else tuple(parts)


def _placeholder(text: str, kinds: Mapping[str, str]) -> Placeholder:
    shape = _PLACEHOLDER.fullmatch(text)
    if shape is None:
        raise UsageError(
            f"`{{{text}}}` is no placeholder.",
            fix="`{name:int}` is one; a literal brace is written twice: `{{` or `}}`.",
        )
    name, kind = shape.groups()
    if kind is None:
        if name not in kinds:
            raise UsageError(
                f"`{{{name}}}` has no kind yet.",
                fix=f"Where it first stands, say what it is: `{{{name}:int}}`.",
            )
        return Placeholder(name, kinds[name])
    if kind not in KINDS:
        raise UsageError(
            f'There is no kind "{kind}" of placeholder.',
            fix=did_you_mean(kind, KINDS) or f"One of: {', '.join(KINDS)}.",
        )
    if kinds.get(name, kind) != kind:
        raise UsageError(
            f"`{{{name}}}` is {kinds[name]} elsewhere, and cannot be {kind} here.",
            fix="Give one of them another name.",
        )
    return Placeholder(name, kind)


def _check_expression(text: str) -> None:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"The regular expression cannot be read: {error}.") from None


@lru_cache(maxsize=4096)
def _expression(pattern: Pattern, bound: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """The expression for the whole line; a bound placeholder stands for its value."""
    if pattern.mode == "/":
        return re.compile("".join(map(str, pattern.parts)))
    values, source = dict(bound), ""
    seen: set[str] = set()
    for part in pattern.parts:
        if isinstance(part, str):
            source += _glob(part) if pattern.mode == "*" else re.escape(part)
        elif part.name in values:
            source += re.escape(values[part.name])
        elif part.name in seen:
            source += f"(?P={part.name})"
        else:
            seen.add(part.name)
            source += f"(?P<{part.name}>{KINDS[part.kind]})"
    if pattern.mode == "*" and all(isinstance(part, str) for part in pattern.parts):
        source = _without_retries("".join(map(str, pattern.parts)))
    return re.compile(source)


def _glob(text: str) -> str:
    """`*` is any text and `?` any one character; all else stands for itself."""
    wild = {"*": ".*?", "?": "."}
    return "".join(wild.get(character) or re.escape(character) for character in text)


def _without_retries(text: str) -> str:
    """A glob in which each part is taken where it first stands: no line takes long to refuse."""
    first, *middle = (_glob(part) for part in text.split("*"))
    if not middle:
        return first
    last = middle.pop()
    found = (f"(?=(?P<g{n}>.*?{part}))(?P=g{n})" for n, part in enumerate(middle) if part)
    return f"{first}{''.join(found)}.*{last}"
