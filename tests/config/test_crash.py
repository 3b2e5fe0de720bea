"""A write that is killed at any of its system calls leaves the old file or the new one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KILLING = Path(__file__).parent.parent / "killing.py"
CHANGED = {
    "backup": {"backup"},
    "edit": {"backup", "providers.yaml"},
    "fetch": {"backup", "config.yaml", "state/models.json"},
    "key": {".env"},
    "no_key": {".env"},
    "setting": {"backup", "config.yaml", "providers.yaml", "state/models.json"},
    "restore": {"backup", "config.yaml", "providers.yaml", "state/models.json"},
    "undo": {"backup", "config.yaml", "state/models.json", "state/undone.json"},
}
"""What each of the writes changes, and where it is killed."""
FEWEST = 20
"""System calls that a single file takes at the least."""


@pytest.mark.skipif(sys.platform != "linux", reason="ptrace as it is used here is Linux's")
@pytest.mark.parametrize("scenario", CHANGED)
def test_a_write_that_is_killed_leaves_old_or_new_and_can_be_done_again(
    scenario: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(KILLING), scenario, str(tmp_path)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 1 and not done.stderr:
        pytest.skip("nothing may be traced here")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    changed = {"backup" if n.startswith("backups/") else n for n in report["changed"]}
    assert changed == CHANGED[scenario]
    assert report["calls"] > FEWEST
    assert report["wrong"] == {}
    assert report["failed"] == []
