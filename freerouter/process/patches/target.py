"""What a patch replaces, and how it is known to be what the patch was written for."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import linecache
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType


class Patch(NamedTuple):
    """`replaces` maps `module:name.of.function` to the fingerprint of its source."""

    name: str
    replaces: Mapping[str, str]
    apply: Callable[[], None]

    def changed(self) -> list[str]:
        """Which of its targets are not what it was written for."""
        return [where for where, mark in self.replaces.items() if fingerprint(where) != mark]


def fingerprint(where: str) -> str:
    """Of a function's source; "" where there is no such function."""
    module, _, path = where.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for name in path.split("."):
            found = inspect.getattr_static(found, name)
        if isinstance(found, staticmethod | classmethod):
            found = found.__func__
        source = _source(inspect.unwrap(found).__code__)
    except (ImportError, AttributeError, TypeError):
        return ""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def _source(code: CodeType) -> str:
    """The lines of a function: from its first decorator to where the indentation ends.

    inspect finds the same, but takes files apart token by token: half a second at every start.
    """
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    first = code.co_firstlineno - 1
    margin = _indentation(lines[first])
    last = max(_last_line(code), first + 1)
    while last < len(lines) and (not lines[last].strip() or _indentation(lines[last]) > margin):
        last += 1
    while not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#"):
        last -= 1
    return "".join(lines[first:last])


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _last_line(code: CodeType) -> int:
    """The last line that any instruction is about, inner functions included."""
    own = max((line for _, _, line in code.co_lines() if line), default=0)
    return max([own, *(_last_line(c) for c in code.co_consts if isinstance(c, type(code)))])


def fresh_copy(model: Any) -> Any:
    """A copy of a pydantic model that shares no list and no map with it."""
    found = model.model_copy()
    for parts in (found.__dict__, found.__pydantic_extra__ or {}):
        for name, value in parts.items():
            if type(value) in (dict, list):
                parts[name] = value.copy()
    return found


def apply_all(patches: tuple[Patch, ...]) -> list[str]:
    """Apply those whose targets are as expected; a line for each that was left out."""
    left_out = []
    for patch in patches:
        changed = patch.changed()
        if changed:
            left_out.append(f"patch left out: {patch.name}: {', '.join(changed)} changed")
        else:
            patch.apply()
    for line in left_out:
        sys.stderr.write(f"FreeRouter: {line}\n")
    return left_out
