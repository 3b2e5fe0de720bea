"""`providers list` and `providers add`: what there is, and putting one into providers.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config import edit, variables
from freerouter.config.providers_file import Entry, load_providers, variable_part
from freerouter.config.secrets import Secrets, load_secrets
from freerouter.errors import UsageError
from freerouter.providers.catalogue import Catalogue, Provider
from freerouter.result import Line, Result, Table, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

PROBE_SECONDS = 1.0


def list_all(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Every provider of the catalogue: configured, key at hand, answering (with --probe)."""
    catalogue = Catalogue(ctx.workspace.overrides)
    secrets = load_secrets(ctx)
    entries = load_providers(ctx.workspace).entries if ctx.workspace.configured else ()
    records = catalogue.all()
    alive = _probe(ctx, records) if args["probe"] else {}
    rows = [_row(p, entries, secrets, alive.get(p.id)) for p in records]
    rows.sort(key=lambda r: (r["demo"], r["retired"], not r["ready"], r["generic"], r["name"]))
    wanted = [r["id"] for r in rows if r["ready"] and not r["demo"] and not r["retired"]]
    configured = [r["id"] for r in rows if r["configured"] and not r["demo"]]
    chosen = sorted({*wanted, *configured}) or ["demo"]
    table = Table(
        ("PROVIDER", "NAME", "SET UP", "KEY", "FREE TIER"),
        tuple(
            (r["id"], r["name"], "yes" if r["configured"] else "", r["found"], r["free_tier"])
            for r in rows
        ),
    )
    return Result({"providers": rows, "preselected": chosen}, (table,))


def _row(
    p: Provider, entries: tuple[Entry, ...], secrets: Secrets, models: int | None
) -> dict[str, Any]:
    mine = next((e for e in entries if e.type == p.id and e.enabled), None)
    named = variables.names(mine.api_key) if mine else []
    variable = next((n for n in named or p.env if secrets.get(n)), "")
    literal = bool(mine and mine.api_key and not named)
    answers = models is not None
    hint = p.status_note if p.retired else p.free_tier
    found = f"{variable} ({secrets.origin(variable)})" if variable else "none needed"
    if literal:
        found = "in providers.yaml"
    elif not variable and p.key == "required":
        found = "missing"
    if p.local:
        found = f"answers, {counted(models or 0, 'model')}" if answers else found
    return {
        "id": p.id,
        "name": p.name,
        "configured": mine is not None,
        "key": p.key,
        "key_env": variable or (p.env[0] if p.env else ""),
        "key_url": p.key_url,
        "has_key": bool(variable) or literal,
        "found": found,
        "ready": bool((variable or literal) and p.key == "required") or answers or p.demo,
        "local": p.local,
        "generic": p.generic,
        "demo": p.demo,
        "retired": p.retired,
        "free_tier": hint,
        "hint": f"{hint}; {found}" if variable or answers else hint,
    }


def _probe(ctx: Context, records: list[Provider]) -> dict[str, int]:
    """Local servers that answer, and how many models each has."""
    from freerouter.providers.account import Account
    from freerouter.providers.discovery import discover
    from freerouter.providers.today import today

    accounts = [
        Account(p, Entry(type=p.id, name=p.id), p.base_url)
        for p in records
        if p.local and p.base_url
    ]
    if not accounts:
        return {}
    outcomes = discover(accounts, today(ctx.now()), PROBE_SECONDS)
    return {o.account.provider.id: len(o.models) for o in outcomes if not o.error}


def add(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Put a provider into providers.yaml, or switch the one of that name on."""
    catalogue = Catalogue(ctx.workspace.overrides)
    record = catalogue.get(args["provider"])
    values = entry_values(record, args)
    outcome = edit.put_provider(ctx.workspace, values, ctx.now())
    name = values.get("name") or record.name
    words = {"added": "added to", "changed": "changed in", "unchanged": "already in"}[outcome]
    show = [Line(f"{name} {words} providers.yaml.", "ok")]
    if record.retired:
        show.append(Line(f"{record.name} is retired: {record.status_note}.", "warn"))
    show += _key_hint(ctx, record, values)
    return Result({"provider": values, "outcome": outcome}, tuple(show))


def entry_values(record: Provider, args: Mapping[str, Any]) -> dict[str, Any]:
    """The lines of the entry. Only what differs from the catalogue is written, and never a key."""
    values: dict[str, Any] = {"type": record.id}
    if args["name"]:
        values["name"] = args["name"]
    if record.id == "static":
        if not (args["model"] and args["via"]):
            raise UsageError(
                "A static model needs --model and --via.",
                fix="For example: providers add static --model gpt-4o-mini --via openai",
            )
        values |= {"model_name": args["model"], "provider": args["via"]}
    elif record.generic and not args["url"]:
        raise UsageError(
            f"{record.name} needs --url.",
            fix="For example: providers add oai --name lab --url http://localhost:8000/v1",
        )
    if args["url"]:
        if not args["url"].startswith(("http://", "https://", "${")):
            raise UsageError(
                f'"{args["url"]}" is not a web address.', fix="It starts with http:// or https://."
            )
        values["api_base"] = args["url"]
    if args["key_env"]:
        values["api_key"] = f"${{{args['key_env']}}}"
    elif record.key == "required":
        values["api_key"] = f"${{{key_env(record)}}}"
    values["enabled"] = True
    return values


def key_env(record: Provider) -> str:
    """The variable that usually holds its key."""
    return record.env[0] if record.env else f"{variable_part(record.id)}_API_KEY"


def _key_hint(ctx: Context, record: Provider, values: dict[str, Any]) -> list[Line]:
    if "api_key" not in values:
        return []
    variable = values["api_key"][2:-1]
    if load_secrets(ctx).get(variable):
        return []
    name = values.get("name") or record.id
    return [
        Line(
            f"Its key ({variable}) is not set yet: `keys set {name}`. {record.key_help()}".rstrip()
        )
    ]


def find_entry(ctx: Context, name: str) -> Entry:
    """The entry of that name in providers.yaml, else one as the catalogue would make it."""
    if ctx.workspace.configured:
        for entry in load_providers(ctx.workspace).entries:
            if entry.name == name:
                return entry
    record = Catalogue(ctx.workspace.overrides).get(name)
    return Entry(type=record.id, name=record.id, place="providers.yaml")
