"""The accounts of a workspace: every enabled provider of providers.yaml, resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import load_secrets
from freerouter.config.state import read_suffixes
from freerouter.errors import NotConfiguredError
from freerouter.providers.account import Account, resolve
from freerouter.providers.catalogue import catalogue_of

if TYPE_CHECKING:
    from freerouter.config.providers_file import ProvidersFile
    from freerouter.context import Context


def configured_accounts(ctx: Context, file: ProvidersFile | None = None) -> list[Account]:
    """What `config.yaml` is made of: every enabled provider, at the address that answered last."""
    suffixes = read_suffixes(ctx.workspace)
    return [a.under(suffixes.get(a.name, "")) for a in accounts_of(ctx, file)]


def accounts_of(ctx: Context, file: ProvidersFile | None = None) -> list[Account]:
    """Every enabled provider with its address and key. Raises for the first that lacks one."""
    file = file or load_providers(ctx.workspace)
    if not file.enabled:
        raise NotConfiguredError(
            "No provider is switched on in providers.yaml.",
            fix="`freerouter providers add NAME` adds one; `freerouter init --wizard` asks.",
        )
    catalogue = catalogue_of(ctx)
    secrets = load_secrets(ctx)
    accounts = [resolve(entry, catalogue, secrets) for entry in file.enabled]
    for account in accounts:
        ctx.redact.learn(account.secrets())
    return accounts
