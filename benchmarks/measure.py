"""What the benchmarks share: a throw-away home, timing side by side, and one line per figure."""

from __future__ import annotations

import asyncio
import os
import queue
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BIN = Path(sys.executable).parent
FREEROUTER = str(BIN / "freerouter")
BARE = [sys.executable, "-I", "-c", "pass"]
BARE_NAME = "python -I -c pass"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
    """A server on loopback that answers every path with JSON, `delay` seconds after it was asked;
    yields its port. It does next to nothing, so that many who ask at once are not kept waiting.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        sent = LENGTH.search(head)
        await reader.readexactly(int(sent[1]) if sent else 0)
        await asyncio.sleep(delay)
        body = answer(head.split(b" ", 2)[1].decode())
        kind = b"Content-Type: application/json\r\nConnection: close"
        writer.write(b"HTTP/1.1 200 OK\r\n%b\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)))
        writer.write(body)
        await writer.drain()
        writer.close()

    async def serve(ended: asyncio.Event, port: queue.SimpleQueue[int]) -> None:
        async with await asyncio.start_server(talk, "127.0.0.1", 0, backlog=128) as listening:
            port.put(listening.sockets[0].getsockname()[1])
            await ended.wait()

    loop, ended, port = asyncio.new_event_loop(), asyncio.Event(), queue.SimpleQueue[int]()
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(serve(ended, port)), daemon=True
    )
    thread.start()
    try:
        yield port.get()
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
