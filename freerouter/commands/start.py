"""`start`: the gateway in the background, ready when this returns; or in the foreground."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from freerouter.config.generate import environment
from freerouter.config.providers_file import KEEP_DAYS, load_providers
from freerouter.config.secrets import ensure_master_key, load_secrets
from freerouter.config.state import read_models
from freerouter.errors import UsageError
from freerouter.process.engine import find_engine
from freerouter.process.gateway import address, start
from freerouter.process.launch import Launch
from freerouter.providers.configured import configured_accounts
from freerouter.result import Block, Fields, Line, Result
from freerouter.volatile import volatile, volatile_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.process.record import GatewayRecord

FORK_SWITCH = "FREEROUTER_ENGINE_FORK"


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    if args["watch"] and not args["foreground"]:
        raise UsageError(
            "--watch belongs to --foreground.",
            "A gateway in the background watches nothing.",
            "start --foreground --watch, or beside a running one: reload --watch",
        )
    launch = prepare(ctx, port=args["port"], debug=args["debug"], timeout=args["timeout"])
    if args["foreground"]:
        from freerouter.commands.foreground import stay

        return stay(ctx, launch, args)
    record, fresh = start(ctx, launch)
    return told(ctx, args, record, fresh=fresh)


def told(ctx: Context, args: Mapping[str, Any], record: GatewayRecord, *, fresh: bool) -> Result:
    """What there is to say of a gateway that has been started."""
    url = f"{address(record)}/v1"
    took = volatile("duration", f"{ctx.now() - record.since:.1f} s")
    word = "was running already" if not fresh else f"ready in {took}"
    show: list[Block] = [
        Line(f"Gateway {word}: {volatile_url(url)}", "ok"),
        Fields(
            (
                ("models", str(record.models)),
                ("engine", f"LiteLLM {volatile('version', record.engine)}"),
                ("pid", volatile("int", record.pid)),
            )
        ),
    ]
    if not find_engine().pinned:
        show.append(Line("This is not the version of LiteLLM that FreeRouter is made for.", "warn"))
    if not fresh and args["port"] and args["port"] != record.port:
        show.append(Line("It keeps its port: `freerouter stop` first to change that.", "warn"))
    data = {"url": url, "pid": record.pid, "port": record.port, "models": record.models}
    return Result({**data, "already_running": not fresh}, tuple(show))


def prepare(ctx: Context, *, port: int | None, debug: bool, timeout: float) -> Launch:
    """Everything that the gateway needs, checked before anything is started or stopped."""
    file = load_providers(ctx.workspace)
    master_key = ensure_master_key(ctx)
    accounts = configured_accounts(ctx, file)
    values = environment(file, accounts, load_secrets(ctx))
    ctx.redact.learn(values)
    host, configured = file.address(ctx.environ)
    # macOS has fork, but its frameworks do not survive it.
    can_fork = hasattr(os, "fork") and sys.platform != "darwin"
    return Launch(
        host=host,
        port=port or configured,
        master_key=master_key,
        values=values,
        engine=find_engine().version,
        models=sum(bool(row["written"]) for row in read_models(ctx.workspace)),
        debug=debug,
        timeout=timeout,
        workers=file.gateway.get("workers") or 1,
        bodies=bool(file.gateway.get("log_bodies")),
        keep_days=KEEP_DAYS if (days := file.usage.get("keep_days")) is None else days,
        budgets=file.budgets,
        metrics_port=file.usage.get("metrics_port") or 0,
        fork=can_fork and ctx.environ.get(FORK_SWITCH) != "off",
    )
