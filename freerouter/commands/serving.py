"""What the running gateway really serves, out of the copy of its configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.state import fingerprint_of

if TYPE_CHECKING:
    from freerouter.context import Context

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
    copy = os.path.join(ctx.workspace.state, f"gateway-{said.get('generation')}.yaml")
    return Serving("serving", _deployed(copy), current)


def _deployed(path: str) -> frozenset[str] | None:
    import re

    try:
        with open(path, encoding="utf-8") as file:
            found = re.findall(DEPLOYMENT, file.read())
    except (OSError, UnicodeDecodeError):
        return None
    names = [_unquoted(name) for name in found]
    return frozenset([*names, *(re.sub(KEY, "", name) for name in names if "#" in name)])


def _unquoted(name: str) -> str:
    if name[0] == "'":
        return name[1:-1].replace("''", "'")
    if name[0] == '"':
        import json

        return str(json.loads(name))
    return name
