"""Writing plain data as YAML fast: to the byte what PyYAML writes, in a tenth of the time.

PyYAML makes a node of every value before it writes one. What is written here is maps, lists and
scalars in block style; how a scalar that is not plain text looks is still PyYAML's word. Text that
would take several lines is left to PyYAML altogether.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import yaml

Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LONGEST = 1000
"""Characters of a text that is surely written on one line."""
LONGEST_KEY = 100
_is_plain = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*").fullmatch
_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
"""What YAML reads as something other than text."""


class NotPlainError(ValueError):
    """Something that PyYAML should write."""


def dump_yaml(data: Any) -> str:
    lines: list[str] = []
    if not isinstance(data, dict | list) or not data:
        return dump_slowly(data)
    try:
        _write(data, "", lines, set())
    except NotPlainError:
        return dump_slowly(data)
    return "\n".join(lines) + "\n"


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


def _write(data: Any, indent: str, lines: list[str], seen: set[int]) -> None:
    """The lines of a map or a list that is not empty."""
    # What stands in two places gets an anchor, which is PyYAML's business.
    if id(data) in seen:
        raise NotPlainError
    seen.add(id(data))
    if isinstance(data, dict):
        for key, value in data.items():
            kind = type(value)  # a scalar, mostly
            if kind is str:
                lines.append(f"{indent}{_key(key)}: {_text(value)}")
            elif kind is float:
                lines.append(f"{indent}{_key(key)}: {_number(repr(value))}")
            else:
                _put(f"{indent}{_key(key)}:", value, indent, lines, seen)
        return
    for item in data:
        first = len(lines)
        if isinstance(item, dict | list) and item:
            _write(item, f"{indent}  ", lines, seen)
            lines[first] = f"{indent}- {lines[first][len(indent) + 2 :]}"
        else:
            lines.append(f"{indent}- {_scalar(item)}")


def _put(head: str, value: Any, indent: str, lines: list[str], seen: set[int]) -> None:
    if isinstance(value, dict) and value:
        lines.append(head)
        _write(value, f"{indent}  ", lines, seen)
    elif isinstance(value, list) and value:
        lines.append(head)
        _write(value, indent, lines, seen)
    else:
        lines.append(f"{head} {_scalar(value)}")


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
    if len(value) < LONGEST and _is_plain(value) and value.lower() not in _WORDS:
        return value
    return _odd(value)


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
