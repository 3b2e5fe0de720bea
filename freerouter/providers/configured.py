"""The accounts of a workspace: every enabled provider of providers.yaml, resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import load_secrets
from freerouter.config.state import read_refused, read_suffixes
from freerouter.errors import NotConfiguredError
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.several import resolve_each

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from freerouter.config.providers_file import ProvidersFile
    from freerouter.context import Context
    from freerouter.providers.account import Account


def configured_accounts(ctx: Context, file: ProvidersFile | None = None) -> list[Account]:
    """What `config.yaml` is made of: every enabled provider, at the address that answered last.

    A provider with several keys has an account for each that was not refused last.
    """
    suffixes, refused = read_suffixes(ctx.workspace), read_refused(ctx.workspace)
    return [
        account.under(suffixes.get(account.name, ""))
        for first, others in first_keys(accounts_of(ctx, file))
        for account in usable_keys([first, *others], refused.get(first.name, ()))
    ]


def usable_keys(accounts: Sequence[Account], refused: Collection[str]) -> list[Account]:
    """The accounts of one provider without those of refused keys, unless there is no other."""
    return [a for a in accounts if a.key_name not in refused] or [*accounts]


def first_keys(accounts: Iterable[Account]) -> list[tuple[Account, tuple[Account, ...]]]:
    """One account of each provider, and those of its other keys."""
    by_name: dict[str, list[Account]] = {}
    for account in accounts:
        by_name.setdefault(account.name, []).append(account)
    return [(first, tuple(others)) for first, *others in by_name.values()]


def accounts_of(ctx: Context, file: ProvidersFile | None = None) -> list[Account]:
    """Every key of every enabled provider, with its address. Raises for one that is missing."""
    file = file or load_providers(ctx.workspace)
    if not file.enabled:
        raise NotConfiguredError(
            "No provider is switched on in providers.yaml.",
            fix="`freerouter providers add NAME` adds one; `freerouter init --wizard` asks.",
        )
    catalogue = catalogue_of(ctx)
    secrets = load_secrets(ctx)
    accounts = [a for entry in file.enabled for a in resolve_each(entry, catalogue, secrets)]
    for account in accounts:
        ctx.redact.learn(account.secrets())
    return accounts
