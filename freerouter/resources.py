"""Where the data files that ship with FreeRouter are: inside the wheel, or beside a checkout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def flows_directory() -> str:
    """The shipped flows. In a checkout they are at its top level; a wheel carries them inside."""
    inside = os.path.join(_PACKAGE, "flows")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_PACKAGE), "flows")


def catalogue_directory() -> str:
    return os.path.join(_PACKAGE, "providers", "catalogue")


def completions_directory() -> str:
    """The scripts for bash, zsh and fish."""
    return os.path.join(_PACKAGE, "completions")


def flow_paths(directories: Iterable[str]) -> dict[str, str]:
    """Flow files by name; a later directory's wins."""
    return {
        entry[:-5]: os.path.join(directory, entry)
        for directory in directories
        if os.path.isdir(directory)
        for entry in sorted(os.listdir(directory))
        if entry.endswith(".yaml")
    }
