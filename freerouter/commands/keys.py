"""`keys set`, `check`, `remove`, `show`: keys are typed unseen, checked, and kept in .env."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.entries import entries_by_name, entry_at, find_entry, key_env
from freerouter.config import variables
from freerouter.config.key_notes import forget_stored, note_stored
from freerouter.config.providers_file import variable_part
from freerouter.config.secrets import (
    ENV,
    KEYRING,
    MASTER_KEY,
    clean_key,
    ensure_master_key,
    load_secrets,
    remove_variable,
    store,
)
from freerouter.errors import NotConfiguredError, NotFoundError, ProviderError, UsageError
from freerouter.providers.account import resolve
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.several import notes_on_several, resolve_each
from freerouter.result import Line, Result, Reveal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.config.providers_file import Entry
    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.keys import Verdict

SECONDS = 20.0
PLACES = {ENV: ".env", KEYRING: "the system's keyring"}
"""Where a key may be stored, as it is told."""


def set_key(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Store the hidden input as the provider's key. A key that is refused is not stored."""
    entry = find_entry(ctx, args["provider"])
    new = args["url"] and entry.name not in entries_by_name(ctx)
    number = args["number"]
    known = number > 1 or not new
    variable = key_variable(ctx, entry, number) if known else _usual_variable(ctx, entry)
    if args["url"]:
        entry = entry._replace(api_base=args["url"])
    if args["at"]:
        entry = entry_at(catalogue_of(ctx).get(entry.type), entry, args["at"])
    key = _given(ctx, entry, args["from_env"])
    ctx.redact.learn({variable: key})
    show = []
    state = "unchecked"
    if not args["unchecked"]:
        verdict = _judge(ctx, entry, key)
        state = verdict.state
        if state == "refused":
            raise ProviderError(verdict.message, "It was not stored.", verdict.fix, state="refused")
        show.append(Line(verdict.message, "ok" if state == "works" else "warn"))
        if state == "unknown" and not _looks_right(ctx, entry, key):
            name = catalogue_of(ctx).get(entry.type).name
            show.append(Line(f"It does not look like a key of {name}.", "warn"))
    secrets = load_secrets(ctx)
    first = variable not in secrets.stored and variable not in secrets.in_keyring
    inside = secrets.in_keyring.get(variable) == ctx.workspace.root
    where = args["store"] or (KEYRING if inside else ENV)
    store(ctx.workspace, variable, key, where=where)
    note_stored(ctx.workspace, variable, key, ctx.now())
    show.append(Line(f"Stored as {variable} in {PLACES[where]}.", "ok"))
    if ctx.environ.get(variable, key).strip() != key:
        show.append(Line(f"{variable} is also set in your environment, and that one wins.", "warn"))
    data = {"provider": entry.name, "variable": variable, "verdict": state}
    return Result(data, tuple(show), undo=_removal(entry, number) if first else ())


def _removal(entry: Entry, number: int) -> tuple[tuple[str, ...], ...]:
    which = ("--number", str(number)) if number > 1 else ()
    return (("keys", "remove", entry.name, *which),)


def _given(ctx: Context, entry: Entry, variable: str | None) -> str:
    """The key: out of a variable of the environment where one is named, else typed unseen."""
    if variable:
        value = ctx.environ.get(variable)
        if not value:
            raise NotConfiguredError(
                f"{variable} is not set in the environment.",
                fix="Set it, or leave --from-env out: then the key is asked for unseen.",
            )
        return clean_key(value)
    if ctx.secret is None:
        raise UsageError(
            "No key was given.", fix=f"Type it at the prompt, or: keys set {entry.name} < FILE"
        )
    return clean_key(ctx.secret)


def remove_key(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Take the provider's key out of .env."""
    entry = find_entry(ctx, args["provider"])
    record = catalogue_of(ctx).get(entry.type)
    names = [_usual_variable(ctx, entry) if record.generic else key_variable(ctx, entry)]
    if args["number"] > 1:
        names = [key_variable(ctx, entry, args["number"])]
    elif not entry.first_key:
        names += [name for name in record.env if name not in names]
    inside = load_secrets(ctx).in_keyring
    taken = [name for name in names if remove_variable(ctx.workspace, name)]
    for name in taken:
        forget_stored(ctx.workspace, name)
    secrets = load_secrets(ctx)
    still = [name for name in names if secrets.origin(name)]
    notes = [Line(f"{n} is still set: {secrets.origin(n)}.", "warn") for n in still]
    if not taken:
        raise NotFoundError(
            f"No key of {entry.name} is in .env ({', '.join(names)}).",
            " ".join(line.text for line in notes),
        )
    places = {name: PLACES[KEYRING if name in inside else ENV] for name in taken}
    show = [Line(f"{name} taken out of {places[name]}.", "ok") for name in taken]
    return Result({"provider": entry.name, "variable": taken[0]}, (*show, *notes))


def _usual_variable(ctx: Context, entry: Entry) -> str:
    """The variable of its key, also for a server that names none yet."""
    if entry.first_key:
        return key_variable(ctx, entry)
    return key_env(catalogue_of(ctx).get(entry.type), entry.name)


def check_key(ctx: Context, args: Mapping[str, Any]) -> Result:
    """The verdict on the hidden input, or on the configured key."""
    entry = find_entry(ctx, args["provider"])
    if args["url"]:
        entry = entry._replace(api_base=args["url"])
    if args["at"]:
        entry = entry_at(catalogue_of(ctx).get(entry.type), entry, args["at"])
    if ctx.secret is not None:
        key = clean_key(ctx.secret)
        ctx.redact.learn({f"{variable_part(entry.name)}_KEY": key})
        verdict = _judge(ctx, entry, key)
    else:
        accounts = resolve_each(entry, catalogue_of(ctx), load_secrets(ctx))
        if len(accounts) > 1:
            return _of_several(ctx, entry, accounts)
        verdict = _ask(ctx, accounts[0])
    return verdict_result({"provider": entry.name}, verdict)


def _of_several(ctx: Context, entry: Entry, accounts: Sequence[Account]) -> Result:
    """A verdict for each key; as a whole it is that of the first that works."""
    verdicts = [_ask(ctx, account) for account in accounts]
    best = next((v for v in verdicts if v.state == "works"), verdicts[0])
    told = [verdict_result({"key": a.key_name}, v) for a, v in zip(accounts, verdicts, strict=True)]
    data = {**verdict_result({"provider": entry.name}, best).data, "keys": [r.data for r in told]}
    notes = [Line(note, "warn") for note in notes_on_several(accounts)]
    codes = {r.exit_code for r in told}
    code = 1 if 1 in codes else max(codes)
    return Result(data, tuple(block for r in told for block in r.show) + tuple(notes), code)


def verdict_result(data: Mapping[str, Any], verdict: Verdict) -> Result:
    """A verdict told: exit code 0 where it works, 1 where it does not, 5 where nobody knows."""
    data = {
        **data,
        "verdict": verdict.state,
        "message": verdict.message,
        "fix": verdict.fix,
        "models": verdict.models,
        "free": verdict.free,
    }
    if verdict.state == "works":
        return Result(data, (Line(verdict.message, "ok"),))
    code = {"refused": 1, "no_quota": 1, "region": 1}.get(verdict.state, 5)
    lines = [Line(verdict.message, "error", err=True)]
    lines += [Line(verdict.fix, "dim", err=True)] if verdict.fix else []
    return Result(data, tuple(lines), code)


def show_master(ctx: Context, args: Mapping[str, Any]) -> Result:
    """The gateway's own key, which clients need: the one secret that is shown when asked for."""
    key = ensure_master_key(ctx)
    return Result({"variable": MASTER_KEY}, (Reveal(MASTER_KEY, key),))


def key_variable(ctx: Context, entry: Entry, number: int = 1) -> str:
    """The variable in which the entry's key is kept, or that one of its several keys."""
    if number > 1:
        return _numbered(ctx, entry, number)
    named = variables.names(entry.first_key)
    if named:
        return named[0]
    if entry.first_key:
        raise UsageError(
            f"The key of {entry.name} stands in providers.yaml itself, so no other one is used.",
            entry.place + ".",
            f"Write `api_key: ${{{variable_part(entry.name)}_API_KEY}}` there instead.",
        )
    record = catalogue_of(ctx).get(entry.type)
    if record.env:
        return record.env[0]
    raise UsageError(
        f"{entry.name} has no variable for a key.",
        fix=f"Add `api_key: ${{{variable_part(entry.name)}_API_KEY}}` to it in providers.yaml.",
    )


def _numbered(ctx: Context, entry: Entry, number: int) -> str:
    """Under `keys:` its place counts; else it is kept beside the first, as NAME_2."""
    if not entry.keys:
        return f"{_usual_variable(ctx, entry)}_{number}"
    texts = [text for text in (entry.api_key, *entry.keys) if text]
    found = variables.names(texts[number - 1]) if number <= len(texts) else []
    if found:
        return found[0]
    raise UsageError(
        f"{entry.name} has no variable for a key {number}.",
        entry.place + ".",
        "Add one to its `keys` in providers.yaml.",
    )


def _judge(ctx: Context, entry: Entry, key: str) -> Verdict:
    """Judge a key that is not stored anywhere yet."""
    secrets = load_secrets(ctx)
    given = entry._replace(api_key=key)
    return _ask(ctx, resolve(given, catalogue_of(ctx), secrets))


def _looks_right(ctx: Context, entry: Entry, key: str) -> bool:
    """Whether the key has the shape of that provider's keys, where that is known."""
    import re

    pattern = catalogue_of(ctx).get(entry.type).key_pattern
    return not pattern or bool(re.fullmatch(pattern, key))


def _ask(ctx: Context, account: Account) -> Verdict:
    """The provider's word, or its last one where asking costs and that was not long ago."""
    from freerouter.commands.kept_verdicts import keep_verdict, kept_verdict
    from freerouter.providers.keys import judge
    from freerouter.providers.today import today

    ctx.redact.learn(account.secrets())
    kept = kept_verdict(ctx, account)
    if kept:
        return kept
    verdict = judge(account, today(ctx.now()), SECONDS)
    keep_verdict(ctx, account, verdict)
    return verdict
