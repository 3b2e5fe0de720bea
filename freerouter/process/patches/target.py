"""What a patch replaces, and how it is known to be what the patch was written for."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Patch(NamedTuple):
    """`replaces` maps `module:name.of.function` to the fingerprint of its source."""

    name: str
    replaces: Mapping[str, str]
    apply: Callable[[], None]

    def changed(self, *, trusting: str = "") -> list[str]:
        """Which of its targets are not what it was written for. A package may be trusted in it."""
        return [
            where
            for where, mark in self.replaces.items()
            if not (trusting and where.startswith(f"{trusting}.")) and fingerprint(where) != mark
        ]


def fingerprint(where: str) -> str:
    """Of a function's source; "" where there is no such function."""
    module, _, path = where.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for name in path.split("."):
            found = inspect.getattr_static(found, name)
        if isinstance(found, staticmethod | classmethod):
            found = found.__func__
        source = inspect.getsource(inspect.unwrap(found))
    except (ImportError, AttributeError, OSError, TypeError):
        return ""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def fresh_copy(model: Any) -> Any:
    """A copy of a pydantic model that shares no list and no map with it."""
    found = model.model_copy()
    for parts in (found.__dict__, found.__pydantic_extra__ or {}):
        for name, value in parts.items():
            if type(value) in (dict, list):
                parts[name] = value.copy()
    return found


def apply_all(patches: tuple[Patch, ...], *, trusting: str = "") -> list[str]:
    """Apply those whose targets are as expected; a line for each that was left out.

    What is pinned to a version need not be looked at: that takes half a second of a start.
    """
    left_out = []
    for patch in patches:
        changed = patch.changed(trusting=trusting)
        if changed:
            left_out.append(f"patch left out: {patch.name}: {', '.join(changed)} changed")
        else:
            patch.apply()
    for line in left_out:
        sys.stderr.write(f"FreeRouter: {line}\n")
    return left_out
