"""`keys list`: which keys are needed or stored, where each is, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.kept_verdicts import ago, last_verdict
from freerouter.config import variables
from freerouter.config.generate import references
from freerouter.config.key_notes import stored_at
from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import MASTER_KEY, STRONG_KEY_LENGTH, load_secrets
from freerouter.errors import FreeRouterError
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.several import MOST, resolve_each
from freerouter.redact import masked, names_secret
from freerouter.result import Block, Line, Result, Table, counted
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.config.providers_file import Entry
    from freerouter.config.secrets import Secrets
    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.catalogue import Catalogue

GATEWAY = "gateway"
IN_FILE = "providers.yaml"
MISSING = "missing"
CLOSED = "keyring does not open"
WEAK = "weak"
"""The verdict on a key of the gateway's own that can be guessed."""


class Use(NamedTuple):
    """A key and what it is for. `number` is that of the provider's account, 0 for no provider.

    `literal` is a key that stands in providers.yaml itself.
    """

    variable: str
    who: str
    number: int = 0
    account: Account | None = None
    literal: str = ""
    off: bool = False


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    """One row for each key, whoever needs it."""
    secrets = load_secrets(ctx)
    uses: dict[str, list[Use]] = {}
    for use in _uses(ctx, secrets):
        uses.setdefault(use.variable or f"{use.who}#{use.number}", []).append(use)
    rows = [_row(ctx, secrets, same) for same in uses.values()]
    rows += [_unused(ctx, secrets, name) for name in _unneeded(secrets, uses)]
    missing = [row for row in rows if row["from"] == MISSING and row["variable"] != MASTER_KEY]
    table = Table(
        ("PROVIDER", "VARIABLE", "KEY", "FROM", "VERDICT", "STORED", "USED BY"),
        tuple(_cells(row) for row in rows),
        spare=(5, 6, 4),
    )
    show: list[Block] = [table]
    if missing:
        names = dict.fromkeys(row["provider"] for row in missing if row["account"])
        fix = ", ".join(f"`keys set {name}`" for name in names)
        what = f"{counted(len(missing), 'key')} missing"
        show.append(Line(f"{what}: {fix}." if fix else f"{what}.", "warn", err=True))
    return Result({"keys": rows, "missing": len(missing)}, tuple(show))


def _uses(ctx: Context, secrets: Secrets) -> Iterator[Use]:
    file, catalogue = load_providers(ctx.workspace), catalogue_of(ctx)
    yield Use(MASTER_KEY, GATEWAY)
    for entry in file.entries:
        yield from _of_entry(ctx, entry, catalogue, secrets)
    for name in dict.fromkeys(references(file.litellm)):
        yield Use(name, "litellm:")


def _of_entry(ctx: Context, entry: Entry, catalogue: Catalogue, secrets: Secrets) -> Iterator[Use]:
    try:
        accounts = {a.key_name: a for a in resolve_each(entry, catalogue, secrets)}
    except FreeRouterError:  # a key is missing, say: that is what is to be told
        accounts = {}
    for account in accounts.values():
        ctx.redact.learn(account.secrets())
    off = not entry.enabled
    texts = [text for text in (entry.api_key, *entry.keys) if text]
    for number, text in enumerate(texts, 1):
        names = variables.names(text)
        for name in names:
            yield Use(name, entry.name, number, accounts.get(name), off=off)
        if not names:
            ctx.redact.learn({f"{entry.name} in providers.yaml": text})
            its = next((a for a in accounts.values() if a.key == text), None)
            yield Use("", entry.name, number, its, literal=text, off=off)
    if not texts:
        for number, name in enumerate(_usual(entry, catalogue, secrets), 1):
            yield Use(name, entry.name, number, accounts.get(name), off=off)
    for account in accounts.values():
        for param in account.params:
            if param.variable and secrets.origin(param.variable):
                yield Use(param.variable, entry.name, account.number, account, off=off)


def _usual(entry: Entry, catalogue: Catalogue, secrets: Secrets) -> list[str]:
    """The variables of an entry that names none: the usual one, and those numbered beside it."""
    try:
        record = catalogue.get(entry.type)
    except FreeRouterError:
        return []
    first = next((name for name in record.env if secrets.origin(name)), "")
    if not first:
        signed = any(secrets.origin(name) for name in record.auth.get("instead", ()))
        return [*record.env[:1]] if record.key == "required" and not signed else []
    names = [first]
    while len(names) < MOST and secrets.origin(f"{first}_{len(names) + 1}"):
        names.append(f"{first}_{len(names) + 1}")
    return names


def _unneeded(secrets: Secrets, uses: Mapping[str, object]) -> list[str]:
    stored = [n for n, v in secrets.stored.items() if v and names_secret(n)]
    return [n for n in dict.fromkeys((*stored, *secrets.in_keyring)) if n not in uses]


def _value(secrets: Secrets, name: str) -> tuple[str, str]:
    """The key, and what keeps it from being had."""
    try:
        return secrets.get(name) or "", ""
    except FreeRouterError:
        return "", CLOSED


def _row(ctx: Context, secrets: Secrets, same: list[Use]) -> dict[str, Any]:
    use = same[0]
    value, closed = (use.literal, "") if use.literal else _value(secrets, use.variable)
    users = dict.fromkeys(f"{one.who} (off)" if one.off else one.who for one in same)
    verdict = last_verdict(ctx, use.account) if use.account else None
    said = verdict.verdict.state if verdict else ""
    shown = masked(value) if value else ""
    if use.variable == MASTER_KEY:
        shown = volatile("any", shown) if shown else ""
        said = WEAK if value and len(value) < STRONG_KEY_LENGTH else said
    said = closed or said
    return {
        "provider": use.who,
        "account": use.number,
        "variable": use.variable,
        "value": shown,
        "from": IN_FILE if use.literal else secrets.place(use.variable) or MISSING,
        "verdict": said,
        "verdict_age": round(verdict.age) if verdict else None,
        "stored_age": _stored(ctx, secrets, use.variable, value),
        "used_by": [*users],
    }


def _unused(ctx: Context, secrets: Secrets, name: str) -> dict[str, Any]:
    value, closed = _value(secrets, name)
    return {
        "provider": "",
        "account": 0,
        "variable": name,
        "value": masked(value) if value else "",
        "from": secrets.place(name),
        "verdict": closed,
        "verdict_age": None,
        "stored_age": _stored(ctx, secrets, name, value),
        "used_by": [],
    }


def _stored(ctx: Context, secrets: Secrets, name: str, value: str) -> int | None:
    """How many seconds ago it was stored, where that is known of this very key."""
    if not name or secrets.origin(name) == "environment":
        return None
    at = stored_at(ctx.workspace, name, value)
    if at is None and ctx.workspace.profile:
        at = stored_at(ctx.workspace.base, name, value)
    return None if at is None else max(0, round(ctx.now() - at))


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    number = f" ({row['account']})" if row["account"] > 1 else ""
    asked = "" if row["verdict_age"] is None else f", {ago(row['verdict_age'])}"
    verdict = f"{row['verdict']}{asked}" if row["verdict"] else "-"
    return (
        f"{row['provider']}{number}" or "-",
        row["variable"] or "-",
        row["value"] or "-",
        row["from"],
        verdict,
        "-" if row["stored_age"] is None else age(row["stored_age"]),
        ", ".join(row["used_by"]) or "nothing",
    )


def age(seconds: float) -> str:
    """`today`, `3 days ago`."""
    days = int(seconds // 86400)
    return "today" if not days else f"{counted(days, 'day')} ago"
