"""What the shell knows of the state of things: read in the background, swapped in whole.

Nothing that is drawn while somebody types reads a file: it looks at the last snapshot.
"""

from __future__ import annotations

import os
import re
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.next import command_in
from freerouter.config.state import read_models, read_state
from freerouter.config.written_names import aliases_in, read_config
from freerouter.errors import FreeRouterError
from freerouter.needs import KNOWN, check_needs
from freerouter.shell.candidates import Candidate, Group, grouped
from freerouter.standing import Standing, glance, requests_of, with_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.config.workspace import Workspace
    from freerouter.context import Context

EVERY = 2.0
"""Seconds between two looks at the files."""
BACKUP = re.compile(r"\.backup\.(\d{8}_\d{6}(?:_\d+)?)$")
"""Files of one moment have the same end."""


class Snapshot(NamedTuple):
    """How things stood at one moment, and what can be completed with it."""

    standing: Standing = Standing()
    cannot: Mapping[str, str] = {}
    """By need that is not met, why, and what would change that."""
    groups: Mapping[str, Group] = {}
    """By kind, the names that can be completed."""


class Reader:
    """Makes snapshots. What has not changed is not read again."""

    def __init__(self, recent: Callable[[], Mapping[str, int]] = dict) -> None:
        self._recent = recent
        self._models: tuple[Any, tuple[list[dict[str, Any]], Group, Group]] | None = None
        self._requests: tuple[Any, int] = (None, 0)
        self._providers: tuple[str, ...] = ()
        self._groups: dict[str, tuple[tuple[str, ...], Group]] = {}

    def read(self, ctx: Context) -> Snapshot:
        workspace = ctx.workspace
        rows, models, served = self._of_models(workspace)
        standing = with_rows(glance(ctx), ctx, rows)
        return Snapshot(
            standing._replace(requests=self._requests_today(ctx)),
            _cannot(ctx),
            {**self._names(workspace), "model": models, "served": served},
        )

    def _of_models(self, workspace: Workspace) -> tuple[list[dict[str, Any]], Group, Group]:
        """The rows of the last list, all of them to be completed, and those that are served."""
        recent = self._recent()
        stamp = (workspace.models_file, _stamp(workspace.models_file))
        if self._models is None or self._models[0][0] != stamp:
            rows = read_models(workspace)
            aliases = _aliases(workspace)
            self._groups["alias"] = ((), grouped(aliases))
            served = [row for row in rows if row["written"]]
            names = [*aliases, *_names_of_litellm(workspace, aliases)]
            groups = (
                grouped([*aliases, *_models(rows)], recent),
                grouped([*names, *_models(served)], recent),
            )
            self._models = ((stamp, recent), (rows, *groups))
        elif self._models[0][1] is not recent:
            rows, *before = self._models[1]
            all_, served_ = (group.reweighed(recent) for group in before)
            self._models = ((stamp, recent), (rows, all_, served_))
        return self._models[1]

    def _names(self, workspace: Workspace) -> dict[str, Group]:
        """Names of the other kinds; a kind whose names are the same is the same group."""
        from freerouter.config.settings import known_names
        from freerouter.plugins import flow_directories
        from freerouter.resources import flow_paths

        base = os.path.dirname(os.path.dirname(workspace.root)) if workspace.profile else ""
        profiles = os.path.join(base or workspace.root, "profiles")
        there = [
            name
            for name in _entries(profiles)
            if os.path.isfile(os.path.join(profiles, name, "providers.yaml"))
        ]
        ends = map(BACKUP.search, _entries(workspace.backups))
        backups = sorted({end[1] for end in ends if end}, reverse=True)
        found = {
            "provider": self._known_providers(),
            "flow": sorted(flow_paths(flow_directories(workspace.flows))),
            "profile": ["default", *there] if there else [],
            "backup": ["latest", *backups] if backups else [],
            "setting": known_names(),
        }
        for kind, names in found.items():
            if self._groups.get(kind, ((),))[0] != tuple(names):
                group = grouped([Candidate(name, kind) for name in names])
                self._groups[kind] = (tuple(names), group)
        return {kind: group for kind, (_, group) in self._groups.items()}

    def _known_providers(self) -> tuple[str, ...]:
        from freerouter.providers.catalogue_names import known_ids
        from freerouter.providers.plugged import plugged_records

        if not self._providers:
            self._providers = tuple(sorted({*known_ids(), *plugged_records()}))
        return self._providers

    def _requests_today(self, ctx: Context) -> int:
        path = ctx.workspace.usage_file
        day = time.strftime("%F", time.localtime(ctx.now()))
        stamp = (path, _stamp(path), _stamp(f"{path}-wal"), day)
        if stamp != self._requests[0]:
            self._requests = (stamp, requests_of(ctx))
        return self._requests[1]


class Watch:
    """Looks again and again, in a thread of its own. `now` is always a whole snapshot."""

    def __init__(
        self,
        context: Callable[[], Context],
        recent: Callable[[], Mapping[str, int]] = dict,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._context = context
        self._changed = changed
        self._reader = Reader(recent)
        self._wake = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None
        self.now = Snapshot(glance(context()))

    def start(self) -> None:
        """Begin, where it has not begun yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="shell-watch", daemon=True)
            self._thread.start()

    def look(self) -> None:
        """Something has been done: look again, soon."""
        self._wake.set()

    def look_now(self) -> Standing:
        """What can be told at once, into the last snapshot."""
        now = glance(self._context())
        same = ("configured", "has_models", "address", "crashed", "profile")
        standing = self.now.standing._replace(**{name: getattr(now, name) for name in same})
        self.now = self.now._replace(standing=standing)
        return standing

    def end(self) -> None:
        self._ended = True
        self._wake.set()
        if self._thread:
            self._thread.join(EVERY)

    def _run(self) -> None:
        while not self._ended:
            try:
                found = self._reader.read(self._context())
            except (FreeRouterError, OSError):
                found = self.now  # A directory that is gone, say: the next look may see it again.
            if found != self.now:
                self.now = found
                self._changed()
            self._wake.wait(EVERY)
            self._wake.clear()


def _stamp(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def _entries(directory: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(directory) if not name.startswith("."))
    except OSError:
        return []


def _aliases(workspace: Workspace) -> list[Candidate]:
    """What config.yaml was written with, and the first of its members."""
    rows = (read_state(workspace.models_file) or {}).get("pools")
    return [
        Candidate(str(row["name"]), ", ".join(map(str, row["members"][:3])))
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and "name" in row and isinstance(row.get("members"), list)
    ]


def _names_of_litellm(workspace: Workspace, ours: list[Candidate]) -> list[Candidate]:
    """Names that only `model_group_alias` knows: they can be asked, and are not ours to change."""
    known = {one.text for one in ours}
    found = aliases_in(read_config(workspace.config_file))
    return [Candidate(name, ", ".join(to[:3])) for name, to in found if name not in known]


def _models(rows: list[dict[str, Any]]) -> list[Candidate]:
    """One for each id, with who has it; the better, the smaller its weight."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    return [Candidate(name, _told(those), weight=_weight(those)) for name, those in found.items()]


def _told(rows: list[dict[str, Any]]) -> str:
    who = ", ".join(dict.fromkeys(row["provider"] for row in rows))
    free = ", free" if any(row["free"] in ("yes", "quota") for row in rows) else ""
    return f"{who}{free}{'' if any(row['written'] for row in rows) else ', not served'}"


def _weight(rows: list[dict[str, Any]]) -> int:
    """Served, listed, or only listed once."""
    if any(row["written"] for row in rows):
        return 0
    return 2 if all(row["stale"] for row in rows) else 1


def _cannot(ctx: Context) -> dict[str, str]:
    """`The gateway is not running: start`, by need."""
    found = {}
    for need in sorted(KNOWN):
        try:
            check_needs(ctx, (need,))
        except FreeRouterError as error:
            cure = command_in(error.fix) or error.fix
            found[need] = f"{error.what.rstrip('.')}: {cure}" if cure else error.what
    return found
