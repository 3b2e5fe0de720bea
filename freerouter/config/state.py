"""Small JSON files under state/: the last list of models, and what the gateway was started with."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic

if TYPE_CHECKING:
    from freerouter.config.workspace import Workspace


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
    """Rows of the last fetch, with the fields of `providers.models.Model` and `written`."""
    data = read_state(workspace.models_file)
    rows = data.get("models") if data else None
    return rows if isinstance(rows, list) else []


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
