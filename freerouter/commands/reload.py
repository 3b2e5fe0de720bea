"""`reload`: the gateway with the present configuration, checked before the old one is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands import start as start_command
from freerouter.commands.start import prepare
from freerouter.process.gateway import stop
from freerouter.process.record import running
from freerouter.result import Line, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

GRACE = 10.0


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    fetched = Result({})
    if args["refresh"]:
        from freerouter.commands import fetch as fetch_command

        fetched = fetch_command.run(ctx, {"timeout": 30.0, "strict": False})
    record = running(ctx.workspace)
    port = record.port if record else None
    prepare(ctx, port=port, debug=args["debug"], timeout=args["timeout"])
    first = Line("The gateway was not running.", "dim")
    if record:
        stop(ctx, GRACE)
        first = Line("Old gateway stopped.", "dim")
    started = start_command.run(
        ctx, {"port": port, "debug": args["debug"], "timeout": args["timeout"]}
    )
    data = {**started.data, "was_running": record is not None, "fetched": fetched.data or None}
    return Result(data, (*fetched.show, first, *started.show))
