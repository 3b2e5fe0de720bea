"""The profiles of a workspace: which there are, which is in use, how one is made and removed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from freerouter.config import atomic, keyring
from freerouter.config.secrets import MASTER_KEY, keyring_names, read_env_file, remove_variable
from freerouter.config.workspace import DEFAULT, Workspace, is_profile_name
from freerouter.errors import NotFoundError, UsageError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

OWN = ("providers.d", "flows")
"""Directories that a copy has, too."""
REMOVED = ".removed"
"""Where removed profiles lie: no profile has such a name."""


def profile_names(workspace: Workspace) -> list[str]:
    """All of them, the workspace itself first."""
    try:
        found = sorted(os.listdir(workspace.profiles))
    except OSError:
        found = []
    there = [
        name
        for name in found
        if is_profile_name(name) and named(workspace, name).configured and name != DEFAULT
    ]
    return [DEFAULT, *there]


def named(workspace: Workspace, name: str) -> Workspace:
    """The profile of that name, whether it is there or not. Raises for what can be no name."""
    base = workspace.base
    if name == DEFAULT:
        return base
    if not is_profile_name(name):
        raise UsageError(
            f'"{name}" cannot be the name of a profile.',
            fix="Use letters, digits, -, _ and . in it.",
        )
    return Workspace(os.path.join(base.profiles, name), base.origin, name)


def existing(workspace: Workspace, name: str) -> Workspace:
    """Raises NotFoundError with the nearest name."""
    found = named(workspace, name)
    if not found.configured:
        known = [n for n in profile_names(workspace) if named(workspace, n).configured]
        there = f"There are: {', '.join(known)}." if known else "There is none yet."
        raise NotFoundError(
            f'There is no profile "{name}".', fix=did_you_mean(name, known) or there
        )
    return found


def choose(workspace: Workspace, name: str) -> None:
    """The profile that commands are about from now on."""
    with atomic.lock(workspace.base.root):
        atomic.write_text(workspace.chosen_file, f"{name}\n")


def make(target: Workspace, text: str) -> None:
    with atomic.lock(target.base.root):
        if target.configured:
            raise UsageError(
                f'There is a profile "{target.profile}" already.',
                fix=f"`freerouter profile remove {target.profile}` takes it away.",
            )
        atomic.write_text(target.providers_file, text)


def copy_besides(source: Workspace, target: Workspace, *, keys: bool) -> None:
    """What belongs to a set-up besides providers.yaml: the gateway's own key is each one's own."""
    for name in OWN:
        path = os.path.join(source.root, name)
        if os.path.isdir(path):
            from shutil import copytree

            copytree(path, os.path.join(target.root, name), dirs_exist_ok=True)
    inside = [name for name in keyring_names(source.env_file) if name != MASTER_KEY]
    if keys and source.profile and (read_env_file(source.env_file) or inside):
        for name in inside:
            keyring.write(target.root, name, keyring.read(source.root, name))
        with open(source.env_file, encoding="utf-8-sig") as file:
            atomic.write_text(target.env_file, file.read())
        remove_variable(target, MASTER_KEY)


def own_keys(workspace: Workspace) -> Collection[str]:
    """Names in the .env of the profile itself."""
    path = workspace.env_file
    return [n for n in (*read_env_file(path), *keyring_names(path)) if n != MASTER_KEY]


def put_aside(workspace: Workspace, now: float) -> str:
    """Take a profile away. Returns where its providers.yaml and what is its own lie from now on.

    Its keys, its state and its backups are deleted.
    """
    stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(now))
    base = os.path.join(workspace.profiles, REMOVED, f"{workspace.profile}.{stamp}")
    target, number = base, 1
    while os.path.exists(target):
        number += 1
        target = f"{base}_{number}"
    for name in keyring_names(workspace.env_file):
        keyring.delete(workspace.root, name)
    with atomic.lock(workspace.base.root):
        os.makedirs(target, mode=0o700)
        for name in ("providers.yaml", *OWN):
            path = os.path.join(workspace.root, name)
            if os.path.exists(path):
                os.replace(path, os.path.join(target, name))
        from shutil import rmtree

        rmtree(workspace.root)
    return target
