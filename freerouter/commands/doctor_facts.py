"""What `doctor` looks at: everything is read once, and no fault in it ends the reading."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

from freerouter.commands.keys import key_variable
from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import load_secrets
from freerouter.config.state import read_refused, read_suffixes
from freerouter.errors import FreeRouterError, UsageError
from freerouter.process.record import running
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.configured import usable_keys
from freerouter.providers.http import without_password
from freerouter.providers.several import resolve_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.config.providers_file import Entry, ProvidersFile
    from freerouter.config.secrets import Secrets
    from freerouter.context import Context
    from freerouter.process.record import GatewayRecord
    from freerouter.providers.account import Account
    from freerouter.providers.keys import Verdict

T = TypeVar("T")


class Finding(NamedTuple):
    """One thing looked at. `id` is `area.check` or `area.check:subject`.

    `state`: ok, warn, error or skipped. `command`: the words of the command that mends it; empty
    where only the user can, as `fix` says.
    """

    id: str
    area: str
    state: str
    what: str
    why: str = ""
    fix: str = ""
    command: tuple[str, ...] = ()


def finding(
    name: str,
    state: str,
    what: str,
    why: str = "",
    *,
    fix: str = "",
    command: tuple[str, ...] = (),
) -> Finding:
    """A finding whose area is what its id begins with."""
    return Finding(name, name.partition(".")[0], state, what, why, fix, command)


def from_error(name: str, error: FreeRouterError, command: tuple[str, ...] = ()) -> Finding:
    """The error without the lines of a file that it may show: those may hold a key."""
    what = first_line(error.what)
    return finding(name, "error", what, error.why, fix=error.fix, command=command)


def first_line(text: str) -> str:
    return text.partition("\n")[0]


class Resolved(NamedTuple):
    """A provider that is switched on, and its account or why there is none."""

    entry: Entry
    account: Account | None
    error: FreeRouterError | None
    others: tuple[Account, ...] = ()
    """Those of its further keys."""
    refused: tuple[Account, ...] = ()
    """Those of keys that were refused when it was last fetched from, so that none is deployed."""

    @property
    def accounts(self) -> tuple[Account, ...]:
        """One for each of its keys."""
        return (self.account, *self.others) if self.account else ()


class Facts(NamedTuple):
    """What the checks judge. `record` is that of a gateway which is provably ours and alive."""

    ctx: Context
    offline: bool
    file: ProvidersFile | None
    file_error: FreeRouterError | None
    secrets: Secrets | None
    secrets_error: FreeRouterError | None
    resolved: tuple[Resolved, ...]
    record: GatewayRecord | None
    verdicts: tuple[tuple[Account, Verdict], ...] = ()

    @property
    def accounts(self) -> list[Account]:
        return [r.account for r in self.resolved if r.account]

    @property
    def keys(self) -> list[Account]:
        """Every account that there is a key for, in order."""
        return [a for r in self.resolved for a in sorted((*r.accounts, *r.refused), key=_number)]


def _number(account: Account) -> int:
    return account.number


def gather(ctx: Context, *, offline: bool) -> Facts:
    """Read the workspace, and teach the redactor every secret in it."""
    file, file_error = _attempt(lambda: load_providers(ctx.workspace))
    secrets, secrets_error = _attempt(lambda: load_secrets(ctx))
    resolved = _resolved(ctx, file, secrets) if file and secrets else ()
    for one in resolved:
        for account in one.accounts:
            ctx.redact.learn(account.secrets())
    record = running(ctx.workspace)
    return Facts(ctx, offline, file, file_error, secrets, secrets_error, resolved, record)


def _resolved(ctx: Context, file: ProvidersFile, secrets: Secrets) -> tuple[Resolved, ...]:
    """Every provider that is on, at the address that answered last."""
    catalogue, suffixes = catalogue_of(ctx), read_suffixes(ctx.workspace)
    refused = read_refused(ctx.workspace)

    def accounts(entry: Entry) -> list[Account]:
        found = resolve_each(entry, catalogue, secrets)
        return [account.under(suffixes.get(entry.name, "")) for account in found]

    resolved = []
    for entry in file.enabled:
        found, error = _attempt(partial(accounts, entry))
        usable = usable_keys(found or [], refused.get(entry.name, ()))
        left = tuple(account for account in found or () if account not in usable)
        first = usable[0] if usable else None
        resolved.append(Resolved(entry, first, error, tuple(usable[1:]), left))
    return tuple(resolved)


def _attempt(act: Callable[[], T]) -> tuple[T | None, FreeRouterError | None]:
    try:
        return act(), None
    except FreeRouterError as error:
        return None, error


def mend_key(facts: Facts, entry: Entry, fix: str, number: int = 1) -> tuple[str, tuple[str, ...]]:
    """What to do about a provider's key, and the command for it where a command can."""
    which = ("--number", str(number)) if number > 1 else ()
    words = ("keys", "set", entry.name, *which)
    try:
        variable = key_variable(facts.ctx, entry, number)
    except UsageError as error:
        return error.fix, ()
    if facts.secrets and facts.secrets.origin(variable) == "environment":
        return (
            f"It comes from {variable} in your shell, which wins over .env: set it right there, "
            f"or unset it and `freerouter {' '.join(words)}`."
        ), ()
    return fix, words


def safe_address(value: str) -> str:
    """Scheme, host and port of an address; "" where it is none, so nothing of it may be shown."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        proper = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    # A password with an unescaped / or ? in it ends too early, and its rest is taken for a path.
    if not proper or "@" in parts.path + parts.query + parts.fragment:
        return ""
    return without_password(f"{parts.scheme}://{parts.netloc}")
