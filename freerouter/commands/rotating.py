"""`keys rotate master`: a new key for the gateway, which takes it without losing a request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from freerouter.commands.keys import PLACES
from freerouter.config.key_notes import note_stored
from freerouter.config.secrets import ENV, KEYRING, MASTER_KEY, load_secrets, new_master_key, store
from freerouter.config.state import has_models
from freerouter.errors import FreeRouterError, GatewayStateError, UsageError
from freerouter.process.record import running
from freerouter.result import Block, Line, Output, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.secrets import Secrets
    from freerouter.context import Context

TIMEOUT, POLL = 120.0, 0.2
"""Seconds."""


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    secrets = load_secrets(ctx)
    if secrets.origin(MASTER_KEY) == "environment":
        raise UsageError(
            f"{MASTER_KEY} is set in your environment, and that one wins.",
            "A new one would not be used, so none was made.",
            f"Unset {MASTER_KEY}, then `keys rotate master`.",
        )
    was = KEYRING if secrets.origin(MASTER_KEY) == KEYRING else ENV
    where = args["store"] or was
    old, new = _old(secrets), new_master_key()
    ctx.redact.learn({MASTER_KEY: new})
    _keep(ctx, new, where)
    show: list[Block] = [
        Line(f"A new key for the gateway is stored as {MASTER_KEY} in {PLACES[where]}.", "ok")
    ]
    data = {
        "variable": MASTER_KEY,
        "reloaded": False,
        "running": running(ctx.workspace) is not None,
    }
    if data["running"] and not args["no_reload"]:
        show += _reloaded(ctx, old, was)
        data["reloaded"] = True
        show.append(Line("Whoever still asks with the old key is refused now (401)."))
    elif data["running"]:
        text = "The gateway still takes the old one: `reload` has it take the new one."
        show.append(Line(text, "warn"))
    else:
        then = "`start`" if has_models(ctx.workspace) else "`fetch`, then `start`"
        show.append(Line(f"Next: {then}. The old key is refused from then on."))
    show.append(
        Line("Clients: `keys show master` prints the new key, `env` the lines for a shell.")
    )
    return Result(data, tuple(show))


def _old(secrets: Secrets) -> str | None:
    """The key until now; None also where a keyring has lost it."""
    try:
        return secrets.get(MASTER_KEY)
    except FreeRouterError:
        return None


def _keep(ctx: Context, key: str, where: str) -> None:
    store(ctx.workspace, MASTER_KEY, key, where=where)
    note_stored(ctx.workspace, MASTER_KEY, key, ctx.now())


def _reloaded(ctx: Context, old: str | None, was: str) -> tuple[Block, ...]:
    """Have the gateway take it; where it does not, the old key is the one that holds."""
    try:
        return _reload(ctx).show
    except BaseException:
        if old is not None:
            _keep(ctx, old, was)
            ctx.emit(Output(Line("The key is the old one again.", "warn", err=True)))
        raise


def _reload(ctx: Context) -> Result:
    """Once a reload that is on its way is over: `reload --watch` sees the new key as well."""
    from freerouter.commands.reload import once

    until = time.monotonic() + TIMEOUT
    while True:
        try:
            return once(ctx, debug=False, timeout=TIMEOUT)
        except GatewayStateError:
            if time.monotonic() > until or running(ctx.workspace) is None:
                raise
        time.sleep(POLL)
