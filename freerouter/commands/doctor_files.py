"""`doctor` on files: is there a workspace, can it be read, is it private, is there room."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from typing import TYPE_CHECKING

from freerouter.commands.doctor_facts import finding
from freerouter.config import variables
from freerouter.config.workspace import shown
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freerouter.commands.doctor_facts import Facts, Finding
    from freerouter.config.workspace import Workspace

MEGABYTE = 1000 * 1000
GIGABYTE = 1000 * MEGABYTE
SCARCE = GIGABYTE
"""Free space below which it is said that there is little."""
TOO_LITTLE = 100 * MEGABYTE
LONG_LOG = 100 * MEGABYTE


def check_workspace(facts: Facts) -> Iterator[Finding]:
    ctx = facts.ctx
    root = ctx.workspace.root
    where = shown(root, ctx.environ)
    if ctx.workspace.configured:
        yield finding("workspace.configured", "ok", f"{where} is set up.")
    elif os.path.isdir(root) and not os.access(root, os.R_OK | os.X_OK):
        yield finding(
            "workspace.configured",
            "error",
            f"{where} cannot be looked into.",
            fix=f"chmod 700 {shlex.quote(root)}",
        )
    else:
        yield finding(
            "workspace.configured",
            "error",
            "Nothing is configured yet.",
            f"There is no {shown(ctx.workspace.providers_file, ctx.environ)}.",
            command=("init",),
        )


def check_files(facts: Facts) -> Iterator[Finding]:
    workspace = facts.ctx.workspace
    if not os.path.isdir(workspace.root):
        yield finding("files.readable", "skipped", "There are no files yet.")
        return
    unreadable = list(_unreadable(facts))
    yield from unreadable or [finding("files.readable", "ok", "Every file can be read.")]
    if sys.platform == "win32":
        return
    exposed = [*_exposed(facts), *_strange(facts)]
    yield from exposed or [finding("files.private", "ok", "Keys and state are yours alone.")]


def _env_files(workspace: Workspace) -> list[str]:
    """`.env`, and for a project also the one beside its `config/`, as keys are read from both."""
    beside = os.path.join(os.path.dirname(workspace.root), ".env")
    return [workspace.env_file, *([beside] if workspace.origin == "project" else [])]


def _read_files(workspace: Workspace) -> list[str]:
    return [
        workspace.providers_file,
        *_env_files(workspace),
        workspace.config_file,
        workspace.models_file,
        workspace.gateway_file,
        workspace.log_file,
        workspace.history_file,
    ]


def _private_directories(workspace: Workspace) -> list[str]:
    return [d for d in (workspace.state, workspace.backups) if os.path.isdir(d)]


def _unreadable(facts: Facts) -> Iterator[Finding]:
    workspace = facts.ctx.workspace
    closed = [d for d in _private_directories(workspace) if not os.access(d, os.R_OK | os.X_OK)]
    for directory in closed:
        yield _cannot_read(
            facts, directory, "Permission denied", f"chmod 700 {shlex.quote(directory)}"
        )
    for path in _read_files(workspace):
        if os.path.dirname(path) in closed:
            continue
        try:
            with open(path, "rb") as file:
                file.read(1)
        except FileNotFoundError:
            continue
        except OSError as error:
            fix = f"chmod 600 {shlex.quote(path)}"
            if not isinstance(error, PermissionError):
                fix = "Move what is there away." if os.path.isdir(path) else ""
            yield _cannot_read(facts, path, error.strerror or str(error), fix)
            continue
        fault = facts.secrets_error
        if fault and path in _env_files(workspace) and path in fault.what:
            yield _cannot_read(facts, path, fault.why.rstrip("."), "Save it as UTF-8 text.")


def _cannot_read(facts: Facts, path: str, why: str, fix: str) -> Finding:
    what = f"Cannot read {shown(path, facts.ctx.environ)}."
    return finding(f"files.readable:{_name(facts, path)}", "error", what, f"{why}.", fix=fix)


def _exposed(facts: Facts) -> Iterator[Finding]:
    """What others of this machine can get at: keys, and directories that only we should enter."""
    workspace = facts.ctx.workspace
    wanted = [(path, 0o600) for path in _env_files(workspace)]
    wanted += [(path, 0o700) for path in _private_directories(workspace)]
    for path, mode in wanted:
        if _others_may(path):
            yield finding(
                f"files.private:{_name(facts, path)}",
                "warn",
                f"Others on this machine can look into {shown(path, facts.ctx.environ)}.",
                fix=f"chmod {mode:o} {shlex.quote(path)}",
            )
    literal = [
        e.name
        for e in (facts.file.entries if facts.file else ())
        if e.api_key and not variables.names(e.api_key)
    ]
    if literal and _others_may(workspace.providers_file):
        yield finding(
            "files.private:providers.yaml",
            "warn",
            f"providers.yaml holds the key of {', '.join(literal)}, and others can read it.",
            fix=f"chmod 600 {shlex.quote(workspace.providers_file)}",
        )


def _others_may(path: str) -> bool:
    try:
        return bool(stat.S_IMODE(os.stat(path).st_mode) & 0o077)
    except OSError:
        return False


def _strange(facts: Facts) -> Iterator[Finding]:
    """What belongs to somebody else: most often made by one `sudo` too many."""
    workspace = facts.ctx.workspace
    us = os.geteuid()
    for path in (workspace.root, *_private_directories(workspace), *_read_files(workspace)):
        try:
            owner = os.stat(path).st_uid
        except OSError:
            continue
        if owner != us:
            yield finding(
                f"files.owner:{_name(facts, path)}",
                "warn",
                f"{shown(path, facts.ctx.environ)} belongs to another user ({owner}).",
                "It was probably made with `sudo`, or this is.",
                fix=f"sudo chown {us} {shlex.quote(path)}",
            )


def _name(facts: Facts, path: str) -> str:
    return os.path.relpath(path, facts.ctx.workspace.root)


def check_disk(facts: Facts) -> Iterator[Finding]:
    import shutil

    workspace = facts.ctx.workspace
    there = workspace.root
    while not os.path.isdir(there) and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    yield space(shutil.disk_usage(there).free)
    directories = [d for d in (there, workspace.state) if os.path.isdir(d)]
    closed = [d for d in directories if not os.access(d, os.W_OK | os.X_OK)]
    for directory in closed:
        yield finding(
            f"disk.writable:{os.path.basename(directory)}",
            "error",
            f"Nothing can be written into {shown(directory, facts.ctx.environ)}.",
            fix=f"chmod u+rwx {shlex.quote(directory)}",
        )
    if not closed:
        yield finding("disk.writable", "ok", "The workspace can be written to.")
    yield from _long_logs(facts)


def space(free: int) -> Finding:
    """What so many free bytes mean for a gateway that logs and a configuration that is written."""
    if free >= SCARCE:
        return finding("disk.space", "ok", f"{volatile('int', free // GIGABYTE)} GB free.")
    state = "error" if free < TOO_LITTLE else "warn"
    what = f"Only {free // MEGABYTE} MB free on the disk of the workspace."
    return finding("disk.space", state, what, fix="Make room on that disk.")


def _long_logs(facts: Facts) -> Iterator[Finding]:
    log = facts.ctx.workspace.log_file
    for path in (log, f"{log}.1"):
        size = os.path.getsize(path) if os.path.isfile(path) else 0
        if size <= LONG_LOG:
            continue
        written = path == log and facts.record is not None
        yield finding(
            f"disk.log:{os.path.basename(path)}",
            "warn",
            f"{shown(path, facts.ctx.environ)} is long: {size // MEGABYTE} MB.",
            fix=f"A new start puts it aside as {os.path.basename(path)}.1, which may be deleted."
            if written
            else f"rm {shlex.quote(path)}",
            command=("reload",) if written else (),
        )
