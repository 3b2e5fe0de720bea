"""Which directory holds the configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from freerouter.config.workspace import Workspace, find_workspace, shown
from freerouter.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

HOME = {"HOME": "/home/me"}


def test_without_anything_it_is_the_users(tmp_path: Path) -> None:
    found = find_workspace(HOME, str(tmp_path))
    assert found == Workspace("/home/me/.config/freerouter", "user")


def test_xdg_config_home_moves_it(tmp_path: Path) -> None:
    environ = {**HOME, "XDG_CONFIG_HOME": "/elsewhere"}
    assert find_workspace(environ, str(tmp_path)).root == "/elsewhere/freerouter"


def test_freerouter_home_comes_before_the_users(tmp_path: Path) -> None:
    found = find_workspace({**HOME, "FREEROUTER_HOME": "/srv/fr"}, str(tmp_path))
    assert found == Workspace("/srv/fr", "env")


def test_a_project_comes_first_once_it_has_a_providers_file(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    environ = {**HOME, "FREEROUTER_HOME": "/srv/fr"}
    assert find_workspace(environ, str(tmp_path)).origin == "env"
    (tmp_path / "config" / "providers.yaml").touch()
    assert find_workspace(environ, str(tmp_path)) == Workspace(str(tmp_path / "config"), "project")


def test_a_profile_is_a_workspace_inside_the_workspace(tmp_path: Path) -> None:
    found = find_workspace(HOME, str(tmp_path), "work")
    assert found.root == "/home/me/.config/freerouter/profiles/work"
    assert found.profile == "work"


@pytest.mark.parametrize("name", ["../other", ".hidden", f"a{os.sep}b"])
def test_a_profile_cannot_lead_out_of_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_workspace(HOME, str(tmp_path), name)
    assert (
        str(caught.value)
        == f'"{name}" cannot be the name of a profile. Use letters, digits, -, _ and . in it.'
    )


def test_all_files_are_inside_it() -> None:
    workspace = Workspace("/w")
    assert workspace.providers_file == "/w/providers.yaml"
    assert workspace.config_file == "/w/config.yaml"
    assert workspace.env_file == "/w/.env"
    assert workspace.models_file == "/w/state/models.json"
    assert workspace.gateway_file == "/w/state/gateway.json"
    assert workspace.log_file == "/w/state/gateway.log"
    assert workspace.history_file == "/w/state/history"
    assert workspace.backups == "/w/backups"
    assert workspace.overrides == "/w/providers.d"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/home/me/.config/x", "~/.config/x"),
        ("/home/me", "~"),
        ("/home/meg/x", "/home/meg/x"),
        ("/etc/x", "/etc/x"),
    ],
)
def test_paths_are_shown_as_people_write_them(path: str, text: str) -> None:
    assert shown(path, HOME) == text
    assert shown(path, {"HOME": "/"}) == path
    assert shown(path, {}) == path
