"""`migrate`: an earlier FreeRouter's files become today's, in named steps; old ones are kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from freerouter.commands.exporting import usual_variable
from freerouter.commands.init import keep_out_of_git
from freerouter.commands.migrations import Files, Names, scrub_copies, walk
from freerouter.commands.set_up import text_in
from freerouter.config import atomic, variables
from freerouter.config.backups import back_up
from freerouter.config.providers_file import read_providers, variable_part
from freerouter.config.secrets import MASTER_KEY, STRONG_KEY_LENGTH, read_env_file, store
from freerouter.config.workspace import Workspace, shown
from freerouter.config.yaml_file import parse_yaml, read_yaml
from freerouter.consent import WOULD, agree, planned
from freerouter.errors import NotConfiguredError
from freerouter.process.identity import command_of, started_at
from freerouter.providers.catalogue import catalogue_of
from freerouter.providers.recognise import by_address, by_prefix
from freerouter.result import Line, Result, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freerouter.commands.migrations import Done
    from freerouter.context import Context
    from freerouter.session import Session

OLD = ("freerouter.log", "config.yaml.backup.", "providers.yaml.backup.")
PID = "freerouter.pid"


def run(session: Session, args: Mapping[str, Any]) -> Result:
    """Show the steps that have something to do, and do them after a yes."""
    ctx = session.context()
    ctx = ctx.move(_workspace(ctx, args["directory"]))
    files = read_files(ctx)
    steps = walk(files, names_of(ctx), scrub=args["scrub"])
    last = steps[-1].after if steps else files
    ctx.redact.learn({**files.beside, **last.stored})
    notes = [Line(text, "warn", err=True) for text in _notes(ctx, last)]
    data: dict[str, Any] = {
        "workspace": ctx.workspace.root,
        "steps": [{"id": one.step.id, "text": one.text} for one in steps],
        "done": False,
        "notes": [line.text for line in notes],
    }
    if not steps:
        return Result(data, (Line("Nothing to migrate.", "ok"), *notes))
    texts = [one.text for one in steps]
    if args["dry_run"]:
        return Result(data, (*planned(texts, WOULD), *notes))
    agree(session, texts, yes=args["yes"])
    kept = False
    for one in steps:
        kept = take(ctx, one, kept=kept)
    data["done"] = True
    where = shown(ctx.workspace.root, ctx.environ)
    done = Line(f"{counted(len(steps), 'step')} done in {where}.", "ok")
    then = [Line("Next: `freerouter fetch`, then `freerouter start`.")]
    return Result(data, (done, *notes, *([] if all(one.step.asked for one in steps) else then)))


def _workspace(ctx: Context, directory: str | None) -> Workspace:
    """The directory named, or its `config/`; else the one that commands use."""
    found = ctx.workspace
    if directory:
        root = os.path.abspath(os.path.join(ctx.cwd, directory))
        inner = os.path.join(root, "config")
        if os.path.isfile(os.path.join(inner, "providers.yaml")):
            root = inner
        project = os.path.basename(root) == "config"
        found = Workspace(root, "project" if project else "user")
    if not found.configured:
        raise NotConfiguredError(
            "There is nothing to migrate.",
            f"There is no {shown(found.providers_file, ctx.environ)}.",
            "`freerouter migrate DIRECTORY` looks elsewhere; `freerouter import` takes over what "
            "other tools have.",
        )
    return found


def read_files(ctx: Context) -> Files:
    """What lies there. Raises where one of the files cannot be read, or is newer than we are."""
    workspace = ctx.workspace
    read_providers(read_yaml(workspace.providers_file))
    providers, config = text_in(workspace.providers_file), text_in(workspace.config_file)
    parse_yaml(config.encode(), workspace.config_file)
    stored = read_env_file(workspace.env_file)
    beside: dict[str, str] = {}
    settled = stored
    if workspace.origin == "project":
        # The one beside `config/` goes on being read.
        settled = {**read_env_file(os.path.join(os.path.dirname(workspace.root), ".env")), **stored}
    elif os.path.realpath(os.path.join(ctx.cwd, ".env")) != os.path.realpath(workspace.env_file):
        beside = read_env_file(os.path.join(ctx.cwd, ".env"))
    named = {n for record in catalogue_of(ctx).all() for n in record.env} | {MASTER_KEY}
    named |= {*variables.names(providers)}
    outside = {name: ctx.environ[name] for name in named if ctx.environ.get(name)}
    return Files(providers, config, settled, beside, outside, _copies(workspace))


def _copies(workspace: Workspace) -> dict[str, str]:
    """The original's backups and log, and our own backups."""
    found = {}
    for directory in (workspace.root, workspace.backups):
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
            path = os.path.join(directory, name)
            if not name.startswith(OLD) or not os.path.isfile(path):
                continue
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                found[path] = file.read()
    return found


def names_of(ctx: Context) -> Names:
    """How keys are called here: as providers.yaml has them, else as the catalogue does."""
    catalogue = catalogue_of(ctx)
    usual = usual_variable(ctx)

    def of_row(row: Mapping[str, Any]) -> str:
        texts = (row.get("api_key"), *(row.get("keys") or ()))
        named = [name for text in texts for name in variables.names(str(text or ""))]
        return named[0] if named else str(usual(row))

    def of_deployment(params: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> str:
        base, model = str(params.get("api_base") or ""), str(params.get("model") or "")
        prefix, _, rest = model.partition("/")
        record = by_address(catalogue, base) or by_prefix(catalogue, prefix)
        for row in rows:
            same = base and str(row.get("api_base") or "").rstrip("/") == base.rstrip("/")
            static = row.get("type") == "static" and row.get("model_name") == rest
            if static if row.get("type") == "static" else same:
                return of_row(row)
        for row in rows:
            if record and row.get("type") == record.id:
                return of_row(row)
        if record and record.env:
            return record.env[0]
        host = base.partition("://")[2].partition("/")[0].partition(":")[0]
        return f"{variable_part(host or prefix)}_API_KEY"

    return Names(usual, of_deployment)


def take(ctx: Context, one: Done, *, kept: bool) -> bool:
    """Do one step: keys first, so that none is ever nowhere, then the files. Whether the files of
    before have been kept: once, as soon as no key stands in them any more.
    """
    workspace = ctx.workspace
    for name, value in one.after.stored.items():
        if one.before.stored.get(name) != value:
            store(workspace, name, value)
            if workspace.origin == "project":
                keep_out_of_git(workspace)
    changed = [
        (workspace.providers_file, one.before.providers, one.after.providers),
        (workspace.config_file, one.before.config, one.after.config),
        *((path, one.before.copies[path], text) for path, text in one.after.copies.items()),
    ]
    with atomic.lock(workspace.root):
        if not one.step.bare and not kept and any(old != new for _, old, new in changed):
            kept = bool(back_up(workspace, ctx.now()))
        for path, old, new in changed:
            if old != new:
                _write(path, new)
    return kept


def _write(path: str, text: str) -> None:
    """A log may hold bytes that are no text: they stay as they are."""
    atomic.write_bytes(path, text.encode("utf-8", "surrogateescape"))


def _notes(ctx: Context, files: Files) -> Sequence[str]:
    notes = list(files.told)
    clean = scrub_copies(files, names_of(ctx)).copies
    dirty = [path for path, text in files.copies.items() if clean[path] != text]
    if dirty:
        notes.append(
            f"{counted(len(dirty), 'old file')} with keys in clear: {_listed(dirty)}. "
            "`freerouter migrate --scrub` takes them out."
        )
    key = files.known.get(MASTER_KEY, "")
    if 0 < len(key) < STRONG_KEY_LENGTH:
        notes.append(
            f"The gateway's key in {MASTER_KEY} is too weak: "
            "`keys rotate master` makes a strong one."
        )
    process = _old_gateway(ctx.workspace)
    if process:
        notes.append(
            f"A gateway of the earlier FreeRouter may still run (process {process}): "
            "stop it before `freerouter start`."
        )
    return notes


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(os.path.basename(path) for path in paths)


def _old_gateway(workspace: Workspace) -> int:
    """The LiteLLM that the original's pid file names, if it runs; it is never signalled."""
    text = text_in(os.path.join(workspace.root, PID)).strip()
    number = int(text) if text.isdigit() else 0
    alive = started_at(number) and any("litellm" in word for word in command_of(number))
    return number if alive else 0
