"""`stop`: end the gateway, and nothing that is not provably the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.process.gateway import stop
from freerouter.result import Line, Result
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    outcome, record = stop(ctx, args["timeout"])
    pid = record.pid if record else None
    lines = {
        "stopped": Line("Gateway stopped.", "ok"),
        "killed": Line(f"Gateway did not end in {args['timeout']:g} s and was killed.", "warn"),
        "left over": Line(
            f"The supervisor, process {volatile('int', pid)}, had ended unexpectedly: "
            "the workers that it left are stopped.",
            "ok",
        ),
        "gone": Line(
            f"The gateway was not running: process {volatile('int', pid)} has ended, "
            "or is somebody else's and was left alone.",
            "dim",
        ),
        "absent": Line("The gateway is not running.", "dim"),
    }
    return Result({"outcome": outcome, "pid": pid}, (lines[outcome],))
