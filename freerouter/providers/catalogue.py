"""The catalogue: one YAML record a provider, ours first, then the user's own."""

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

    from freerouter.context import Context

VARIABLE = "FREEROUTER_CATALOGUE"
"""The environment variable that names one more directory of records, which is merged last."""


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
    """Records by id. A file in `overrides` named after a provider replaces single fields of it.

    One in `extra` does so after that; a directory that is named there must be one.
    """

    def __init__(self, overrides: str = "", extra: str = "") -> None:
        self._overrides = overrides
        self._extra = extra
        self._known: dict[str, Provider] = {}

    def ids(self) -> list[str]:
        return sorted({*_names(catalogue_directory()), *self.overridden()})

    def overridden(self) -> list[str]:
        """The ids of the records that are not, or not only, ours."""
        self._check_extra()
        return sorted({*_names(self._overrides), *_names(self._extra)})

    def get(self, provider: str) -> Provider:
        """The record. Raises NotFoundError with the nearest name."""
        if provider not in self._known:
            self._known[provider] = self._read(provider)
        return self._known[provider]

    def _read(self, provider: str) -> Provider:
        self._check_extra()
        data: dict[str, Any] = {}
        for directory in (catalogue_directory(), self._overrides, self._extra):
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

    def _check_extra(self) -> None:
        if self._extra and not os.path.isdir(self._extra):
            raise FileError(
                f"{VARIABLE} names {self._extra}, which is no directory.",
                fix="Name a directory of providers' records, or unset it.",
            )


def catalogue_of(ctx: Context) -> Catalogue:
    """Our records, the workspace's, and those that the environment names."""
    named = ctx.environ.get(VARIABLE, "")
    return Catalogue(ctx.workspace.overrides, os.path.join(ctx.cwd, named) if named else "")


def _names(directory: str) -> set[str]:
    if not os.path.isdir(directory):
        return set()
    return {name[:-5] for name in os.listdir(directory) if name.endswith(".yaml")}


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
