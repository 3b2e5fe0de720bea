"""Asking all providers for their models at once. A failure is the provider's own and says so."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from freerouter.config.providers_file import NOTHING
from freerouter.errors import FreeRouterError, ProviderError
from freerouter.providers.asking import Asker
from freerouter.providers.http import make_client, without_password
from freerouter.providers.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    import httpx

    from freerouter.providers.account import Account
    from freerouter.providers.kept import Kept
    from freerouter.providers.models import Model, Reader

MAX_PAGES = 50


class Outcome(NamedTuple):
    """What one provider answered: its models, or why there are none."""

    account: Account
    models: tuple[Model, ...] = ()
    error: FreeRouterError | None = None
    left_out: Mapping[str, int] = NOTHING
    """How many rows of its list are no models to chat with, by kind."""
    maker: str = ""
    """Whom its list names as the owner of its first model: servers are known by that."""


def discover(
    accounts: Iterable[Account],
    today: date,
    timeout: float,
    done: Callable[[Outcome], None] = lambda _outcome: None,
    meanwhile: Callable[[], None] = lambda: None,
    *,
    kept: Kept | None = None,
) -> list[Outcome]:
    """Ask every account in parallel, `timeout` seconds each; outcomes in the order given."""
    accounts = list(accounts)
    if all(a.provider.fixed for a in accounts):
        return [_settle(a, done) for a in accounts]
    tls = any(a.base_url.startswith("https:") for a in accounts)
    client = _Shared(make_client(tls=tls, timeout=timeout), len(accounts))
    outcomes = [Outcome(a, error=too_slow(a, timeout)) for a in accounts]
    late = set(range(len(accounts)))
    until = time.monotonic() + timeout
    jobs = [
        partial(_outcome, client, Asker(client.client, a, until, kept), today) for a in accounts
    ]
    for number, outcome in in_parallel(jobs, timeout, meanwhile):
        outcomes[number] = outcome
        late.discard(number)
        done(outcome)
    for number in late:
        done(outcomes[number])
    return outcomes


def _outcome(client: _Shared, asker: Asker, today: date) -> Outcome:
    with client:
        try:
            return _models(asker, today)
        except FreeRouterError as error:
            return Outcome(asker.account, error=error)


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
    from freerouter.providers.models import Model
    from freerouter.providers.money import Free

    names = account.provider.models or (account.entry.model_name,)
    free, reason = Free(account.provider, account.plan).judge("", (), {})
    return [Model(name, account.name, free=free, reason=reason) for name in names]


_reading = threading.Lock()
"""Lists are decoded and read one at a time: it is no slower, and holds one of them in memory."""


def _models(asker: Asker, today: date) -> Outcome:
    """The account with the address that answered, and every page of its models."""
    if asker.account.provider.fixed:
        return Outcome(asker.account, tuple(fixed_models(asker.account)))
    asker, data = _first_page(asker)
    from freerouter.providers.models import Reader

    account = asker.account
    reader = Reader(account.provider, account.name, today, account.plan)
    _read_pages(asker, data, reader)
    maker = account.provider.list.get("maker")
    if maker and not account.surely and reader.maker != maker:
        raise ProviderError(f"What answers at {account.base_url} is no {account.provider.name}.")
    models, left_out = reader.models, dict(sorted(reader.left_out.items()))
    error = None
    if not models:
        error = ProviderError(
            f"{account.label} lists no chat model.",
            f"The list at {without_password(account.base_url)} is empty, "
            "or holds only models for other work.",
        )
    return Outcome(account, models, error, left_out, reader.maker)


def _read_pages(asker: Asker, data: Any, reader: Reader) -> None:
    account = asker.account
    url, seen, rule = _list_url(account), set(), account.provider.list.get("next")
    rows: list[Any] = []
    profiles = "profiles" in account.provider.list
    while True:
        from freerouter.providers.pages import next_url

        seen.add(url)
        with _reading:
            new = reader.page(data)
        if profiles:
            rows += _rows(account, data)
        url = _next_url(account, url, partial(next_url, rule, url, data, new))
        if not url or url in seen:
            break
        if len(seen) >= MAX_PAGES:
            raise ProviderError(f"{account.label} sent more than {MAX_PAGES} pages of models.")
        last, data = data, asker.get(url)
        if data == last:
            break
    if profiles:
        from freerouter.providers.profiles import profile_rows

        reader.take(profile_rows(asker, rows))
    if "details" in account.provider.list:
        from freerouter.providers.details import add_details

        add_details(asker, reader)


def _rows(account: Account, data: Any) -> list[Any]:
    from freerouter.providers.models import find_rows

    return find_rows(account.provider, account.label, data)


def _list_url(account: Account) -> str:
    named = account.entry.options.get("models_url")
    return named or account.url(account.provider.list.get("path", "/models"))


def _next_url(account: Account, url: str, follow: Callable[[], str]) -> str:
    """The next page, on the same host: an absolute link elsewhere would take the key with it."""
    try:
        following = follow()
        same = not following or _server(following) == _server(url)
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


def _first_page(asker: Asker) -> tuple[Asker, Any]:
    """The first page, and the account as it answered: a server of unknown make may want `/v1`."""
    account = asker.account
    open_ended = account.provider.generic and "models_url" not in account.entry.options
    if open_ended and not _ends_in_version(account.base_url):
        versioned = asker._replace(account=account.under("/v1"))
        try:
            return versioned, versioned.get(_list_url(versioned.account))
        except ProviderError as error:
            if error.state != "absent":
                raise
    return asker, asker.get(_list_url(account))


def _ends_in_version(base: str) -> bool:
    last = base.rstrip("/").rsplit("/", 1)[-1]
    return last[:1] == "v" and last[1:].isdigit()
