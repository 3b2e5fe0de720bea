"""`why`: what is wrong now, as far as it can be told without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.result import Line, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.errors import FreeRouterError
    from freerouter.result import Block


def run(ctx: Context, _args: Mapping[str, Any]) -> Result:
    from freerouter.commands.doctor import run as examine

    return findings_told(examine(ctx, {"offline": True}))


def findings_told(examined: Result) -> Result:
    """What `doctor` found to be wrong; the first command that mends something is offered."""
    wrong = [f for f in examined.data["findings"] if f["state"] in ("warn", "error")]
    show: list[Block] = []
    for found in wrong:
        show.append(Line(f"{found['area']}: {found['what']}", found["state"]))
        if found["more"]:
            show.append(Line(f"  {found['more']}", "dim"))
        if found["command"] and not found["fix"]:
            show.append(Line(f"  {' '.join(found['command'])}", "head"))
    if not wrong:
        show = [Line("Nothing is wrong that can be told without asking a provider.", "ok")]
        show.append(Line("`doctor` asks them, too.", "dim"))
    fixes = examined.data["fixes"]
    offers = fixes[0]["id"] if fixes else ""
    return Result({"findings": wrong, "fixes": fixes, "offers": offers}, tuple(show))


def error_told(error: FreeRouterError) -> Result:
    """An error again, each part of it on a line of its own."""
    lines = [
        Line(error.what, "error"),
        *(Line(text, "prose") for text in (error.why, error.fix) if text),
    ]
    return Result(error.as_data(), tuple(lines))
