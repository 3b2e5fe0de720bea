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

    @property
    def base(self) -> Workspace:
        """The workspace that the profile is one of; itself where it is none."""
        if not self.profile:
            return self
        return Workspace(os.path.dirname(os.path.dirname(self.root)), self.origin)

    @property
    def profiles(self) -> str:
        return os.path.join(self.base.root, "profiles")

    @property
    def chosen_file(self) -> str:
        """The profile that commands are about where none is named."""
        return os.path.join(self.base.root, "state", "profile")

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
    def keys_file(self) -> str:
        """When which key was stored."""
        return self._path("state", "keys.json")

    @property
    def proven_file(self) -> str:
        """Which models have answered, and when."""
        return self._path("state", "proven.json")

    @property
    def failing_file(self) -> str:
        """Which models failed when `check` called them last, and why."""
        return self._path("state", "failing.json")

    @property
    def requests_file(self) -> str:
        """What clients asked of the gateway, a line each."""
        return self._path("state", "requests.jsonl")

    @property
    def usage_file(self) -> str:
        """Numbers of all requests and calls, a database."""
        return self._path("state", "usage.db")

    @property
    def quota_file(self) -> str:
        """What is used of the providers' limits, a database."""
        return self._path("state", "quota.db")

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
    def undone_file(self) -> str:
        """Which backups `undo` made, and what each brought back."""
        return self._path("state", "undone.json")

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


PROFILE = "FREEROUTER_PROFILE"
"""The variable that names a profile for everything that is run with it."""
DEFAULT = "default"
"""What the workspace itself is called among its profiles."""
LONGEST = 64


def find_workspace(environ: Mapping[str, str], cwd: str, profile: str = "") -> Workspace:
    """`./config` where that holds a providers.yaml, else FREEROUTER_HOME, else the user's.

    A profile that is named comes before the variable's, and that before the one in use.
    """
    named = profile or environ.get(PROFILE, "")
    project = project_workspace(cwd)
    inside = project_workspace(cwd, named or chosen_profile(project))
    if inside.configured or project.configured:
        return inside
    return user_workspace(environ, named or chosen_profile(user_workspace(environ)))


def chosen_profile(workspace: Workspace) -> str:
    """The profile in use; "" for none, or where what is kept of it is no name."""
    try:
        with open(workspace.chosen_file, encoding="utf-8") as file:
            name = file.read(LONGEST + 1).strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return name if is_profile_name(name) else ""


def is_profile_name(name: str) -> bool:
    """Whether it can be a directory's name and nothing else: letters, digits, `-`, `_` and `.`."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    return len(name) <= LONGEST and plain.isalnum() and name.isascii() and name[0].isalnum()


def _in_profile(root: str, origin: str, profile: str) -> Workspace:
    if profile in ("", DEFAULT):
        return Workspace(root, origin)
    if not is_profile_name(profile):
        raise UsageError(
            f'"{profile}" cannot be the name of a profile.',
            fix="Use letters, digits, -, _ and . in it.",
        )
    return Workspace(os.path.join(root, "profiles", profile), origin, profile)


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
