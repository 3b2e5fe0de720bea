"""Asking a provider how much of a limit is left, where its record says where that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import ProviderError
from freerouter.providers.http import make_client, request_json
from freerouter.providers.pace import in_lanes
from freerouter.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from freerouter.providers.account import Account


class Told(NamedTuple):
    """What an account was told: of its limit of that `kind` (`requests/day`), at most and left.

    `error` is why it is not known.
    """

    account: Account
    kind: str = ""
    most: int = 0
    left: int = 0
    error: ProviderError | None = None


def can_be_asked(account: Account) -> bool:
    return bool(account.provider.quota and account.key)


def ask_each(accounts: Iterable[Account], timeout: float) -> Iterator[Told]:
    """All at once; in the order in which they answer."""
    jobs = [[lambda account=account: _ask(account, timeout)] for account in accounts]
    yield from in_lanes(jobs)


def _ask(account: Account, timeout: float) -> Told:
    rule = account.provider.quota
    url = account.url(rule["path"])
    try:
        with make_client(tls=url.startswith("https:"), timeout=timeout) as client:
            answer = request_json(
                client,
                account.label,
                url,
                account.headers(url),
                key_help=account.provider.key_help(),
                rules=account.provider.verdicts,
            )
    except ProviderError as error:
        return Told(account, error=error)
    most, left = (dig(answer, rule[name]) for name in ("most", "left"))
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in (most, left)):
        what = f"{account.label} did not say how much of its quota is left."
        fix = "The gateway goes on counting it; `freerouter quota` shows that."
        return Told(account, error=ProviderError(what, fix=fix))
    return Told(account, rule["kind"], max(int(most), 0), max(int(left), 0))
