"""`export`: the whole set-up as one file without any secret, which `apply` makes again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from freerouter.commands.entries import key_env
from freerouter.commands.set_up import SetUp, read_set_up
from freerouter.config import atomic
from freerouter.config.providers_file import variable_part
from freerouter.config.references import by_reference, in_clear, wanted_variables
from freerouter.config.secrets import load_secrets
from freerouter.config.versions import VERSION
from freerouter.config.workspace import shown
from freerouter.config.yaml_file import dump_yaml
from freerouter.errors import FileError, NotFoundError
from freerouter.providers.catalogue import catalogue_of
from freerouter.result import Line, Result, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.references import Clear
    from freerouter.context import Context

HEAD = """\
# A whole set-up of FreeRouter. `freerouter apply FILE` makes it so; no key stands in here.
"""
NEEDS = "# Variables that it needs, in the environment or in .env:\n"
RECORDS, FLOWS = "records", "flows"


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Print the set-up, or write it into a file."""
    set_up, clear = without_keys(ctx, read_set_up(ctx.workspace))
    text = text_of(set_up)
    needed = wanted_variables([set_up.settings, set_up.records])
    data = {"set_up": data_of(set_up), "needs": needed, "file": args["file"] or ""}
    notes = [
        Line(
            f"{_place(ctx, one)} is a key in clear: ${{{one.variable}}} stands for it here. "
            "`freerouter migrate` moves it to .env.",
            "warn",
            err=True,
        )
        for one in clear
    ]
    if not args["file"]:
        return Result(data, (*(Line(line) for line in text.splitlines()), *notes))
    path = os.path.join(ctx.cwd, args["file"])
    if os.path.realpath(path) in _own(ctx):
        raise FileError(
            f"{args['file']} is a file of the workspace itself.", fix="Give it another name."
        )
    atomic.write_text(path, text, mode=0o644)
    count = counted(len(set_up.settings.get("providers") or ()), "provider")
    done = Line(f"{count} in {args['file']}.", "ok")
    names = [Line(f"It needs {', '.join(needed)}.", "dim")] if needed else []
    return Result(data, (done, *names, *notes))


def _own(ctx: Context) -> set[str]:
    space = ctx.workspace
    own = (space.providers_file, space.config_file, space.env_file)
    return {os.path.realpath(path) for path in own}


def _place(ctx: Context, one: Clear) -> str:
    path = ".".join(map(str, one.path))
    return f"{shown(ctx.workspace.providers_file, ctx.environ)}: {path}"


def without_keys(ctx: Context, set_up: SetUp) -> tuple[SetUp, list[Clear]]:
    """The set-up with a reference where a key stood, and what those stand for."""
    clear = in_clear(set_up.settings, usual_variable(ctx), known_variables(ctx))
    ctx.redact.learn({one.variable: one.value for one in clear})
    return set_up._replace(settings=by_reference(set_up.settings, clear)), clear


def need_references(ctx: Context, set_up: SetUp) -> None:
    """Raise where keys stand in providers.yaml itself: its copy in `backups/` would hold them."""
    _, clear = without_keys(ctx, set_up)
    if clear:
        raise FileError(
            f"{_place(ctx, clear[0])} is a key in clear.",
            "What is changed is copied to `backups/`, where no key may be.",
            "`freerouter migrate` moves it to .env. Nothing was changed.",
        )


def known_variables(ctx: Context) -> dict[str, str]:
    return {**load_secrets(ctx).stored, **ctx.environ}


def usual_variable(ctx: Context) -> Any:
    """The variable of a provider's key, from what providers.yaml says of the provider."""
    catalogue = catalogue_of(ctx)

    def usual(row: Mapping[str, Any]) -> str:
        kind, name = str(row.get("type")), str(row.get("name") or row.get("type"))
        if kind == name == "static":
            return f"{variable_part(str(row.get('model_name')))}_API_KEY"
        try:
            record = catalogue.get(kind)
        except NotFoundError:
            return f"{variable_part(name)}_API_KEY"
        if record.env and name == kind:
            return record.env[0]
        return key_env(record._replace(env=()), name)

    return usual


def data_of(set_up: SetUp) -> dict[str, Any]:
    data: dict[str, Any] = {"version": VERSION, **set_up.settings}
    if set_up.records:
        data[RECORDS] = set_up.records
    if set_up.flows:
        data[FLOWS] = set_up.flows
    return data


def text_of(set_up: SetUp) -> str:
    """The file: the same bytes for the same set-up."""
    needed = wanted_variables([set_up.settings, set_up.records])
    needs = "".join(f"#   {name}\n" for name in needed)
    return HEAD + (NEEDS + needs if needs else "") + "\n" + dump_yaml(data_of(set_up))
