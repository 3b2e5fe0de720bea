"""`select`: which models the gateway serves, out of the lists of the last fetch. No network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.pools import lost_lines
from freerouter.commands.selection import (
    Choosing,
    check_words,
    commands_to_restore,
    new_selection,
)
from freerouter.commands.writing import (
    gone_line,
    last_lists,
    parts_of,
    total_line,
    with_keys,
    withheld_line,
    write,
)
from freerouter.config.edit import put_selection
from freerouter.config.providers_file import load_providers
from freerouter.config.state import fingerprint_of, read_fetched, read_models
from freerouter.errors import FreeRouterError, NotConfiguredError, NotFoundError
from freerouter.process.record import running
from freerouter.providers.configured import configured_accounts, first_keys
from freerouter.result import Line, Result, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.commands.writing import Part
    from freerouter.config.providers_file import ProvidersFile
    from freerouter.context import Context
    from freerouter.providers.account import Account
    from freerouter.providers.models import Model


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    check_words(args)
    file = load_providers(ctx.workspace)
    keys = first_keys(configured_accounts(ctx, file))
    accounts = [first for first, _ in keys]
    rows, lists = read_models(ctx.workspace), last_lists(ctx.workspace)
    choosing = _choosing(file, accounts, rows, lists)
    if args["provider"]:
        _check_provider(file, choosing, args["provider"])
    selected = new_selection(choosing, args)
    parts = parts_of([(a, lists.get(a.name, [])) for a in accounts], selected, file.spend)
    parts = with_keys(parts, {first.name: others for first, others in keys})
    if not any(p.written for p in parts):
        raise _nothing(parts)
    stored = put_selection(ctx.workspace, selected, ctx.now())
    names = {a.name for a in accounts}
    others = [row for row in rows if row["provider"] not in names]
    fetched = read_fetched(ctx.workspace) or ctx.now()
    changed = write(ctx, file, parts, fetched=fetched, others=others)
    show = [_first_line(selected), *(gone_line(p) for p in parts if p.gone)]
    show += [withheld_line(p) for p in parts if p.withheld]
    show += lost_lines(ctx.workspace)
    show.append(total_line(parts, changed=changed))
    show += reload_hint(ctx)
    data = {
        "selected": selected,
        "models": sum(len(p.written) for p in parts),
        "changed": changed,
    }
    undo = commands_to_restore(choosing) if stored else ()
    return Result(data, tuple(show), undo=undo)


def _choosing(
    file: ProvidersFile,
    accounts: Sequence[Account],
    rows: Sequence[Mapping[str, Any]],
    lists: Mapping[str, list[Model]],
) -> Choosing:
    """The models of the providers that are switched on."""
    written: dict[str, list[str]] = {}
    for row in rows:
        if row["written"]:
            written.setdefault(row["provider"], []).append(row["id"])
    return Choosing(
        {a.name: lists[a.name] for a in accounts if a.name in lists},
        written,
        file.select,
        frozenset(a.name for a in accounts if a.provider.demo),
    )


def _check_provider(file: ProvidersFile, choosing: Choosing, name: str) -> None:
    if not file.get(name).enabled:
        raise NotConfiguredError(
            f"{name} is switched off.", fix=f"`providers enable {name}` switches it on."
        )
    if name not in choosing.lists and name not in choosing.selected:
        raise NotFoundError(f"No model of {name} is known yet.", fix="`freerouter fetch` asks it.")


def _nothing(parts: Sequence[Part]) -> FreeRouterError:
    problems = [p.problem for p in parts if p.problem]
    return FreeRouterError(
        "The gateway would be left without any model, so nothing was changed.",
        " ".join(problem.what for problem in problems),
        problems[0].fix if problems else "`freerouter select --clear` goes back to what is free.",
    )


def _first_line(selected: Mapping[str, Sequence[str]]) -> Line:
    if not selected:
        return Line("No selection any more: each provider's own rule counts.", "ok")
    return Line(f"{counted(sum(map(len, selected.values())), 'model')} selected.", "ok")


def reload_hint(ctx: Context) -> list[Line]:
    """Whether the gateway that runs has to be told of what was written."""
    record = running(ctx.workspace)
    if record is None or record.fingerprint == fingerprint_of(ctx.workspace.config_file):
        return []
    return [Line("The gateway still serves the old ones: `reload`.", "warn")]
