"""What the benchmarks share: a throw-away home, timing side by side, and one line per figure."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BIN = Path(sys.executable).parent
FREEROUTER = str(BIN / "freerouter")
BARE = [sys.executable, "-I", "-c", "pass"]
BARE_NAME = "python -I -c pass"


class Home(NamedTuple):
    """A user who has nothing yet: a home, a directory and an environment of its own."""

    path: Path
    environ: dict[str, str]

    @property
    def workspace(self) -> Path:
        return self.path / ".config" / "freerouter"

    def run(self, *command: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command to its end; its output. Stops the benchmark where the command fails."""
        done = subprocess.run(
            command, env=self.environ, cwd=self.path, capture_output=True, text=True, check=False
        )
        if done.returncode not in codes:
            raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
        return done.stdout

    def seconds(self, *command: str, codes: tuple[int, ...] = (0,)) -> float:
        began = time.perf_counter()
        self.run(*command, codes=codes)
        return time.perf_counter() - began


@contextmanager
def new_home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="freerouter-benchmark-") as path:
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        search = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        yield Home(Path(path), {**kept, "HOME": path, "PATH": search})


def medians(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Measure every subject once a round, one after the other, so that noise hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, measure in subjects.items():
            times[name].append(measure())
    return {name: statistics.median(found) for name, found in times.items()}


def figure(name: str, seconds: float, base_name: str, base: float, target: float) -> None:
    """The final line of a figure."""
    print(f"{name}: {seconds / base:.2f}x of {base_name} (target {target:g}x)")


def milliseconds(times: Mapping[str, float]) -> None:
    for name, seconds in times.items():
        print(f"  {name:<36} {seconds * 1000:8.1f} ms")


@contextmanager
def server(answer: Callable[[str], bytes], delay: float = 0.0) -> Iterator[int]:
    """A threaded server on loopback that answers every path with JSON; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(delay)
            body = answer(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.do_GET()

        def log_message(self, *_arguments: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # with the usual 5, the system makes many clients wait a second

    listening = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(listening.server_address[1])
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
