"""What a key is worth: works, refused, no_quota, or unknown. Never calls a doubtful key bad."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import ProviderError
from freerouter.providers.discovery import discover, too_slow
from freerouter.providers.http import make_client, request_json
from freerouter.providers.parallel import in_parallel
from freerouter.result import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from freerouter.providers.account import Account
    from freerouter.providers.models import Model


class Verdict(NamedTuple):
    """`state`: works, refused, no_quota or unknown.

    `models` counts what the provider listed, and `free` those of them that cost nothing.
    """

    state: str
    message: str
    fix: str = ""
    models: int = 0
    free: int = 0


def judge(account: Account, today: date, timeout: float) -> Verdict:
    """Ask the provider. A public list proves nothing: its own check comes first if it has one."""
    if account.provider.fixed and not account.provider.demo:
        return Verdict(
            "unknown",
            f"{account.label}: there is no list to ask for, so nothing was checked.",
            "`freerouter ask` shows whether it answers.",
        )
    try:
        if account.key and account.provider.check:
            _checked(account, today, timeout)
        models: tuple[Model, ...] = ()
        if not account.provider.fixed:
            outcome = (discover([account], today, timeout))[0]
            if outcome.error:
                raise outcome.error
            models = outcome.models
        doubtful = bool(account.key) and not account.provider.check
        if doubtful and _answers_anyone(account, today, timeout):
            return Verdict(
                "unknown",
                f"{account.label}: answers, {counted(len(models), 'model')}, but lists them to "
                "anyone, so nothing is known of the key.",
                "`freerouter ask` shows whether it works.",
                len(models),
                _free(models),
            )
    except ProviderError as error:
        state = error.state if error.state in ("refused", "no_quota") else "unknown"
        message = " ".join(part for part in (error.what, error.why) if part)
        return Verdict(state, message, error.fix)
    what = "key works" if account.key else "answers"
    count = f", {counted_models(models)}" if models else ""
    message = f"{account.label}: {what}{count}"
    return Verdict("works", message, models=len(models), free=_free(models))


def counted_models(models: Sequence[Model]) -> str:
    """How many there are, and how many of them are free, where others are known to cost."""
    count = counted(len(models), "model")
    if not any(m.free == "no" for m in models):
        return count
    return f"{count}, {_free(models) or 'none'} of them free"


def _free(models: Iterable[Model]) -> int:
    return sum(m.costs_nothing for m in models)


def _answers_anyone(account: Account, today: date, timeout: float) -> bool:
    """Whether the list comes without a key as well: then it proves nothing of this one."""
    stranger = (discover([account._replace(key="")], today, timeout))[0]
    return stranger.error is None


def _checked(account: Account, today: date, timeout: float) -> None:
    try:
        if not list(in_parallel([partial(_own_check, account, today, timeout)], timeout)):
            raise too_slow(account, timeout)
    except ProviderError as error:
        if error.state != "absent":
            raise
        raise ProviderError(
            f"{account.label} does not have what tells a key's worth.", error.why, error.fix
        ) from None


def _own_check(account: Account, today: date, timeout: float) -> None:
    rule = account.provider.check
    tls = account.base_url.startswith("https:")
    with make_client(tls=tls, timeout=timeout) as client:
        if "path" in rule:
            request_json(
                client,
                account.label,
                account.base_url + rule["path"],
                account.headers(),
                key_help=account.provider.key_help(),
            )
            return
        listed = (discover([account], today, timeout))[0]
        if listed.error:
            raise listed.error
        body = {
            "model": listed.models[0].id,
            "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 1,
        }
        try:
            request_json(
                client,
                account.label,
                account.base_url + "/chat/completions",
                account.headers(),
                body=body,
                key_help=account.provider.key_help(),
            )
        except ProviderError as error:
            phrase = (rule.get("phrases") or {}).get("no_quota", "")
            if phrase and phrase in error.why.lower():
                raise ProviderError(
                    f"{account.label}: the key is right, but the account is not ready.",
                    error.why,
                    rule.get("bind_help", ""),
                    state="no_quota",
                ) from None
            raise
