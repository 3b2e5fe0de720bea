"""`--watch`: the gateway follows the files of its workspace."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from freerouter.commands import reload as reload_command
from freerouter.commands.writing import rewrite
from freerouter.config.workspace import shown
from freerouter.errors import FreeRouterError
from freerouter.result import Line, Output, Result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from freerouter.config.workspace import Workspace
    from freerouter.context import Context

PAUSE = 0.5
"""Seconds between two looks, and for which a file must be left alone before it counts."""


class Watch:
    """Whether providers.yaml, config.yaml, .env or a record of the user's own has changed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known = self._stamps()
        self._seen = self._known

    def changed(self) -> list[str]:
        """The files that are other ones than last time, once they have been left alone."""
        now = self._stamps()
        settled, self._seen = now == self._seen, now
        if not settled or now == self._known:
            return []
        found = sorted(p for p in {*now, *self._known} if now.get(p) != self._known.get(p))
        self._known = now
        return found

    def agree(self) -> None:
        """What lies there now is known: we wrote it ourselves."""
        self._known = self._seen = self._stamps()

    def _stamps(self) -> dict[str, tuple[int, int]]:
        workspace = self._workspace
        paths = [workspace.providers_file, workspace.config_file, workspace.env_file]
        paths.append(workspace.base.env_file)
        if os.path.isdir(workspace.overrides):
            paths += [os.path.join(workspace.overrides, n) for n in os.listdir(workspace.overrides)]
        stamps = {}
        for path in paths:
            try:
                found = os.stat(path)
            except OSError:
                continue
            stamps[path] = (found.st_mtime_ns, found.st_size)
        return stamps


def watch(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Reload now, and again at every change, until Ctrl-C."""
    files = Watch(ctx.workspace)
    _emit(ctx, reload_command.once(ctx, debug=args["debug"], timeout=args["timeout"]))
    where = shown(ctx.workspace.root, ctx.environ)
    ctx.emit(Output(Line(f"Watching {where}. Ctrl-C ends the watching, not the gateway.", "dim")))
    _for_ever(ctx, files, args)


def _for_ever(ctx: Context, files: Watch, args: Mapping[str, Any]) -> NoReturn:
    while True:
        time.sleep(PAUSE)
        follow_files(ctx, files, args)


def follow_files(ctx: Context, files: Watch, args: Mapping[str, Any]) -> None:
    """Look once, and reload where something has changed. A failure is told, and ends nothing."""
    changed = files.changed()
    if not changed:
        return
    names = ", ".join(os.path.basename(path) for path in changed)
    ctx.emit(Output(Line(f"Changed: {names}", "head")))
    try:
        if changed != [ctx.workspace.config_file]:
            rewrite(ctx)
        _emit(ctx, reload_command.once(ctx, debug=args["debug"], timeout=args["timeout"]))
    except FreeRouterError as error:
        ctx.emit(Output(Line(str(error), "error", err=True)))
    files.agree()


def _emit(ctx: Context, result: Result) -> None:
    for block in result.show:
        ctx.emit(Output(block))
