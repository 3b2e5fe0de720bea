"""`reload`: the gateway with the present configuration, without losing a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands import start as start_command
from freerouter.commands.start import prepare
from freerouter.process.gateway import address, reload, stop
from freerouter.process.record import running
from freerouter.result import Block, Fields, Line, Result, counted
from freerouter.volatile import volatile, volatile_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.process.control import Message
    from freerouter.process.launch import Launch
    from freerouter.process.record import GatewayRecord

GRACE = 10.0
FETCH = {"provider": (), "timeout": 30.0, "strict": False, "fresh": False}


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    if args["watch"]:
        from freerouter.commands.watching import watch

        return watch(ctx, args)
    fetched = Result({})
    if args["refresh"]:
        from freerouter.commands import fetch as fetch_command

        fetched = fetch_command.run(ctx, FETCH)
    done = once(ctx, debug=args["debug"], timeout=args["timeout"])
    data = {**done.data, "fetched": fetched.data or None}
    return Result(data, (*fetched.show, *done.show))


def once(ctx: Context, *, debug: bool, timeout: float) -> Result:
    """Go over to the present configuration now; start where nothing runs."""
    record = running(ctx.workspace)
    launch = prepare(ctx, port=record.port if record else None, debug=debug, timeout=timeout)
    if record is None:
        return _started(ctx, launch, Line("The gateway was not running.", "dim"), was=False)
    if record.engine != launch.engine or not record.control:
        stop(ctx, GRACE)
        why = f"It was LiteLLM {record.engine}: restarted as a whole."
        return _started(ctx, launch, Line(why, "dim"), was=True)
    began = ctx.now()
    return _reloaded(record, launch, reload(ctx, launch), ctx.now() - began)


def _started(ctx: Context, launch: Launch, first: Line, *, was: bool) -> Result:
    args = {"port": launch.port, "debug": launch.debug, "timeout": launch.timeout}
    done = start_command.run(ctx, {**args, "foreground": False, "watch": False})
    return Result({**done.data, "was_running": was}, (first, *done.show))


def _reloaded(record: GatewayRecord, launch: Launch, status: Message, seconds: float) -> Result:
    url = f"{address(record)}/v1"
    took = volatile("duration", f"{seconds:.1f} s")
    old = sum(worker["state"] == "draining" for worker in status["workers"])
    busy = sum(
        worker["in_flight"] or 0 for worker in status["workers"] if worker["state"] == "draining"
    )
    show: list[Block] = [
        Line(f"New configuration served after {took}: {volatile_url(url)}", "ok"),
        Fields((("models", str(launch.models)),)),
    ]
    if old and busy:
        what = f"{counted(busy, 'request')} in flight"
        show.append(Line(f"The old worker finishes {what} and then goes.", "dim"))
    if (launch.host, launch.port) != (record.host, record.port):
        show.append(Line("It keeps its address: `freerouter stop` first to change that.", "warn"))
    data = {"url": url, "pid": record.pid, "port": record.port, "models": launch.models}
    return Result({**data, "was_running": True, "seconds": round(seconds, 3)}, tuple(show))
