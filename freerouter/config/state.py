"""Small JSON files under state/: the last list of models, and what the gateway was started with."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config import atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.config.workspace import Workspace


OWN = ("id", "context", "output", "input_price", "output_price")
OF_KIND = ("provider", "free", "reason", "stale", "can", "written")
"""Fields of which few combinations come: each is kept once, and rows say which one is theirs."""
FIELDS = (*OWN, *OF_KIND)
"""Those of `providers.models.Model`, and whether the model was written into config.yaml."""
ROW = frozenset(FIELDS)
LATER = {"can": ""}
"""Fields that a file of an earlier version has not got, and what they are then."""


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


class Kept(NamedTuple):
    """Models by column: what each has of its own, and which kind of model it is.

    A kind is what many have in common: the values of `OF_KIND`. Kept and read like this a long list
    takes a quarter of the time and of the memory that maps take.
    """

    own: dict[str, list[Any]]
    kind: list[int]
    kinds: list[tuple[Any, ...]]


def by_kind(rows: Iterable[Mapping[str, Any]]) -> Kept:
    rows = [*rows]
    kinds: dict[tuple[Any, ...], int] = {}
    kind = [kinds.setdefault(tuple(row[n] for n in OF_KIND), len(kinds)) for row in rows]
    return Kept({name: [row[name] for row in rows] for name in OWN}, kind, list(kinds))


def read_models(workspace: Workspace) -> list[dict[str, Any]]:
    """Rows of the last fetch, with `FIELDS`; a damaged row is left out."""
    kept = read_kept(read_state(workspace.models_file))
    kinds = [dict(zip(OF_KIND, values, strict=True)) for values in kept.kinds]
    return [
        {**dict(zip(OWN, own, strict=True)), **kinds[kind]}
        for *own, kind in zip(*kept.own.values(), kept.kind, strict=True)
    ]


def read_kept(data: Mapping[str, Any] | None) -> Kept:
    """The models in models.json, whichever version wrote it; none where it is damaged."""
    found = data.get("models") if data else None
    if isinstance(found, list):
        rows = [r for r in found if isinstance(r, dict) and r.keys() >= ROW - LATER.keys()]
        return by_kind({**LATER, **row} for row in rows)
    try:
        return _kept(found)
    except (TypeError, KeyError, ValueError):
        return by_kind(())


def _kept(found: Any) -> Kept:
    """Raises where it is not as it was written."""
    kept = Kept({name: found["own"][name] for name in OWN}, found["kind"], found["kinds"])
    if {len(column) for column in kept.own.values()} != {len(kept.kind)}:
        raise ValueError("columns of one length")
    if any(len(kind) != len(OF_KIND) for kind in kept.kinds):
        raise ValueError("kinds of these fields")
    if kept.kind and not 0 <= min(kept.kind) <= max(kept.kind) < len(kept.kinds):
        raise ValueError("kinds that are there")
    return kept


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


def read_selected(data: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """By provider, what providers.yaml selected when config.yaml was written."""
    found = data.get("selected") if data else None
    if not isinstance(found, dict):
        return {}
    return {name: [*ids] for name, ids in found.items() if isinstance(ids, list)}


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
