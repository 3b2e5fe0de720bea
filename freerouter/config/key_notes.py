"""When which key was stored: state/keys.json, by variable. No key is in it, only six digits of its
hash, by which one that was changed by hand since is told from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.config import atomic
from freerouter.config.state import read_state, write_state
from freerouter.redact import digest

if TYPE_CHECKING:
    from freerouter.config.workspace import Workspace


def note_stored(workspace: Workspace, name: str, value: str, now: float) -> None:
    with atomic.lock(workspace.root):
        notes = read_state(workspace.keys_file) or {}
        notes[name] = {"at": now, "digest": digest(value)}
        write_state(workspace.keys_file, notes)


def forget_stored(workspace: Workspace, name: str) -> None:
    with atomic.lock(workspace.root):
        notes = read_state(workspace.keys_file) or {}
        if notes.pop(name, None) is not None:
            write_state(workspace.keys_file, notes)


def stored_at(workspace: Workspace, name: str, value: str) -> float | None:
    """When that very key was stored, in seconds since 1970; None where nobody noted it."""
    notes = read_state(workspace.keys_file) or {}
    note = notes.get(name)
    if not isinstance(note, dict) or note.get("digest") != digest(value):
        return None
    at = note.get("at")
    return float(at) if isinstance(at, int | float) else None


def noted_digest(workspace: Workspace, name: str) -> str:
    """The digest of the key that was stored last under that name; "" where none was."""
    note = (read_state(workspace.keys_file) or {}).get(name)
    return str(note.get("digest") or "") if isinstance(note, dict) else ""
