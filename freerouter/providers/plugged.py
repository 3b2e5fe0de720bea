"""Providers that plugins add: records in YAML files, or maps that a function gives."""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from freerouter.config.yaml_file import dump_yaml, parse_yaml, read_yaml
from freerouter.entry_points import OFF, entry_points, load
from freerouter.errors import FileError, PluginError
from freerouter.plugins import Part, called, directory_of, failed
from freerouter.providers.catalogue_names import known_ids
from freerouter.providers.record import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.config.yaml_file import Document
    from freerouter.entry_points import EntryPoint

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def plugged_records() -> Mapping[str, dict[str, Any]]:
    """The records of plugins that can be used, by id."""
    return _records(tuple(sys.path), os.environ.get(OFF, ""))


@lru_cache(maxsize=4)
def _records(_path: tuple[str, ...], _off: str) -> dict[str, dict[str, Any]]:
    return {part.name: part.thing for part in provider_parts() if not part.problem}


def provider_parts() -> list[Part]:
    """Every record of every plugin, or why it is not used."""
    taken = dict.fromkeys(known_ids(), "FreeRouter")
    parts = []
    for point in entry_points("provider"):
        try:
            documents = list(_documents(point))
        except PluginError as error:
            parts.append(failed(point, error))
            continue
        for name, document in documents:
            part = _part(point, name, document, taken)
            if not part.problem:
                taken[name] = point.origin
            parts.append(part)
    return parts


def _part(
    point: EntryPoint, name: str, document: Document | FileError, taken: Mapping[str, str]
) -> Part:
    part = Part("provider", name, point.origin)
    if not NAME.fullmatch(name):
        return part._replace(problem="A provider's id has letters, digits, dots, - and _ only.")
    if name in taken:
        return part._replace(problem=f"There is a provider {name} already ({taken[name]}).")
    try:
        if isinstance(document, FileError):
            raise document
        return part._replace(thing={**record_of(document), "id": name})
    except FileError as error:
        return part._replace(problem=str(error))


def _documents(point: EntryPoint) -> Iterator[tuple[str, Document | FileError]]:
    """Records by id. Raises PluginError where there are none at all."""
    found = load(point)
    if callable(found):
        found = called(point, found)
    if isinstance(found, dict):
        for name, fields in found.items():
            text = dump_yaml(fields) if isinstance(fields, dict) else str(fields)
            yield str(name), parse_yaml(text.encode(), f"{point.value}, {name}")
        return
    directory = directory_of(point, found)
    names = sorted(name for name in os.listdir(directory) if name.endswith(".yaml"))
    if not names:
        raise PluginError(f"{point.value} has no records (*.yaml).")
    for name in names:
        try:
            yield name[:-5], read_yaml(os.path.join(directory, name))
        except FileError as error:
            yield name[:-5], error
