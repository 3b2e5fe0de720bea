"""`import`: providers, keys and settings out of other tools' files, which are left as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.applying import missing_line
from freerouter.commands.exporting import known_variables, need_references
from freerouter.commands.import_sources import TOOLS, called, found_sources, named_source, read
from freerouter.commands.init import choose_workspace, keep_out_of_git
from freerouter.commands.set_up import SetUp, differences, put, read_set_up
from freerouter.config.references import wanted_variables
from freerouter.config.secrets import load_secrets, store
from freerouter.consent import WOULD, agree, planned
from freerouter.errors import FreeRouterError, NotFoundError
from freerouter.result import Line, Result, Table, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.context import Context
    from freerouter.providers.imported import Imported
    from freerouter.session import Session


class Merged(NamedTuple):
    """The settings with what was found, the keys that are new, and what was not taken, and why."""

    settings: dict[str, Any]
    keys: Mapping[str, str]
    told: tuple[str, ...]


def run(session: Session, args: Mapping[str, Any]) -> Result:
    """Without a source it lists those that are there, and imports nothing."""
    ctx = session.context()
    ctx = ctx.move(choose_workspace(ctx, None))
    if not args["from"]:
        return _listed(ctx)
    source = named_source(ctx, args["from"])
    found = read(ctx, source)
    ctx.redact.learn(found.keys)
    old = read_set_up(ctx.workspace)
    merged = merge(old.settings, found, known_variables(ctx))
    new = old._replace(settings=merged.settings)
    steps = [f"store {name} in .env" for name in merged.keys]
    steps += [change.text for change in differences(old, new)]
    left = [*merged.told, *(f"Not taken over: {what}." for what in found.left)]
    notes = [Line(text, "warn", err=True) for text in left]
    unset = missing(ctx, found, merged)
    notes += [missing_line(name) for name in unset]
    data: dict[str, Any] = {
        "tool": source.tool,
        "files": list(source.paths),
        "steps": steps,
        "left": left,
        "missing": unset,
        "done": False,
    }
    if not steps:
        return Result(data, (Line("Nothing to import.", "ok"), *notes))
    if args["dry_run"]:
        return Result(data, (*planned(steps, WOULD), *notes))
    need_references(ctx, old)
    agree(session, steps, yes=args["yes"])
    _do(ctx, merged, new)
    data["done"] = True
    where = " and ".join(called(ctx, path) for path in source.paths)
    done = Line(f"{counted(len(steps), 'step')} done, from {where}.", "ok")
    return Result(data, (done, *notes, Line("Next: `freerouter fetch`.")))


def missing(ctx: Context, found: Imported, merged: Merged) -> list[str]:
    """The variables that were referred to there, and are not set here."""
    secrets = load_secrets(ctx)
    names = wanted_variables([list(found.entries), found.litellm])
    return [name for name in names if not secrets.origin(name) and name not in merged.keys]


def _do(ctx: Context, merged: Merged, new: SetUp) -> None:
    """Keys first: what refers to one that is not there yet could not be used."""
    for name, value in merged.keys.items():
        store(ctx.workspace, name, value)
    put(ctx, new)
    if ctx.workspace.origin == "project":
        keep_out_of_git(ctx.workspace)


def _listed(ctx: Context) -> Result:
    sources = found_sources(ctx)
    if not sources:
        raise NotFoundError(
            "Nothing to import was found in the usual places.",
            f"They are those of {', '.join(TOOLS)}, and .env files.",
            "`freerouter import FILE` reads one that lies elsewhere.",
        )
    rows = []
    for source in sources:
        try:
            holds = _held(read(ctx, source))
        except FreeRouterError as error:
            holds = error.what.splitlines()[0]
        paths = ", ".join(called(ctx, path) for path in source.paths)
        rows.append((source.name(ctx), paths, holds))
    data = {"sources": [dict(zip(("name", "files", "holds"), row, strict=True)) for row in rows]}
    table = Table(("SOURCE", "FILE", "HOLDS"), tuple(rows))
    hint = Line(f"Nothing was imported. `freerouter import {rows[0][0]}` asks before it does.")
    return Result(data, (table, hint))


def _held(found: Imported) -> str:
    kinds = (
        (len(found.entries), "provider"),
        (len(found.keys), "key"),
        (sum(map(len, found.select.values())), "model"),
    )
    return ", ".join(counted(number, noun) for number, noun in kinds if number) or "nothing"


def merge(settings: Mapping[str, Any], found: Imported, known: Mapping[str, str]) -> Merged:
    """What is there already stays as it is."""
    told: list[str] = []
    rows = [dict(row) for row in settings.get("providers") or ()]
    there = {_identity(row): row for row in rows}
    select = {name: list(ids) for name, ids in (settings.get("select") or {}).items()}
    for entry in found.entries:
        present = there.get(_identity(entry)) or _at_the_same_address(rows, entry)
        name = _name(present or entry)
        chosen = found.select.get(_name(entry), ())
        if present is None:
            free = _free(name, rows)
            rows.append({**entry, "name": free} if free != name else dict(entry))
            name = free
            if chosen:
                select[name] = list(chosen)
            continue
        if any(present.get(k) not in (None, v) for k, v in entry.items() if k != "name"):
            told.append(f"{name} is in providers.yaml already, and was left as it is.")
        if name in select:
            select[name] += [i for i in chosen if i not in select[name]]
        elif chosen:
            told.append(f"{name} serves what its own rule says, so no models of it were selected.")
    keys = {}
    for name, value in found.keys.items():
        if not known.get(name):
            keys[name] = value
        elif known[name].strip() != value:
            told.append(f"{name} is set already to another key, and was left as it is.")
    litellm = _joined(settings.get("litellm") or {}, found.litellm, "litellm", told)
    merged = {**settings, "providers": rows, "select": select, "litellm": litellm}
    return Merged({k: v for k, v in merged.items() if v not in ({}, [])}, keys, tuple(told))


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("name") or row["type"])


def _free(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """A name like it that no other provider has. Models that are named one by one need none."""
    taken = {_name(row) for row in rows if row["type"] != "static" or "name" in row}
    numbers = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(free for free in numbers if free not in taken)


def _identity(row: Mapping[str, Any]) -> tuple[Any, ...]:
    kind = row.get("type")
    if kind == "static" and "name" not in row:
        return kind, row.get("model_name"), row.get("provider")
    return kind, row.get("name") or kind


def _at_the_same_address(
    rows: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """A server that is called otherwise here, which there may be only once."""
    if entry.get("type") != "oai":
        return None
    base = entry.get("api_base")
    return next((r for r in rows if r.get("type") == "oai" and r.get("api_base") == base), None)


def _joined(
    old: Mapping[str, Any], new: Mapping[str, Any], path: str, told: list[str]
) -> dict[str, Any]:
    joined = dict(old)
    for key, value in new.items():
        if key not in joined:
            joined[key] = value
        elif isinstance(joined[key], dict) and isinstance(value, dict):
            joined[key] = _joined(joined[key], value, f"{path}.{key}", told)
        elif joined[key] != value:
            told.append(f"{path}.{key} is set already, and was left as it is.")
    return joined
