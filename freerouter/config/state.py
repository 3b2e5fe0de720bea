"""Small JSON files under state/: the last list of models, and what the gateway was started with."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic

if TYPE_CHECKING:
    from freerouter.config.workspace import Workspace


ROW = frozenset(
    {
        *("id", "provider", "context", "output", "input_price", "output_price", "free", "reason"),
        *("stale", "written"),
    }
)
"""The fields of `providers.models.Model`, and whether the model was written into config.yaml."""

POOL = frozenset({"name", "members", "strategy", "weights", "lost", "own"})


def read_state(path: str) -> dict[str, Any] | None:
    """The file's map; None where it is absent or was damaged (it can always be made again)."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def write_state(path: str, data: dict[str, Any]) -> None:
    atomic.write_text(path, json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")


def read_models(workspace: Workspace) -> list[dict[str, Any]]:
    """Rows of the last fetch, with `ROW` as their fields; a damaged row is left out."""
    data = read_state(workspace.models_file)
    rows = data.get("models") if data else None
    if not isinstance(rows, list):
        return []
    return [row for row in rows if isinstance(row, dict) and row.keys() >= ROW]


def read_suffixes(workspace: Workspace) -> dict[str, str]:
    """By provider, what its server wanted after the address that the user gave (`/v1`, say)."""
    data = read_state(workspace.models_file)
    found = data.get("suffixes") if data else None
    if not isinstance(found, dict):
        return {}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def read_left_out(workspace: Workspace) -> dict[str, dict[str, int]]:
    """By provider, how many rows of its last list are no models to chat with, by kind."""
    data = read_state(workspace.models_file)
    found = data.get("left_out") if data else None
    if not isinstance(found, dict):
        return {}
    return {
        name: {kind: n for kind, n in kinds.items() if isinstance(n, int)}
        for name, kinds in found.items()
        if isinstance(kinds, dict)
    }


def read_refused(workspace: Workspace) -> dict[str, list[str]]:
    """By provider with several keys, the variables of those that it refused last."""
    data = read_state(workspace.models_file)
    found = data.get("refused") if data else None
    if not isinstance(found, dict):
        return {}
    return {name: [*names] for name, names in found.items() if isinstance(names, list)}


def read_pools(workspace: Workspace) -> list[dict[str, Any]]:
    """What the aliases came to when config.yaml was written: name, members and so on."""
    data = read_state(workspace.models_file)
    found = data.get("pools") if data else None
    rows = found if isinstance(found, list) else []
    return [row for row in rows if isinstance(row, dict) and row.keys() >= POOL]


def read_ranked_by(workspace: Workspace) -> list[str]:
    """The models that were proven to answer when config.yaml was written."""
    data = read_state(workspace.models_file)
    found = data.get("proven") if data else None
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def read_fetched(workspace: Workspace) -> float | None:
    """When all providers were last asked, in seconds since 1970."""
    data = read_state(workspace.models_file)
    found = data.get("fetched") if data else None
    return float(found) if isinstance(found, int | float) else None


def has_models(workspace: Workspace) -> bool:
    return os.path.isfile(workspace.config_file) and os.path.isfile(workspace.models_file)


FINGERPRINT = "# fingerprint: "


def fingerprint_of(path: str) -> str:
    """The fingerprint in the head of a generated config.yaml; "" where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            for _ in range(10):
                line = file.readline()
                if line.startswith(FINGERPRINT):
                    return line[len(FINGERPRINT) :].strip()
    except (OSError, UnicodeDecodeError):
        pass
    return ""


def digest_of(path: str) -> str:
    """What tells one text of a file from another; "" where it cannot be read."""
    import hashlib

    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()[:16]
    except OSError:
        return ""


def asked_for(workspace: Workspace) -> str:
    """The digest of the providers.yaml from which config.yaml was written."""
    data = read_state(workspace.models_file)
    return str(data.get("asked_for", "")) if data else ""
