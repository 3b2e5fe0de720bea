"""providers.yaml: what the user wants. Read strictly, with a position for everything wrong.

The original FreeRouter's file loads as it is; ours adds `version`, `select`, `aliases`,
`budgets`, `gateway`, `litellm`, `spend` and `usage`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.aliases_file import read_aliases
from freerouter.config.budgets_file import read_budgets
from freerouter.config.limits_file import read_limits
from freerouter.config.soundness import one_of, sound
from freerouter.config.versions import UNVERSIONED, check_version, version_of
from freerouter.config.yaml_file import Document, read_yaml
from freerouter.errors import FileError, NotConfiguredError, NotFoundError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.config.aliases_file import Alias
    from freerouter.config.budgets_file import Budget
    from freerouter.config.workspace import Workspace

HOST = "127.0.0.1"
PORT = 4000
USUAL_PORT = "FREEROUTER_USUAL_PORT"
"""The variable by which a fresh home of a script has another usual port than everybody's."""
NOTHING: Mapping[str, Any] = MappingProxyType({})

TOP: Mapping[str, type | tuple[type, ...]] = {
    "version": int,
    "providers": list,
    "select": dict,
    "aliases": dict,
    "budgets": dict,
    "gateway": dict,
    "litellm": dict,
    "spend": str,
    "usage": dict,
}
ENTRY: Mapping[str, type | tuple[type, ...]] = {
    "type": str,
    "enabled": bool,
    "name": str,
    "api_key": str,
    "keys": list,
    "api_base": str,
    "model_name": str,
    "provider": str,
    "spend": str,
    "options": dict,
    "limits": (dict, list),
}
OPTIONS: Mapping[str, type | tuple[type, ...]] = {
    "models": (str, list),
    "rpm": int,
    "tpm": int,
    "timeout": (int, float),
    "max_retries": int,
    "weight": int,
    "order": int,
    "region": str,
    "plan": str,
    "models_url": str,
}
PLANS = ("free", "paid")
NEVER, ALLOWED = "never", "allowed"
GATEWAY: Mapping[str, type | tuple[type, ...]] = {
    "host": str,
    "port": int,
    "request_timeout": (int, float),
    "workers": int,
    "log_bodies": bool,
}
MOST_WORKERS = 64
USAGE: Mapping[str, type | tuple[type, ...]] = {
    "keep_days": int,
    "metrics_port": int,
    "compare_to": str,
}
KEEP_DAYS = 90
MOST_DAYS = 36500


class Entry(NamedTuple):
    """One provider as the user wrote it; strings may hold `${VAR}`."""

    type: str
    name: str
    enabled: bool = True
    api_key: str = ""
    api_base: str = ""
    model_name: str = ""
    provider: str = ""
    options: Mapping[str, Any] = NOTHING
    place: str = ""
    spend: str = ""
    """never or allowed, where the entry has a word of its own."""
    keys: tuple[str, ...] = ()
    """Further keys, each with deployments of its own."""
    limits: tuple[Mapping[str, Any], ...] = ()
    """The user's own word on what may be used (`freerouter.limits`), one map or several."""

    @property
    def first_key(self) -> str:
        """The text of its key, or of the first of several; "" where it names none."""
        return self.api_key or next(iter(self.keys), "")


class ProvidersFile(NamedTuple):
    """The whole file. `gateway` holds its settings (GATEWAY), where they are given."""

    path: str
    entries: tuple[Entry, ...]
    gateway: Mapping[str, Any] = NOTHING
    litellm: Mapping[str, Any] = NOTHING
    select: Mapping[str, tuple[str, ...]] = NOTHING
    """By provider, the models chosen. A provider that is not in it goes by its own rule."""
    spend: str = ""
    """never: no model that is not known to cost nothing is ever served."""
    version: int = UNVERSIONED
    aliases: Mapping[str, Alias] = NOTHING
    """By name, the user's own names for models."""
    usage: Mapping[str, Any] = NOTHING
    """How long numbers are kept, where they may be scraped, and what they are compared to (USAGE),
    where that is given.
    """
    budgets: tuple[Budget, ...] = ()

    @property
    def enabled(self) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries if e.enabled)

    def get(self, name: str) -> Entry:
        """The provider of that name. Raises NotFoundError with the nearest one."""
        names = [entry.name for entry in self.entries]
        if name in names:
            return self.entries[names.index(name)]
        there = f"In providers.yaml: {', '.join(names)}." if names else "There is none yet."
        raise NotFoundError(
            f'There is no provider "{name}" in providers.yaml.',
            fix=did_you_mean(name, names) or there,
        )

    def address(self, environ: Mapping[str, str]) -> tuple[str, int]:
        """Host and port of the gateway: the file, else the original's variables, else ours."""
        named = (environ.get(name, "") for name in ("LITELLM_PORT", USUAL_PORT))
        port = self.gateway.get("port") or next((int(n) for n in named if n.isdigit()), PORT)
        return self.gateway.get("host") or environ.get("LITELLM_HOST") or HOST, port


def variable_part(name: str) -> str:
    """A provider's name as it stands in the names of variables."""
    return "".join(c if c.isalnum() else "_" for c in name).upper()


def load_providers(workspace: Workspace) -> ProvidersFile:
    """Read and check the workspace's providers.yaml. Raises with `file:line:col` and a fix."""
    if not workspace.configured:
        raise NotConfiguredError(
            "Nothing is configured yet.",
            f"There is no {workspace.providers_file}.",
            "`freerouter init --wizard` sets everything up.",
        )
    return read_providers(read_yaml(workspace.providers_file))


def read_providers(document: Document) -> ProvidersFile:
    """What the file says. Where all faults are wanted (`document.told`), what is sound of it: an
    entry for each row, without a type where the row has none.
    """
    if document.data is None:
        fix = "Delete it, then `freerouter init --wizard` makes a new one."
        if document.told is None:
            raise FileError(f"{document.name} is empty.", fix=fix)
        document.refuse("empty-file", (), "this file is empty.", fix)
    check_version(document)
    top = {} if document.data is None else document.data
    data = sound(document, top, (), TOP, "providers.yaml")
    gateway = _gateway(document, data.get("gateway"))
    rows = data.get("providers") or []
    entries = _number(_entry(document, row, ("providers", i)) for i, row in enumerate(rows))
    _check_names(document, entries)
    names = [e.name for e in entries if e.name]
    return ProvidersFile(
        document.name,
        entries,
        gateway,
        dict(data.get("litellm") or {}),
        _selections(document, data.get("select") or {}, names),
        one_of(document, data, ("spend",), (NEVER, ALLOWED)),
        version_of(data),
        read_aliases(document, data.get("aliases") or {}),
        _usage(document, data.get("usage"), gateway),
        tuple(read_budgets(document, data.get("budgets") or {}, names)),
    )


def _usage(document: Document, value: Any, gateway: Mapping[str, Any]) -> dict[str, Any]:
    if value is None:
        return {}
    usage = sound(document, value, ("usage",), USAGE, "usage")
    days, port = usage.get("keep_days"), usage.get("metrics_port")
    if days is not None and not 0 <= days <= MOST_DAYS:
        what = f"keep_days must be 0 (for ever) to {MOST_DAYS}."
        document.refuse("bad-value", ("usage", "keep_days"), what)
        del usage["keep_days"]
    if port is None:
        return usage
    if not 0 < port < 65536:  # noqa: PLR2004 - the range of TCP ports
        place = ("usage", "metrics_port")
        document.refuse("bad-value", place, "metrics_port must be 1 to 65535.")
        del usage["metrics_port"]
    elif port == (gateway.get("port") or PORT):
        what = "metrics_port is the gateway's own port."
        document.refuse("bad-value", ("usage", "metrics_port"), what, "Choose another one.")
        del usage["metrics_port"]
    return usage


def _gateway(document: Document, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    gateway = sound(document, value, ("gateway",), GATEWAY, "gateway")
    for name, most in (("port", 65535), ("workers", MOST_WORKERS)):
        number = gateway.get(name)
        if number is not None and not 0 < number <= most:
            document.refuse("bad-value", ("gateway", name), f"{name} must be 1 to {most}.")
            del gateway[name]
    return gateway


def _entry(document: Document, value: Any, path: tuple[str | int, ...]) -> Entry:
    row = sound(document, value, path, ENTRY, "a provider")
    kind = row.get("type")
    if isinstance(value, dict) and not value.get("type"):
        document.refuse(
            "missing-field", path, "this provider has no type.", "Add `type: openrouter`, say."
        )
    options = row.get("options") or {}
    if options:
        # The original let anything stand here; what nobody knows is told of by `fetch`.
        options = sound(document, options, (*path, "options"), OPTIONS, "options", open_ended=True)
        _check_models(document, options.get("models"), (*path, "options", "models"))
        one_of(document, options, (*path, "options", "plan"), PLANS)
    text = {k: (row.get(k) or "") for k in ("api_key", "api_base", "model_name", "provider")}
    enabled = row.get("enabled")
    return Entry(
        type=kind or "",
        name=row.get("name") or kind or "",
        enabled=True if enabled is None else enabled,
        options=dict(options),
        place=document.place(path),
        spend=one_of(document, row, (*path, "spend"), (NEVER, ALLOWED)),
        keys=_keys(document, row.get("keys") or [], (*path, "keys")),
        limits=read_limits(document, row.get("limits") or {}, (*path, "limits")),
        **text,
    )


def _check_models(document: Document, rule: Any, path: tuple[str | int, ...]) -> None:
    ids = isinstance(rule, list) and all(isinstance(name, str) for name in rule)
    if rule in (None, "free", "all") or ids:
        return
    document.refuse(
        "bad-value",
        path,
        "models must be free, all, or a list of ids in quotes.",
        did_you_mean(str(rule), ("free", "all")) or 'For example: ["openai/gpt-5"].',
    )


def _keys(document: Document, rows: list[Any], path: tuple[str | int, ...]) -> tuple[str, ...]:
    sound = []
    for number, text in enumerate(rows):
        if isinstance(text, str) and text.strip():
            sound.append(text)
            continue
        document.refuse(
            "wrong-type",
            (*path, number),
            "keys must be a list of variables.",
            'For example: keys: ["${FIRST_KEY}", "${SECOND_KEY}"].',
        )
    return tuple(sound)


def _selections(
    document: Document, data: Mapping[Any, Any], known: list[str]
) -> dict[str, tuple[str, ...]]:
    """The models chosen, by provider; a provider that is left empty has no selection."""
    chosen: dict[str, tuple[str, ...]] = {}
    for name, ids in data.items():
        if name not in known:
            document.refuse(
                "selects-nothing",
                ("select", name),
                f'select names "{name}", which is no provider of this file.',
                did_you_mean(str(name), known)
                or (f"Its providers: {', '.join(known)}." if known else "Take that line out."),
                key=True,
            )
            continue
        if ids is None:
            continue
        place: tuple[str | int, ...] = ("select", name)
        if isinstance(ids, list):
            wrong = [i for i, n in enumerate(ids) if not isinstance(n, str) or not n.strip()]
            if not wrong:
                chosen[name] = tuple(dict.fromkeys(ids))
                continue
            place = (*place, wrong[0])
        document.refuse(
            "wrong-type",
            place,
            f"the models of {name} must be a list of ids in quotes.",
            'For example: ["openai/gpt-5"].',
        )
    return chosen


def _number(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Models that are named one by one need no names of their own: static, static-2, and so on."""
    numbered: list[Entry] = []
    statics = 0
    for entry in entries:
        statics += entry.type == entry.name == "static"
        again = entry.type == entry.name == "static" and statics > 1
        numbered.append(entry._replace(name=f"static-{statics}") if again else entry)
    return tuple(numbered)


def _check_names(document: Document, entries: tuple[Entry, ...]) -> None:
    """Names are told apart also as parts of variables, or one's key would go to the other."""
    seen: dict[str, Entry] = {}
    for number, entry in enumerate(entries):
        other = seen.setdefault(variable_part(entry.name), entry)
        if other is not entry and entry.name:
            document.refuse(
                "duplicate-name",
                ("providers", number),
                f'a provider named "{other.name}" is there already ({other.place}).',
                "Give one of them a `name:` of its own.",
            )
