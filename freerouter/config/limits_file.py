"""The `limits:` of a provider in providers.yaml: the user's own word on what may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config.soundness import one_of, sound
from freerouter.limits import HOW, KINDS, RESETS, SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.yaml_file import Document

FIELDS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(KINDS, int),
    "scope": str,
    "resets": str,
    "zone": str,
    "models": list,
}
EXAMPLE = "For example: limits: {requests/day: 1000, tokens/minute: 6000}."


def read_limits(
    document: Document, value: Any, path: tuple[str | int, ...]
) -> tuple[dict[str, Any], ...]:
    """The map, or each one of a list, as far as it is sound; one without a figure is refused."""
    if not value:
        return ()
    if isinstance(value, dict):
        rows = [(value, path)]
    else:
        rows = [(row, (*path, number)) for number, row in enumerate(value)]
    found = (_limits(document, row, place) for row, place in rows)
    return tuple(row for row in found if row)


def _limits(document: Document, value: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
    row = sound(document, value, path, FIELDS, "limits")
    if isinstance(value, dict) and not any(kind in value for kind in KINDS):
        if set(value) <= set(FIELDS):
            document.refuse("missing-field", path, "limits without a figure.", EXAMPLE)
        return {}
    for kind in KINDS:
        if row.get(kind) is not None and row[kind] < 0:
            fix = "0 takes the limit of the catalogue away."
            document.refuse("bad-value", (*path, kind), f"{kind} must be 0 or more.", fix)
            row[kind] = None
    for name, words in (("scope", SCOPES), ("resets", RESETS)):
        row[name] = one_of(document, row, (*path, name), words)
    if row.get("zone") and not is_zone(row["zone"]):
        what = f'there is no time zone "{row["zone"]}".'
        document.refuse("bad-value", (*path, "zone"), what, "For example: America/Los_Angeles.")
        row["zone"] = None
    for number, pattern in enumerate(row.get("models") or ()):
        if not isinstance(pattern, str) or not pattern:
            what = "models must be a list of patterns in quotes."
            document.refuse("wrong-type", (*path, "models", number), what, 'Such as ["*:free"].')
            row["models"] = None
    kept = {name: row[name] for name in (*KINDS, *HOW) if row.get(name) not in (None, "", [])}
    return kept if any(kind in kept for kind in KINDS) else {}


def is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True
