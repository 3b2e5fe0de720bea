"""`select`: which models the gateway serves, out of the lists of the last fetch. No network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.pools import lost_lines
from freerouter.commands.selection import (
    Choosing,
    check_words,
    commands_to_restore,
    is_pattern,
    new_selection,
    providers_meant,
)
from freerouter.commands.writing import (
    gone_line,
    last_lists,
    parts_of,
    reload_hint,
    total_line,
    with_keys,
    withheld_line,
    write,
)
from freerouter.config.edit import put_selection
from freerouter.config.proven import read_calls
from freerouter.config.providers_file import load_providers
from freerouter.config.state import read_fetched, read_models
from freerouter.errors import FreeRouterError, NotConfiguredError, NotFoundError
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
    proven, failing = read_calls(ctx.workspace)
    choosing = _choosing(file, accounts, rows, lists)
    choosing = choosing._replace(proven=frozenset(proven), failing=frozenset(failing))
    if args["provider"]:
        _check_provider(file, choosing, args["provider"])
    selected = new_selection(choosing, args)
    parts = parts_of([(a, lists.get(a.name, [])) for a in accounts], selected, file.spend)
    parts = with_keys(parts, {first.name: others for first, others in keys})
    if not any(p.written for p in parts):
        raise _nothing(parts)
    changes = _changes(rows, parts)
    if args["dry_run"]:
        return _dry(selected, parts, changes)
    stored = put_selection(ctx.workspace, selected, ctx.now())
    names = {a.name for a in accounts}
    others = [row for row in rows if row["provider"] not in names]
    fetched = read_fetched(ctx.workspace) or ctx.now()
    file = load_providers(ctx.workspace)
    changed = write(ctx, file, parts, fetched=fetched, others=others, backed_up=stored)
    show = [_first_line(selected, changes), *(gone_line(p) for p in parts if p.gone)]
    show += [withheld_line(p) for p in parts if p.withheld]
    show += lost_lines(ctx.workspace)
    show.append(total_line(parts, changed=changed))
    show += reload_hint(ctx)
    data = {
        "selected": selected,
        "models": sum(len(p.written) for p in parts),
        "changed": changed,
        **changes,
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


def _check_provider(file: ProvidersFile, choosing: Choosing, word: str) -> None:
    names = [entry.name for entry in file.entries]
    if is_pattern(word) and word not in names:
        if not providers_meant(word, {*choosing.lists, *choosing.selected}):
            raise NotFoundError(
                f'No provider matches "{word}".', fix=f"In providers.yaml: {', '.join(names)}."
            )
        return
    if not file.get(word).enabled:
        raise NotConfiguredError(
            f"{word} is switched off.", fix=f"`providers enable {word}` switches it on."
        )
    if word not in choosing.lists and word not in choosing.selected:
        raise NotFoundError(f"No model of {word} is known yet.", fix="`freerouter fetch` asks it.")


def _changes(rows: Sequence[Mapping[str, Any]], parts: Sequence[Part]) -> dict[str, list[str]]:
    """What comes into config.yaml and what goes, by `provider/id`."""
    before = [f"{row['provider']}/{row['id']}" for row in rows if row["written"]]
    after = [f"{part.account.name}/{model.id}" for part in parts for model in part.written]
    there, wanted = {*before}, {*after}
    return {
        "come": [name for name in after if name not in there],
        "go": [name for name in before if name not in wanted],
    }


def _dry(
    selected: Mapping[str, Sequence[str]], parts: Sequence[Part], changes: Mapping[str, list[str]]
) -> Result:
    """What would be done, and nothing else."""
    show = [
        _first_line(selected, changes),
        *(Line(f"+ {name}") for name in changes["come"]),
        *(Line(f"- {name}") for name in changes["go"]),
        Line("Nothing was changed (--dry-run).", "dim"),
    ]
    data = {
        "selected": selected,
        "models": sum(len(p.written) for p in parts),
        "changed": False,
        **changes,
    }
    return Result(data, tuple(show))


def _nothing(parts: Sequence[Part]) -> FreeRouterError:
    problems = [p.problem for p in parts if p.problem]
    return FreeRouterError(
        "The gateway would be left without any model, so nothing was changed.",
        " ".join(problem.what for problem in problems),
        problems[0].fix if problems else "`freerouter select --clear` goes back to what is free.",
    )


def _first_line(
    selected: Mapping[str, Sequence[str]], changes: Mapping[str, Sequence[str]]
) -> Line:
    come, go = len(changes["come"]), len(changes["go"])
    told = [f"{come} {'comes' if come == 1 else 'come'}"] if come else []
    told += [f"{go} {'goes' if go == 1 else 'go'}"] if go else []
    what = "No selection any more: each provider's own rule counts"
    if selected:
        what = f"{counted(sum(map(len, selected.values())), 'model')} selected"
    return Line(
        f"{what}{': ' if selected else '; '}{', '.join(told)}." if told else f"{what}.", "ok"
    )
