"""`where`: the facts that a flow asks for first. Reads, never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.import_sources import importable
from freerouter.config.providers_file import ProvidersFile, load_providers
from freerouter.config.state import has_models
from freerouter.config.versions import VERSION
from freerouter.config.workspace import project_workspace, shown, user_workspace
from freerouter.errors import NotConfiguredError
from freerouter.process.engine import find_engine
from freerouter.process.port import holder, next_free
from freerouter.process.probe import reachable
from freerouter.process.record import running
from freerouter.result import Fields, Result
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    try:
        engine, fix = find_engine().version, ""
    except NotConfiguredError as error:
        engine, fix = "", error.fix
    configured, profile = ctx.workspace.configured, ctx.workspace.profile
    file = load_providers(ctx.workspace) if configured else ProvidersFile("", ())
    host, port = file.address(ctx.environ)
    alive = running(ctx.workspace) is not None
    taken = "" if alive else _holder(host, port)
    data = {
        "old": file.version < VERSION and configured,
        "others": ", ".join(importable(ctx)),
        "root": shown(ctx.workspace.root, ctx.environ),
        "configured": configured,
        "user": shown(user_workspace(ctx.environ, profile).root, ctx.environ),
        "project": shown(project_workspace(ctx.cwd, profile).root, ctx.environ),
        "fetched": has_models(ctx.workspace),
        "engine": engine,
        "engine_fix": fix,
        "running": alive,
        "port": port,
        "port_holder": volatile("any", taken) if taken else "",
        "free_port": next_free(host, port) if taken else port,
    }
    return Result(data, (Fields(tuple((k, str(v)) for k, v in data.items())),))


def _holder(host: str, port: int) -> str:
    """Who listens on the port; "another program" where the system does not tell."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(0.3)
        if probe.connect_ex((reachable(host), port)) != 0:
            return ""
    return holder(port) or "another program"
