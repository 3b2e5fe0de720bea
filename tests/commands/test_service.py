"""`service`: a unit that systemd would take, and what it must not hold."""

from __future__ import annotations

import plistlib
import sys
from typing import TYPE_CHECKING

import pytest

from freerouter.commands.service import unit_of
from freerouter.context import make_context

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

pytestmark = pytest.mark.gateway  # wants the engine installed
KEY = "sk-or-v1-canary-9f8e7d6c5b4a"


def unit_file(world: World, name: str = "freerouter") -> Path:
    return world.home / ".config" / "systemd" / "user" / f"{name}.service"


def test_a_unit_is_written_and_the_next_command_named(gateway: World) -> None:
    gateway.cli("fetch")
    ran = gateway.cli("service", "install")
    assert ran.out == (
        "Wrote ~/.config/systemd/user/freerouter.service.\n"
        "Next: systemctl --user daemon-reload && systemctl --user enable --now freerouter\n"
    )
    lines = unit_file(gateway).read_text().splitlines()
    assert f"ExecStart={sys.executable} -m freerouter start --foreground" in lines
    assert f"ExecReload={sys.executable} -m freerouter reload" in lines
    assert f"Environment=FREEROUTER_HOME={gateway.workspace}" in lines
    assert "Type=notify" in lines
    assert "KillMode=mixed" in lines


def test_it_can_be_looked_at_first_and_removed(gateway: World) -> None:
    gateway.cli("fetch")
    shown = gateway.cli("service", "install", "--dry-run")
    assert shown.out.startswith("[Unit]\n")
    assert not unit_file(gateway).exists()
    assert gateway.cli("service", "remove").code == 4
    gateway.cli("service", "install")
    assert unit_file(gateway).read_text() == shown.out
    removed = gateway.cli("service", "remove")
    assert "systemctl --user disable --now freerouter" in removed.out
    assert not unit_file(gateway).exists()


def test_a_profile_has_a_unit_of_its_own(gateway: World) -> None:
    gateway.cli("--profile", "work", "init")
    gateway.cli("--profile", "work", "fetch")
    ran = gateway.cli("--profile", "work", "service", "install")
    assert ran.code == 0, ran.err
    text = unit_file(gateway, "freerouter-work").read_text()
    assert "--profile work start --foreground" in text
    assert f"FREEROUTER_HOME={gateway.workspace}\n" in text


def test_a_key_that_only_the_shell_has_is_told_and_not_written(
    gateway: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.cli("fetch")
    gateway.providers(
        "providers:\n  - {type: demo}\n"
        "  - {type: static, model_name: m, provider: openai, api_key: '${MY_KEY}', "
        "api_base: 'http://127.0.0.1:9/v1'}\n"
    )
    monkeypatch.setenv("MY_KEY", KEY)
    ran = gateway.cli("service", "install")
    assert "MY_KEY is set only in this shell, which the service does not see" in ran.err
    assert KEY not in unit_file(gateway).read_text() + ran.out + ran.err


def test_words_are_quoted_as_systemd_reads_them(
    gateway: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREEROUTER_HOME", "/a path/100%")
    unit = unit_of(make_context())
    assert 'Environment="FREEROUTER_HOME=/a path/100%%"' in unit.text


def test_macos_has_launchd(gateway: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    unit = unit_of(make_context())
    job = plistlib.loads(unit.text.encode())
    assert unit.path == str(gateway.home / "Library/LaunchAgents/local.freerouter.plist")
    assert job["ProgramArguments"][-2:] == ["start", "--foreground"]
    assert job["KeepAlive"] == {"SuccessfulExit": False}
    assert job["EnvironmentVariables"] == {"FREEROUTER_HOME": str(gateway.workspace)}
