"""Every test has a HOME, a directory and an environment of its own; a world in one line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from fakes import TOKEN, FakeServer
from hypothesis import HealthCheck, settings

from freerouter import cli
from freerouter.config.yaml_file import dump_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# The same examples each time, and as long as it takes: a busy machine is no finding.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("search", parent=settings.get_profile("steady"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TERM", "VIRTUAL_ENV", "PYTHONPATH", "COVERAGE_FILE")


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class World:
    """A fresh user on a fresh machine. `cli` runs in this process, `process` in one of its own."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.home = root / "home"
        self.cwd = root / "work"
        self.workspace = self.home / ".config" / "freerouter"
        self._capture = capture
        self.home.mkdir()
        self.cwd.mkdir()

    def cli(self, *argv: str) -> Ran:
        self._capture.readouterr()
        code = cli.main(list(argv))
        return Ran(code, *self._capture.readouterr())

    def process(self, *argv: str, stdin: str = "", **environ: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "freerouter", *argv],
            input=stdin,
            env={**os.environ, **environ},
            cwd=self.cwd,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def providers(self, text: str) -> Path:
        """Write providers.yaml as given."""
        self.workspace.mkdir(parents=True, exist_ok=True)
        path = self.workspace / "providers.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def override(self, provider: str, **fields: object) -> None:
        """Point a catalogue record elsewhere, as a user's providers.d may."""
        directory = self.workspace / "providers.d"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{provider}.yaml").write_text(dump_yaml(fields), encoding="utf-8")

    def written(self) -> dict[str, str]:
        """Every file under HOME and the working directory, as text."""
        return {
            str(path): path.read_bytes().decode("utf-8", "replace")
            for top in (self.home, self.cwd)
            for path in top.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    made = World(tmp_path, capsys)
    for name in list(os.environ):
        if name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    monkeypatch.setenv("FREEROUTER_PAGER", "off")
    # The keys of whoever runs the tests are nobody's business.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.chdir(made.cwd)
    # Whatever listens on this machine's usual ports is not part of the test.
    made.override("ollama", base_url="http://127.0.0.1:9")
    return made


@pytest.fixture
def serve() -> Iterator[Callable[[], FakeServer]]:
    """Makes servers, and closes them when the test ends."""
    made: list[FakeServer] = []

    def make() -> FakeServer:
        made.append(FakeServer())
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def server(serve: Callable[[], FakeServer]) -> FakeServer:
    return serve()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def gateway(world: World, free_port: int) -> Iterator[World]:
    """A world whose gateway listens on a free port, and is stopped afterwards."""
    world.providers(f"gateway:\n  port: {free_port}\nproviders:\n  - type: demo\n")
    yield world
    world.cli("stop", "--timeout", "2")


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process that carries our token, as the gateway's does."""
    program = "import sys; print(flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", program, "--token", TOKEN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout
    child.stdout.readline()
    with child:
        yield child
        child.kill()
