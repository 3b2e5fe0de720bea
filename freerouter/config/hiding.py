"""Texts without their secrets, for backups and for what is shown of files; and back again.

A secret is replaced by `hidden-` and six digits of its hash. They tell two secrets apart, and find
the right one again among those that are still at hand; nobody can work one out of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from freerouter.config.secrets import Secrets
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError
from freerouter.redact import KEY_SHAPES, SHORTEST, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from freerouter.config.workspace import Workspace

MARK = re.compile(r"hidden-[0-9a-f]{6}")
_NAME = r"(?:key|keys|token|secret|password|passwd|authorization)"
_is_secret = re.compile(rf"(?i)(?:.*[_-])?(?:api)?{_NAME}").fullmatch
_PAIR = re.compile(
    rf"(?im)(?:^|[-#{{,])[ \t]*[\"']?(?:[\w-]+[_-])?(?:api)?{_NAME}[\"']?[ \t]*:[ \t]+"
    r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s,}\]'\"\[{&*|>!][^\s,}\]'\"]*(?=[ \t]*(?:[,}\]]|[ \t]#|\r?$)))"
)
"""A name and a value on one line, also in a comment. A value of several words is a sentence."""
_LIST = re.compile(r"(?m)^[ \t-]*keys[ \t]*:[ \t]*(?:#.*)?\r?\n((?:[ \t]*(?:[-#].*)?\r?\n?)+)")
_ITEM = re.compile(r"(?m)^[ \t]*(?:#[ \t]*)?-[ \t]+[\"']?([^\s\"'#]+)")
"""A list of keys where nothing but its lines can be read."""
_SHAPED = re.compile(KEY_SHAPES)
_LOGIN = re.compile(r"://[^\s/@:\"']*:([^\s/@\"']+)@")
_NO_SECRET = re.compile(
    r"(?i)[-+0-9.e_]+|true|false|null|not-needed|os\.environ/.*|.*\$\{.*|hidden-[0-9a-f]{6}",
    re.DOTALL,
)
"""What may stand where a secret does: numbers, references, and our own words."""


def mark_of(secret: str) -> str:
    return f"hidden-{digest(secret)}"


def secrets_in(text: str) -> set[str]:
    """What stands in a YAML text in clear, readable or not: under names of secrets, in the login of
    an address, or looking like a key.
    """
    pairs = (value.strip("\"'") for value in _PAIR.findall(text))
    named = {value for value in pairs if "://" not in value}
    return {v for v in {*named, *_SHAPED.findall(text), *_LOGIN.findall(text)} if _is_one(v)}


def secrets_of(raw: bytes) -> set[str]:
    """The same for a hand-written file, which may have them over several lines or in lists."""
    text = as_text(raw)
    found = secrets_in(text)
    try:
        node = parse_yaml(raw, "").node
    except FileError:
        items = (item for block in _LIST.findall(text) for item in _ITEM.findall(block))
        return found | {item for item in items if _is_one(item)}
    return found | {value for value in _named(node, under=False) if _is_one(value)}


def stored_secrets(workspace: Workspace, environ: Mapping[str, str]) -> set[str]:
    """The keys that `.env` and the environment hold."""
    try:
        stored = Secrets(workspace, {}).stored
    except FileError:
        stored = {}
    pairs = [*stored.items(), *environ.items()]
    return {value.strip() for name, value in pairs if _is_secret(name) and _is_one(value.strip())}


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text with a mark in place of each secret."""
    values = sorted(secrets, key=len, reverse=True)
    if not values:
        return text
    every = re.compile("|".join(map(re.escape, values)))
    return every.sub(lambda found: mark_of(found.group()), text)


def reveal(text: str, secrets: Iterable[str]) -> tuple[str, list[int]]:
    """The text with those secrets back, and the lines of others, which are not at hand any more."""
    known = {mark_of(value): value for value in secrets}
    text = MARK.sub(lambda found: known.get(found.group(), found.group()), text)
    left = [number for number, line in enumerate(text.splitlines(), 1) if MARK.search(line)]
    return text, left


def as_text(raw: bytes) -> str:
    """Any bytes as text, from which `as_bytes` makes the same bytes again."""
    if _is_wide(raw):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            pass
    return raw.decode("utf-8", "surrogateescape")


def as_bytes(text: str, like: bytes) -> bytes:
    if _is_wide(like) and not any("\udc80" <= c <= "\udcff" for c in text):
        return text.encode("utf-16")
    return text.encode("utf-8", "surrogateescape")


def _is_wide(raw: bytes) -> bool:
    return raw[:2] in (b"\xff\xfe", b"\xfe\xff")


def _is_one(value: str) -> bool:
    return len(value) >= SHORTEST and _NO_SECRET.fullmatch(value) is None


def _named(node: Any, *, under: bool) -> Iterator[str]:
    """The texts below keys that are called as secrets are."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            # Under `select` providers are the keys, and models the values.
            if isinstance(key, yaml.ScalarNode) and key.value == "select":
                continue
            named = isinstance(key, yaml.ScalarNode) and _is_secret(key.value)
            yield from _named(value, under=bool(named))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _named(item, under=under)
    elif under and isinstance(node, yaml.ScalarNode) and node.tag.endswith(":str"):
        yield node.value
