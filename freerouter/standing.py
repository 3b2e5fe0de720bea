"""How things stand: what is set up, what runs, what fails. Nobody is asked: files are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.state import has_models, read_models, read_state
from freerouter.errors import FreeRouterError
from freerouter.process.record import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.config.workspace import Workspace
    from freerouter.context import Context
    from freerouter.usage.quota_warnings import Warned

BAD = {"refused": "key refused", "no_quota": "no quota left", "region": "wrong region"}
"""Verdicts that say that a provider does not serve, and what is said of them."""


class Standing(NamedTuple):
    """How things stood at one moment."""

    configured: bool = False
    has_models: bool = False
    address: str = ""
    """Where the gateway listens; "" where none runs."""
    crashed: bool = False
    """There is a record of a gateway, and no such process."""
    profile: str = ""
    listed: int = 0
    served: int = 0
    providers: tuple[str, ...] = ()
    failing: Mapping[str, str] = {}
    """By provider, what is wrong."""
    requests: int = 0
    """Of the local day, whoever served them."""
    quota: tuple[Warned, ...] = ()
    """Limits that are nearly used up, the nearest first."""
    budget: str = ""
    """The budget that is most used, from 80 % on."""


def glance(ctx: Context) -> Standing:
    """What can be told at once: enough for the first prompt."""
    workspace = ctx.workspace
    record = read_record(workspace)
    alive = record is not None and record.identity.alive
    return Standing(
        workspace.configured,
        has_models(workspace),
        f"{record.host}:{record.port}" if record and alive else "",
        crashed=record is not None and not alive,
        profile=workspace.profile,
    )


def look(ctx: Context) -> Standing:
    """All of it."""
    rows = read_models(ctx.workspace)
    return with_rows(glance(ctx), ctx, rows)._replace(requests=requests_of(ctx))


def with_rows(now: Standing, ctx: Context, rows: Sequence[Mapping[str, Any]]) -> Standing:
    """What the rows of the last list say, and which limits and budgets are nearly used up."""
    from freerouter.commands.spent import worst_budget
    from freerouter.usage.quota_warnings import warnings

    return now._replace(
        listed=len(rows),
        served=sum(bool(row["written"]) for row in rows),
        providers=tuple(dict.fromkeys(row["provider"] for row in rows)),
        failing=_failing(ctx.workspace, rows, ctx.now()),
        quota=tuple(warnings(ctx.workspace.quota_file, ctx.now())),
        budget=worst_budget(ctx),
    )


def requests_of(ctx: Context) -> int:
    """Of today; `metrics` tells what is wrong where usage.db cannot be read."""
    from freerouter.usage.reading import requests_today

    try:
        return requests_today(ctx.workspace.usage_file, ctx.now())
    except FreeRouterError:
        return 0


def _failing(workspace: Workspace, rows: Sequence[Mapping[str, Any]], now: float) -> dict[str, str]:
    """Providers whose last list is an old one, and those whose key was judged to be bad."""
    found = {row["provider"]: "not reached" for row in rows if row["stale"]}
    for verdict in (read_state(workspace.verdicts_file) or {}).values():
        if isinstance(verdict, dict) and verdict.get("state") in BAD and _holds(verdict, now):
            found[str(verdict.get("provider"))] = BAD[verdict["state"]]
    return found


def _holds(verdict: Mapping[str, Any], now: float) -> bool:
    at, seconds = verdict.get("at"), verdict.get("seconds")
    return isinstance(at, int | float) and isinstance(seconds, int | float) and now - at < seconds
