"""Texts and command lines with `{name}` in them: values go into words, never across them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from freerouter.errors import UsageError
from freerouter.parser import split_line
from freerouter.wizard.conditions import lookup
from freerouter.wizard.schema import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping


def fill(text: str, scope: Mapping[str, Any]) -> str:
    """The text with every `{name}` replaced by its value."""
    return PLACEHOLDER.sub(lambda match: _text(lookup(scope, match.group(1))), text)


def value_of(template: Any, scope: Mapping[str, Any]) -> Any:
    """A value, or what a template stands for: `{name}` alone keeps the type of its value."""
    if not isinstance(template, str):
        return template
    alone = PLACEHOLDER.fullmatch(template)
    return lookup(scope, alone.group(1)) if alone else fill(template, scope)


def words_of(line: str, scope: Mapping[str, Any]) -> tuple[str, ...]:
    """A command's words. An answer can never become a second word, except that a list's do.

    A part in brackets is left out where one of its names is not set.
    """
    words: list[str] = []
    for part, optional in parts(line):
        names = [name for word in part for name in PLACEHOLDER.findall(word)]
        if optional and any(lookup(scope, name) in (None, "", []) for name in names):
            continue
        for word in part:
            alone = PLACEHOLDER.fullmatch(word)
            value = lookup(scope, alone.group(1)) if alone else None
            if isinstance(value, list | tuple):
                words += [_text(item) for item in value]
            else:
                words.append(fill(word, scope))
    return tuple(words)


@lru_cache(maxsize=512)
def parts(line: str) -> tuple[tuple[tuple[str, ...], bool], ...]:
    """The line's words in groups, and whether a group stands in brackets."""
    groups: list[tuple[tuple[str, ...], bool]] = []
    inside: list[str] | None = None
    for word in split_line(line):
        if inside is None and not word.startswith("["):
            groups.append(((word,), False))
            continue
        bare = word.removeprefix("[") if inside is None else word
        inside = inside or []
        inside.append(bare.removesuffix("]"))
        if bare.endswith("]"):
            groups.append((tuple(inside), True))
            inside = None
    if inside is not None:
        raise UsageError(f'"{line}" has a bracket that is not closed.', fix="Add the `]`.")
    return tuple(groups)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
