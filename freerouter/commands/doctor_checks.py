"""Every check of `doctor`, in the order in which one thing needs the one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.commands.doctor_config import check_config, check_providers
from freerouter.commands.doctor_facts import finding, from_error
from freerouter.commands.doctor_files import check_disk, check_files, check_workspace
from freerouter.commands.doctor_gateway import check_engine, check_gateway, check_port
from freerouter.commands.doctor_network import check_clock, check_keys, check_network
from freerouter.commands.doctor_shell import check_shell
from freerouter.errors import FreeRouterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freerouter.commands.doctor_facts import Facts, Finding

    Check = Callable[[Facts], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("engine", check_engine),
    ("workspace", check_workspace),
    ("files", check_files),
    ("providers", check_providers),
    ("config", check_config),
    ("keys", check_keys),
    ("network", check_network),
    ("port", check_port),
    ("gateway", check_gateway),
    ("shell", check_shell),
    ("disk", check_disk),
    ("clock", check_clock),
)


def examine(facts: Facts, checks: tuple[tuple[str, Check], ...] = CHECKS) -> Iterator[Finding]:
    """What every check finds. One that fails itself is a finding, and the next one goes on."""
    for area, check in checks:
        try:
            yield from check(facts)
        except FreeRouterError as error:
            yield from_error(f"{area}.failed", error)
        except OSError as error:
            what = f"This could not be looked at: {error.strerror or error}."
            yield finding(f"{area}.failed", "error", what, error.filename or "")
