"""`check`: whether each provider is there and takes its key, and with --full whether models answer.

Nothing is changed but what is remembered: verdicts by the key's hash, and proofs of models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.checked import Called, Checked, exit_code, model_blocks, provider_blocks
from freerouter.commands.entries import entries_by_name, find_entry
from freerouter.commands.judging import another_key, ask_all, too_late
from freerouter.commands.kept_verdicts import keep_verdict, last_verdict
from freerouter.config.secrets import load_secrets
from freerouter.config.state import read_models, read_suffixes
from freerouter.errors import FreeRouterError, NotConfiguredError, NotFoundError
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.keys import BAD, Verdict
from freerouter.providers.several import notes_on_several, resolve_each
from freerouter.registry import did_you_mean
from freerouter.result import Line, Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.config.providers_file import Entry
    from freerouter.context import Context
    from freerouter.providers.account import Account


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Exit code 0 when all is well, 1 when something is wrong, 5 when something stays unknown."""
    entries, rows = _targets(ctx, args["target"])
    chosen = rows if rows or not args["full"] else _selected(ctx, entries)
    if chosen:
        from freerouter.commands.check_calls import refuse_to_spend

        refuse_to_spend(ctx, chosen, args, named=bool(rows))
    found = judge_all(ctx, _subjects(ctx, entries), args["timeout"], fresh=args["fresh"])
    called: list[Called] = []
    if args["full"] or rows:
        from freerouter.commands.check_calls import call_models

        found, called = call_models(ctx, found, chosen, args)
    several = notes_on_several(c.account for c in found if c.account)
    data = {
        "providers": [c.as_data() for c in found],
        "models": [c.as_data() for c in called],
        "notes": several,
        "calls": sum(c.proof.calls for c in called if c.proof),
    }
    show = [*provider_blocks(found), *(model_blocks(called) if called else [])]
    show += [Line(note, "warn") for note in several]
    states = [c.verdict.state for c in found] + [c.state for c in called if c.proof]
    return Result(data, tuple(show), exit_code(states))


def _targets(ctx: Context, words: Sequence[str]) -> tuple[list[Entry], list[dict[str, Any]]]:
    """The providers that are meant, and the models of the last list that are named."""
    known = entries_by_name(ctx)
    if not words:
        entries = [entry for entry in known.values() if entry.enabled]
        if not entries:
            raise NotConfiguredError(
                "No provider is switched on in providers.yaml.",
                fix="`freerouter providers add NAME` adds one; `freerouter init --wizard` asks.",
            )
        return entries, []
    listed = read_models(ctx.workspace)
    ids = set(catalogue_of(ctx).ids())
    entries_of: dict[str, Entry] = {}
    rows: list[dict[str, Any]] = []
    for word in words:
        if word in known or word in ids:
            entries_of.setdefault(word, find_entry(ctx, word))
            continue
        named = [r for r in listed if word in (r["id"], f"{r['provider']}/{r['id']}")]
        named = [r for r in named if r["provider"] in known]
        if not named:
            candidates = {*known, *ids, *(r["id"] for r in listed)}
            raise NotFoundError(
                f'There is no provider and no model "{word}".',
                fix=did_you_mean(word, candidates)
                or "`freerouter providers` and `freerouter list` show what there is.",
            )
        rows += [row for row in named if row not in rows]
        for row in named:
            entries_of.setdefault(row["provider"], known[row["provider"]])
    off = next((name for name, entry in entries_of.items() if not entry.enabled), "")
    if off:
        raise NotConfiguredError(
            f"{off} is switched off.", fix=f"`freerouter providers enable {off}` switches it on."
        )
    return list(entries_of.values()), rows


def _selected(ctx: Context, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """What the gateway serves of those providers."""
    names = {entry.name for entry in entries}
    return [r for r in read_models(ctx.workspace) if r["written"] and r["provider"] in names]


def _subjects(ctx: Context, entries: Sequence[Entry]) -> list[Checked]:
    """A subject for every key, its verdict still open; one that cannot be asked says why."""
    catalogue, secrets = catalogue_of(ctx), load_secrets(ctx)
    suffixes = read_suffixes(ctx.workspace)
    subjects: list[Checked] = []
    for entry in entries:
        try:
            accounts = resolve_each(entry, catalogue, secrets)
        except FreeRouterError as error:
            state = "missing" if isinstance(error, NotConfiguredError) else "unknown"
            message = " ".join(part for part in (error.what, error.why) if part)
            subjects.append(Checked(entry.name, Verdict(state, message, error.fix)))
            continue
        for account in accounts:
            ctx.redact.learn(account.secrets())
            account = account.under(suffixes.get(entry.name, ""))  # noqa: PLW2901 - as it answered
            subjects.append(Checked(account.title, Verdict("", ""), account))
    return subjects


def judge_all(
    ctx: Context, subjects: Sequence[Checked], seconds: float, *, fresh: bool
) -> list[Checked]:
    """Every subject with its verdict: a kept one where that holds, else asked, all at once."""
    found = list(subjects)
    asked: list[int] = []
    for place, one in enumerate(found):
        if one.account is None:
            continue
        kept = None if fresh else last_verdict(ctx, one.account)
        if kept:
            verdict = _mended(one.account, kept.verdict)
            found[place] = one._replace(verdict=verdict, age=kept.age)
        else:
            asked.append(place)
    accounts = [account for place in asked if (account := found[place].account)]
    verdicts = ask_all(ctx, accounts, seconds)
    for place, account, answer in zip(asked, accounts, verdicts, strict=True):
        if answer is not None:
            keep_verdict(ctx, account, answer)
        told = answer or too_late(account, seconds, "Try again later.")
        found[place] = found[place]._replace(verdict=_mended(account, told))
    return found


def _mended(account: Account, verdict: Verdict) -> Verdict:
    """With a next step for everything that is wrong."""
    name = account.name
    if verdict.state == "refused":
        return verdict._replace(fix=another_key(account, verdict.fix))
    if verdict.fix or verdict.state not in BAD:
        return verdict
    step = "Use it from where it is served" if verdict.state == "region" else "Mend the account"
    return verdict._replace(fix=f"{step}, or `freerouter providers disable {name}`.")
