"""What a key is worth: works, refused, no_quota, region or unknown. Doubt is never a bad key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from freerouter.errors import ProviderError
from freerouter.providers.discovery import discover, too_slow
from freerouter.providers.http import make_client, request_json
from freerouter.providers.parallel import in_parallel
from freerouter.result import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    import httpx

    from freerouter.providers.account import Account
    from freerouter.providers.models import Model


BAD = ("refused", "no_quota", "region")


class Verdict(NamedTuple):
    """`state`: works, refused, no_quota (right, but of no use now), region or unknown.

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
        elsewhere = _region_of_key(account, today, timeout) if error.state == "refused" else ""
        if elsewhere:
            return _other_region(account, elsewhere)
        state = error.state if error.state in BAD else "unknown"
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
    with make_client(tls=_needs_tls(account), timeout=timeout) as client:
        if rule.get("chat"):
            _chat(client, account, today, timeout)
            return
        urls = [_check_url(account), *(account.url(path) for path in rule.get("paths", ()))]
        refused: ProviderError | None = None
        for url in filter(None, urls):
            try:
                _request(client, account, url, form=_form(account))
            except ProviderError as error:
                if error.state != "refused":
                    raise
                refused = error
            else:
                return
        if refused:
            raise refused


def _needs_tls(account: Account) -> bool:
    return any(u.startswith("https:") for u in (account.base_url, _check_url(account)))


def _check_url(account: Account) -> str:
    """Where its own check is. At another address than the record's, the key stays there."""
    rule = account.provider.check
    url: str = rule.get("url", "")
    if url and account.entry.api_base:
        return account.url(urlsplit(url).path)
    path = rule.get("path")
    return url or (account.url(path) if path else "")


def _form(account: Account) -> dict[str, str] | None:
    given = account.provider.check.get("form")
    return (
        {name: text.replace("{key}", account.key) for name, text in given.items()}
        if given
        else None
    )


def _chat(client: httpx.Client, account: Account, today: date, timeout: float) -> None:
    """Ask for one token: the only question that some providers answer truly."""
    model = account.provider.check.get("model")
    if not model:
        listed = (discover([account], today, timeout))[0]
        if listed.error:
            raise listed.error
        model = listed.models[0].id
    messages = [{"role": "user", "content": "hi"}]
    body = {"model": model, "messages": messages, "max_tokens": 1}
    _request(client, account, account.url("/chat/completions"), body=body)


def _request(client: httpx.Client, account: Account, url: str, **content: Any) -> None:
    provider = account.provider
    request_json(
        client,
        account.label,
        url,
        account.headers(url),
        key_help=provider.key_help(),
        rules=provider.verdicts,
        **content,
    )


def _region_of_key(account: Account, today: date, timeout: float) -> str:
    """The region whose server takes a key that this one refused, if there is one."""
    provider, entry = account.provider, account.entry
    if entry.api_base or not account.key:
        return ""
    others = [
        (name, account._replace(base_url=url.rstrip("/")))
        for name, url in provider.regions.items()
        if url.rstrip("/") != account.base_url
    ]
    outcomes = discover([other for _, other in others], today, timeout) if others else []
    for (name, other), outcome in zip(others, outcomes, strict=True):
        if outcome.error is None and not _answers_anyone(other, today, timeout):
            return name
    return ""


def _other_region(account: Account, region: str) -> Verdict:
    return Verdict(
        "region",
        f"{account.label}: the key is right, but for the region {region}.",
        f"`providers add {account.provider.id} --at {region}` goes there.",
    )
