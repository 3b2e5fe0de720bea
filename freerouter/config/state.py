"""Small JSON files under state/: the last list of models, and what the gateway was started with."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.workspace import Workspace

    State = Mapping[str, Any] | None
    """What `read_state` gives."""

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
    atomic.write_text(path, state_text(data))


def state_text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def read_models(workspace: Workspace) -> list[dict[str, Any]]:
    """Rows of the last fetch, with `kept_models.FIELDS`; a damaged row is left out."""
    from freerouter.config.kept_models import read_kept, rows_of

    return rows_of(read_kept(read_state(workspace.models_file)))


def read_suffixes(workspace: Workspace) -> dict[str, str]:
    """By provider, what its server wanted after the address that the user gave (`/v1`, say)."""
    return suffixes_in(read_state(workspace.models_file))


def suffixes_in(data: State) -> dict[str, str]:
    found = data.get("suffixes") if data else None
    if not isinstance(found, dict):
        return {}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def read_left_out(workspace: Workspace) -> dict[str, dict[str, int]]:
    """By provider, how many rows of its last list are no models to chat with, by kind."""
    return left_out_in(read_state(workspace.models_file))


def left_out_in(data: State) -> dict[str, dict[str, int]]:
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
    return refused_in(read_state(workspace.models_file))


def refused_in(data: State) -> dict[str, list[str]]:
    found = data.get("refused") if data else None
    if not isinstance(found, dict):
        return {}
    return {name: [*names] for name, names in found.items() if isinstance(names, list)}


def refusing_in(data: State) -> frozenset[str]:
    """Providers that refused every key when they were last asked, so that their lists are old."""
    found = data.get("refusing") if data else None
    names = found if isinstance(found, list) else ()
    return frozenset(name for name in names if isinstance(name, str))


def read_selected(data: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """By provider, what providers.yaml selected when config.yaml was written."""
    found = data.get("selected") if data else None
    if not isinstance(found, dict):
        return {}
    return {name: [*ids] for name, ids in found.items() if isinstance(ids, list)}


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


def is_as_written(path: str) -> bool:
    """Whether a generated config.yaml is still what its fingerprint was made of."""
    import hashlib

    mine = fingerprint_of(path)
    with open(path, "rb") as file:
        body = file.read().partition(f"{FINGERPRINT}{mine}\n\n".encode())[2]
    return bool(mine) and hashlib.sha256(body).hexdigest()[:16] == mine


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


def mark_written(workspace: Workspace, deployments: list[dict[str, str]]) -> None:
    """Let the last lists say that these are the models in config.yaml, and no others.

    One that is not in them (any more) is taken in, as stale.
    """
    data = read_state(workspace.models_file)
    if data is None:
        return
    rows = read_models(workspace)
    served = {(d.get("provider", ""), d.get("model", "")): d for d in deployments}
    anybodys = {d.get("model", "") for d in deployments if "provider" not in d}
    known = set()
    for row in rows:
        place = (row["provider"], row["id"])
        known |= {place, ("", row["id"])}
        row["written"] = place in served or row["id"] in anybodys
    rows += [_row(*place, served[place]) for place in served if place not in known]
    write_state(workspace.models_file, {**data, "models": rows, "asked_for": ""})


def _row(provider: str, model: str, told: dict[str, str]) -> dict[str, Any]:
    return {
        "id": model,
        "provider": provider,
        "context": int(told["context"]) if told.get("context", "").isdigit() else None,
        "output": int(told["output"]) if told.get("output", "").isdigit() else None,
        "input_price": told.get("input_price"),
        "output_price": told.get("output_price"),
        "free": told.get("free", "unknown"),
        "reason": "",
        "stale": True,
        "written": True,
    }
