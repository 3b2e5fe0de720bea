"""`apply`: make this workspace what a file of `export` says, with the plan shown before."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from freerouter.commands.exporting import (
    FLOWS,
    RECORDS,
    need_references,
    usual_variable,
    without_keys,
)
from freerouter.commands.init import choose_workspace
from freerouter.commands.set_up import SetUp, bare, differences, put, read_set_up
from freerouter.config.providers_file import read_providers
from freerouter.config.references import in_clear, wanted_variables
from freerouter.config.secrets import load_secrets
from freerouter.config.versions import check_version
from freerouter.config.workspace import shown
from freerouter.config.yaml_file import Document, dump_yaml, parse_yaml, read_yaml
from freerouter.consent import WOULD, agree, planned
from freerouter.errors import FileError
from freerouter.providers.record import record_of
from freerouter.result import Line, Result, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.session import Session

INPUT = "-"


def run(session: Session, args: Mapping[str, Any]) -> Result:
    """Show what differs, and change that and nothing else."""
    ctx = session.context()
    ctx = ctx.move(choose_workspace(ctx, None))
    new = read_file(ctx, args["file"])
    old = read_set_up(ctx.workspace)
    changes = differences(without_keys(ctx, old)[0], new)
    data: dict[str, Any] = {
        "changes": [change._asdict() for change in changes],
        "workspace": ctx.workspace.root,
        "written": [],
        "missing": missing(ctx, new),
    }
    notes = [missing_line(name) for name in data["missing"]]
    steps = [change.text for change in changes]
    if not changes:
        return Result(data, (Line("Nothing to change.", "ok"), *notes))
    if args["dry_run"]:
        return Result(data, (*planned(steps, WOULD), *notes))
    need_references(ctx, old)
    agree(session, steps, yes=args["yes"])
    data["written"] = put(ctx, new)
    where = shown(ctx.workspace.root, ctx.environ)
    done = Line(f"{counted(len(changes), 'change')} made in {where}.", "ok")
    return Result(data, (done, *notes, Line("Next: `freerouter fetch`.")))


def missing(ctx: Context, new: SetUp) -> list[str]:
    """The variables that it needs and that are not set here."""
    secrets = load_secrets(ctx)
    names = wanted_variables([new.settings, new.records])
    return [name for name in names if not secrets.origin(name)]


def missing_line(name: str) -> Line:
    return Line(f"{name} is not set here: put it into .env or the environment.", "warn", err=True)


def read_file(ctx: Context, name: str) -> SetUp:
    """A file of `export`, checked whole. Raises with the place of what is wrong."""
    if name == INPUT:
        document = parse_yaml(sys.stdin.buffer.read(), "standard input")
    else:
        document = read_yaml(name, ctx.cwd)
    data = document.data
    if not isinstance(data, dict):
        raise FileError(
            f"{document.name} is no set-up.", fix="`freerouter export FILE` makes such a file."
        )
    check_version(document)
    parts = {key: data.get(key) or {} for key in (RECORDS, FLOWS)}
    for key, found in parts.items():
        _check_names(document, key, found)
    settings = {key: value for key, value in data.items() if key not in parts}
    read_providers(document._replace(data=settings))
    for title, record in parts[RECORDS].items():
        record_of(Document(document.place((RECORDS, title)), record, None))
    _check_flows(document, parts[FLOWS])
    clear = in_clear(settings, usual_variable(ctx), {})
    if clear:
        ctx.redact.learn({one.variable: one.value for one in clear})
        raise FileError(
            f"{document.place(clear[0].path)}: a key stands here itself.",
            "A set-up holds keys by reference, so nothing was changed.",
            f"Write ${{{clear[0].variable}}} instead, and put the key into .env.",
        )
    return SetUp(bare(settings), parts[RECORDS], parts[FLOWS])


def _check_names(document: Document, key: str, found: Any) -> None:
    if not isinstance(found, dict):
        raise FileError(f"{document.place((key,))}: {key} must be a map of names.")
    for name in found:
        plain = isinstance(name, str) and name and os.path.basename(name) == name
        if not plain or name.startswith("."):
            raise FileError(f"{document.place((key, name), key=True)}: this cannot be a name.")


def _check_flows(document: Document, flows: Mapping[str, Any]) -> None:
    """A flow is checked as one that is read from a file: its commands run on this machine."""
    from freerouter.flows import check_document

    for name, flow in flows.items():
        check_document(parse_yaml(dump_yaml(flow).encode(), document.place((FLOWS, name))))
