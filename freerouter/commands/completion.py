"""`completion SHELL`: the script by which a system's shell completes our commands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from freerouter.resources import completions_directory
from freerouter.result import Line, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    shell = args["shell"]
    path = os.path.join(completions_directory(), f"freerouter.{shell}")
    with open(path, encoding="utf-8") as file:
        script = file.read().rstrip("\n")
    return Result({"shell": shell, "script": script}, (Line(script),))
