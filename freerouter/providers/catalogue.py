"""The catalogue: one YAML record a provider, ours first, then the workspace's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.providers_file import NOTHING
from freerouter.config.yaml_file import read_yaml
from freerouter.errors import FileError, NotFoundError
from freerouter.registry import did_you_mean
from freerouter.resources import catalogue_directory

if TYPE_CHECKING:
    from collections.abc import Mapping


class Provider(NamedTuple):
    """What is known of a provider. Field by field as in the YAML records."""

    id: str
    name: str
    base_url: str = ""
    status: str = "active"
    status_note: str = ""
    key: str = "required"
    """required, optional or none."""
    env: tuple[str, ...] = ()
    """Variables that may hold its key, the first being the usual one."""
    key_url: str = ""
    free_tier: str = ""
    terms: str = ""
    """What is worth knowing before using it: that it learns from what it is sent, say."""
    local: bool = False
    generic: bool = False
    """The user gives the address."""
    fixed: bool = False
    """There is no list to ask for."""
    demo: bool = False
    models: tuple[str, ...] = ()
    mock_response: str = ""
    litellm: Mapping[str, Any] = NOTHING
    list: Mapping[str, Any] = NOTHING
    check: Mapping[str, Any] = NOTHING
    refused: Mapping[str, Any] = NOTHING
    free: Mapping[str, Any] = NOTHING

    @property
    def retired(self) -> bool:
        return self.status == "retired"

    def key_help(self) -> str:
        return f"Keys are made at {self.key_url}" if self.key_url else ""


_FIELDS = frozenset(Provider._fields)
_MAPS = ("litellm", "list", "check", "refused", "free")
_FLAGS = ("local", "generic", "fixed", "demo")
_KINDS: dict[str, type] = {
    **dict.fromkeys(_FIELDS, str),
    **dict.fromkeys(_MAPS, dict),
    **dict.fromkeys(_FLAGS, bool),
    "env": list,
    "models": list,
}  # fmt: skip
_WORDS = {str: "text", dict: "a map", bool: "true or false", list: "a list"}


class Catalogue:
    """Records by id. A file in `overrides` named after a provider replaces single fields of it."""

    def __init__(self, overrides: str = "") -> None:
        self._overrides = overrides
        self._known: dict[str, Provider] = {}

    def ids(self) -> list[str]:
        found = {name[:-5] for name in os.listdir(catalogue_directory()) if name.endswith(".yaml")}
        if os.path.isdir(self._overrides):
            found |= {n[:-5] for n in os.listdir(self._overrides) if n.endswith(".yaml")}
        return sorted(found)

    def get(self, provider: str) -> Provider:
        """The record. Raises NotFoundError with the nearest name."""
        if provider not in self._known:
            self._known[provider] = self._read(provider)
        return self._known[provider]

    def _read(self, provider: str) -> Provider:
        data: dict[str, Any] = {}
        for directory in (catalogue_directory(), self._overrides):
            path = os.path.join(directory, f"{provider}.yaml") if directory else ""
            if path and os.sep not in provider and os.path.isfile(path):
                data |= _read_record(path)
        if not data:
            ids = self.ids()
            raise NotFoundError(
                f'There is no provider "{provider}".',
                fix=did_you_mean(provider, ids) or f"Known: {', '.join(ids)}.",
            )
        return Provider(**{"id": provider, "name": provider, **data})

    def all(self) -> list[Provider]:
        return [self.get(name) for name in self.ids()]


def _read_record(path: str) -> dict[str, Any]:
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        raise FileError(f"{path}: a provider's record must be a map.")
    for key in document.data:
        if key not in _FIELDS:
            raise FileError(
                f'{document.place((key,), key=True)}: unknown key "{key}".',
                fix=did_you_mean(str(key), _FIELDS),
            )
        wanted = _KINDS[key]
        if not isinstance(document.data[key], wanted):
            raise FileError(
                f"{document.place((key,))}: {key} must be {_WORDS[wanted]}.",
                fix=f"Write {key} as {_WORDS[wanted]}.",
            )
    return {k: tuple(v) if isinstance(v, list) else v for k, v in document.data.items()}
