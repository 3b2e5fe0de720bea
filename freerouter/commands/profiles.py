"""`profile`: set-ups of one workspace side by side, each with its own gateway at its own port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.init import TEMPLATE
from freerouter.config import profiles
from freerouter.config.edit import with_port
from freerouter.config.kept_models import read_kept
from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import ensure_master_key, load_secrets
from freerouter.config.state import read_state
from freerouter.config.workspace import DEFAULT, PROFILE, chosen_profile, shown
from freerouter.config.yaml_file import decode, read_yaml
from freerouter.consent import obtain
from freerouter.errors import FileError, FreeRouterError, GatewayStateError, UsageError
from freerouter.process.port import HIGHEST, next_free
from freerouter.process.record import running
from freerouter.result import Block, Line, Result, Table, counted
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.workspace import Workspace
    from freerouter.context import Context
    from freerouter.session import Session


def list_all(ctx: Context, args: Mapping[str, Any]) -> Result:
    rows = [_row(ctx, name) for name in profiles.profile_names(ctx.workspace)]
    table = Table(
        ("PROFILE", "IN USE", "PORT", "GATEWAY", "MODELS", "PROVIDERS"),
        tuple(
            (
                row["name"],
                "yes" if row["in_use"] else "",
                volatile("port", row["port"]) if row["port"] else "",
                row["problem"] or ("running" if row["running"] else "stopped"),
                str(row["models"] or ""),
                ", ".join(row["providers"]),
            )
            for row in rows
        ),
        (2, 4),
        (5, 4),
    )
    return Result({"profiles": rows}, (table,))


def _row(ctx: Context, name: str) -> dict[str, Any]:
    workspace = profiles.named(ctx.workspace, name)
    record = running(workspace)
    kept = read_kept(read_state(workspace.models_file))
    written = [kind[-1] for kind in kept.kinds]
    row: dict[str, Any] = {
        "name": name,
        "in_use": workspace == ctx.workspace,
        "port": record.port if record else 0,
        "running": record is not None,
        "models": sum(bool(written[kind]) for kind in kept.kind),
        "providers": [],
        "problem": "",
        "root": workspace.root,
    }
    if not workspace.configured:
        return {**row, "problem": "not set up"}
    try:
        file = load_providers(workspace)
    except FileError as error:
        return {**row, "problem": "providers.yaml cannot be read", "fix": str(error)}
    row["providers"] = [entry.name for entry in file.enabled]
    row["port"] = row["port"] or file.address(ctx.environ)[1]
    return row


def new(ctx: Context, args: Mapping[str, Any]) -> Result:
    source = profiles.existing(ctx.workspace, args["from"]) if args["from"] else None
    return _make(ctx, source, args["name"], args["port"], keys=False)


def template_for(ctx: Context) -> str:
    """The first providers.yaml of the profile that the context is about: it has its own port."""
    return with_port(TEMPLATE, _port(ctx, None))


def copy(ctx: Context, args: Mapping[str, Any]) -> Result:
    source = profiles.existing(ctx.workspace, args["source"])
    return _make(ctx, source, args["target"], args["port"], keys=True)


def _make(
    ctx: Context, source: Workspace | None, name: str, port: int | None, *, keys: bool
) -> Result:
    target = profiles.named(ctx.workspace, name)
    if name == DEFAULT:
        raise UsageError(
            "`default` is the workspace itself.", fix="`freerouter init` sets that up."
        )
    text = TEMPLATE
    if source:
        load_providers(source)
        with open(source.providers_file, "rb") as file:
            text = decode(file.read(), source.providers_file)
    port = _port(ctx, port)
    profiles.make(target, with_port(text, port))
    if source:
        profiles.copy_besides(source, target, keys=keys)
    ensure_master_key(ctx.move(target))
    where = shown(target.root, ctx.environ)
    show: list[Block] = [
        Line(f"Profile {name} made in {where}; its gateway will listen on {_marked(port)}.", "ok")
    ]
    if source and not keys and profiles.own_keys(source) and source.profile:
        names = ", ".join(profiles.own_keys(source))
        what = f"Keys of {source.profile} alone were not taken along: {names}."
        show.append(Line(what, "warn"))
    show.append(Line(f"Next: `freerouter profile use {name}`, then `freerouter fetch`."))
    data = {"profile": name, "root": target.root, "port": port}
    return Result(data, tuple(show), undo=(("profile", "remove", name, "--yes"),))


def _port(ctx: Context, wanted: int | None) -> int:
    """The port that is asked for, or the next free one; none that another profile has."""
    taken = {
        row["port"]: row["name"]
        for row in (_row(ctx, name) for name in profiles.profile_names(ctx.workspace))
        if row["port"]
    }
    if wanted is not None:
        if not 0 < wanted <= HIGHEST:
            raise UsageError(f"There is no port {wanted}.", fix=f"Ports are 1 to {HIGHEST}.")
        if wanted in taken:
            raise UsageError(
                f"Port {_marked(wanted)} is that of the profile {taken[wanted]}.",
                fix="Name another one, or none: the next free one is taken then.",
            )
        return wanted
    base = ctx.workspace.base
    file = load_providers(base) if base.configured else None
    port = file.address(ctx.environ)[1] if file else _usual(ctx)
    while (port := next_free("127.0.0.1", port)) in taken:
        continue
    if not port:
        raise FreeRouterError("No free port was found.", fix="Name one: --port 4100, say.")
    return port


def _usual(ctx: Context) -> int:
    from freerouter.config.providers_file import ProvidersFile

    return ProvidersFile("", ()).address(ctx.environ)[1]


def _marked(port: int) -> str:
    return volatile("port", port)


def use(ctx: Context, args: Mapping[str, Any]) -> Result:
    name = args["name"]
    if name != DEFAULT:
        profiles.existing(ctx.workspace, name)
    before = chosen_profile(ctx.workspace) or DEFAULT
    if before != name:
        profiles.choose(ctx.workspace, name)
    show: list[Block] = [Line(f"Commands are about the profile {name} now.", "ok")]
    if ctx.environ.get(PROFILE):
        what = f"{PROFILE} is set to {ctx.environ[PROFILE]}, which comes before it."
        show.append(Line(what, "warn"))
    undo = () if before == name else (("profile", "use", before),)
    return Result({"profile": name, "before": before}, tuple(show), undo=undo)


def remove(session: Session, args: Mapping[str, Any]) -> Result:
    ctx = session.context()
    workspace = profiles.existing(ctx.workspace, args["name"])
    name = args["name"]
    if name == DEFAULT:
        raise UsageError("`default` is the workspace itself, and stays.")
    if name in (ctx.workspace.profile, chosen_profile(ctx.workspace)):
        raise UsageError(
            f"The profile {name} is in use.", fix="`freerouter profile use default` leaves it."
        )
    if running(workspace):
        raise GatewayStateError(
            f"The gateway of {name} is running.",
            fix=f"`freerouter --profile {name} stop` stops it.",
        )
    keys = list(profiles.own_keys(workspace))
    lost = f" Its own keys go with it: {', '.join(keys)}." if keys else ""
    if not args["yes"]:
        obtain(
            session,
            f"Remove the profile {name}?{lost}",
            otherwise=f"freerouter profile remove {name} --yes",
        )
    where = profiles.put_aside(workspace, ctx.now())
    kept = volatile("path", shown(where, ctx.environ))
    show = [Line(f"Profile {name} removed; its providers.yaml lies in {kept}.", "ok")]
    show += (
        [Line(f"{counted(len(keys), 'key')} of its own went: {', '.join(keys)}.", "warn")]
        if keys
        else []
    )
    return Result({"profile": name, "kept_in": where, "keys": keys}, tuple(show))


def diff(ctx: Context, args: Mapping[str, Any]) -> Result:
    from freerouter.config.differences import differences

    files = [
        profiles.existing(ctx.workspace, name).providers_file
        for name in (args["one"], args["other"])
    ]
    load_secrets(ctx)
    found = differences(*(read_yaml(path).data or {} for path in files))
    data = {
        "one": args["one"],
        "other": args["other"],
        "differences": [difference._asdict() for difference in found],
    }
    if not found:
        return Result(data, (Line("They ask for the same.", "ok"),))
    rows = tuple((d.path, _word(d.one), _word(d.other)) for d in found)
    return Result(data, (Table(("SETTING", args["one"].upper(), args["other"].upper()), rows),))


def _word(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
