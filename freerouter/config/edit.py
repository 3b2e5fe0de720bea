"""Changing a hand-written providers.yaml: comments, order and quoting of the rest survive."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.config.providers_file import read_providers
from freerouter.config.yaml_file import decode, parse_yaml, read_yaml

if TYPE_CHECKING:
    from freerouter.config.providers_file import Entry
    from freerouter.config.workspace import Workspace


DEFAULTS = {"enabled": True}
"""What a key means where it is not written."""


def put_provider(workspace: Workspace, values: dict[str, Any], now: float) -> str:
    """Add a provider, or change the entry of that name. Returns added, changed or unchanged."""
    from ruamel.yaml import YAML

    with atomic.lock(workspace.root):
        text, entries = _read(workspace)
        yaml = YAML()
        yaml.preserve_quotes = True
        yaml.width = 4096
        yaml.indent(mapping=2, sequence=4, offset=2)
        data = yaml.load(text)
        place = _find(entries, values)
        rows = data.get("providers")
        if rows is None:
            data["providers"] = rows = []
        if place is None:
            rows.append(values)
            outcome = "added"
        else:
            row = rows[place]
            changes = {k: v for k, v in values.items() if row.get(k, DEFAULTS.get(k)) != v}
            outcome = "changed" if changes else "unchanged"
            row.update(changes)
        if outcome == "unchanged":
            return outcome
        out = io.StringIO()
        yaml.dump(data, out)
        new = out.getvalue()
        read_providers(parse_yaml(new.encode(), workspace.providers_file))
        atomic.back_up(workspace.providers_file, workspace.backups, now)
        atomic.write_text(workspace.providers_file, new)
        return outcome


def _read(workspace: Workspace) -> tuple[str, tuple[Entry, ...]]:
    """The file as it is written, and what is in it. One without any content gets a list."""
    document = read_yaml(workspace.providers_file)
    with open(workspace.providers_file, "rb") as file:
        text = decode(file.read(), document.name)
    if document.node is None:
        return f"{text.rstrip()}\nproviders: []\n".lstrip(), ()
    return text, read_providers(document).entries


def _find(entries: tuple[Entry, ...], values: dict[str, Any]) -> int | None:
    def same(entry: Entry) -> bool:
        if entry.type == values["type"] == "static" and "name" not in values:
            return (entry.model_name, entry.provider) == (values["model_name"], values["provider"])
        return (entry.type, entry.name) == (values["type"], values.get("name", values["type"]))

    return next((place for place, entry in enumerate(entries) if same(entry)), None)
