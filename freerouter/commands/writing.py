"""What `fetch` and `select` share: from lists of models to config.yaml and state/models.json."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.changes import some
from freerouter.config import atomic
from freerouter.config.kept_models import FIELDS, by_column
from freerouter.config.proven import read_proven
from freerouter.config.providers_file import NEVER
from freerouter.config.providers_schema import publish
from freerouter.config.secrets import ensure_master_key
from freerouter.config.state import (
    FINGERPRINT,
    asked_for,
    digest_of,
    fingerprint_of,
    read_fetched,
    read_left_out,
    read_models,
    read_ranked_by,
    read_refused,
    read_state,
    refusing_in,
    state_text,
)
from freerouter.errors import FileError, FreeRouterError, ProviderError
from freerouter.process.record import running
from freerouter.result import Line, counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from freerouter.config.providers_file import ProvidersFile
    from freerouter.config.workspace import Workspace
    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.models import Model


class Part(NamedTuple):
    """A provider's part of config.yaml: those of its models that are written, or why none are."""

    account: Account
    models: Sequence[Model]
    written: Sequence[Model] = ()
    gone: tuple[str, ...] = ()
    """What is selected, but not in its list any more."""
    problem: ProviderError | None = None
    aside: bool = False
    """It is the demo, and there are real models."""
    withheld: tuple[Model, ...] = ()
    """What would be written, but may cost money, and `spend: never` rules that out."""
    others: tuple[Account, ...] = ()
    """The same provider with its further keys: each has a deployment of every model written."""


def last_lists(workspace: Workspace) -> dict[str, list[Model]]:
    """The models of the last fetch, by provider."""
    return lists_in(read_state(workspace.models_file))


def lists_in(data: Mapping[str, Any] | None) -> dict[str, list[Model]]:
    from freerouter.config.kept_models import read_kept, rows_of
    from freerouter.providers.models import Model

    lists: dict[str, list[Model]] = {}
    for row in rows_of(read_kept(data)):
        model = Model(**{name: row[name] for name in Model._fields})
        lists.setdefault(model.provider, []).append(model)
    return lists


def parts_of(
    lists: Iterable[tuple[Account, list[Model]]],
    select: Mapping[str, Sequence[str]],
    spend: str,
) -> list[Part]:
    """What each provider's models come to, the demo last. `spend` is that of the whole file."""
    parts: list[Part] = []
    for account, models in sorted(lists, key=lambda pair: pair[0].provider.demo):
        real = any(p.written and not p.account.provider.demo for p in parts)
        selected = select.get(account.name)
        if account.provider.demo and real:
            parts.append(Part(account, (), aside=True))
            continue
        ids = {m.id for m in models}
        gone = tuple(name for name in selected or () if name not in ids) if models else ()
        never = (account.entry.spend or spend) == NEVER
        try:
            parts.append(_part(account, models, selected, gone, never=never))
        except ProviderError as error:
            parts.append(Part(account, models, problem=error))
    return parts


def _part(
    account: Account,
    models: list[Model],
    selected: Sequence[str] | None,
    gone: tuple[str, ...],
    *,
    never: bool,
) -> Part:
    written = wanted(account, models, selected)
    if not never:
        return Part(account, models, written, gone)
    billed = account.may_be_billed
    free = [m for m in written if m.free == "yes" or (m.costs_nothing and not billed)]
    kept = {m.id for m in free}
    withheld = tuple(m for m in written if m.id not in kept)
    problem = _all_withheld(account, withheld) if withheld and not free else None
    return Part(account, models, free, gone, problem, withheld=withheld)


def with_keys(parts: Iterable[Part], others: Mapping[str, tuple[Account, ...]]) -> list[Part]:
    """Each part with the accounts of its provider's further keys."""
    return [part._replace(others=others.get(part.account.name, ())) for part in parts]


def deployed(parts: Iterable[Part]) -> list[tuple[Account, Model]]:
    """What stands in config.yaml: every model that is written, with every key."""
    return [(a, m) for p in parts for m in p.written for a in (p.account, *p.others)]


def names_of(parts: Iterable[Part]) -> set[str]:
    """`provider/model` of all that is written."""
    return {f"{p.account.name}/{m.id}" for p in parts for m in p.written}


def _all_withheld(account: Account, withheld: Sequence[Model]) -> ProviderError:
    if account.may_be_billed:
        return ProviderError(
            f"{account.label}: none of its models was written (spend: never).",
            BY_PLAN,
            SAY_PLAN.format(account.name),
        )
    return ProviderError(
        f"{account.label}: none of its models is known to cost nothing, so none was written "
        "(spend: never).",
        f"{withheld[0].id}: {withheld[0].reason or 'the provider does not say'}.",
        ALLOW.format(account.name),
    )


BY_PLAN = "They are free on the free plan only, and nobody said that this account is on it."
SAY_PLAN = "`providers add {} --plan free` says so."
ALLOW = "`spend: allowed` at {} in providers.yaml lets them in."


def withheld_line(part: Part) -> Line:
    """Which models the user's word on money kept out, and how to let them in."""
    names = some([model.id for model in part.withheld])
    count = counted(len(part.withheld), "model")
    if part.account.may_be_billed:
        return Line(
            f"{part.account.label}: {count} left out (spend: never): {names}. {BY_PLAN} "
            f"{SAY_PLAN.format(part.account.name)}",
            "warn",
            err=True,
        )
    return Line(
        f"{part.account.label}: {count} left out (spend: never), not known to cost nothing: "
        f"{names}. {ALLOW.format(part.account.name)}",
        "warn",
        err=True,
    )


def wanted(
    account: Account, models: list[Model], selected: Sequence[str] | None = None
) -> list[Model]:
    """What goes into config.yaml: the selected ones, else as told, else all or the free ones."""
    by_id = {m.id: m for m in models}
    if selected is not None:
        return [by_id[name] for name in selected if name in by_id]
    rule = account.entry.options.get("models")
    if isinstance(rule, list):
        missing = [str(name) for name in rule if name not in by_id]
        if missing and models:
            raise ProviderError(
                f"{account.label} has no model {', '.join(missing)}.",
                fix=f"`freerouter list --provider {account.name}` shows what it has.",
            )
        return [by_id[name] for name in rule if name in by_id]
    free = [m for m in models if m.costs_nothing]
    if rule == "all" or (rule is None and not free and _is_for_pay(account)):
        return models
    if models and not free:
        raise ProviderError(
            f"{account.label}: none of its {counted(len(models), 'model')} is free, "
            "so none was written.",
            fix="`options: {models: all}` in providers.yaml takes those that cost money too.",
        )
    return free


def _is_for_pay(account: Account) -> bool:
    """Whether nothing is free there, or nobody can tell: who adds it wants it as it is."""
    return account.provider.free.get("always") == "no" or "price" not in account.provider.list


def write(
    ctx: Context,
    file: ProvidersFile,
    parts: Sequence[Part],
    *,
    fetched: float,
    others: Iterable[Mapping[str, Any]] = (),
    left_out: Mapping[str, Mapping[str, int]] | None = None,
    refused: Mapping[str, Sequence[str]] | None = None,
    refusing: Collection[str] | None = None,
    backed_up: bool = False,
) -> bool:
    """Write both files; whether config.yaml changed. `others` are rows that belong to no part.

    `backed_up`: the command has made its backup already, and one is all that it makes.
    """
    workspace = ctx.workspace
    ensure_master_key(ctx)
    from freerouter.commands.pools import in_config, pools_of
    from freerouter.config.generate import generate

    _check_own_models(file)
    proven = sorted(read_proven(workspace).keys() & names_of(parts))
    pools = pools_of(file, parts, proven)
    text = generate(file, deployed(parts), in_config(pools))
    if left_out is None:
        left_out = read_left_out(workspace)
    if refused is None:
        refused = read_refused(workspace)
    if refusing is None:
        refusing = refusing_in(read_state(workspace.models_file))
    refusing = sorted(p.account.name for p in parts if p.account.name in refusing)
    suffixes = {p.account.name: p.account.suffix for p in parts}
    with atomic.lock(workspace.root):
        changed = _read(workspace.config_file) != text
        if changed and not backed_up and os.path.exists(workspace.config_file):
            from freerouter.config.backups import back_up

            back_up(workspace, ctx.now())
        state = {
            "version": 2,
            "fetched": fetched,
            "models": by_column(_columns(parts, others))._asdict(),
            "selected": {name: list(ids) for name, ids in file.select.items()},
            "suffixes": suffixes,
            "left_out": left_out,
            "asked_for": _asked_for(workspace, file),
            "pools": [pool.as_data() for pool in pools],
            "proven": proven,
            **({"refused": refused} if refused else {}),
            **({"refusing": refusing} if refusing else {}),
        }
        files = {workspace.models_file: state_text(state), workspace.config_file: text}
        if not changed:
            del files[workspace.config_file]
        atomic.write_together({path: new.encode() for path, new in files.items()})
        publish(workspace)
    return changed


def _columns(parts: Iterable[Part], others: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """All models by their fields: those of the parts, and rows that belong to none."""
    from freerouter.providers.models import Model

    columns: dict[str, list[Any]] = {name: [] for name in FIELDS}
    for part in parts:
        names = {m.id for m in part.written}
        columns["written"] += [m.id in names for m in part.models]
        fields = zip(*part.models, strict=True)
        for name, values in zip(Model._fields, fields, strict=False):  # none where there are none
            columns[name] += values
    for row in others:
        for name, column in columns.items():
            column.append(name != "written" and row[name])
    return columns


def _asked_for(workspace: Workspace, file: ProvidersFile) -> str:
    """The digest of providers.yaml; "" where somebody has changed it since it was read."""
    from freerouter.config.providers_file import load_providers

    digest = digest_of(workspace.providers_file)
    try:
        same = load_providers(workspace) == file
    except FreeRouterError:
        same = False
    return digest if same else ""


def rewrite(ctx: Context, *, backed_up: bool = False) -> bool:
    """config.yaml anew from providers.yaml and the last lists, no provider asked; whether it
    changed. Raises where the gateway would be left without any model.
    """
    workspace = ctx.workspace
    file, parts = _present(ctx)
    if not any(p.written for p in parts):
        raise FreeRouterError(
            "The gateway would be left without any model, so nothing was changed.",
            " ".join(p.problem.what for p in parts if p.problem),
            "`freerouter fetch` asks the providers.",
        )
    names = {p.account.name for p in parts}
    others = [row for row in read_models(workspace) if row["provider"] not in names]
    fetched = read_fetched(workspace) or ctx.now()
    return write(ctx, file, parts, fetched=fetched, others=others, backed_up=backed_up)


def is_current(ctx: Context) -> bool:
    """Whether config.yaml is what providers.yaml asks for, with the last lists of models."""
    workspace = ctx.workspace
    if digest_of(workspace.providers_file) == asked_for(workspace):
        return True
    try:
        text = present_text(workspace, *_present(ctx))
    except FreeRouterError:
        return False
    wanted = text.partition(FINGERPRINT)[2].partition("\n")[0]
    return wanted == fingerprint_of(workspace.config_file)


def present_text(workspace: Workspace, file: ProvidersFile, parts: Sequence[Part]) -> str:
    """config.yaml as it would be written now; what was proven since changes nothing of it."""
    from freerouter.commands.pools import in_config, pools_of
    from freerouter.config.generate import generate

    pools = in_config(pools_of(file, parts, read_ranked_by(workspace)))
    return generate(file, deployed(parts), pools)


def _present(ctx: Context) -> tuple[ProvidersFile, list[Part]]:
    """providers.yaml as it is now, and what the last lists come to with it."""
    from freerouter.config.providers_file import load_providers
    from freerouter.providers.configured import configured_accounts, first_keys

    file = load_providers(ctx.workspace)
    lists = last_lists(ctx.workspace)
    keys = first_keys(configured_accounts(ctx, file))
    parts = parts_of([(a, lists.get(a.name, [])) for a, _ in keys], file.select, file.spend)
    return file, with_keys(parts, {first.name: others for first, others in keys})


def _check_own_models(file: ProvidersFile) -> None:
    """Models of the user's own in `litellm:` have no price that anybody knows."""
    if file.spend == NEVER and file.litellm.get("model_list"):
        raise FileError(
            f"{file.path}: `spend: never` and models of your own under litellm.model_list.",
            "Nobody knows what those cost, so nothing was written.",
            "Take `spend: never` to the providers that it is meant for, or the models out.",
        )


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def reload_hint(ctx: Context) -> list[Line]:
    """What to do where the gateway runs with another config.yaml than the present one."""
    record = running(ctx.workspace)
    if record is None or record.fingerprint == fingerprint_of(ctx.workspace.config_file):
        return []
    return [Line("The gateway still serves the old ones: `reload`.", "warn")]


def gone_line(part: Part) -> Line:
    names = ", ".join(part.gone)
    return Line(
        f"{part.account.label}: {names} {'is' if len(part.gone) == 1 else 'are'} selected, "
        "but gone from its list.",
        "warn",
        err=True,
    )


def total_line(parts: Iterable[Part], *, changed: bool) -> Line:
    count = counted(sum(len(p.written) for p in parts), "model")
    return Line(f"{count} in config.yaml{'' if changed else ' (unchanged)'}.", "ok")
