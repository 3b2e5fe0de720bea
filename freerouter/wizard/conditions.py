"""The language of `when:`: == != in and or not `is set`, names, texts, numbers, true, false."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import UsageError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOKEN = re.compile(r"\s*(?:('[^']*'|\"[^\"]*\")|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|(==|!=|[()]))")
_WORDS = {"and", "or", "not", "in", "is", "set", "true", "false"}
_CONSTANTS = {"true": True, "false": False}
_MEANT = {
    "=~": "in", "=": "==", "&": "and", "|": "or", "!": "not", "<>": "!=",
}  # fmt: skip
"""Operators of other languages, and what they are called here."""


class Condition(NamedTuple):
    """A parsed condition: nested tuples, and the names that it reads."""

    tree: tuple[Any, ...]
    names: tuple[str, ...]

    @property
    def compared(self) -> list[tuple[str, Any]]:
        """The names that are held against a value that stands in the condition itself."""
        return list(_comparisons(self.tree))

    def holds(self, scope: Mapping[str, Any]) -> bool:
        return bool(_value(self.tree, scope))


@lru_cache(maxsize=512)
def parse_condition(text: str) -> Condition:
    """Raises UsageError with the part that cannot be understood."""
    parser = _Parser(_tokens(text), text)
    tree = parser.either()
    parser.end()
    return Condition(tree, tuple(parser.names))


def _comparisons(tree: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    if tree[0] in ("==", "!=", "in"):
        name, value = tree[1], tree[2]
        if (name[0], value[0]) == ("value", "name"):
            name, value = value, name
        if (name[0], value[0]) == ("name", "value"):
            yield name[1], value[1]
    for part in tree[1:]:
        if isinstance(part, tuple) and tree[0] not in ("name", "value"):
            yield from _comparisons(part)


def lookup(scope: Mapping[str, Any], name: str) -> Any:
    """A value by its dotted name, None where any part is absent."""
    value: Any = scope
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) or hasattr(value, "get") else None
    return value


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].strip()
            meant = next((m for typed, m in _MEANT.items() if rest.startswith(typed)), "")
            raise UsageError(
                f'The condition "{text}" cannot be read at "{rest}".',
                fix=f'Did you mean "{meant}"?'
                if meant
                else "It knows == != in and or not `is set`.",
            )
        found.append(match.group(0).strip())
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[str], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self.names: list[str] = []

    def either(self) -> tuple[Any, ...]:
        left = self._both()
        while self._take("or"):
            left = ("or", left, self._both())
        return left

    def _both(self) -> tuple[Any, ...]:
        left = self._negated()
        while self._take("and"):
            left = ("and", left, self._negated())
        return left

    def _negated(self) -> tuple[Any, ...]:
        return ("not", self._negated()) if self._take("not") else self._compared()

    def _compared(self) -> tuple[Any, ...]:
        left = self._operand()
        for word in ("==", "!=", "in"):
            if self._take(word):
                return (word, left, self._operand())
        if self._take("not"):
            self._need("in")
            return ("not", ("in", left, self._operand()))
        if self._take("is"):
            negative = self._take("not")
            self._need("set")
            return ("not", ("set", left)) if negative else ("set", left)
        return left

    def _operand(self) -> tuple[Any, ...]:
        if self._take("("):
            inner = self.either()
            self._need(")")
            return inner
        token = self._tokens.pop(0) if self._tokens else ""
        if token[:1] in ("'", '"') and token:
            return ("value", token[1:-1])
        if token in _CONSTANTS:
            return ("value", _CONSTANTS[token])
        if token[:1].isdigit() or token[:1] == "-":
            return ("value", float(token) if "." in token else int(token))
        if not token or token in _WORDS or not (token[0].isalpha() or token[0] == "_"):
            raise self._wrong(token)
        self.names.append(token)
        return ("name", token)

    def _take(self, word: str) -> bool:
        if self._tokens[:1] == [word]:
            self._tokens.pop(0)
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(self._tokens[0] if self._tokens else "")

    def end(self) -> None:
        if self._tokens:
            raise self._wrong(self._tokens[0])

    def _wrong(self, token: str) -> UsageError:
        where = f'"{token}" is not expected there' if token else "it ends too early"
        return UsageError(
            f'The condition "{self._text}" cannot be read: {where}.',
            fix=did_you_mean(token, _WORDS) if token else "",
        )


def _value(tree: tuple[Any, ...], scope: Mapping[str, Any]) -> Any:
    kind = tree[0]
    if kind == "value":
        return tree[1]
    if kind == "name":
        return lookup(scope, tree[1])
    if kind == "not":
        return not _value(tree[1], scope)
    if kind == "set":
        return _value(tree[1], scope) not in (None, "", [])
    left = _value(tree[1], scope)
    if kind == "and":
        return left and _value(tree[2], scope)
    if kind == "or":
        return left or _value(tree[2], scope)
    right = _value(tree[2], scope)
    if kind == "in":
        return right is not None and left in right
    return (left == right) if kind == "==" else (left != right)
