"""Writing plain data as YAML fast: to the byte what PyYAML writes, in a tenth of the time.

PyYAML makes a node of every value before it writes one. What is written here is maps, lists and
scalars in block style; how a scalar that is not plain text looks is still PyYAML's word. Text that
would take several lines is left to PyYAML altogether.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LONGEST = 1000
"""Characters of a text that is surely written on one line."""
LONGEST_KEY = 100
_is_plain = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*").fullmatch
_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
"""What YAML reads as something other than text."""


def is_plain(text: str) -> bool:
    """Whether a text is written as it is; so is then what `plain/` before it makes of it."""
    return len(text) < LONGEST and bool(_is_plain(text)) and text.lower() not in _WORDS


class NotPlainError(ValueError):
    """Something that PyYAML should write."""


def dump_yaml(data: Any) -> str:
    if not isinstance(data, dict | list) or not data:
        return dump_slowly(data)
    writer = _Writer()
    try:
        writer.write(data, "")
    except NotPlainError:
        return dump_slowly(data)
    return "\n".join(writer.lines) + "\n"


def dump_slowly(data: Any) -> str:
    text: str = yaml.dump(
        data,
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=4096,
    )
    return text


class _Texts(dict[str, str]):
    """How texts are written. Most values of a long list are few, and each is looked at once."""

    def __missing__(self, value: str) -> str:
        text = self[value] = _text(value)
        return text


class _Heads(dict[Any, str]):
    """What stands before a value, by its key."""

    def __init__(self, indent: str) -> None:
        self._indent = indent

    def __missing__(self, key: Any) -> str:
        text = self[key] = f"{self._indent}{_key(key)}:"
        return text


class _Writer:
    """Puts together the lines of maps and lists that are not empty."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._seen: set[int] = set()
        self._texts = _Texts()
        self._heads: dict[str, _Heads] = {}

    def write(self, data: Any, indent: str) -> None:
        # What stands in two places gets an anchor, which is PyYAML's business.
        if id(data) in self._seen:
            raise NotPlainError
        self._seen.add(id(data))
        if isinstance(data, dict):
            self._map(data, indent)
        else:
            self._list(data, indent)

    def _map(self, data: Mapping[Any, Any], indent: str) -> None:
        heads = self._heads.get(indent)
        if heads is None:
            heads = self._heads[indent] = _Heads(indent)
        add, texts = self.lines.append, self._texts
        for key, value in data.items():
            if type(value) is str:  # most are
                add(f"{heads[key]} {texts[value]}")
            elif isinstance(value, dict) and value:
                add(heads[key])
                self.write(value, f"{indent}  ")
            elif isinstance(value, list) and value:
                add(heads[key])
                self.write(value, indent)
            else:
                add(f"{heads[key]} {_scalar(value)}")

    def _list(self, data: Sequence[Any], indent: str) -> None:
        deeper, lines = f"{indent}  ", self.lines
        for item in data:
            first = len(lines)
            if isinstance(item, dict | list) and item:
                self.write(item, deeper)
                lines[first] = f"{indent}- {lines[first][len(deeper) :]}"
            else:
                lines.append(f"{indent}- {_scalar(item)}")


@lru_cache(maxsize=4096)
def _key(key: Any) -> str:
    if not isinstance(key, str) or len(key) > LONGEST_KEY or _BREAK.search(key):
        raise NotPlainError
    if _is_plain(key) and key.lower() not in _WORDS:
        return key
    text = dump_slowly({key: 0})
    if text.count("\n") != 1 or not text.endswith(": 0\n"):
        raise NotPlainError
    return text[:-4]


def _scalar(value: Any) -> str:
    if type(value) is str:
        return _text(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is float:
        return _number(repr(value))
    if value == {} and type(value) is dict:
        return "{}"
    if value == [] and type(value) is list:
        return "[]"
    raise NotPlainError


def _text(value: str) -> str:
    return value if is_plain(value) else _odd(value)


@lru_cache(maxsize=4096)
def _odd(value: str) -> str:
    if len(value) > LONGEST or _BREAK.search(value):
        raise NotPlainError
    return _asked(value)


@lru_cache(maxsize=4096)
def _number(value: str) -> str:
    """By its text: 0.0 and -0.0 are equal."""
    return _asked(float(value))


def _asked(value: Any) -> str:
    """How PyYAML writes it behind a key."""
    text = dump_slowly({"k": value})
    if text.count("\n") != 1 or not text.startswith("k: "):
        raise NotPlainError
    return text[3:-1]
