"""Changing a hand-written providers.yaml: comments, order and quoting of the rest survive."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.config.providers_file import load_providers, read_providers
from freerouter.config.yaml_file import parse_yaml

if TYPE_CHECKING:
    from freerouter.config.providers_file import Entry
    from freerouter.config.workspace import Workspace


def put_provider(workspace: Workspace, values: dict[str, Any], now: float) -> str:
    """Add a provider, or change the entry of that name. Returns added, changed or unchanged."""
    from ruamel.yaml import YAML

    with atomic.lock(workspace.root):
        before = load_providers(workspace)
        with open(workspace.providers_file, encoding="utf-8-sig") as file:
            text = file.read()
        yaml = YAML()
        yaml.preserve_quotes = True
        yaml.width = 4096
        yaml.indent(mapping=2, sequence=4, offset=2)
        data = yaml.load(text)
        place = _find(before.entries, values)
        rows = data.get("providers")
        if rows is None:
            data["providers"] = rows = []
        if place is None:
            rows.append(values)
            outcome = "added"
        else:
            row = rows[place]
            outcome = "changed" if any(row.get(k) != v for k, v in values.items()) else "unchanged"
            row.update(values)
        if outcome == "unchanged":
            return outcome
        out = io.StringIO()
        yaml.dump(data, out)
        new = out.getvalue()
        read_providers(parse_yaml(new.encode(), workspace.providers_file))
        atomic.back_up(workspace.providers_file, workspace.backups, now)
        atomic.write_text(workspace.providers_file, new)
        return outcome


def _find(entries: tuple[Entry, ...], values: dict[str, Any]) -> int | None:
    name = values.get("name") or values["type"]
    return next(
        (i for i, e in enumerate(entries) if e.type == values["type"] and e.name == name), None
    )
