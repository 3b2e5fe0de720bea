"""`logs`: the gateway's log, or its requests, with every known secret hidden."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import TYPE_CHECKING, Any

from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import load_secrets
from freerouter.config.variables import names
from freerouter.errors import UsageError
from freerouter.process.log import follow, newest_first, tail
from freerouter.process.log_entries import entries, is_bad
from freerouter.result import Line, Output, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.context import Context

LAST = 50
"""How many are shown where neither --lines nor --since says."""
AGO = re.compile(r"(\d+(?:\.\d+)?) *(s|m|h|d)")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    _learn_secrets(ctx)
    since = since_when(args["since"], ctx.now())
    if args["requests"] or args["bodies"]:
        from freerouter.commands.logs_requests import show_requests

        return show_requests(ctx, args, since)
    path = ctx.workspace.log_file
    lines = _last(path, args, since)
    if not args["follow"]:
        return Result({"lines": lines}, tuple(Line(line) for line in lines) or _nothing(path))
    for line in lines:
        ctx.emit(Output(Line(line), {"line": line}))
    for line in _next(path, errors=args["errors"]):
        ctx.emit(Output(Line(line), {"line": line}))
    return Result({"lines": []})


def since_when(text: str | None, now: float) -> datetime | None:
    """A moment in local time: `10m`, `2h`, or a date and time as ISO writes it."""
    if not text:
        return None
    ago = AGO.fullmatch(text.strip())
    if ago:
        return _local(now) - timedelta(**{UNITS[ago[2]]: float(ago[1])})
    try:
        found = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip()))
    except ValueError:
        raise UsageError(
            f'"{text}" is no time.',
            fix="Say how long ago (30s, 10m, 2h, 1d), or when: 2026-01-31T18:00.",
        ) from None
    return found.astimezone().replace(tzinfo=None) if found.tzinfo else found


def how_many(args: Mapping[str, Any], since: datetime | None) -> int | None:
    """None: as many as there are."""
    given: int | None = args["lines"]
    if given is not None:
        return max(given, 0)
    return None if since else LAST


def _last(path: str, args: Mapping[str, Any], since: datetime | None) -> list[str]:
    count = how_many(args, since)
    if since is None and not args["errors"]:
        return tail(path, count or 0)
    wanted = _matching(path, since, errors=args["errors"])
    return list(islice(wanted, count))[::-1]


def _matching(path: str, since: datetime | None, *, errors: bool) -> Iterator[str]:
    """Lines of the entries that are asked for, newest first."""
    if not os.path.exists(path):
        return
    for entry in entries(newest_first(path), _local(os.path.getmtime(path) + 1)):
        if since and (entry.time is None or entry.time < since.replace(microsecond=0)):
            return
        if entry.bad or not errors:
            yield from reversed(entry.lines)


def _next(path: str, *, errors: bool) -> Iterator[str]:
    bad = False
    for line in follow(path):
        bad = is_bad(line, before=bad)
        if bad or not errors:
            yield line


def _nothing(path: str) -> tuple[Line, ...]:
    if os.path.exists(path):
        return (Line("The log has nothing like that.", "dim"),)
    return (Line("There is no log yet: it begins with `start`.", "dim"),)


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc).astimezone().replace(tzinfo=None)


def _learn_secrets(ctx: Context) -> None:
    secrets = load_secrets(ctx)
    if not ctx.workspace.configured:
        return
    for entry in load_providers(ctx.workspace).entries:
        found = {name: secrets.get(name) or "" for name in names(entry.api_key)}
        ctx.redact.learn(found)
