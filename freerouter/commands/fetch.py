"""`fetch`: ask every provider for its models, then write config.yaml and the model catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.config.providers_file import OPTIONS, load_providers
from freerouter.config.secrets import ensure_master_key
from freerouter.config.state import read_models, read_suffixes, write_state
from freerouter.errors import FreeRouterError, ProviderError
from freerouter.providers.configured import accounts_of
from freerouter.providers.discovery import Outcome, discover
from freerouter.providers.today import today
from freerouter.result import Line, Progress, Result, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.models import Model


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    outcomes = _discover(ctx, accounts_of(ctx), args["timeout"])
    old, suffixes = _last_good(ctx), read_suffixes(ctx.workspace)
    outcomes = [_under(o, suffixes) for o in outcomes]
    lists = {o.account.name: _models_of(o, old) for o in outcomes}
    chosen: list[tuple[Account, Model]] = []
    problems: list[FreeRouterError] = []
    show: list[Line] = []
    for outcome in sorted(outcomes, key=lambda o: o.account.provider.demo):
        account, models = outcome.account, lists[outcome.account.name]
        if account.provider.demo and any(not a.provider.demo for a, _ in chosen):
            show.append(Line(f"{account.label}: steps aside, there are real models.", "dim"))
            lists[account.name] = []
            continue
        if outcome.error:
            problems.append(outcome.error)
        try:
            written = wanted(account, models)
        except ProviderError as error:
            problems.append(error)
            continue
        chosen += [(account, m) for m in written]
        if outcome.error is None:
            show.append(_line(account, models, written))
        elif models:
            show.append(_stale_line(account, models))
    show += [
        Line(f"{a.label}: the option {name} is not used.", "warn", err=True)
        for a in (o.account for o in outcomes)
        for name in a.entry.options
        if name not in OPTIONS
    ]
    show += [Line(_worded(p), "error", err=True) for p in problems]
    if not chosen:
        raise _nothing(ctx, problems)
    changed = _write(ctx, chosen, lists, {o.account.name: o.account.suffix for o in outcomes})
    show.append(
        Line(
            f"{counted(len(chosen), 'model')} in config.yaml{'' if changed else ' (unchanged)'}.",
            "ok",
        )
    )
    failed = [p.as_data() for p in problems]
    data = {
        "models": len(chosen),
        "changed": changed,
        "providers": [
            {"name": o.account.name, "models": len(lists[o.account.name]), "ok": o.error is None}
            for o in outcomes
        ],
        "problems": failed,
    }
    answered = any(o.error is None for o in outcomes if not o.account.provider.demo)
    failure = problems and (args["strict"] or not answered)
    return Result(data, tuple(show), ProviderError.exit_code if failure else 0)


def _discover(ctx: Context, accounts: list[Account], timeout: float) -> list[Outcome]:
    for account in accounts:
        ctx.emit(Progress(account.name, account.label))

    def done(outcome: Outcome) -> None:
        state = "failed" if outcome.error else "ok"
        ctx.emit(Progress(outcome.account.name, outcome.account.label, state))

    return discover(accounts, today(ctx.now()), timeout, done, _load_the_rest)


def _load_the_rest() -> None:
    """What reads and writes the answers is imported while they are awaited."""
    import freerouter.config.generate
    import freerouter.providers.models  # noqa: F401 - it is the import that counts


def wanted(account: Account, models: list[Model]) -> list[Model]:
    """What goes into config.yaml: where models have prices only the free ones, unless told."""
    rule = account.entry.options.get("models")
    if isinstance(rule, list):
        by_id = {m.id: m for m in models}
        missing = [str(name) for name in rule if name not in by_id]
        if missing and models:
            raise ProviderError(
                f"{account.label} has no model {', '.join(missing)}.",
                fix=f"`freerouter list --provider {account.name}` shows what it has.",
            )
        return [by_id[name] for name in rule if name in by_id]
    priced = "price" in account.provider.list
    if rule == "all" or (rule is None and not priced):
        return models
    free = [m for m in models if m.costs_nothing]
    if models and not free:
        raise ProviderError(
            f"{account.label}: none of its {counted(len(models), 'model')} is free, "
            "so none was written.",
            fix="`options: {models: all}` in providers.yaml takes those that cost money too.",
        )
    return free


def _last_good(ctx: Context) -> dict[str, list[Model]]:
    from freerouter.providers.models import Model

    old: dict[str, list[Model]] = {}
    for row in read_models(ctx.workspace):
        fields = {k: v for k, v in row.items() if k in Model._fields}
        old.setdefault(row["provider"], []).append(Model(**{**fields, "stale": True}))
    return old


def _under(outcome: Outcome, suffixes: Mapping[str, str]) -> Outcome:
    """A server that does not answer now is still where it answered last."""
    if outcome.error is None:
        return outcome
    account = outcome.account
    return outcome._replace(account=account.under(suffixes.get(account.name, "")))


def _models_of(outcome: Outcome, old: dict[str, list[Model]]) -> list[Model]:
    if outcome.error is None:
        return list(outcome.models)
    refused = isinstance(outcome.error, ProviderError) and outcome.error.state == "refused"
    return [] if refused else old.get(outcome.account.name, [])


def _write(
    ctx: Context,
    chosen: list[tuple[Account, Model]],
    lists: dict[str, list[Model]],
    suffixes: dict[str, str],
) -> bool:
    workspace = ctx.workspace
    ensure_master_key(ctx)
    from freerouter.config.generate import generate

    text = generate(load_providers(workspace), chosen)
    written = {(a.name, m.id) for a, m in chosen}
    rows = [
        {**m._asdict(), "written": (m.provider, m.id) in written}
        for models in lists.values()
        for m in models
    ]
    with atomic.lock(workspace.root):
        state = {"version": 1, "fetched": ctx.now(), "models": rows, "suffixes": suffixes}
        write_state(workspace.models_file, state)
        changed = _read(workspace.config_file) != text
        if changed:
            atomic.back_up(workspace.config_file, workspace.backups, ctx.now())
            atomic.write_text(workspace.config_file, text)
    return changed


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def _line(account: Account, models: list[Model], written: list[Model]) -> Line:
    count = counted(len(models), "model")
    if len(written) < len(models):
        count += f", {len(written)} of them written"
        free = sum(m.costs_nothing for m in models)
        count += " (the free ones)" if len(written) == free else ""
    note = " (demo: no real language model)" if account.provider.demo else ""
    return Line(f"{account.label}: {count}{note}", "ok")


def _stale_line(account: Account, models: list[Model]) -> Line:
    return Line(
        f"{account.label}: keeps its last {counted(len(models), 'model')}, marked stale", "warn"
    )


def _worded(problem: FreeRouterError) -> str:
    return " ".join(part for part in (problem.what, problem.why, problem.fix) if part)


def _nothing(ctx: Context, problems: list[FreeRouterError]) -> FreeRouterError:
    if len(problems) == 1:
        return problems[0]
    reasons = "".join(f"\n    {ctx.redact(_worded(p))}" for p in problems)
    return ProviderError(
        "No provider gave a single model, so nothing was written.",
        f"What they said:{reasons}\n",
        "Mend one of them, or `freerouter providers add demo` to see the gateway run.",
    )
