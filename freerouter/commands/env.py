"""`env`: the lines that point a client at the gateway, ready to paste."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

from freerouter.config.providers_file import load_providers
from freerouter.process.probe import url_of
from freerouter.process.record import running
from freerouter.result import Line, Result
from freerouter.volatile import volatile, volatile_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    base = base_url(ctx)
    profile = ctx.workspace.profile
    which = f" --profile {shlex.quote(profile)}" if profile else ""
    key = f'"$({volatile("any", command_name(ctx))}{which} keys show master)"'
    shown = volatile_url(base)
    variables = {
        "OPENAI_BASE_URL": f"{shown}/v1",
        "OPENAI_API_KEY": key,
        "ANTHROPIC_BASE_URL": shown,
        "ANTHROPIC_AUTH_TOKEN": key,
    }
    lines = tuple(Line(f"export {name}={value}") for name, value in variables.items())
    return Result({"base_url": f"{base}/v1", "variables": list(variables)}, lines)


def base_url(ctx: Context) -> str:
    """Where the gateway is, or will be."""
    record = running(ctx.workspace)
    if record:
        return url_of(record.host, record.port)
    return url_of(*load_providers(ctx.workspace).address(ctx.environ))


def command_name(ctx: Context) -> str:
    """How this command is called: by its bare name where the shell would find the same one."""
    import shutil

    script = os.path.abspath(sys.argv[0])
    if os.path.basename(script) != "freerouter":
        return f"{shlex.quote(sys.executable)} -m freerouter"
    found = shutil.which("freerouter", path=ctx.environ.get("PATH", ""))
    same = found is not None and os.path.realpath(found) == os.path.realpath(script)
    return "freerouter" if same else shlex.quote(script)
