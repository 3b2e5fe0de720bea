"""Which entry points of ours installed packages declare, read from their metadata on the disk.

`importlib.metadata` finds the same, but importing it takes longer than a whole quick command may.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {
    "freerouter.providers": "provider",
    "freerouter.commands": "command",
    "freerouter.flows": "flow",
}
"""The groups, and what each adds."""
OFF = "FREEROUTER_PLUGINS"
"""Set to `off`, this environment variable leaves all plugins out."""
_MARK = b"freerouter."


class EntryPoint(NamedTuple):
    """One line of a package's metadata. `origin` is the package and its version."""

    kind: str
    name: str
    value: str
    origin: str
    problem: str = ""


def entry_points(kind: str) -> list[EntryPoint]:
    """Those of a kind (provider, command or flow), by package."""
    if os.environ.get(OFF) == "off":
        return []
    return [point for point in _installed(tuple(sys.path)) if point.kind == kind]


def load(point: EntryPoint) -> Any:
    """What the entry point names. Raises PluginError, whatever the package raises."""
    module, _, attribute = point.value.partition("[")[0].strip().partition(":")
    try:
        found: Any = import_module(module.strip())
        for name in filter(None, attribute.strip().split(".")):
            found = getattr(found, name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - what is not ours may raise anything
        raise PluginError(f"{point.value} cannot be imported.", worded(error)) from None
    return found


def worded(error: BaseException) -> str:
    """What went wrong in code that is not ours."""
    return f"{type(error).__name__}: {error}".rstrip(": ").splitlines()[0].rstrip(".") + "."


@lru_cache(maxsize=4)
def _installed(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    seen: set[str] = set()
    found: list[EntryPoint] = []
    for directory in dict.fromkeys(path):
        for info in _metadata(directory):
            name = os.path.basename(info).split("-")[0].lower()
            # As with modules, the first of two on the path is the one that counts.
            if name not in seen:
                seen.add(name)
                found += _points(info)
    return tuple(sorted(found, key=lambda point: point.origin))


def _metadata(directory: str) -> list[str]:
    """Directories of packages' metadata, of those packages that have entry points."""
    try:
        names = os.listdir(directory or ".")
    except OSError:  # a zip file, or a directory that is not there
        return []
    ends = (".dist-info", ".egg-info")
    return [os.path.join(directory, name) for name in sorted(names) if name.endswith(ends)]


def _points(info: str) -> Iterator[EntryPoint]:
    try:
        with open(os.path.join(info, "entry_points.txt"), "rb") as file:
            raw = file.read()
    except OSError:
        return
    if _MARK not in raw:
        return
    from configparser import ConfigParser, Error

    parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # names keep their case
    origin = _origin(info)
    try:
        parser.read_string(raw.decode())
    except (Error, UnicodeDecodeError) as error:
        yield EntryPoint("command", "entry_points.txt", "", origin, worded(error))
        return
    for group, kind in KINDS.items():
        if parser.has_section(group):
            for name, value in parser.items(group):
                yield EntryPoint(kind, name, value, origin)


def _origin(info: str) -> str:
    """`name version`, as the package itself says it."""
    told: dict[str, str] = {}
    for metadata in ("METADATA", "PKG-INFO"):
        try:
            with open(os.path.join(info, metadata), encoding="utf-8", errors="replace") as file:
                for line in file:
                    key, colon, value = line.partition(":")
                    if not colon or not line.strip():
                        break
                    told.setdefault(key.strip().lower(), value.strip())
        except OSError:
            continue
    name = told.get("name") or os.path.basename(info).rpartition(".")[0]
    return f"{name} {told.get('version', '')}".strip()
