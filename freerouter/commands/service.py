"""`service`: the gateway as a service of the user's system. It writes a file, and calls nothing."""

from __future__ import annotations

import os
import plistlib
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.start import prepare
from freerouter.config import atomic
from freerouter.config.secrets import MASTER_KEY, load_secrets
from freerouter.config.workspace import shown
from freerouter.errors import FreeRouterError, NotFoundError
from freerouter.result import Line, Result
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

MODE = 0o644


class Unit(NamedTuple):
    """A service file: where it lies, what stands in it, and what switches it on and off."""

    path: str
    text: str
    enable: tuple[str, ...]
    disable: str


def install(ctx: Context, args: Mapping[str, Any]) -> Result:
    prepare(ctx, port=None, debug=False, timeout=0)
    unit = unit_of(ctx)
    data = {"path": unit.path, "unit": unit.text, "commands": list(unit.enable)}
    if args["dry_run"]:
        text = unit.text.replace(sys.executable, volatile("path", sys.executable))
        return Result(data, tuple(Line(line) for line in text.splitlines()))
    atomic.write_text(unit.path, unit.text, mode=MODE)
    show = [Line(f"Wrote {shown(unit.path, ctx.environ)}.", "ok")]
    show += [Line(f"Next: {' && '.join(unit.enable)}")]
    show += _missing(ctx)
    return Result(data, tuple(show))


def remove(ctx: Context, args: Mapping[str, Any]) -> Result:
    unit = unit_of(ctx)
    if not os.path.exists(unit.path):
        raise NotFoundError(
            f"There is no {shown(unit.path, ctx.environ)}.", fix="`freerouter service install`."
        )
    os.unlink(unit.path)
    show = (
        Line(f"Removed {shown(unit.path, ctx.environ)}.", "ok"),
        Line(f"Should it still run: {unit.disable}"),
    )
    return Result({"path": unit.path}, show)


def _missing(ctx: Context) -> list[Line]:
    """Keys that only this shell knows: a service has none of its variables."""
    from freerouter.providers.configured import configured_accounts

    secrets = load_secrets(ctx)
    names = [account.key_name for account in configured_accounts(ctx) if account.key]
    only_here = [n for n in (*names, MASTER_KEY) if secrets.origin(n) == "environment"]
    return [
        Line(
            f"{name} is set only in this shell, which the service does not see: "
            "`keys set PROVIDER` stores a key in .env.",
            "warn",
            err=True,
        )
        for name in dict.fromkeys(only_here)
        if name not in secrets.stored and name not in secrets.in_keyring
    ]


def unit_of(ctx: Context) -> Unit:
    """The service of this workspace and profile, for this system."""
    profile = ctx.workspace.profile
    name = f"freerouter-{profile}" if profile else "freerouter"
    root = ctx.workspace.root
    if profile:
        root = os.path.dirname(os.path.dirname(root))
    command = [sys.executable, "-m", "freerouter"]
    command += ["--profile", profile] if profile else []
    home = ctx.environ.get("HOME") or os.path.expanduser("~")
    if sys.platform == "darwin":
        return _launchd(name, home, root, command)
    if sys.platform.startswith("linux"):
        base = ctx.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        return _systemd(name, base, root, command)
    raise FreeRouterError(
        "There is neither systemd nor launchd on this system.",
        fix="Let it run `freerouter start --foreground`.",
    )


def _systemd(name: str, base: str, root: str, command: list[str]) -> Unit:
    line = " ".join(_quoted(word) for word in command)
    text = f"""\
[Unit]
Description=FreeRouter: LLM gateway ({name})
After=network-online.target

[Service]
Type=notify
NotifyAccess=main
Environment={_quoted(f"FREEROUTER_HOME={root}")}
WorkingDirectory=%h
ExecStart={line} start --foreground
ExecReload={line} reload
KillMode=mixed
TimeoutStartSec=180
TimeoutStopSec=45
Restart=on-failure
RestartSec=2

[Install]
WantedBy=default.target
"""
    path = os.path.join(base, "systemd", "user", f"{name}.service")
    enable = ("systemctl --user daemon-reload", f"systemctl --user enable --now {name}")
    return Unit(path, text, enable, f"systemctl --user disable --now {name}")


def _quoted(word: str) -> str:
    """A word as systemd reads it."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if any(c.isspace() for c in word) or '"' in word else word


def _launchd(name: str, home: str, root: str, command: list[str]) -> Unit:
    label = f"local.{name}"
    job = {
        "Label": label,
        "ProgramArguments": [*command, "start", "--foreground"],
        "EnvironmentVariables": {"FREEROUTER_HOME": root},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ExitTimeOut": 45,
        "ProcessType": "Interactive",
    }
    path = os.path.join(home, "Library", "LaunchAgents", f"{label}.plist")
    text = plistlib.dumps(job).decode()
    return Unit(path, text, (f"launchctl load -w {path}",), f"launchctl unload -w {path}")
