"""`fetch`: ask providers for their models, then write config.yaml and the model catalogue."""

from __future__ import annotations

import contextlib
import gc
from collections import Counter
from typing import TYPE_CHECKING, Any

from freerouter.commands.judging import another_key
from freerouter.commands.writing import (
    gone_line,
    lists_in,
    parts_of,
    total_line,
    with_keys,
    withheld_line,
    write,
)
from freerouter.config.providers_file import OPTIONS, load_providers
from freerouter.config.state import (
    left_out_in,
    read_fetched,
    read_state,
    refused_in,
    refusing_in,
    suffixes_in,
)
from freerouter.errors import FileError, FreeRouterError, NotConfiguredError, ProviderError
from freerouter.providers.configured import accounts_of, configured_accounts, first_keys
from freerouter.providers.discovery import Outcome, discover
from freerouter.providers.kept import Kept
from freerouter.providers.several import is_refused, notes_on_several, together
from freerouter.providers.today import today
from freerouter.result import Line, Progress, Result, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from freerouter.commands.writing import Part
    from freerouter.config.providers_file import ProvidersFile
    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.models import Model
    from freerouter.providers.several import Keys

QUOTA_TIMEOUT = 3.0
"""Seconds that a provider has to say what is left: the lists are there already."""


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    with _uncollected():
        return _run(ctx, args)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage: of twenty thousand models none is, and it doubles the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _run(ctx: Context, args: Mapping[str, Any]) -> Result:
    file = load_providers(ctx.workspace)
    only = _known(file, args.get("provider") or [])
    every = accounts_of(ctx, file)
    asked = [a for a in every if not only or a.name in only]
    kept = Kept(ctx.workspace.answers, ctx.now, fresh=args["fresh"])
    outcomes = [_mended(o) for o in _discover(ctx, asked, args["timeout"], kept)]
    last = read_state(ctx.workspace.models_file)
    old, suffixes = lists_in(last), suffixes_in(last)
    outcomes = [_under(o, suffixes) for o in outcomes]
    keys = together(_proven(ctx, outcomes, args))
    file, standing = _by_now(ctx, file)
    accounts = [first for first, _ in standing]
    names = {account.name for account in accounts}
    keys = [k for k in keys if k.first.account.name in names]
    outcomes = [k.first for k in keys]
    answers = {o.account.name: o for o in outcomes}
    lists = [_list_of(a, answers.get(a.name), old, suffixes) for a in accounts]
    others = {first.name: further for first, further in standing}
    others |= {k.first.account.name: k.others for k in keys}
    parts = with_keys(parts_of(lists, file.select, file.spend), others)
    changes = _changes(outcomes, old)
    problems, show = _tell(parts, answers, changes, file.select)
    show += [
        Line(f"{a.label}: the option {name} is not used.", "warn", err=True)
        for a in asked
        for name in a.entry.options
        if name not in OPTIONS
    ]
    show += [Line(_worded(p), "error", err=True) for p in problems]
    show += _key_lines(keys)
    if not any(p.written for p in parts):
        raise _nothing(ctx, [*problems, *_silent(parts, answers)])
    before = read_fetched(ctx.workspace) if only else None
    told = {n: dict(o.left_out) for n, o in answers.items() if o.left_out or o.error is None}
    left_out = {**left_out_in(last), **told}
    when = ctx.now() if before is None else before
    refused = {**refused_in(last), **{k.first.account.name: k.left_out for k in keys}}
    refused = {name: names for name, names in refused.items() if names}
    refusing = refusing_in(last) - answers.keys()
    refusing |= {name for name, outcome in answers.items() if is_refused(outcome)}
    changed = write(
        ctx, file, parts, fetched=when, left_out=left_out, refused=refused, refusing=refusing
    )
    well = {o.account.name for o in outcomes if o.error is None}
    kept.write(well)
    _note_quotas(ctx, [p for p in parts if p.account.name in well], args["timeout"])
    from freerouter.commands.pools import lost_lines

    show += lost_lines(ctx.workspace)
    show.append(total_line(parts, changed=changed))
    counts = {p.account.name: len(p.models) for p in parts}
    data = {
        "models": sum(len(p.written) for p in parts),
        "changed": changed,
        "providers": [
            {
                "name": o.account.name,
                "models": counts[o.account.name],
                "ok": o.error is None,
                "left_out": dict(o.left_out),
            }
            for o in outcomes
        ],
        "withheld": {p.account.name: [m.id for m in p.withheld] for p in parts if p.withheld},
        "changes": changes,
        "problems": [p.as_data() for p in problems],
    }
    answered = any(o.error is None for o in outcomes if not o.account.provider.demo)
    failure = problems and (args["strict"] or not answered)
    return Result(data, tuple(show), ProviderError.exit_code if failure else 0)


def _note_quotas(ctx: Context, parts: Iterable[Part], timeout: float) -> None:
    """What is left of their limits, from those that tell; who does not is asked again next time.

    The catalogue knows only what an account has that never paid.
    """
    asked = [
        (account, [m.id for m in part.written])
        for part in parts
        for account in (part.account, *part.others)
        if account.tells_quota and part.written
    ]
    if asked:
        from freerouter.commands.quota_asked import ask_and_keep

        with contextlib.suppress(FileError):
            ask_and_keep(ctx, asked, min(timeout, QUOTA_TIMEOUT))


def _by_now(
    ctx: Context, file: ProvidersFile
) -> tuple[ProvidersFile, list[tuple[Account, tuple[Account, ...]]]]:
    """providers.yaml as it is after all were asked, and its accounts: a change that was made in the
    meantime is not lost. One that is not ready to be used yet waits for the next fetch.
    """
    try:
        new = load_providers(ctx.workspace)
        return new, first_keys(configured_accounts(ctx, new))
    except FreeRouterError:
        return file, first_keys(configured_accounts(ctx, file))


def _proven(ctx: Context, outcomes: list[Outcome], args: Mapping[str, Any]) -> list[Outcome]:
    """Of several keys each must be known for good: a list that anybody gets tells nothing."""
    doubtful = [o for o in outcomes if o.error is None and o.account.provider.check]
    counts = Counter(o.account.name for o in outcomes)
    doubtful = [o for o in doubtful if counts[o.account.name] > 1]
    if not doubtful:
        return outcomes
    from freerouter.commands.check import judge_all
    from freerouter.commands.checked import Checked
    from freerouter.providers.keys import Verdict

    asked = [Checked(o.account.title, Verdict("", ""), o.account) for o in doubtful]
    judged = judge_all(ctx, asked, args["timeout"], fresh=args["fresh"])
    bad = {one.name: one.verdict for one in judged if one.verdict.state == "refused"}
    return [
        o._replace(error=ProviderError(v.message, fix=v.fix, state="refused"), models=())
        if (v := bad.get(o.account.title))
        else o
        for o in outcomes
    ]


def _key_lines(keys: Sequence[Keys]) -> list[Line]:
    """Keys that are left out where others are good, and what is said of several accounts."""
    lines = [
        Line(
            f"{_worded(outcome.error)} It is left out ({outcome.account.key_name}).",
            "error",
            err=True,
        )
        for one in keys
        for outcome in one.refused
        if outcome.error
    ]
    accounts = [account for one in keys for account in (one.first.account, *one.others)]
    return lines + [Line(note, "warn", err=True) for note in notes_on_several(accounts)]


def _known(file: ProvidersFile, names: Sequence[str]) -> set[str]:
    """The names, each of a provider that is switched on."""
    for name in names:
        if not file.get(name).enabled:
            raise NotConfiguredError(
                f"{name} is switched off.", fix=f"`providers enable {name}` switches it on."
            )
    return set(names)


def _discover(ctx: Context, accounts: list[Account], timeout: float, kept: Kept) -> list[Outcome]:
    for account in accounts:
        ctx.emit(Progress(account.title, account.label))

    def done(outcome: Outcome) -> None:
        state = "failed" if outcome.error else "ok"
        ctx.emit(Progress(outcome.account.title, outcome.account.label, state))

    return discover(accounts, today(ctx.now()), timeout, done, _load_the_rest, kept=kept)


def _load_the_rest() -> None:
    """What reads and writes the answers is imported while they are awaited."""
    import freerouter.commands.changes
    import freerouter.commands.pools
    import freerouter.config.backups
    import freerouter.config.generate
    import freerouter.providers.models
    import freerouter.providers.pages  # noqa: F401 - it is the import that counts


def _mended(outcome: Outcome) -> Outcome:
    """With the next step, where its key is refused."""
    error = outcome.error
    if error is None or not is_refused(outcome):
        return outcome
    fix = another_key(outcome.account, error.fix)
    return outcome._replace(error=ProviderError(error.what, error.why, fix, state="refused"))


def _under(outcome: Outcome, suffixes: Mapping[str, str]) -> Outcome:
    """A server that does not answer now is still where it answered last."""
    if outcome.error is None:
        return outcome
    account = outcome.account
    return outcome._replace(account=account.under(suffixes.get(account.name, "")))


def _list_of(
    account: Account,
    outcome: Outcome | None,
    old: Mapping[str, list[Model]],
    suffixes: Mapping[str, str],
) -> tuple[Account, list[Model]]:
    """An account with its models: what it answered, or its last ones where it was not asked."""
    last = old.get(account.name, [])
    if outcome is None:
        return account.under(suffixes.get(account.name, "")), last
    if outcome.error is None:
        return outcome.account, list(outcome.models)
    return outcome.account, [m._replace(stale=True) for m in last]


def _changes(
    outcomes: list[Outcome], old: Mapping[str, list[Model]]
) -> dict[str, dict[str, list[str]]]:
    """By provider, what is different since its last list; nothing where this is the first."""
    from freerouter.commands.changes import changes_between

    found = {
        o.account.name: changes_between(old[o.account.name], o.models)
        for o in outcomes
        if o.error is None and o.account.name in old
    }
    return {name: changes for name, changes in found.items() if changes}


def _tell(
    parts: list[Part],
    answers: Mapping[str, Outcome],
    changes: Mapping[str, Mapping[str, Sequence[str]]],
    select: Mapping[str, Sequence[str]],
) -> tuple[list[FreeRouterError], list[Line]]:
    """What went wrong, and a few lines for each provider that was asked."""
    from freerouter.commands.changes import change_lines

    problems: list[FreeRouterError] = []
    show: list[Line] = []
    notes: list[Line] = []
    for part in parts:
        account = part.account
        outcome = answers.get(account.name)
        if outcome is None:
            continue
        if part.aside:
            show.append(Line(f"{account.label}: steps aside, there are real models.", "dim"))
            continue
        problems += [error for error in (outcome.error, part.problem) if error]
        selected = select.get(account.name)
        if outcome.error is None and not part.problem:
            show.append(_line(part, selected=selected is not None))
        elif not part.problem and part.models:
            show.append(_stale_line(part))
        different = changes.get(account.name, {})
        show += change_lines(account.label, different)
        notes += [gone_line(part)] if part.gone else []
        notes += [withheld_line(part)] if part.withheld and not part.problem else []
        notes += [
            Line(f"{account.label}: {name} is selected and costs money now.", "warn", err=True)
            for name in different.get("paid", ())
            if name in (selected or ())
        ]
    return problems, show + notes


def _line(part: Part, *, selected: bool) -> Line:
    models, written = part.models, part.written
    count = counted(len(models), "model")
    if len(written) < len(models):
        count += f", {len(written)} of them written"
        free = sum(m.costs_nothing for m in models)
        which = "selected" if selected else "free" if len(written) == free else ""
        count += f" (the {which} ones)" if which else ""
    note = " (demo: no real language model)" if part.account.provider.demo else ""
    return Line(f"{part.account.label}: {count}{note}", "ok")


def _stale_line(part: Part) -> Line:
    count = counted(len(part.models), "model")
    return Line(f"{part.account.label}: keeps its last {count}, marked stale", "warn")


def _worded(problem: FreeRouterError) -> str:
    return " ".join(part for part in (problem.what, problem.why, problem.fix) if part)


def _silent(parts: list[Part], answers: Mapping[str, Outcome]) -> list[FreeRouterError]:
    """Why there is nothing of providers that did nothing wrong, or were not asked this time."""
    unasked = [p.problem for p in parts if p.problem and p.account.name not in answers]
    return [
        *unasked,
        *(
            ProviderError(
                f"{p.account.label} has nothing any more of what is selected.",
                f"Gone: {', '.join(p.gone)}.",
                "`freerouter select --clear` goes back to what is free.",
            )
            for p in parts
            if p.gone
        ),
    ]


def _nothing(ctx: Context, problems: list[FreeRouterError]) -> FreeRouterError:
    if len(problems) == 1:
        return problems[0]
    if not problems:
        return ProviderError(
            "No model is selected, so nothing was written.",
            fix="`freerouter select --clear` goes back to what is free.",
        )
    reasons = "".join(f"\n    {ctx.redact(_worded(p))}" for p in problems)
    return ProviderError(
        "No provider gave a single model, so nothing was written.",
        f"What they said:{reasons}\n",
        "Mend one of them, or `freerouter providers add demo` to see the gateway run.",
    )
