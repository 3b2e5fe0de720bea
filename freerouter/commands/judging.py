"""Asking providers what they say of their keys, all at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from freerouter.errors import FreeRouterError
from freerouter.result import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.keys import Verdict


def ask_all(ctx: Context, accounts: Sequence[Account], seconds: float) -> list[Verdict | None]:
    """Each account's verdict; None for one that did not answer within so many seconds."""
    from freerouter.providers.parallel import in_parallel
    from freerouter.providers.today import today

    verdicts: list[Verdict | None] = [None] * len(accounts)
    for account in accounts:
        ctx.emit(Progress(account.title, account.label))
    jobs = [partial(_verdict_of, account, today(ctx.now()), seconds) for account in accounts]
    for number, verdict in in_parallel(jobs, seconds):
        verdicts[number] = verdict
        account, state = accounts[number], "ok" if verdict.state == "works" else "failed"
        ctx.emit(Progress(account.title, account.label, state))
    for account, found in zip(accounts, verdicts, strict=True):
        if found is None:
            ctx.emit(Progress(account.title, account.label, "failed"))
    return verdicts


def another_key(account: Account, fix: str) -> str:
    """What to do where a key is refused: `fix` says where keys are made."""
    which = f" --number {account.number}" if account.number > 1 else ""
    step = f"`freerouter keys set {account.name}{which}` stores another one."
    return f"{step} {fix.rstrip('.')}." if fix else step


def too_late(account: Account, seconds: float, fix: str = "") -> Verdict:
    from freerouter.providers.keys import Verdict

    return Verdict("unknown", f"{account.label} did not answer within {seconds:g} s.", fix)


def _verdict_of(account: Account, day: date, seconds: float) -> Verdict:
    """The provider's word; that it could not be asked is one too."""
    from freerouter.providers.keys import Verdict, judge

    try:
        return judge(account, day, seconds)
    except FreeRouterError as error:
        return Verdict("unknown", f"{account.label} could not be asked. {error.what}", error.fix)
    except OSError as error:  # certificates that cannot be read
        return Verdict("unknown", f"{account.label} could not be asked. {error.strerror or error}.")
