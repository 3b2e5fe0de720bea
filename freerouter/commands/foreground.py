"""`start --foreground`: the gateway lives as long as this command does."""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

from freerouter.commands.start import told
from freerouter.errors import CancelledError, FreeRouterError, GatewayStateError
from freerouter.process.gateway import start, stop
from freerouter.process.log import follow
from freerouter.result import Line, Output, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from freerouter.context import Context
    from freerouter.process.launch import Launch
    from freerouter.process.record import GatewayRecord

GRACE = 30.0
"""Seconds that requests may take when the system tells the gateway to end."""


class _Told(BaseException):
    """Told to end while it starts: nothing below may mistake it for a failure."""


class Ending:
    """SIGTERM and Ctrl-C: at once while it starts, else once the log so far has been shown."""

    def __init__(self) -> None:
        self.told = False
        self.starting = True
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Only a main thread can say what happens on a signal.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._tell)
        return self

    def __exit__(self, *_raised: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _tell(self, _number: int, _frame: object) -> None:
        self.told = True
        if self.starting:
            raise _Told


def stay(ctx: Context, launch: Launch, args: Mapping[str, Any]) -> Result:
    """Start it, show its log, and end it when told to."""
    # The gateway watches the reading end: it ends with this process, however this process ends.
    reading, writing = os.pipe()
    try:
        with Ending() as ending:
            record, fresh = start(ctx, launch, lifeline=reading)
            if not fresh:
                raise GatewayStateError(
                    "The gateway is running already, in the background.",
                    fix="`freerouter stop` first.",
                )
            ending.starting = False
            for block in told(ctx, args, record, fresh=True).show:
                ctx.emit(Output(block))
            _notify(ctx, "READY=1")
            _show(ctx, record, ending, args)
            if not ending.told:
                raise FreeRouterError(
                    "The gateway ended by itself.", fix="`freerouter logs` shows its last lines."
                )
            _notify(ctx, "STOPPING=1")
            stop(ctx, GRACE)
    except _Told:
        raise CancelledError("It was told to end before the gateway was ready.") from None
    finally:
        os.close(reading)
        os.close(writing)
    return Result({"outcome": "stopped"}, (Line("Gateway stopped.", "ok"),))


def _show(ctx: Context, record: GatewayRecord, ending: Ending, args: Mapping[str, Any]) -> None:
    """The log as it is written, until the gateway has ended or is to end."""
    from freerouter.commands.watching import Watch, follow_files

    files = Watch(ctx.workspace) if args["watch"] else None

    def goes_on() -> bool:
        if files:
            follow_files(ctx, files, args)
        return not ending.told and record.identity.alive

    for line in follow(ctx.workspace.log_file, while_true=goes_on):
        ctx.emit(Output(Line(line)))


def _notify(ctx: Context, state: str) -> None:
    """Tell systemd, where it asked to be told (`Type=notify`)."""
    path = ctx.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        try:
            notifier.connect(address)
            notifier.sendall(state.encode())
        except OSError:
            return
