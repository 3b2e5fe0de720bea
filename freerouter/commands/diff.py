"""`diff`: what is different between backups, what there is now, and what the gateway serves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from freerouter.commands.backups import LATEST, Found, find, shown_of
from freerouter.commands.differences import data_of, lines_of
from freerouter.config.backups import CONFIG, present
from freerouter.config.compare import compare
from freerouter.config.hiding import hide, secrets_in
from freerouter.config.state import fingerprint_of
from freerouter.errors import FileError, GatewayStateError, UsageError
from freerouter.process.record import running
from freerouter.result import Line, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.context import Context

DIFFERENT = 1


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    old, new = _two(ctx, args["backup"], with_running=args["running"])
    before, after = _shared(old, new)
    found = compare(before, after)
    lines = list(_raw(old.name, before, new.name, after)) if args["raw"] else lines_of(found)
    data = {**data_of(found), "from": old.name, "to": new.name}
    if args["raw"]:
        data = {**data, "same": not lines, "lines": [line.text for line in lines]}
    if not lines:
        return Result(data, (Line(f"{old.name} and {new.name} are the same.", "ok"),))
    show = lines if args["raw"] else [Line(f"From {old.name} to {new.name}:", "head"), *lines]
    return Result(data, tuple(show), exit_code=DIFFERENT)


def _two(ctx: Context, words: list[str], *, with_running: bool) -> tuple[Found, Found]:
    now = Found("now", present(ctx.workspace))
    most = 1 if with_running else 2
    if len(words) > most:
        raise UsageError(
            "Two states can be compared, and no more.",
            fix="Usage: diff [BACKUP [BACKUP]], or diff --running [BACKUP]",
        )
    if with_running:
        return _served(ctx), shown_of(ctx, find(ctx, words[0])) if words else now
    old = shown_of(ctx, find(ctx, words[0] if words else LATEST))
    return old, shown_of(ctx, find(ctx, words[1])) if words[1:] else now


def _served(ctx: Context) -> Found:
    """The copy of config.yaml that the gateway runs with."""
    record = running(ctx.workspace)
    if record is None:
        raise GatewayStateError("The gateway is not running.", fix="`freerouter start` starts it.")
    state = ctx.workspace.state
    copies = [n for n in os.listdir(state) if n.startswith("gateway-") and n.endswith(".yaml")]
    paths = [os.path.join(state, name) for name in copies]
    path = next((p for p in paths if fingerprint_of(p) == record.fingerprint), None)
    try:
        with open(path or "", encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        raise FileError(
            "The gateway's copy of its configuration is not there.",
            fix="It is put back within a second; then try again.",
        ) from None
    return Found("the running gateway", {CONFIG: hide(text, secrets_in(text))})


def _shared(old: Found, new: Found) -> tuple[dict[str, str], dict[str, str]]:
    """Of both the files that both have."""
    names = [name for name in old.texts if name in new.texts]
    return {n: old.texts[n] for n in names}, {n: new.texts[n] for n in names}


def _raw(old: str, before: Mapping[str, str], new: str, after: Mapping[str, str]) -> Iterator[Line]:
    """Unified diffs, as `diff -u` prints them."""
    from freerouter.commands.raw_diff import unified

    for name, text in before.items():
        names = (f"{name} ({old})", f"{name} ({new})")
        yield from map(Line, unified(text, after[name], *names))
