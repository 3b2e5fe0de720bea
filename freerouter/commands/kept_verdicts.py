"""Verdicts on keys, kept for a while by the key's hash, so as to ask less.

One that works holds for an hour, or as long as its record says where asking costs a chat; one that
tells of a fault for five minutes, since somebody is about to mend it. Doubt is never kept.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.state import read_state, write_state
from freerouter.providers.keys import BAD, Verdict

if TYPE_CHECKING:
    from freerouter.context import Context
    from freerouter.providers.account import Account

GOOD_FOR = 3600.0
BAD_FOR = 300.0
"""Seconds."""


class Kept(NamedTuple):
    """A verdict, and how many seconds ago it was given."""

    verdict: Verdict
    age: float


def kept_verdict(ctx: Context, account: Account) -> Verdict | None:
    """What the provider last said of this very key, if that was good and asking again costs."""
    if not account.provider.check.get("keep"):
        return None
    found = last_verdict(ctx, account)
    if found is None or found.verdict.state != "works":
        return None
    return found.verdict._replace(message=f"{found.verdict.message} (asked {ago(found.age)})")


def last_verdict(ctx: Context, account: Account) -> Kept | None:
    """What the provider last said of this very key, if that still holds."""
    if not (account.key and ctx.workspace.configured):
        return None
    found = _read(ctx).get(_name(account))
    if found is None or not _holds(ctx, found):
        return None
    verdict = Verdict(**{name: found[name] for name in Verdict._fields})
    return Kept(verdict, ctx.now() - found["at"])


def keep_verdict(ctx: Context, account: Account, verdict: Verdict) -> None:
    if not (account.key and ctx.workspace.configured):
        return
    before = _read(ctx)
    kept = {name: one for name, one in before.items() if _holds(ctx, one)}
    kept.pop(_name(account), None)
    seconds = _seconds(account, verdict.state)
    if seconds:
        whose = {"provider": account.name, "at": ctx.now(), "seconds": seconds}
        # What a provider says may repeat the key.
        said = {"message": ctx.redact(verdict.message), "fix": ctx.redact(verdict.fix)}
        kept[_name(account)] = {**whose, **verdict._asdict(), **said}
    if kept != before:
        write_state(ctx.workspace.verdicts_file, kept)


def ago(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min ago" if minutes < 60 else f"{round(minutes / 60)} h ago"  # noqa: PLR2004


def _seconds(account: Account, state: str) -> float:
    """For how long such a verdict holds."""
    if state == "works":
        return max(GOOD_FOR, float(account.provider.check.get("keep", 0)))
    return BAD_FOR if state in BAD else 0.0


def _read(ctx: Context) -> dict[str, Any]:
    return read_state(ctx.workspace.verdicts_file) or {}


def _holds(ctx: Context, found: Any) -> bool:
    """Whether it is whole, and not too old (nor of the future: the clock was wrong then)."""
    kinds = {"at": int | float, "seconds": int | float, "state": str, "message": str, "fix": str}
    kinds |= {"models": int, "free": int}
    whole = isinstance(found, dict) and all(isinstance(found.get(n), k) for n, k in kinds.items())
    return whole and 0 <= ctx.now() - found["at"] < found["seconds"]


def _name(account: Account) -> str:
    """Of which key it is said; the key itself cannot be read from it."""
    text = json.dumps([account.provider.id, account.base_url, account.number, account.key])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
