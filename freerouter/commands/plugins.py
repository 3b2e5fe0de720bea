"""`plugins`: what installed packages add to FreeRouter, and what of it cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config.yaml_file import read_yaml
from freerouter.errors import FreeRouterError
from freerouter.plugins import command_parts, flow_parts
from freerouter.providers.plugged import provider_parts
from freerouter.registry import load
from freerouter.result import Line, Result, Table, counted
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.plugins import Part


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Exit code 1 where a part of a plugin is left out, else 0."""
    parts = [
        *map(_loaded, (*command_parts(REGISTRY.own_names), *flow_parts())),
        *provider_parts(),
    ]
    parts.sort(key=lambda part: part.origin)
    broken = [part for part in parts if part.problem]
    data = {
        "plugins": [
            {"kind": p.kind, "name": p.name, "origin": p.origin, "problem": p.problem}
            for p in parts
        ]
    }
    if not parts:
        hint = "No plugin is installed. docs/how-to/plugins.md tells how one is made."
        return Result(data, (Line(hint, "dim"),))
    rows = tuple(("✗" if p.problem else "✓", p.name, p.kind, p.origin) for p in parts)
    show = [Table(("", "NAME", "KIND", "FROM"), rows)]
    lines = [
        Line(f"✗ {p.kind} {p.name} ({p.origin}): {p.problem}", "error", err=True) for p in broken
    ]
    if broken:
        left = f"{counted(len(broken), 'part')} left out; everything else works as it did."
        lines.append(Line(left, "dim", err=True))
    return Result(data, (*show, *lines), 1 if broken else 0)


def _loaded(part: Part) -> Part:
    """With what would go wrong when it is used: a command is imported, a flow's file read."""
    if part.problem:
        return part
    try:
        if part.kind == "flow":
            read_yaml(part.thing)
        else:
            load(part.thing)
    except FreeRouterError as error:
        return part._replace(problem=" ".join(w for w in (error.what, error.why) if w))
    return part
