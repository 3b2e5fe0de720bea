"""
providers.yaml: what the user wants. Read strictly, with a position for everything wrong.

The original FreeRouter's file loads as it is; ours adds `version`, `gateway` and `litellm`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from freerouter.config.yaml_file import Document, read_yaml
from freerouter.errors import FileError, NotConfiguredError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.workspace import Workspace

TOP: Mapping[str, type | tuple[type, ...]] = {
    "version": int,
    "providers": list,
    "gateway": dict,
    "litellm": dict,
}
ENTRY: Mapping[str, type | tuple[type, ...]] = {
    "type": str,
    "enabled": bool,
    "name": str,
    "api_key": str,
    "api_base": str,
    "model_name": str,
    "provider": str,
    "options": dict,
}
OPTIONS: Mapping[str, type | tuple[type, ...]] = {
    "models": (str, list),
    "rpm": int,
    "tpm": int,
    "timeout": (int, float),
    "max_retries": int,
    "weight": int,
    "order": int,
}
GATEWAY: Mapping[str, type | tuple[type, ...]] = {
    "host": str,
    "port": int,
    "request_timeout": (int, float),
}
_WORDS = {
    str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "a map",
    float: "a number",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One provider as the user wrote it; strings may hold `${VAR}`."""

    type: str
    name: str
    enabled: bool = True
    api_key: str = ""
    api_base: str = ""
    model_name: str = ""
    provider: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True)
class ProvidersFile:
    """The whole file. `gateway` holds host, port and request_timeout where they are given."""

    path: str
    entries: tuple[Entry, ...]
    gateway: dict[str, Any] = field(default_factory=dict)
    litellm: dict[str, Any] = field(default_factory=dict)

    @property
    def enabled(self) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries if e.enabled)


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
    data = document.data
    if data is None:
        raise FileError(
            f"{document.name} is empty.",
            fix="`freerouter init --wizard` or `providers add` fills it.",
        )
    _check_map(document, data, (), TOP, "providers.yaml")
    for name, known in (("gateway", GATEWAY),):
        if data.get(name) is not None:
            _check_map(document, data[name], (name,), known, name)
    port = (data.get("gateway") or {}).get("port")
    if port is not None and not 0 < port < 65536:  # noqa: PLR2004 - the range of TCP ports
        raise FileError(f"{document.place(('gateway', 'port'))}: port must be 1 to 65535.")
    rows = data.get("providers") or []
    entries = tuple(_entry(document, row, ("providers", i)) for i, row in enumerate(rows))
    _check_names(entries)
    return ProvidersFile(
        document.name, entries, dict(data.get("gateway") or {}), dict(data.get("litellm") or {})
    )


def _entry(document: Document, row: Any, path: tuple[str | int, ...]) -> Entry:
    _check_map(document, row, path, ENTRY, "a provider")
    kind = row.get("type")
    if not kind:
        raise FileError(
            f"{document.place(path)}: this provider has no type.",
            fix="Add `type: openrouter`, say.",
        )
    options = row.get("options") or {}
    if options:
        _check_map(document, options, (*path, "options"), OPTIONS, "options")
    text = {k: (row.get(k) or "") for k in ("api_key", "api_base", "model_name", "provider")}
    enabled = row.get("enabled")
    return Entry(
        type=kind,
        name=row.get("name") or kind,
        enabled=True if enabled is None else enabled,
        options=dict(options),
        place=document.place(path),
        **text,
    )


def _check_map(
    document: Document,
    value: Any,
    path: tuple[str | int, ...],
    known: Mapping[str, type | tuple[type, ...]],
    what: str,
) -> None:
    if not isinstance(value, dict):
        raise FileError(
            f"{document.place(path)}: {what} must be a map, but this is {_word(type(value))}.",
            fix="Write `name: value` lines.",
        )
    for key, item in value.items():
        if key not in known:
            raise FileError(
                f'{document.place((*path, key), key=True)}: unknown key "{key}" in {what}.',
                fix=did_you_mean(str(key), known) or f"Known keys: {', '.join(known)}.",
            )
        wanted = known[key]
        if item is None:
            continue
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        if not isinstance(item, kinds) or (isinstance(item, bool) and bool not in kinds):
            words = " or ".join(_word(k) for k in kinds)
            hint = (
                'Put it in quotes: "…".'
                if str in kinds and not isinstance(item, list | dict)
                else ""
            )
            raise FileError(
                f"{document.place((*path, key))}: {key} must be {words}, "
                f"but this is {_word(type(item))}.",
                fix=hint or f"Write {key} as {words}.",
            )


def _word(kind: type) -> str:
    return _WORDS.get(kind, "nothing" if kind is type(None) else kind.__name__)


def _check_names(entries: tuple[Entry, ...]) -> None:
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.type != "static" and entry.name in seen:
            raise FileError(
                f'{entry.place}: a provider named "{entry.name}" is there already '
                f"({seen[entry.name].place}).",
                fix="Give one of them a `name:` of its own.",
            )
        seen[entry.name] = entry
