"""`logs`: the gateway's log, with every known secret hidden."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import load_secrets
from freerouter.config.variables import names
from freerouter.process.log import follow, tail
from freerouter.result import Line, Output, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    _learn_secrets(ctx)
    path = ctx.workspace.log_file
    lines = tail(path, args["lines"])
    if not args["follow"]:
        if not os.path.exists(path):
            return Result(
                {"lines": []}, (Line("There is no log yet: it begins with `start`.", "dim"),)
            )
        return Result({"lines": lines}, tuple(Line(line) for line in lines))
    for line in lines:
        ctx.emit(Output(Line(line)))
    for line in follow(path):
        ctx.emit(Output(Line(line)))
    return Result({"lines": []})


def _learn_secrets(ctx: Context) -> None:
    secrets = load_secrets(ctx)
    if not ctx.workspace.configured:
        return
    for entry in load_providers(ctx.workspace).entries:
        found = {name: secrets.get(name) or "" for name in names(entry.api_key)}
        ctx.redact.learn(found)
