"""Which directory holds the configuration, and the names of the files in it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Workspace(NamedTuple):
    """A directory of ours. `origin`: project (./config), env (FREEROUTER_HOME) or user."""

    root: str
    origin: str = "user"
    profile: str = ""

    def _path(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    @property
    def providers_file(self) -> str:
        return self._path("providers.yaml")

    @property
    def config_file(self) -> str:
        return self._path("config.yaml")

    @property
    def env_file(self) -> str:
        return self._path(".env")

    @property
    def state(self) -> str:
        return self._path("state")

    @property
    def models_file(self) -> str:
        return self._path("state", "models.json")

    @property
    def answers(self) -> str:
        """Providers' lists that may be used again."""
        return self._path("state", "answers")

    @property
    def verdicts_file(self) -> str:
        return self._path("state", "verdicts.json")

    @property
    def proven_file(self) -> str:
        """Which models have answered, and when."""
        return self._path("state", "proven.json")

    @property
    def requests_file(self) -> str:
        """What clients asked of the gateway, a line each."""
        return self._path("state", "requests.jsonl")

    @property
    def usage_file(self) -> str:
        """Numbers of all requests and calls, a database."""
        return self._path("state", "usage.db")

    @property
    def gateway_file(self) -> str:
        return self._path("state", "gateway.json")

    @property
    def log_file(self) -> str:
        return self._path("state", "gateway.log")

    @property
    def history_file(self) -> str:
        return self._path("state", "history")

    @property
    def backups(self) -> str:
        return self._path("backups")

    @property
    def overrides(self) -> str:
        """A user's own catalogue records, which extend or replace ours."""
        return self._path("providers.d")

    @property
    def flows(self) -> str:
        """A user's own flows."""
        return self._path("flows")

    @property
    def configured(self) -> bool:
        return os.path.isfile(self.providers_file)


def find_workspace(environ: Mapping[str, str], cwd: str, profile: str = "") -> Workspace:
    """`./config` where that holds a providers.yaml, else FREEROUTER_HOME, else the user's."""
    project = project_workspace(cwd, profile)
    if project.configured or project_workspace(cwd).configured:
        return project
    return user_workspace(environ, profile)


def _in_profile(root: str, origin: str, profile: str) -> Workspace:
    if os.sep in profile or profile.startswith("."):
        raise UsageError(f'"{profile}" cannot be the name of a profile.', fix="Use letters.")
    return Workspace(os.path.join(root, "profiles", profile) if profile else root, origin, profile)


def project_workspace(cwd: str, profile: str = "") -> Workspace:
    return _in_profile(os.path.join(cwd, "config"), "project", profile)


def user_workspace(environ: Mapping[str, str], profile: str = "") -> Workspace:
    if environ.get("FREEROUTER_HOME"):
        return _in_profile(os.path.abspath(environ["FREEROUTER_HOME"]), "env", profile)
    home = environ.get("HOME") or os.path.expanduser("~")
    base = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    if sys.platform == "win32":
        base = environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    return _in_profile(os.path.join(base, "freerouter"), "user", profile)


def state_home(environ: Mapping[str, str]) -> str:
    """Where things are kept that belong to no workspace: what a flow was broken off with."""
    home = environ.get("HOME") or os.path.expanduser("~")
    base = environ.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state")
    if sys.platform == "win32":
        base = environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    return os.path.join(base, "freerouter")


def shown(path: str, environ: Mapping[str, str]) -> str:
    """A path as a person writes it: with `~` for the home directory."""
    home = environ.get("HOME", "")
    if home and home != os.sep and (path + os.sep).startswith(home.rstrip(os.sep) + os.sep):
        return "~" + path[len(home.rstrip(os.sep)) :]
    return path
