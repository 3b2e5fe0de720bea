"""`providers add`, `remove`, `enable`, `disable`: changing the entries of providers.yaml."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from freerouter.config import edit, variables
from freerouter.config.providers_file import Entry, load_providers, variable_part
from freerouter.config.secrets import load_secrets
from freerouter.errors import FileError, FreeRouterError, UsageError
from freerouter.providers.account import address_at, has_instead
from freerouter.providers.catalogue import Provider, catalogue_of
from freerouter.providers.http import without_password
from freerouter.result import Line, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.aliases_file import Alias
    from freerouter.config.providers_file import ProvidersFile
    from freerouter.context import Context

NEXT = "The next `fetch` leaves it out; a running gateway then wants a `reload`."


def add(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Put a provider into providers.yaml, or switch the one of that name on."""
    catalogue = catalogue_of(ctx)
    record = catalogue.get(args["provider"])
    secrets = load_secrets(ctx)
    signed = not any(secrets.get(n) for n in record.env) and has_instead(record, secrets)
    values = entry_values(record, {**args, "signed": signed})
    before = _present(ctx)
    if "options" in values:
        known = before.get(values.get("name") or record.id)
        values["options"] = {**(known.options if known else {}), **values["options"]}
    outcome = edit.put_provider(ctx.workspace, values, ctx.now())
    name = values.get("name") or record.name
    words = {"added": "added to", "changed": "changed in", "unchanged": "already in"}[outcome]
    show = [Line(f"{name} {words} providers.yaml.", "ok")]
    if record.retired:
        show.append(Line(f"{record.name} is retired: {record.status_note}.", "warn"))
    show += _key_hint(ctx, record, values)
    data = {"provider": values, "outcome": outcome}
    return Result(data, tuple(show), undo=_back(before, entries_by_name(ctx)))


def remove(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Take a provider out of providers.yaml, and what was selected of it."""
    name = args["provider"]
    file = load_providers(ctx.workspace)
    entry = file.get(name)
    edit.remove_provider(ctx.workspace, name, ctx.now())
    show = [Line(f"{name} taken out of providers.yaml.", "ok")]
    show += [Line(NEXT)] if entry.enabled else []
    lost = aliases_of(file, name)
    show += [Line(_without(alias, name), "warn") for alias in lost]
    data = {"provider": name, "aliases": [alias.name for alias in lost]}
    return Result(data, tuple(show), undo=_again(ctx, file, entry))


def aliases_of(file: ProvidersFile, provider: str) -> list[Alias]:
    """The aliases that ask models of that provider."""
    head = f"{provider}/"
    return [a for a in file.aliases.values() if any(m.startswith(head) for m in a.members)]


def _without(alias: Alias, provider: str) -> str:
    """What an alias loses with a provider, and the command that writes it without."""
    gone = [name for name in alias.members if name.startswith(f"{provider}/")]
    left = [name for name in alias.members if name not in gone]
    if not left:
        return (
            f"The alias {alias.name} asks nothing else, and is not served then: "
            f"`alias remove {alias.name}`."
        )
    weights = {name: weight for name, weight in alias.weights.items() if name in left}
    words = alias._replace(members=tuple(left), weights=weights).as_words()
    return f"The alias {alias.name} still names {', '.join(gone)}: `{shlex.join(words)}`."


def enable(ctx: Context, args: Mapping[str, Any]) -> Result:
    return _switch(ctx, args["provider"], on=True)


def disable(ctx: Context, args: Mapping[str, Any]) -> Result:
    return _switch(ctx, args["provider"], on=False)


def _switch(ctx: Context, name: str, *, on: bool) -> Result:
    changed = edit.switch_provider(ctx.workspace, name, ctx.now(), on=on)
    word = "on" if on else "off"
    show = [Line(f"{name} {'switched' if changed else 'is already'} {word}.", "ok")]
    if changed:
        show.append(Line(f"`fetch --provider {name}` asks it for its models." if on else NEXT))
    undo = (("providers", "disable" if on else "enable", name),) if changed else ()
    return Result({"provider": name, "enabled": on, "changed": changed}, tuple(show), undo=undo)


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
    elif args["url"] is not None:
        values["api_base"] = ""
    at = args.get("at")
    if at:
        values |= _at(record, at)
    if args["key_env"]:
        values["api_key"] = f"${{{args['key_env']}}}"
    elif args["keyed"]:
        values["api_key"] = f"${{{variable_part(args['name'] or record.id)}_API_KEY}}"
    elif record.key == "required" and not args.get("signed"):
        values["api_key"] = f"${{{key_env(record)}}}"
    if args.get("plan"):
        values["options"] = {**values.get("options", {}), "plan": args["plan"]}
    if args.get("spend"):
        values["spend"] = args["spend"]
    values["enabled"] = True
    return values


def entry_at(record: Provider, entry: Entry, at: str) -> Entry:
    """The entry as it would be there."""
    values = _at(record, at)
    options = {**entry.options, **values.get("options", {})}
    return entry._replace(api_base=values.get("api_base", entry.api_base), options=options)


def _at(record: Provider, at: str) -> dict[str, Any]:
    """The region, or the user's own part of the address."""
    if at in record.regions:
        return {"options": {"region": at}}
    if record.where:
        if any(c.isspace() or c in "?#" for c in at) or ("/" in at and "://" not in at):
            raise UsageError(f'"{at}" is no {record.where["name"]}.')
        return {"api_base": address_at(record, at)}
    known = ", ".join(record.regions)
    raise UsageError(
        f'{record.name} has no place "{at}".',
        fix=f"One of: {known}." if known else f"Leave --at out: {record.name} is in one place.",
    )


def key_env(record: Provider, name: str = "") -> str:
    """The variable that usually holds its key, or that of a provider with a name of its own."""
    return record.env[0] if record.env else f"{variable_part(name or record.id)}_API_KEY"


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
    known = entries_by_name(ctx)
    if name in known:
        return known[name]
    record = catalogue_of(ctx).get(name)
    return Entry(type=record.id, name=record.id, place="providers.yaml")


def entries_by_name(ctx: Context) -> dict[str, Entry]:
    """What is in providers.yaml; nothing where there is none."""
    if not ctx.workspace.configured:
        return {}
    return {e.name: e for e in load_providers(ctx.workspace).entries}


def _present(ctx: Context) -> dict[str, Entry]:
    """The entries, none in a file that is empty. A broken one is refused when it is written."""
    try:
        return entries_by_name(ctx)
    except FileError:
        return {}


def _back(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> tuple[tuple[str, ...], ...]:
    """What takes an addition back; nothing where more was changed than switched on."""
    new = [name for name in after if name not in before]
    if new:
        return (("providers", "remove", new[0]),)
    switched = [
        name
        for name, entry in after.items()
        if _bare(before[name]) == _bare(entry) and before[name].enabled != entry.enabled
    ]
    return (("providers", "disable", switched[0]),) if switched else ()


def _again(ctx: Context, file: ProvidersFile, entry: Entry) -> tuple[tuple[str, ...], ...]:
    """The commands that would write the very same entry, if there are any."""
    words: dict[str, Any] = {
        "name": entry.name if entry.name != entry.type else "",
        "url": entry.api_base,
        "key_env": variables.whole(entry.api_key) or "",
        "model": entry.model_name,
        "via": entry.provider,
        "keyed": False,
        "at": entry.options.get("region"),
        "spend": entry.spend,
    }
    words["url"] = words["url"] or None
    try:
        values = entry_values(catalogue_of(ctx).get(entry.type), words)
    except FreeRouterError:
        return ()
    values = {"name": entry.type, **values}
    same = _bare(Entry(**values)) == _bare(entry)
    if not same or entry.name in file.select or without_password(entry.api_base) != entry.api_base:
        return ()
    given = {name: value for name, value in words.items() if value}
    options = [w for name, v in given.items() for w in (f"--{name.replace('_', '-')}", str(v))]
    commands = [("providers", "add", entry.type, *options)]
    commands += [] if entry.enabled else [("providers", "disable", entry.name)]
    return tuple(commands)


def _bare(entry: Entry) -> Entry:
    """What it is, wherever it stands and whether or not it is on."""
    return entry._replace(enabled=True, place="")
