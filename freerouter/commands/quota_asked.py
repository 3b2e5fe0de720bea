"""Asking providers what is left, and keeping what they say for the gateway, which counts."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from freerouter.errors import FileError
from freerouter.providers.quota_asking import Told, ask_each
from freerouter.usage.quota_report import Holder, known_limits
from freerouter.usage.quota_store import News, Pot, QuotaStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freerouter.context import Context
    from freerouter.providers.account import Account

    Asked = tuple[Account, Sequence[str]]
    """An account, and those of its models that are served."""


def ask_and_keep(ctx: Context, asked: Sequence[Asked], timeout: float) -> list[Told]:
    """By the names of the accounts. Raises FileError where what was said cannot be kept."""
    accounts = [account for account, _ in asked]
    found = sorted(ask_each(accounts, timeout), key=lambda told: told.account.title)
    models = {account.title: those for account, those in asked}
    now = ctx.now()
    news = [
        News(Pot(who, model, limit), told.most, told.left, None)
        for told in found
        if told.error is None
        for account in [told.account]
        for holder in [Holder(account.name, account.number, account.limits, models[account.title])]
        for (who, model, _), limit in known_limits([holder]).items()
        if limit.kind == told.kind
    ]
    if news:
        _keep(ctx.workspace.quota_file, news, now)
    return found


def _keep(path: str, news: Sequence[News], now: float) -> None:
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        store = QuotaStore(path)
        try:
            store.settle((), (), news, now)
        finally:
            store.close()
    except (sqlite3.Error, OSError) as error:
        raise FileError(
            f"What the provider said cannot be kept in {path}.",
            f"{str(error).capitalize()}.",
            "A running gateway puts a broken one aside and begins anew.",
        ) from None
