"""Holding a map of a YAML file against its known keys and the kinds of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.config.yaml_file import Document

_WORDS = {
    str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "a map",
    float: "a number",
}  # fmt: skip


def sound(
    document: Document,
    value: Any,
    path: tuple[str | int, ...],
    known: Mapping[str, type | tuple[type, ...]],
    what: str,
    *,
    open_ended: bool = False,
) -> dict[str, Any]:
    """Hold a map against its known keys. `open_ended` refuses only what looks like a slip.

    What is as it should be is given back.
    """
    if not isinstance(value, dict):
        document.refuse(
            "wrong-type",
            path,
            f"{what} must be a map, but this is {word(type(value))}.",
            "Write `name: value` lines.",
        )
        return {}
    sound = {}
    for key, item in value.items():
        if key not in known:
            near = did_you_mean(str(key), known)
            if open_ended and not near:
                sound[key] = item
                continue
            document.refuse(
                "unknown-key",
                (*path, key),
                f'unknown key "{key}" in {what}.',
                near or f"Known keys: {', '.join(known)}.",
                key=True,
            )
            continue
        kinds = _kinds(known[key])
        if item is None or (isinstance(item, kinds) and isinstance(item, bool) <= (bool in kinds)):
            sound[key] = item
            continue
        words = " or ".join(word(k) for k in kinds)
        quotes = str in kinds and not isinstance(item, list | dict)
        document.refuse(
            "wrong-type",
            (*path, key),
            f"{key} must be {words}, but this is {word(type(item))}.",
            'Put it in quotes: "…".' if quotes else f"Write {key} as {words}.",
        )
    return sound


def _kinds(wanted: type | tuple[type, ...]) -> tuple[type, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def one_of(
    document: Document, data: Mapping[str, Any], path: tuple[str | int, ...], words: Sequence[str]
) -> str:
    """The value of the path's last key, "" where it is not given."""
    value = data.get(str(path[-1])) or ""
    if value and value not in words:
        document.refuse(
            "bad-value",
            path,
            f"{path[-1]} must be {' or '.join(words)}.",
            did_you_mean(str(value), words) or f"Write {path[-1]}: {words[0]}.",
        )
        return ""
    return str(value)


def word(kind: type) -> str:
    return _WORDS.get(kind, "nothing" if kind is type(None) else kind.__name__)
