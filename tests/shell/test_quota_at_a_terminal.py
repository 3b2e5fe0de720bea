"""The line at the bottom of a real terminal warns of a limit that is nearly used up."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pexpect

from freerouter.limits import limits_of
from freerouter.usage.quota_store import News, Pot, QuotaStore

if TYPE_CHECKING:
    from conftest import World

WHERE = r"\x1b\[6n"
"""A terminal is asked where its cursor is; without an answer there is no line at the bottom."""


def test_the_line_at_the_bottom_warns_of_a_limit(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    assert world.cli("fetch").code == 0
    (limit,) = limits_of({"requests/day": 100, "resets": "rolling"}, "yours")
    store = QuotaStore(str(world.workspace / "state" / "quota.db"))
    store.settle((), (), [News(Pot("demo", "", limit), None, 8, None)], time.time())
    store.close()
    child = pexpect.spawn(
        sys.executable,
        ["-m", "freerouter"],
        env={**os.environ, "TERM": "xterm-256color"},
        cwd=str(world.cwd),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=60,
    )
    try:
        while child.expect([WHERE, "demo 92 % of today"]) == 0:
            child.send("\x1b[3;1R")
    finally:
        child.close(force=True)
