"""A finding: what is wrong where, by which rule, and how it may be mended."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.validation.rules import BY_ID, ERROR
from freerouter.config.yaml_file import at

if TYPE_CHECKING:
    from freerouter.config.yaml_file import Document, Fault

Path = tuple[str | int, ...]
SURE = 0.8
"""How alike two names must be for one to take the other's place unasked."""


class Mend(NamedTuple):
    """What mends a finding safely. `kind`: rename (a key), put (a value), move (a key), mode."""

    kind: str
    path: Path = ()
    value: Any = None


class Finding(NamedTuple):
    """Line and column count from one. `pointer`: the line, and below it a mark at the place."""

    rule: str
    file: str
    line: int
    column: int
    what: str
    fix: str = ""
    mend: Mend | None = None
    pointer: str = ""

    @property
    def severity(self) -> str:
        return BY_ID[self.rule].severity

    @property
    def is_error(self) -> bool:
        return self.severity == ERROR

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Hit(NamedTuple):
    """What a rule found, at a path of the document; `key`: the key there is meant."""

    rule: str
    path: Path
    what: str
    fix: str = ""
    key: bool = False
    mend: Mend | None = None


def placed(document: Document, hit: Hit) -> Finding:
    line, column = document.position(hit.path, key=hit.key)
    return Finding(hit.rule, document.name, line, column, hit.what, hit.fix, hit.mend)


def from_fault(document: Document, fault: Fault) -> Finding:
    """What the loader refuses, with what would mend it."""
    place = (document.name, fault.line, fault.column)
    return Finding(fault.rule, *place, fault.what, fault.fix, _mend(document, fault))


def _mend(document: Document, fault: Fault) -> Mend | None:
    if not fault.path:
        return None
    parent, name = at(document.data, fault.path[:-1]), fault.path[-1]
    if fault.rule == "unknown-key" and isinstance(parent, dict) and isinstance(name, str):
        meant = re.fullmatch(r'Did you mean "(.+)"\?', fault.fix)
        if meant and meant[1] not in parent and alike(name, meant[1]) >= SURE:
            return Mend("rename", fault.path, meant[1])
    if fault.rule == "wrong-type":
        value = at(document.data, fault.path)
        if fault.fix.startswith("Put it in quotes"):
            return Mend("quote", fault.path)
        if isinstance(value, str) and value.isdecimal() and "a whole number" in fault.what:
            return Mend("put", fault.path, int(value))
    return None


def alike(one: str, other: str) -> float:
    """From 0 to 1; the same letters in another order are as good as the same."""
    one, other = (text.lower().replace("-", "_") for text in (one, other))
    if sorted(one) == sorted(other):
        return 1.0
    matcher = SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.quick_ratio() >= SURE else 0.0
