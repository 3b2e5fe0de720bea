"""The catalogue: one YAML record a provider: ours, those of plugins, the user's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from freerouter.errors import FileError, NotFoundError
from freerouter.providers.plugged import plugged_records
from freerouter.providers.record import Provider, read_record
from freerouter.registry import did_you_mean
from freerouter.resources import catalogue_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.context import Context

__all__ = ["VARIABLE", "Catalogue", "Provider", "catalogue_of"]

VARIABLE = "FREEROUTER_CATALOGUE"
"""The environment variable that names one more directory of records, which is merged last."""


class Catalogue:
    """Records by id. A file in `overrides` named after a provider replaces single fields of it.

    One in `extra` does so after that; a directory that is named there must be one.
    """

    def __init__(
        self,
        overrides: str = "",
        extra: str = "",
        plugged: Callable[[], Mapping[str, dict[str, Any]]] = plugged_records,
    ) -> None:
        self._overrides = overrides
        self._extra = extra
        self._plugged = plugged
        self._known: dict[str, Provider] = {}

    def ids(self) -> list[str]:
        return sorted({*_names(catalogue_directory()), *self._plugged(), *self.overridden()})

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
        ours = os.path.join(catalogue_directory(), f"{provider}.yaml")
        if os.sep not in provider and not os.path.isfile(ours):
            data = dict(self._plugged().get(provider, {}))
        for directory in (catalogue_directory(), self._overrides, self._extra):
            path = os.path.join(directory, f"{provider}.yaml") if directory else ""
            if path and os.sep not in provider and os.path.isfile(path):
                data = _merged(data, read_record(path))
        if not data:
            ids = self.ids()
            raise NotFoundError(
                f'There is no provider "{provider}".',
                fix=did_you_mean(provider, ids)
                or "`freerouter providers list --all` shows those that are known.",
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


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Field by field. Another address takes along what else the key would be sent to."""
    merged = {**below, **above}
    if below and "base_url" in above:
        if "regions" not in above:
            merged.pop("regions", None)
        url = below.get("check", {}).get("url")
        if url and "check" not in above:
            check = {name: value for name, value in below["check"].items() if name != "url"}
            merged["check"] = {**check, "path": urlsplit(url).path}
    return merged


def _names(directory: str) -> set[str]:
    if not os.path.isdir(directory):
        return set()
    return {name[:-5] for name in os.listdir(directory) if name.endswith(".yaml")}
