"""Asking all providers for their models at once. A failure is the provider's own and says so."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from freerouter.errors import FreeRouterError, ProviderError
from freerouter.providers.http import make_client, request_json, without_password
from freerouter.providers.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    import httpx

    from freerouter.providers.account import Account
    from freerouter.providers.models import Model

MAX_PAGES = 50


class Outcome(NamedTuple):
    """What one provider answered: its models, or why there are none."""

    account: Account
    models: tuple[Model, ...] = ()
    error: FreeRouterError | None = None


def discover(
    accounts: Iterable[Account],
    today: date,
    timeout: float,
    done: Callable[[Outcome], None] = lambda _outcome: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Ask every account in parallel, `timeout` seconds each; outcomes in the order given."""
    accounts = list(accounts)
    if all(a.provider.fixed for a in accounts):
        return [_settle(a, done) for a in accounts]
    tls = any(a.base_url.startswith("https:") for a in accounts)
    client = _Shared(make_client(tls=tls, timeout=timeout), len(accounts))
    outcomes = [Outcome(a, error=too_slow(a, timeout)) for a in accounts]
    late = set(range(len(accounts)))
    jobs = [partial(_outcome, client, account, today) for account in accounts]
    for number, outcome in in_parallel(jobs, timeout, meanwhile):
        outcomes[number] = outcome
        late.discard(number)
        done(outcome)
    for number in late:
        done(outcomes[number])
    return outcomes


def _outcome(client: _Shared, account: Account, today: date) -> Outcome:
    with client:
        try:
            found, models = _models(client.client, account, today)
        except FreeRouterError as error:
            return Outcome(account, error=error)
        return Outcome(found, tuple(models))


class _Shared:
    """A client that is closed when the last of its users is done, who may be one too slow."""

    def __init__(self, client: httpx.Client, users: int) -> None:
        self.client = client
        self._users = users
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self.client.close()


def too_slow(account: Account, timeout: float) -> ProviderError:
    return ProviderError(
        f"{account.label} did not answer within {timeout:g} s.",
        fix="Try again, or raise --timeout.",
    )


def _settle(account: Account, done: Callable[[Outcome], None]) -> Outcome:
    outcome = Outcome(account, tuple(fixed_models(account)))
    done(outcome)
    return outcome


def fixed_models(account: Account) -> list[Model]:
    """Models that need no asking: the demo's, and those that the user names."""
    from freerouter.providers.models import Model, judge_free

    names = account.provider.models or (account.entry.model_name,)
    free, reason = judge_free(account.provider, "", [])
    return [Model(name, account.name, free=free, reason=reason) for name in names]


def _models(client: httpx.Client, account: Account, today: date) -> tuple[Account, list[Model]]:
    """The account with the address that answered, and every page of its models."""
    if account.provider.fixed:
        return account, fixed_models(account)
    account, data = _first_page(client, account)
    from freerouter.providers.models import read_models

    url = _list_url(account)
    found: dict[str, Model] = {}
    seen: set[str] = set()
    while True:
        seen.add(url)
        for model in read_models(account.provider, account.name, data, today):
            found.setdefault(model.id, model)
        url = _next_url(account, url, data)
        if not url or url in seen:
            break
        if len(seen) >= MAX_PAGES:
            raise ProviderError(f"{account.label} sent more than {MAX_PAGES} pages of models.")
        data = _ask(client, account, url)
    if not found:
        raise ProviderError(
            f"{account.label} lists no chat model.",
            f"The list at {without_password(account.base_url)} is empty, "
            "or holds only models for other work.",
        )
    return account, list(found.values())


def _list_url(account: Account) -> str:
    path: str = account.provider.list.get("path", "/models")
    return account.base_url + path


def _next_url(account: Account, url: str, data: object) -> str:
    """The next page, on the same host: an absolute link elsewhere would take the key with it."""
    from freerouter.providers.models import dig

    path = account.provider.list.get("next")
    link = dig(data, path) if path else None
    if not isinstance(link, str) or not link:
        return ""
    try:
        following = urljoin(url, link)
        same = _server(following) == _server(url)
    except ValueError as error:
        raise ProviderError(
            f"{account.label} names a next page that is no address.", f"{error}."
        ) from None
    if not same:
        raise ProviderError(
            f"{account.label} continues its list on another host.", "The key was not sent there."
        )
    return following


def _server(url: str) -> tuple[str, str | None, int | None]:
    """Who would be asked: plain http is another one than https, since all can read the key."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _first_page(client: httpx.Client, account: Account) -> tuple[Account, object]:
    """The first page, and the account as it answered: a server of unknown make may want `/v1`."""
    if account.provider.generic and not _ends_in_version(account.base_url):
        versioned = account.under("/v1")
        try:
            return versioned, _ask(client, versioned, _list_url(versioned))
        except ProviderError as error:
            if error.state != "absent":
                raise
    return account, _ask(client, account, _list_url(account))


def _ask(client: httpx.Client, account: Account, url: str) -> object:
    return request_json(
        client, account.label, url, account.headers(), key_help=account.provider.key_help()
    )


def _ends_in_version(base: str) -> bool:
    last = base.rstrip("/").rsplit("/", 1)[-1]
    return last[:1] == "v" and last[1:].isdigit()
