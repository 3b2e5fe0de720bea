"""Reading a file that may be anything, and telling by its content what it is."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.validation.findings import Finding
from freerouter.config.yaml_file import Document, decode, keys_twice, parse_text, twice
from freerouter.errors import FileError

if TYPE_CHECKING:
    from typing import Any

LARGEST = 20 * 1000 * 1000
"""Bytes. A configuration of 30,000 models has 15 million."""
PROVIDERS, CONFIG, FLOW = "providers", "config", "flow"
_TEXT_FAULTS = ("this is not UTF-8 text", "control characters are not allowed")


class Read(NamedTuple):
    """A file as far as it could be read. `document` is None where it is no YAML."""

    name: str
    path: str
    text: str = ""
    document: Document | None = None
    findings: tuple[Finding, ...] = ()


def read(path: str, name: str) -> Read:
    """The file, or a finding that says why not. Raises nothing."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return _unreadable(path, name, "it is no file")
        if os.path.getsize(path) > LARGEST:
            size = f"it has more than {LARGEST // 1000 // 1000} MB, which no configuration has"
            return _unreadable(path, name, size)
        with open(path, "rb") as file:
            raw = file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return _unreadable(path, name, f"{why[:1].lower()}{why[1:]}")
    return parsed(raw, path, name)


def parsed(raw: bytes, path: str, name: str) -> Read:
    text = ""
    try:
        text = decode(raw, name)
        document = parse_text(text, name)
    except FileError as error:
        return Read(name, path, text, findings=(from_error(error, name, "yaml-syntax"),))
    doubles = tuple(
        Finding(
            "duplicate-key",
            name,
            key.start_mark.line + 1,
            key.start_mark.column + 1,
            f"{twice(key)}.",
            "Take one of them out.",
        )
        for key in keys_twice(document.node)
    )
    return Read(name, path, text, document, doubles)


def _unreadable(path: str, name: str, why: str) -> Read:
    return Read(
        name, path, findings=(Finding("unreadable", name, 1, 1, f"cannot be read: {why}."),)
    )


def from_error(error: FileError, name: str, rule: str) -> Finding:
    """The finding that an error stands for, whose text begins with `file:line:column`."""
    found = re.match(rf"{re.escape(name)}:(\d+)(?::(\d+))?: ", error.what)
    line, column = (int(found[1]), int(found[2] or 1)) if found else (1, 1)
    what, _, pointer = error.what[found.end() if found else 0 :].partition("\n")
    if what.startswith(_TEXT_FAULTS):
        rule = "not-text"
    why = f" {error.why}" if error.why else ""
    return Finding(rule, name, line, column, f"{what}{why}", error.fix, pointer=pointer.rstrip())


def kind_of(data: Any) -> str:
    """What a file is, by its content: providers, config (LiteLLM's), flow, or ""."""
    if not isinstance(data, dict):
        return ""
    sections = ("model_list", "litellm_settings", "general_settings", "router_settings")
    if "flow" in data and "steps" in data:
        return FLOW
    if any(name in data for name in sections) and "providers" not in data:
        return CONFIG
    ours = ("providers", "gateway", "select", "litellm", "spend")
    return PROVIDERS if any(name in data for name in ours) else ""
