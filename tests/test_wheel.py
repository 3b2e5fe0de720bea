"""The wheel carries everything: flows, catalogue and templates work without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import World

ROOT = Path(__file__).parent.parent


def test_the_wheel_does_what_the_checkout_does(world: World, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(inside)
        assert not [name for name in archive.namelist() if "test" in name]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "freerouter", *arguments],
            env={**os.environ, "PYTHONPATH": str(inside)},
            cwd=world.cwd,
            capture_output=True,
            text=True,
            check=False,
        )

    where = [sys.executable, "-c", "import freerouter; print(freerouter.__file__)"]
    found = subprocess.run(
        where,
        env={**os.environ, "PYTHONPATH": str(inside)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.startswith(str(inside))
    ran = run("init", "--wizard", "--set", "start=no", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "1 model in config.yaml." in ran.stdout
    assert "OpenRouter" in run("providers").stdout
