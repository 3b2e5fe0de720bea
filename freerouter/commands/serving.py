"""What the running gateway really serves, out of the copy of its configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.state import fingerprint_of
from freerouter.config.written_names import unquoted

if TYPE_CHECKING:
    from freerouter.config.workspace import Workspace
    from freerouter.context import Context
    from freerouter.process.control import Message

PATIENCE = 0.5
"""Seconds that the supervisor has to say how it is."""
DEPLOYMENT = r"(?m)^    id: (.+)$"
"""A deployment's own name, as we write it into config.yaml."""
KEY = r"#\d+$"
"""What tells the deployments of a provider's further keys apart."""


class Serving(NamedTuple):
    """`state`: stopped, starting, serving, or unknown: it is there and does not tell.

    `names` are `provider/model`; None where that cannot be told. `current` is whether it runs what
    lies in config.yaml.
    """

    state: str = "stopped"
    names: frozenset[str] | None = None
    current: bool = False


def serving(ctx: Context) -> Serving:
    if not os.path.exists(ctx.workspace.gateway_file):
        return Serving()
    from freerouter.process.control import ask
    from freerouter.process.record import running

    record = running(ctx.workspace)
    if record is None:
        return Serving()
    generated = fingerprint_of(ctx.workspace.config_file)
    said = ask(record.control, {"do": "status"}, PATIENCE) if record.control else None
    if said is None:
        return Serving("unknown", None, record.fingerprint == generated)
    current = said.get("fingerprint") == generated
    if not any(worker["state"] == "serving" for worker in said.get("workers", [])):
        return Serving("starting", frozenset(), current)
    return Serving("serving", _deployed(running_config(ctx.workspace, said)), current)


def running_config(workspace: Workspace, said: Message | None) -> str:
    """The file with what the gateway runs, of which its supervisor has `said` how it is."""
    name = f"gateway-{(said or {}).get('generation')}.yaml"
    path = os.path.join(workspace.state, name)
    return path if os.path.exists(path) else workspace.config_file


def _deployed(path: str) -> frozenset[str] | None:
    import re

    try:
        with open(path, encoding="utf-8") as file:
            found = re.findall(DEPLOYMENT, file.read())
    except (OSError, UnicodeDecodeError):
        return None
    names = [unquoted(name) for name in found]
    return frozenset([*names, *(re.sub(KEY, "", name) for name in names if "#" in name)])
