"""`keys set`, `keys check`, `keys show`: keys are typed unseen, checked, and kept in .env."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.providers import find_entry
from freerouter.config import variables
from freerouter.config.providers_file import variable_part
from freerouter.config.secrets import (
    MASTER_KEY,
    clean_key,
    ensure_master_key,
    load_secrets,
    store,
)
from freerouter.errors import ProviderError, UsageError
from freerouter.providers.account import resolve
from freerouter.providers.catalogue import Catalogue
from freerouter.result import Line, Result, Reveal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.providers_file import Entry
    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.keys import Verdict

SECONDS = 20.0


def set_key(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Store the hidden input as the provider's key. A key that is refused is not stored."""
    entry = find_entry(ctx, args["provider"])
    variable = key_variable(ctx, entry)
    if ctx.secret is None:
        raise UsageError(
            "No key was given.", fix=f"Type it at the prompt, or: keys set {entry.name} < FILE"
        )
    key = clean_key(ctx.secret)
    ctx.redact.learn({variable: key})
    show = []
    state = "unchecked"
    if not args["unchecked"]:
        verdict = _judge(ctx, entry, key)
        state = verdict.state
        if state == "refused":
            raise ProviderError(verdict.message, "It was not stored.", verdict.fix, state="refused")
        show.append(Line(verdict.message, "ok" if state == "works" else "warn"))
    store(ctx.workspace, variable, key)
    show.append(Line(f"Stored as {variable} in .env.", "ok"))
    if ctx.environ.get(variable) and ctx.environ[variable] != key:
        show.append(Line(f"{variable} is also set in your environment, and that one wins.", "warn"))
    return Result({"provider": entry.name, "variable": variable, "verdict": state}, tuple(show))


def check_key(ctx: Context, args: Mapping[str, Any]) -> Result:
    """The verdict on the hidden input, or on the configured key."""
    entry = find_entry(ctx, args["provider"])
    if args["url"]:
        entry = entry._replace(api_base=args["url"])
    if ctx.secret is not None:
        key = clean_key(ctx.secret)
        ctx.redact.learn({f"{variable_part(entry.name)}_KEY": key})
        verdict = _judge(ctx, entry, key)
    else:
        account = resolve(entry, Catalogue(ctx.workspace.overrides), load_secrets(ctx))
        verdict = _ask(ctx, account)
    data = {
        "provider": entry.name,
        "verdict": verdict.state,
        "message": verdict.message,
        "fix": verdict.fix,
        "models": verdict.models,
    }
    if verdict.state == "works":
        return Result(data, (Line(verdict.message, "ok"),))
    code = {"refused": 1, "no_quota": 1}.get(verdict.state, 5)
    lines = [Line(verdict.message, "error", err=True)]
    lines += [Line(verdict.fix, "dim", err=True)] if verdict.fix else []
    return Result(data, tuple(lines), code)


def show_master(ctx: Context, args: Mapping[str, Any]) -> Result:
    """The gateway's own key, which clients need: the one secret that is shown when asked for."""
    key = ensure_master_key(ctx)
    return Result({"variable": MASTER_KEY}, (Reveal(MASTER_KEY, key),))


def key_variable(ctx: Context, entry: Entry) -> str:
    """The variable in which the entry's key is kept."""
    named = variables.names(entry.api_key)
    if named:
        return named[0]
    if entry.api_key:
        raise UsageError(
            f"The key of {entry.name} stands in providers.yaml itself, so no other one is used.",
            entry.place + ".",
            f"Write `api_key: ${{{variable_part(entry.name)}_API_KEY}}` there instead.",
        )
    record = Catalogue(ctx.workspace.overrides).get(entry.type)
    if record.env:
        return record.env[0]
    raise UsageError(
        f"{entry.name} has no variable for a key.",
        fix=f"Add `api_key: ${{{variable_part(entry.name)}_API_KEY}}` to it in providers.yaml.",
    )


def _judge(ctx: Context, entry: Entry, key: str) -> Verdict:
    """Judge a key that is not stored anywhere yet."""
    secrets = load_secrets(ctx)
    given = entry._replace(api_key=key)
    return _ask(ctx, resolve(given, Catalogue(ctx.workspace.overrides), secrets))


def _ask(ctx: Context, account: Account) -> Verdict:
    from freerouter.providers.keys import judge
    from freerouter.providers.today import today

    ctx.redact.learn(account.secrets())
    return judge(account, today(ctx.now()), SECONDS)
