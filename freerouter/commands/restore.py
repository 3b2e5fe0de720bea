"""`restore` and `undo`: providers.yaml and config.yaml as they were at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.backups import Found, find, marked, shown_of
from freerouter.commands.differences import data_of, lines_of
from freerouter.commands.writing import is_current, reload_hint, rewrite
from freerouter.config import atomic
from freerouter.config.backups import (
    CONFIG,
    PROVIDERS,
    back_up,
    backups_of,
    before_last_change,
    present,
)
from freerouter.config.compare import compare, deployments_of
from freerouter.config.hiding import reveal, secrets_of, stored_secrets
from freerouter.config.providers_file import load_providers
from freerouter.config.state import mark_written
from freerouter.errors import FreeRouterError
from freerouter.result import Block, Line, Output, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.compare import Differences
    from freerouter.config.workspace import Workspace
    from freerouter.context import Context
    from freerouter.session import Session


def run(session: Session, args: Mapping[str, Any]) -> Result:
    """`restore FILE`: show what changes, have it confirmed, do it."""
    ctx = session.context()
    target = find(ctx, args["file"])
    if target.foreign:
        from freerouter.commands.adopting import adopted

        target = adopted(ctx, target)
    found = compare(*_both(ctx, target))
    if not found and not _is_missing(ctx.workspace, target):
        line = Line(f"{target.name} is what there is now: nothing was changed.", "ok")
        return Result({"restored": target.name, "backup": "", **data_of(found)}, (line,))
    if not args["yes"]:
        from freerouter.consent import confirm

        for line in (Line(f"From now to {target.name}:", "head"), *lines_of(found)):
            session.frontend.event(Output(line))
        confirm(session, [["restore", args["file"], "--yes"]], "This")
    done = _bring_back(ctx, target, found, "undo")
    first = Line(f"Restored {target.name}.", "ok")
    changes = lines_of(found) if args["yes"] else []
    return done._replace(show=(first, *changes, *done.show))


def undo(ctx: Context, args: Mapping[str, Any]) -> Result:
    """The state before the last change, or before the one before it after another `undo`."""
    workspace = ctx.workspace
    backups = backups_of(workspace)
    backup = before_last_change(backups, present(workspace))
    if backup is None:
        raise FreeRouterError(
            "There is nothing to take back.",
            "Every change that there is a backup of has been." if backups else "",
            "`restore latest` brings the latest backup back." if backups else "",
        )
    target = Found(marked(backup.name), backup.read())
    found = compare(*_both(ctx, target))
    done = _bring_back(ctx, target, found, "restore latest", replaced=backup.name)
    first = Line(f"Back to {target.name}, before the last change:", "ok")
    return done._replace(show=(first, *lines_of(found), *done.show))


def _both(ctx: Context, target: Found) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What there is now and what comes in its place, without secrets."""
    return present(ctx.workspace), shown_of(ctx, target).texts


def _is_missing(workspace: Workspace, target: Found) -> bool:
    return bool(target.texts.keys() - present(workspace).keys())


def _bring_back(
    ctx: Context, target: Found, found: Differences, back: str, replaced: str = ""
) -> Result:
    """Write the files; what was there before is kept, and `back` brings it back."""
    workspace = ctx.workspace
    show: list[Block] = []
    with atomic.lock(workspace.root):
        kept = back_up(workspace, ctx.now(), replaced)
        secrets = stored_secrets(workspace, ctx.environ) | _clear_now(workspace)
        paths = {CONFIG: workspace.config_file, PROVIDERS: workspace.providers_file}
        files: dict[str, bytes] = {}
        for name, path in paths.items():
            if name in target.texts:
                text, lost = reveal(target.texts[name], secrets)
                files[path] = text.encode("utf-8", "surrogateescape")
                show += [_lost(name, number) for number in lost]
        atomic.write_together(files)
        if CONFIG in target.texts:
            _mark_models(workspace, target.texts[CONFIG])
    show += _afterwards(ctx, target)
    if kept:
        show.append(
            Line(f"What there was is kept as {marked(kept)}: `{back}` brings it back.", "dim")
        )
    data = {"restored": target.name, "backup": marked(kept), **data_of(found)}
    undo = (("restore", kept, "--yes"),) if kept else ()
    return Result(data, tuple(show), undo=undo)


def _clear_now(workspace: Workspace) -> set[str]:
    """The keys that stand in providers.yaml itself, which no backup has."""
    try:
        with open(workspace.providers_file, "rb") as file:
            return secrets_of(file.read())
    except OSError:
        return set()


def _lost(name: str, number: int) -> Line:
    return Line(
        f"{name}:{number}: a key stood here in clear, and backups hold none. Write it there again; "
        "better, `keys set` stores it and `${NAME}` stands for it.",
        "warn",
    )


def _mark_models(workspace: Workspace, text: str) -> None:
    """`list` tells which models the gateway serves."""
    try:
        mark_written(workspace, deployments_of(text))
    except FreeRouterError:  # no YAML: then it serves none, and says so when it is started
        return


def _afterwards(ctx: Context, target: Found) -> list[Block]:
    """Make config.yaml where it did not come along, and say what is to be done next."""
    try:
        load_providers(ctx.workspace)
        if CONFIG not in target.texts:
            rewrite(ctx, backed_up=True)
    except FreeRouterError as error:
        return [Line(str(error), "warn"), *reload_hint(ctx)]
    if is_current(ctx):
        return [*reload_hint(ctx)]
    text = "config.yaml is not what providers.yaml asks for: `fetch` writes it anew."
    return [Line(text, "warn"), *reload_hint(ctx)]
