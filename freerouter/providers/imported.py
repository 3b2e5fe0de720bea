"""What was found in another tool's files, in our terms; and how such things are put together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from freerouter.config import variables
from freerouter.config.references import ENGINE, is_key, variable_name
from freerouter.providers.account import shown_base
from freerouter.providers.recognise import base_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.providers.catalogue import Catalogue, Provider

_LOOSE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


class Imported(NamedTuple):
    """`entries` as in providers.yaml; `keys` by the variable that is to hold each; `select` by
    provider; `litellm` as under that key; `left` says what cannot be taken over.
    """

    entries: tuple[Mapping[str, Any], ...] = ()
    keys: Mapping[str, str] = {}
    select: Mapping[str, tuple[str, ...]] = {}
    litellm: Mapping[str, Any] = {}
    left: tuple[str, ...] = ()


class Gathering:
    """Entries, keys and models as they are met, the same provider at the same place only once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.keys: dict[str, str] = {}
        self.select: dict[str, list[str]] = {}
        self.litellm: dict[str, Any] = {}
        self.left: list[str] = []
        self._entries: dict[tuple[str, str], dict[str, Any]] = {}
        self._limits: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def provider(
        self,
        record: Provider | None,
        base: str,
        key: Any,
        name: str = "",
        limits: Mapping[str, Any] | None = None,
    ) -> str:
        """One provider, with a key if it has one; its name. Unknown servers are called as told,
        else by their host. `limits` are those of one of its models.
        """
        base = base_of(base)
        kind = record.id if record else "oai"
        entry: dict[str, Any] = {"type": kind}
        if record is None:
            entry |= {"name": _plain(name or _host(base)), "api_base": base}
        elif base and base not in (shown_base(record), *record.regions.values()):
            if not _same_place(record, base):
                entry["api_base"] = base
        elif base in record.regions.values() and base != next(iter(record.regions.values())):
            region = next(r for r, url in record.regions.items() if url == base)
            entry["options"] = {"region": region}
        place = (kind, str(entry.get("api_base") or entry.get("options") or ""))
        if place not in self._entries:
            entry["name"] = self._free(str(entry.get("name") or kind), name)
            self._entries[place] = entry
        found = self._entries[place]
        self._limits.setdefault(place, []).append(dict(limits or {}))
        self._give(found, record, key)
        return str(found["name"])

    def static(
        self, model: str, prefix: str, base: str, key: Any, limits: Mapping[str, Any]
    ) -> None:
        """A model of a provider that we cannot ask for a list."""
        place = ("static", f"{prefix}/{model}")
        entry = {"type": "static", "model_name": model, "provider": prefix}
        if base:
            entry["api_base"] = base
        self._entries.setdefault(place, entry)
        self._limits.setdefault(place, []).append(dict(limits))
        self._give(self._entries[place], None, key, f"{prefix}_API_KEY")

    def reference(self, value: Any, variable: str) -> str:
        """What stands for a key: `${NAME}`, and the key itself kept by that name."""
        text = str(value).strip()
        if text.startswith(ENGINE):
            return f"${{{text.removeprefix(ENGINE)}}}"
        if variables.names(text):
            return text
        loose = _LOOSE.fullmatch(text)
        if loose:
            return f"${{{loose.group(1)}}}"
        name = variable
        while self.keys.get(name, text) != text:
            name = f"{name}_2" if name == variable else f"{variable}_{int(name[-1]) + 1}"
        self.keys[name] = text
        return f"${{{name}}}"

    def models(self, provider: str, ids: list[str]) -> None:
        known = self.select.setdefault(provider, [])
        known += [name for name in ids if name not in known]

    def leave(self, what: str) -> None:
        if what not in self.left:
            self.left.append(what)

    def result(self) -> Imported:
        entries = []
        for place, entry in self._entries.items():
            if entry.get("name") == entry["type"]:
                del entry["name"]
            limits, *others = self._limits[place]
            if any(other != limits for other in others):
                self.leave(f"provider {entry.get('name', entry['type'])}: limits, as they differ")
            elif limits:
                entry["options"] = {**entry.get("options", {}), **limits}
            entries.append(entry)
        select = {name: tuple(ids) for name, ids in self.select.items() if ids}
        return Imported(tuple(entries), self.keys, select, self.litellm, tuple(self.left))

    def _give(
        self, entry: dict[str, Any], record: Provider | None, key: Any, usual: str = ""
    ) -> None:
        """Give an entry a key; a second one makes a list of them."""
        loose = isinstance(key, str) and key.startswith(("$", ENGINE))
        if not loose and not is_key(key):
            return
        name = str(entry.get("name") or entry["type"])
        own = record is None or not record.env or name != record.id
        usual = usual or (f"{name}_API_KEY" if own else "")
        variable = variable_name(usual) if usual else (record.env[0] if record else "")
        reference = self.reference(key, variable)
        present = entry.get("keys") or [k for k in [entry.get("api_key")] if k]
        if reference in present:
            return
        if not present:
            entry["api_key"] = reference
        else:
            entry.pop("api_key", None)
            entry["keys"] = [*present, reference]

    def _free(self, wanted: str, named: str) -> str:
        taken = {str(entry.get("name")) for entry in self._entries.values()}
        for name in (wanted, _plain(named)):
            if name and name not in taken:
                return name
        number = 2
        while f"{wanted}-{number}" in taken:
            number += 1
        return f"{wanted}-{number}"


def _same_place(record: Provider, base: str) -> bool:
    """Whether it is the record's own host, at a path for another question of the same service."""
    usual = urlsplit(shown_base(record))
    return usual.netloc == urlsplit(base).netloc and "$" not in usual.netloc


def _host(base: str) -> str:
    parts = urlsplit(base)
    name = parts.hostname or "server"
    return f"{name}-{parts.port}" if parts.port and name in ("localhost", "127.0.0.1") else name


def _plain(name: str) -> str:
    """A name that can stand for a provider: letters, digits, - and _, a letter first."""
    text = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    return text if text[:1].isalpha() or not text else f"at-{text}"
