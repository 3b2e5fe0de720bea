"""`providers list` and `providers show`: what there is, what is set up, which key is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.entries import key_env
from freerouter.config import variables
from freerouter.config.providers_file import Entry, ProvidersFile, load_providers
from freerouter.config.secrets import Secrets, load_secrets
from freerouter.config.state import read_left_out, read_models, read_refused
from freerouter.errors import FreeRouterError, NotFoundError
from freerouter.providers.account import has_instead, shown_base
from freerouter.providers.catalogue import Catalogue, Provider, catalogue_of
from freerouter.providers.http import without_password
from freerouter.providers.record import told
from freerouter.providers.several import next_number
from freerouter.result import Fields, Line, Result, Table, counted
from freerouter.volatile import volatile_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

PROBE_SECONDS = 1.0


class Listed(NamedTuple):
    """A provider of the catalogue, and the entry of providers.yaml that it is there for, if any."""

    record: Provider
    entry: Entry | None = None

    @property
    def id(self) -> str:
        return self.entry.name if self.entry else self.record.id

    @property
    def label(self) -> str:
        return self.record.name if self.id == self.record.id else self.id

    @property
    def gives_free_models(self) -> bool:
        rule = self.record.free
        given = {rule.get(name) for name in ("always", "zero")}
        return bool(given & {"yes", "quota"}) or "id_suffix" in rule or "flag" in rule

    @property
    def costs(self) -> bool:
        """Whether nothing at all is free there."""
        return self.record.free.get("always") == "no"


def list_all(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Every entry of providers.yaml, and what the catalogue has besides.

    People are shown what they have or could use for nothing, unless they ask for all.
    """
    catalogue = catalogue_of(ctx)
    secrets = load_secrets(ctx)
    file = load_providers(ctx.workspace) if ctx.workspace.configured else ProvidersFile("", ())
    listed = _listed(catalogue, file)
    alive = _probe(ctx, catalogue, secrets, listed) if args["probe"] else {}
    pairs = [(one, _row(one, secrets, alive.get(one.id))) for one in listed]
    pairs.sort(key=lambda pair: _rank(*pair))
    rows = [row for _, row in pairs]
    used = {entry.type for entry in file.entries}
    wanted = [
        r["id"]
        for r in rows
        if r["ready"]
        and not (r["demo"] or r["retired"])
        and (r["present"] or r["type"] not in used)
    ]
    configured = [r["id"] for r in rows if r["configured"] and not r["demo"]]
    chosen = sorted({*wanted, *configured}) or ["demo"]
    table = Table(
        ("PROVIDER", "NAME", "SET UP", "KEY", "FREE TIER"),
        tuple(
            (
                r["id"],
                one.record.name,
                "yes" if r["configured"] else "off" if r["present"] else "",
                r["found"],
                r["retired_reason"] or r["free_tier"] or ("costs money" if one.costs else ""),
            )
            for one, r in pairs
            if args["all"] or _is_near(one, r)
        ),
    )
    more = len(pairs) - len(table.rows)
    note = f"{more} more, without a free tier or retired: `freerouter providers list --all`."
    show = (table, Line(note, "dim")) if more else (table,)
    return Result({"providers": rows, "preselected": chosen}, show)


def _is_near(one: Listed, row: Mapping[str, Any]) -> bool:
    """Whether it is set up, ready to be, or free for somebody."""
    return bool(row["present"] or row["ready"]) or not (
        row["retired"] or not (one.gives_free_models or row["generic"])
    )


def show(ctx: Context, args: Mapping[str, Any]) -> Result:
    """One entry of providers.yaml, with its key's place and its part of the last list."""
    file = load_providers(ctx.workspace)
    entry = file.get(args["provider"])
    one = Listed(_record(catalogue_of(ctx), entry), entry)
    row = _row(one, load_secrets(ctx), None)
    models = [m for m in read_models(ctx.workspace) if m["provider"] == entry.name]
    free = sum(m["free"] in ("yes", "quota") for m in models)
    left_out = read_left_out(ctx.workspace).get(entry.name, {})
    several = _several(ctx, entry)
    key = f"{row['key_env']}: missing" if row["found"] == "missing" else row["found"]
    key = several[0] if several else key
    pairs = (
        ("type", f"{entry.type} ({one.record.name})"),
        ("name", entry.name),
        ("enabled", "yes" if entry.enabled else "no"),
        ("url", volatile_url(row["url"])),
        ("key", key),
        *(("", other) for other in several[1:]),
        ("keys from", one.record.key_url),
        ("free tier", one.record.free_tier),
        *(("limits", note) for note in told(one.record.limits)),
        *(("own limits", _worded(limits)) for limits in entry.limits),
        *(("terms", note) for note in told(one.record.terms)),
        ("retired", row["retired_reason"]),
        ("region", str(entry.options.get("region") or "")),
        ("spend", entry.spend or file.spend),
        ("models", f"{len(models)}, {free} of them free" if models else "none fetched yet"),
        ("left out", ", ".join(f"{number} {kind}" for kind, number in left_out.items())),
    )
    data = {**row, "keys": several, "models": len(models), "free": free, "left_out": left_out}
    return Result(data, (Fields(tuple(pair for pair in pairs if pair[1])),))


def _worded(limits: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}: {', '.join(value) if isinstance(value, list) else value}"
        for name, value in limits.items()
    )


def _several(ctx: Context, entry: Entry) -> list[str]:
    """Where each of its several keys is; nothing where there is but one, or none."""
    from freerouter.providers.several import resolve_each

    secrets = load_secrets(ctx)
    try:
        accounts = resolve_each(entry, catalogue_of(ctx), secrets)
    except FreeRouterError:
        return []
    refused = read_refused(ctx.workspace).get(entry.name, ())
    found = []
    for account in accounts if len(accounts) > 1 else ():
        where = secrets.origin(account.key_name) or "in providers.yaml"
        out = ", refused and left out" if account.key_name in refused else ""
        found.append(f"{account.key_name} ({where}{out})")
    return found


def _listed(catalogue: Catalogue, file: ProvidersFile) -> list[Listed]:
    entries = [Listed(_record(catalogue, entry), entry) for entry in file.entries]
    names = {entry.name for entry in file.entries}
    return [*entries, *(Listed(p) for p in catalogue.all() if p.id not in names)]


def _record(catalogue: Catalogue, entry: Entry) -> Provider:
    try:
        return catalogue.get(entry.type)
    except NotFoundError:
        return Provider(entry.type, f"{entry.type} (unknown type)", key="optional")


def _rank(one: Listed, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What is at hand and free comes first, what is retired and the demo last."""
    return (
        row["demo"],
        row["retired"],
        not row["ready"],
        not one.gives_free_models,
        row["generic"],
        row["name"],
    )


def _row(one: Listed, secrets: Secrets, models: int | None) -> dict[str, Any]:
    p, entry = one.record, one.entry
    named = variables.names(entry.first_key) if entry else []
    variable = next((n for n in named or p.env if secrets.origin(n)), "")
    signed = not variable and not named and has_instead(p, secrets)
    literal = bool(entry and entry.first_key and not named)
    answers = models is not None
    hint = p.status_note if p.retired else p.free_tier or ("costs money" if one.costs else "")
    found = f"{variable} ({secrets.origin(variable)})" if variable else "none needed"
    where = "" if entry and entry.api_base else p.where.get("name", "")
    where_set = bool(secrets.get(p.where.get("variable", "")) or p.where.get("default"))
    if signed:
        name = p.auth["instead"][0]
        found = f"{name} ({secrets.origin(name)})"
    elif literal:
        found = "in providers.yaml"
    elif not variable and (p.key == "required" or named):
        found = "missing"
    if p.local:
        found = f"answers, {counted(models or 0, 'model')}" if answers else found
    usual = "" if p.key == "none" else key_env(p, one.id)
    return {
        "id": one.id,
        "type": p.id,
        "name": one.label,
        "present": entry is not None,
        "configured": bool(entry and entry.enabled),
        "enabled": bool(entry and entry.enabled),
        "url": "" if p.demo else without_password((entry and entry.api_base) or shown_base(p)),
        "model": entry.model_name if entry else "",
        "via": entry.provider if entry else "",
        "key": p.key,
        "key_env": variable or (named[0] if named else usual),
        "key_url": p.key_url,
        "has_key": bool(variable) or literal or signed,
        "next_key": _next_key(entry, variable, (named or [usual])[0], secrets),
        "signed": signed,
        "found": found,
        "ready": (
            bool(
                (variable or literal or signed) and p.key == "required" and (where_set or not where)
            )
            or answers
            or p.demo
        ),
        "local": p.local,
        "generic": p.generic,
        "demo": p.demo,
        "retired": p.retired,
        "retired_reason": p.status_note if p.retired else "",
        "free_tier": p.free_tier,
        "terms": "; ".join(told(p.terms)),
        "limits": "; ".join(told(p.limits)),
        "where": where,
        "where_set": where_set,
        "regions": [{"region": name, "url": url} for name, url in p.regions.items()],
        "hint": f"{hint}; {found}".lstrip("; ") if variable or answers else hint,
    }


def _next_key(entry: Entry | None, variable: str, usual: str, secrets: Secrets) -> int | None:
    """The number of the key that `keys set --number` would add, None where it would not be used."""
    if entry is None or entry.keys or not variable or variable != usual:
        return None
    return next_number(variable, secrets)


def _probe(
    ctx: Context, catalogue: Catalogue, secrets: Secrets, listed: list[Listed]
) -> dict[str, int]:
    """Local servers that answer, and how many models each has."""
    from freerouter.providers.account import resolve
    from freerouter.providers.discovery import discover
    from freerouter.providers.today import today

    accounts = []
    for one in listed:
        if not one.record.local:
            continue
        try:
            account = resolve(one.entry or Entry(type=one.id, name=one.id), catalogue, secrets)
        except FreeRouterError:  # without an address or a key nobody can be asked
            continue
        ctx.redact.learn(account.secrets())
        accounts.append(account._replace(surely=one.entry is not None))
    if not accounts:
        return {}
    outcomes = discover(accounts, today(ctx.now()), PROBE_SECONDS)
    return {o.account.name: len(o.models) for o in outcomes if not o.error}
