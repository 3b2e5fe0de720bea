"""What the shell knows of the state of things: read in the background, swapped in whole.

Nothing that is drawn while somebody types reads a file: it looks at the last snapshot.
"""

from __future__ import annotations

import os
import re
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.spent import worst_budget
from freerouter.config.state import has_models, read_models, read_state
from freerouter.errors import FreeRouterError
from freerouter.needs import KNOWN, check_needs
from freerouter.process.record import read_record
from freerouter.shell.candidates import Candidate, Group, grouped
from freerouter.shell.next_steps import command_in
from freerouter.usage.quota_warnings import warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.config.workspace import Workspace
    from freerouter.context import Context
    from freerouter.usage.quota_warnings import Warned

EVERY = 2.0
"""Seconds between two looks at the files."""
BACKUP = re.compile(r"\.backup\.(\d{8}_\d{6}(?:_\d+)?)$")
"""Files of one moment have the same end."""
BAD = {"refused": "key refused", "no_quota": "no quota left", "region": "wrong region"}
"""Verdicts that say that a provider does not serve, and what the toolbar says of them."""


class Snapshot(NamedTuple):
    """How things stood at one moment."""

    configured: bool = False
    has_models: bool = False
    address: str = ""
    """Where the gateway listens; "" where none runs."""
    crashed: bool = False
    """There is a record of a gateway, and no such process."""
    profile: str = ""
    listed: int = 0
    served: int = 0
    providers: tuple[str, ...] = ()
    failing: Mapping[str, str] = {}
    """By provider, what is wrong."""
    requests: int = 0
    """Of today, in UTC."""
    quota: tuple[Warned, ...] = ()
    """Limits that are nearly used up, the nearest first."""
    budget: str = ""
    """The budget that is most used, from 80 % on."""
    cannot: Mapping[str, str] = {}
    """By need that is not met, why, and what would change that."""
    groups: Mapping[str, Group] = {}
    """By kind, the names that can be completed."""


def glance(ctx: Context) -> Snapshot:
    """What can be told at once: enough for the first prompt."""
    workspace = ctx.workspace
    record = read_record(workspace)
    alive = record is not None and record.identity.alive
    return Snapshot(
        workspace.configured,
        has_models(workspace),
        f"{record.host}:{record.port}" if record and alive else "",
        crashed=record is not None and not alive,
        profile=workspace.profile,
    )


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
        return glance(ctx)._replace(
            listed=len(rows),
            served=sum(row["written"] for row in rows),
            providers=tuple(dict.fromkeys(row["provider"] for row in rows)),
            failing=_failing(workspace, rows, ctx.now()),
            requests=self._requests_today(workspace, ctx.now()),
            quota=tuple(warnings(workspace.quota_file, ctx.now())),
            budget=worst_budget(ctx),
            cannot=_cannot(ctx),
            groups={**self._names(workspace), "model": models, "served": served},
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
            groups = (
                grouped([*aliases, *_models(rows)], recent),
                grouped([*aliases, *_models(served)], recent),
            )
            self._models = ((stamp, recent), (rows, *groups))
        elif self._models[0][1] is not recent:
            rows, *before = self._models[1]
            all_, served_ = (group.reweighed(recent) for group in before)
            self._models = ((stamp, recent), (rows, all_, served_))
        return self._models[1]

    def _names(self, workspace: Workspace) -> dict[str, Group]:
        """Names of the other kinds; a kind whose names are the same is the same group."""
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

    def _requests_today(self, workspace: Workspace, now: float) -> int:
        day = time.strftime("%Y-%m-%d", time.gmtime(now))
        stamp = (workspace.requests_file, _stamp(workspace.requests_file), day)
        if stamp != self._requests[0]:
            try:
                with open(workspace.requests_file, "rb") as file:
                    self._requests = (stamp, file.read().count(f'"time":"{day}'.encode()))
            except OSError:
                self._requests = (stamp, 0)
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
        self.now = glance(context())

    def start(self) -> None:
        """Begin, where it has not begun yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="shell-watch", daemon=True)
            self._thread.start()

    def look(self) -> None:
        """Something has been done: look again, soon."""
        self._wake.set()

    def look_now(self) -> Snapshot:
        """What can be told at once, into the last snapshot."""
        now = glance(self._context())
        same = ("configured", "has_models", "address", "crashed", "profile")
        self.now = self.now._replace(**{name: getattr(now, name) for name in same})
        return self.now

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


def _failing(workspace: Workspace, rows: list[dict[str, Any]], now: float) -> dict[str, str]:
    """Providers whose last list is an old one, and those whose key was judged to be bad."""
    found = {row["provider"]: "not reached" for row in rows if row["stale"]}
    for verdict in (read_state(workspace.verdicts_file) or {}).values():
        if isinstance(verdict, dict) and verdict.get("state") in BAD and _holds(verdict, now):
            found[str(verdict.get("provider"))] = BAD[verdict["state"]]
    return found


def _holds(verdict: dict[str, Any], now: float) -> bool:
    at, seconds = verdict.get("at"), verdict.get("seconds")
    return isinstance(at, int | float) and isinstance(seconds, int | float) and now - at < seconds


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
