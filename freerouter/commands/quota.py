"""`quota`: what the free tiers still give, when that comes back, and how long it lasts."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import load_secrets
from freerouter.config.state import read_models
from freerouter.errors import FileError, FreeRouterError, NotFoundError
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.several import resolve_each
from freerouter.registry import did_you_mean
from freerouter.result import Line, Result
from freerouter.usage.quota_report import Holder, Quota, known_limits, quotas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freerouter.config.providers_file import ProvidersFile
    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.result import Block

FAILED = 5
TIMEOUT = 15.0
NOBODY = (
    "None of them can be asked: they say what is left with their answers, and the gateway notes it."
)


class Served(NamedTuple):
    """An account, and those of its models that are in config.yaml."""

    account: Account
    holder: Holder


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    from freerouter.commands.quota_text import as_text

    served = served_accounts(ctx, load_providers(ctx.workspace))
    names = args["name"]
    _check_names(names, served)
    asked: list[Line] = []
    code = 0
    if args["fresh"]:
        asked, code = _ask(ctx, [one for one in served if _is_named(one.holder, names)])
    now = ctx.now()
    holders = [one.holder for one in served]
    found = quotas(ctx.workspace.quota_file, ctx.workspace.usage_file, holders, now)
    found = [one for one in found if not names or _fits(one, holders, names)]
    with_limits = {one.account.partition("#")[0] for one in found}
    unknown = sorted({h.provider for h in holders if _is_named(h, names)} - with_limits)
    data = {"quotas": [_as_data(one, now) for one in found], "unknown": unknown}
    show: tuple[Block, ...] = (*asked, *as_text(found, unknown, now))
    return Result(data, show, code)


def served_accounts(ctx: Context, file: ProvidersFile) -> list[Served]:
    """Every key of every provider that is on. One whose key or record is missing is left out: it
    uses nothing.
    """
    models: dict[str, list[str]] = {}
    for row in read_models(ctx.workspace):
        if row["written"]:
            models.setdefault(row["provider"], []).append(row["id"])
    catalogue, secrets = catalogue_of(ctx), load_secrets(ctx)
    found = []
    for entry in file.enabled:
        try:
            accounts = resolve_each(entry, catalogue, secrets)
        except FreeRouterError:
            continue
        for account in accounts:
            ctx.redact.learn(account.secrets())
            those = models.get(account.name, [])
            holder = Holder(account.name, account.number, account.limits, those)
            found.append(Served(account, holder))
    return found


def _check_names(names: Sequence[str], served: Iterable[Served]) -> None:
    known = {name for one in served for name in _names(one.holder)}
    for name in names:
        if name not in known:
            raise NotFoundError(
                f'"{name}" is no provider and no model that is served.',
                fix=did_you_mean(name, known) or "`freerouter list` shows what there is.",
            )


def _names(holder: Holder) -> set[str]:
    models = {f"{holder.provider}/{model}" for model in holder.models}
    return {holder.provider, holder.account, *holder.models, *models}


def _is_named(holder: Holder, names: Sequence[str]) -> bool:
    return not names or not _names(holder).isdisjoint(names)


def _fits(one: Quota, holders: Iterable[Holder], names: Sequence[str]) -> bool:
    """Whether it is of a provider that is named, or holds for a model that is."""
    for holder in holders:
        if one.account not in (holder.account, holder.provider):
            continue
        if holder.provider in names or holder.account in names:
            return True
        for model in holder.models:
            own = one.model in ("", "*", model) and one.limit.covers(model)
            if own and (model in names or f"{holder.provider}/{model}" in names):
                return True
    return False


def _ask(ctx: Context, served: Sequence[Served]) -> tuple[list[Line], int]:
    """Ask those that tell, and keep what they say for whoever counts."""
    from freerouter.providers.quota_asking import ask_each, can_be_asked

    holders = {one.holder.account: one.holder for one in served}
    accounts = [one.account for one in served if can_be_asked(one.account)]
    if not accounts:
        return [Line(NOBODY, "dim")], 0
    lines, answered = [], 0
    for told in sorted(ask_each(accounts, TIMEOUT), key=lambda told: told.account.title):
        if told.error:
            text = " ".join(p for p in (told.error.what, told.error.why, told.error.fix) if p)
            lines.append(Line(text, "warn", err=True))
            continue
        answered += 1
        _keep(ctx, holders[told.account.title], told.kind, told.most, told.left)
    return lines, 0 if answered else FAILED


def _keep(ctx: Context, holder: Holder, kind: str, most: int, left: int) -> None:
    from freerouter.usage.quota_store import News, Pot, QuotaStore

    path = ctx.workspace.quota_file
    news = [
        News(Pot(account, model, limit), most, left, None)
        for (account, model, _), limit in known_limits([holder]).items()
        if limit.kind == kind
    ]
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        store = QuotaStore(path)
        try:
            store.settle((), (), news, ctx.now())
        finally:
            store.close()
    except (sqlite3.Error, OSError) as error:
        raise FileError(
            f"What the provider said cannot be kept in {path}.",
            f"{str(error).capitalize()}.",
            "A running gateway puts a broken one aside and begins anew.",
        ) from None


def _as_data(one: Quota, now: float) -> dict[str, Any]:
    """`resets_at` and `out_at` in UTC; `left` None where nobody knows how much there is."""
    provider, _, number = one.account.partition("#")
    limit = one.limit
    return {
        "provider": provider,
        "key": int(number or 1),
        "model": one.model,
        "limit": {**limit._asdict(), "models": list(limit.models), "most": limit.most or None},
        "used": one.used,
        "left": one.left,
        "used_up": one.used_up,
        "resets_at": _iso(one.ends),
        "resets_in": round(max(one.ends - now, 0)),
        "pace_per_hour": one.pace,
        "out_at": one.out_at and _iso(one.out_at),
        "used_from": one.used_from,
        "said_at": one.said_at and _iso(one.said_at),
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
