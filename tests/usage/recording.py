"""The real LiteLLM with the recorder in it, for tests: a child process that serves a workspace."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import World

PROGRAM = Path(__file__).with_name("recorded_gateway.py")
MASTER = "sk-master-0123456789abcdef"


@contextlib.contextmanager
def recording(
    world: World, port: int, path: Path, **environ: str
) -> Iterator[subprocess.Popen[str]]:
    """Serves the workspace's config.yaml at the port, and records into `path` and, beside it,
    usage.db and quota.db. `environ` goes on top of what it needs.
    """
    child = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(port), str(path)],
        env={
            **os.environ,
            "CONFIG_FILE_PATH": str(world.workspace / "config.yaml"),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_MASTER_KEY": MASTER,
            **environ,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=world.cwd,
    )
    try:
        assert child.stdout
        while (line := child.stdout.readline()) != "serving\n":
            assert line, "LiteLLM did not start"
        yield child
    finally:
        child.terminate()
        child.communicate(timeout=60)
