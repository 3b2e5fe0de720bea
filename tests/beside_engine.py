"""A program of its own that imports LiteLLM in the environment that a gateway gives it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from freerouter.process.launch import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path


def said_by(program: str, *argv: str, cwd: Path | None = None, **environ: str) -> str:
    """What the program printed. Nothing of it asks the network: LiteLLM would, at its import."""
    done = subprocess.run(
        [sys.executable, "-c", program, *argv],
        env={**os.environ, **SETTINGS, **environ},
        capture_output=True,
        text=True,
        cwd=cwd,
        check=True,
    )
    return done.stdout
