"""Good verdicts on keys whose provider tells them only for a chat: kept, so as to ask less."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from freerouter.config.state import read_state, write_state
from freerouter.providers.keys import Verdict

if TYPE_CHECKING:
    from freerouter.context import Context
    from freerouter.providers.account import Account


def kept_verdict(ctx: Context, account: Account) -> Verdict | None:
    """What the provider last said of this very key, if that was good and not too long ago."""
    seconds = account.provider.check.get("keep", 0)
    if not (seconds and account.key and ctx.workspace.configured):
        return None
    found = _read(ctx).get(_name(account))
    if found is None or not _is_whole(found):
        return None
    age = ctx.now() - found["at"]
    if not 0 <= age < seconds:
        return None
    message = f"{found['message']} (asked {_ago(age)} ago)"
    return Verdict("works", message, models=found["models"], free=found["free"])


def keep_verdict(ctx: Context, account: Account, verdict: Verdict) -> None:
    seconds = account.provider.check.get("keep", 0)
    if not (seconds and account.key and ctx.workspace.configured):
        return
    kept = {name: one for name, one in _read(ctx).items() if _is_whole(one)}
    kept = {name: one for name, one in kept.items() if ctx.now() - one["at"] < seconds}
    kept.pop(_name(account), None)
    if verdict.state == "works":
        kept[_name(account)] = {
            "at": ctx.now(),
            "message": verdict.message,
            "models": verdict.models,
            "free": verdict.free,
        }
    write_state(ctx.workspace.verdicts_file, kept)


def _read(ctx: Context) -> dict[str, Any]:
    return read_state(ctx.workspace.verdicts_file) or {}


def _is_whole(found: Any) -> bool:
    kinds = {"at": int | float, "message": str, "models": int, "free": int}
    return isinstance(found, dict) and all(isinstance(found.get(n), k) for n, k in kinds.items())


def _name(account: Account) -> str:
    """Of which key it is said; the key itself cannot be read from it."""
    text = json.dumps([account.provider.id, account.base_url, account.key])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _ago(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{round(minutes / 60)} h"  # noqa: PLR2004
