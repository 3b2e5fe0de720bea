"""What plugins add: commands and flows here, providers in `providers/plugged.py`.

A part that is broken or whose name is taken is left out with its problem; `plugins` tells it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.entry_points import entry_points, load, worded
from freerouter.errors import PluginError
from freerouter.needs import KNOWN
from freerouter.registry import Command, Parameter
from freerouter.resources import flow_paths, flows_directory

if TYPE_CHECKING:
    from collections.abc import Collection

    from freerouter.entry_points import EntryPoint

NAME = re.compile(r"[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)?")


class Part(NamedTuple):
    """One thing that a plugin adds, or why it does not. `thing` is a command or a path."""

    kind: str
    name: str
    origin: str
    thing: Any = None
    problem: str = ""


def failed(point: EntryPoint, error: PluginError) -> Part:
    """An entry point that gives nothing at all."""
    problem = " ".join(part for part in (error.what, error.why) if part)
    return Part(point.kind, point.name, point.origin, problem=problem)


def command_parts(ours: Collection[str]) -> list[Part]:
    """Every command of every plugin; `ours` are the names and aliases that are taken."""
    taken = dict.fromkeys(ours, "FreeRouter")
    parts = []
    for point in entry_points("command"):
        try:
            commands = _commands(point)
        except PluginError as error:
            parts.append(failed(point, error))
            continue
        for command in commands:
            problem = _wrong(command) or _clash(command, ours, taken)
            if not problem:
                taken |= dict.fromkeys((command.name, *command.aliases), point.origin)
                command = command._replace(origin=point.origin)  # noqa: PLW2901 - with its origin
            parts.append(Part("command", command.name, point.origin, command, problem))
    return parts


def plugged_commands(ours: Collection[str]) -> list[Command]:
    """The commands of plugins that can be used."""
    return [part.thing for part in command_parts(ours) if not part.problem]


def _commands(point: EntryPoint) -> list[Command]:
    if point.problem:
        raise PluginError("Its entry points cannot be read.", point.problem)
    found = load(point)
    right = isinstance(found, list | tuple) and all(isinstance(c, Command) for c in found)
    if not right:
        raise PluginError(f"{point.value} is not a tuple of commands.")
    return list(found)


def _wrong(command: Command) -> str:
    """What is wrong with a command as it stands; "" where nothing is."""
    if not all(isinstance(n, str) and NAME.fullmatch(n) for n in (command.name, *command.aliases)):
        return "Its name must be one or two words of small letters, digits and dashes."
    if not (isinstance(command.target, str) and re.fullmatch(r"[\w.]+:\w+", command.target)):
        return "Its target must be module:function."
    if not all(isinstance(p, Parameter) for p in command.parameters):
        return "Its parameters must be Parameter objects."
    unknown = [need for need in command.needs if need not in KNOWN]
    return f'It needs "{unknown[0]}", which is no need.' if unknown else ""


def _clash(command: Command, ours: Collection[str], taken: dict[str, str]) -> str:
    for name in (command.name, *command.aliases):
        if name in taken:
            return f"There is a command `{name}` already ({taken[name]})."
        first = name.split()[0]
        if first in ours:
            return f"`{first}` is a command of FreeRouter, which would be run in its place."
    return ""


def flow_parts() -> list[Part]:
    """Every flow of every plugin, by its file."""
    taken = dict.fromkeys(flow_paths([flows_directory()]), "FreeRouter")
    parts = []
    for point in entry_points("flow"):
        try:
            directory = directory_of(point, load(point))
        except PluginError as error:
            parts.append(failed(point, error))
            continue
        for name, path in flow_paths([directory]).items():
            problem = f"There is a flow {name} already ({taken[name]})." if name in taken else ""
            taken.setdefault(name, point.origin)
            parts.append(Part("flow", name, point.origin, path, problem))
    return parts


def flow_directories(*own: str) -> list[str]:
    """Where flows are, a later one's wins: plugins' (the first wins), ours, then the user's own."""
    plugged = [os.path.dirname(p.thing) for p in flow_parts() if p.thing]
    return [*reversed(dict.fromkeys(plugged)), flows_directory(), *own]


def directory_of(point: EntryPoint, found: Any) -> str:
    """The directory that an entry point stands for: a path, a package, or what gives a path."""
    if callable(found):
        found = called(point, found)
    if hasattr(found, "__path__"):
        found = next(iter(found.__path__), "")
    if not isinstance(found, str | os.PathLike) or not os.path.isdir(found):
        raise PluginError(f"{point.value} is no directory.")
    return os.fspath(found)


def called(point: EntryPoint, function: Any) -> Any:
    """What a function of a plugin returns. Raises PluginError, whatever it raises."""
    try:
        return function()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - what is not ours may raise anything
        raise PluginError(f"{point.value} failed.", worded(error)) from None
