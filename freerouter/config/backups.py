"""Backups: what providers.yaml and config.yaml were before a change, kept together under one name.

The name is the time of the change, and the files are called as they always were:
`providers.yaml.backup.20260131_180000`. No secret is in them (`hiding`).
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config import atomic
from freerouter.config.hiding import as_bytes, as_text, hide, secrets_in, secrets_of, stored_secrets
from freerouter.config.state import read_state, write_state
from freerouter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.workspace import Workspace

KEPT = 20
PROVIDERS, CONFIG = "providers.yaml", "config.yaml"
STAMP = "%Y%m%d_%H%M%S"
FILE = re.compile(r"(providers\.yaml|config\.yaml)\.backup\.(\d{8}_\d{6})(?:_(\d+))?")


class Backup(NamedTuple):
    """Files of one moment, by their names in the workspace. `replaced`: see `back_up`."""

    name: str
    files: Mapping[str, str]
    replaced: str = ""

    def read(self) -> dict[str, str]:
        """Texts by name. Raises FileError."""
        return {name: as_text(_bytes(path) or b"") for name, path in self.files.items()}


def present(workspace: Workspace) -> dict[str, str]:
    """What a backup of now would hold: the texts of the files that there are, without secrets."""
    return {name: as_text(raw) for name, raw in _hidden(workspace).items()}


def back_up(workspace: Workspace, now: float, replaced: str = "") -> str:
    """Keep what is about to be overwritten; the backup's name, "" where there is nothing yet.

    `replaced` is the backup that `undo` is about to bring back: what is kept then is no change of
    its own. The caller holds the lock. Raises FileError, before anything has changed.
    """
    files = _hidden(workspace)
    if not files:
        return ""
    found = backups_of(workspace)
    texts = {name: as_text(raw) for name, raw in files.items()}
    if found and not (found[0].replaced or replaced) and found[0].read() == texts:
        return found[0].name
    name = _next_name(found, now)
    paths = {file: os.path.join(workspace.backups, f"{file}.backup.{name}") for file in files}
    atomic.write_together({paths[file]: raw for file, raw in files.items()})
    if replaced:
        _note(workspace, name, replaced, {backup.name for backup in found})
    for old in found[KEPT - 1 :]:
        for path in old.files.values():
            with contextlib.suppress(OSError):
                os.unlink(path)
    return name


def keep_file(workspace: Workspace, path: str, now: float) -> None:
    """Keep another file of the workspace that is about to be overwritten, without its secrets."""
    raw = _bytes(path)
    if raw is None:
        return
    text = as_text(raw)
    clean = hide(text, stored_secrets(workspace, {}) | secrets_in(text))
    base = f"{os.path.basename(path)}.backup.{time.strftime(STAMP, time.localtime(now))}"
    name, number = base, 1
    while os.path.exists(os.path.join(workspace.backups, name)):
        number += 1
        name = f"{base}_{number}"
    kept = raw if clean == text else as_bytes(clean, raw)
    atomic.write_bytes(os.path.join(workspace.backups, name), kept)


def backups_of(workspace: Workspace) -> list[Backup]:
    """All that there are, the newest first."""
    try:
        names = os.listdir(workspace.backups)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FileError(f"Cannot read {workspace.backups}.", f"{error.strerror}.") from None
    sets: dict[tuple[str, int], dict[str, str]] = {}
    for file in names:
        match = FILE.fullmatch(file)
        if match:
            order = (match[2], int(match[3] or 0))
            sets.setdefault(order, {})[match[1]] = os.path.join(workspace.backups, file)
    noted = _noted(workspace)
    found = []
    for order in sorted(sets, reverse=True):
        name = f"{order[0]}_{order[1]}" if order[1] else order[0]
        found.append(Backup(name, dict(sorted(sets[order].items())), noted.get(name, "")))
    return found


def before_last_change(found: list[Backup], now: Mapping[str, str]) -> Backup | None:
    """The backup that `undo` brings back, out of all: the last one that differs from what there is
    now, going on from where an earlier `undo` came to.
    """
    names = [backup.name for backup in found]
    place = 0
    while place < len(found):
        backup = found[place]
        if backup.replaced in names[place + 1 :]:
            place = names.index(backup.replaced)
        elif backup.replaced:
            return None
        elif all(now.get(name) == text for name, text in backup.read().items()):
            place += 1
        else:
            return backup
    return None


def _hidden(workspace: Workspace) -> dict[str, bytes]:
    """The files as they are kept."""
    paths = {PROVIDERS: workspace.providers_file, CONFIG: workspace.config_file}
    found = {name: _bytes(path) for name, path in paths.items()}
    files = {name: raw for name, raw in found.items() if raw is not None}
    known = stored_secrets(workspace, {})
    if PROVIDERS in files:
        known |= secrets_of(files[PROVIDERS])
    hidden = {}
    for name, raw in files.items():
        text = as_text(raw)
        clean = hide(text, known | secrets_in(text))
        hidden[name] = raw if clean == text else as_bytes(clean, raw)
    return hidden


def _bytes(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"Cannot read {path}.", f"{error.strerror}.") from None


def _next_name(found: list[Backup], now: float) -> str:
    """The time, or a second after the newest backup: names are in the order of the changes, also
    where several come in one second and where clocks are put back.
    """
    name = time.strftime(STAMP, time.localtime(now))
    if not found or name > found[0].name:
        return name
    from datetime import datetime, timedelta

    newest = datetime.strptime(found[0].name[:15], STAMP)  # noqa: DTZ007 - of the same clock
    return (newest + timedelta(seconds=1)).strftime(STAMP)


def _noted(workspace: Workspace) -> dict[str, str]:
    data = read_state(workspace.undone_file) or {}
    return {str(name): str(replaced) for name, replaced in data.items()}


def _note(workspace: Workspace, name: str, replaced: str, names: set[str]) -> None:
    kept = {n: r for n, r in _noted(workspace).items() if n in names}
    write_state(workspace.undone_file, {**kept, name: replaced})
