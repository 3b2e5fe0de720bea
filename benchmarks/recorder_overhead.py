"""What recording and keeping to quotas cost: the same gateway with both and without, in turn.

Two gateways of the same kind differ by more than what is measured here (a tenth, from where their
memory comes to lie), and the machine's own pace changes within seconds. So recording is switched
off and on every two seconds in a worker that serves (recording_switch/), under one load that goes
on all the time. A span with recording is held against the two without around it. The beginning of
each span does not count: there, what was asked before it is still being written. The provider and
the clients are those of gateway_throughput.py. What is printed are means with their standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gateway_throughput import CLIENTS, Client, children_of, request
from measure import FREEROUTER, free_port, new_home

from freerouter.usage.quota_store import standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from measure import Home

BOTH, ALONE = "recorder and quotas", "recorder alone"
ON, OFF = "on", "off"
MANY = 10**9
LIMITS = ", ".join(f"{kind}: {MANY}" for kind in (
    "requests/minute", "requests/day", "tokens/minute", "tokens/day",
))  # fmt: skip
SPAN, WRITTEN = 1.9, 0.8
"""Seconds between two switches; and after which what was asked before is written, in a rush."""
SETTLED = 1.5
"""The same after the last request."""
PATIENCE = 10.0
"""Seconds that a switch may take."""
SWITCH = Path(__file__).parent / "recording_switch"


class Span(NamedTuple):
    """Requests a second, and the median of their seconds."""

    rate: float
    latency: float


class Subject(NamedTuple):
    """A gateway, and what is sent to it."""

    home: Home
    port: int
    pid: int
    request: bytes

    def switch(self, state: str) -> None:
        path = self.home.path / "switch"
        done = self.home.path / "switch.done"
        done.unlink(missing_ok=True)
        path.write_text(state, encoding="ascii")
        os.kill(children_of(self.pid)[-1], signal.SIGUSR2)
        until = time.monotonic() + PATIENCE
        while not done.exists() or done.read_text(encoding="ascii") != state:
            if time.monotonic() > until:
                raise SystemExit(f"The worker did not switch recording {state}.")
            time.sleep(0.01)

    async def spans(self, clients: int, number: int) -> list[Span]:
        """What came of each, recording on in every other one."""
        loop = asyncio.get_running_loop()
        answers: list[tuple[float, float]] = []
        made = [
            (await loop.create_connection(lambda: Client(self.request), "127.0.0.1", self.port))[1]
            for _ in range(clients)
        ]
        over = False

        async def work(client: Client) -> None:
            while not over:
                latency = await client.ask()
                answers.append((time.perf_counter(), latency))

        working = [asyncio.ensure_future(work(client)) for client in made]
        found = []
        for place in range(number):
            self.switch(ON if place % 2 else OFF)
            await asyncio.sleep(WRITTEN)
            began = time.perf_counter()
            await asyncio.sleep(SPAN - WRITTEN)
            ended = time.perf_counter()
            latencies = [latency for when, latency in answers if began <= when < ended]
            answers.clear()
            found.append(Span(len(latencies) / (ended - began), statistics.median(latencies)))
        over = True
        await asyncio.gather(*working)
        for client in made:
            client.transport.close()
        return found


@contextmanager
def gateway(name: str, upstream: int) -> Iterator[Subject]:
    with new_home() as home:
        home.environ["PYTHONPATH"] = str(SWITCH)
        home.run(FREEROUTER, "init")
        base = f"http://127.0.0.1:{upstream}/v1"
        (home.workspace / "providers.yaml").write_text(
            "providers:\n  - {type: static, name: m1, model_name: m1, provider: openai, "
            f"api_base: '{base}', limits: {{{LIMITS if name == BOTH else ''}}}}}\n",
            encoding="utf-8",
        )
        home.run(FREEROUTER, "fetch")
        key = home.run(FREEROUTER, "keys", "show", "master").strip()
        port = free_port()
        try:
            started = json.loads(home.run(FREEROUTER, "start", "--port", str(port), "--json"))
            yield Subject(home, port, int(started["pid"]), request(key, "m1"))
        finally:
            home.run(FREEROUTER, "stop", "--timeout", "5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=201)
    parser.add_argument("--only", choices=(BOTH, ALONE), help="one of both figures")
    options = parser.parse_args()
    program = str(Path(__file__).with_name("gateway_throughput.py"))
    provider = subprocess.Popen(
        [sys.executable, program, "--provider"], stdout=subprocess.PIPE, text=True
    )
    assert provider.stdout
    try:
        upstream = int(provider.stdout.readline())
        with ExitStack() as stack:
            names = [options.only] if options.only else [BOTH, ALONE]
            subjects = {name: stack.enter_context(gateway(name, upstream)) for name in names}
            for name, subject in subjects.items():
                print(f"{name}:")
                measure(subject, options.spans)
                counted(subject, quotas=name == BOTH)
    finally:
        provider.kill()
        provider.communicate()


def measure(subject: Subject, spans: int) -> None:
    asyncio.run(subject.spans(CLIENTS, 4))
    busy = asyncio.run(subject.spans(CLIENTS, spans))
    alone = asyncio.run(subject.spans(1, spans // 4))
    for state, first in ((ON, 1), (OFF, 0)):
        rate = statistics.median(one.rate for one in busy[first::2])
        p50 = statistics.median(one.latency for one in alone[first::2]) * 1000
        print(f"  {state:<4} {rate:.1f} requests/s with {CLIENTS} clients, and p50 of one client "
              f"{p50:.2f} ms")  # fmt: skip
    faster = [math.log(on.rate / math.sqrt(a.rate * b.rate)) for a, on, b in threes(busy)]
    mean, error = statistics.mean(faster), standard_error(faster)
    print(f"  requests/s with {CLIENTS} clients: {math.exp(mean):.3f}x ± {error:.3f} of without "
          "(target 0.97x)")  # fmt: skip
    later = [(on.latency - (a.latency + b.latency) / 2) * 1000 for a, on, b in threes(alone)]
    print(f"  p50 of one client: {statistics.mean(later):+.2f} ± {standard_error(later):.2f} ms "
          "(target 1 ms)")  # fmt: skip


def threes(spans: list[Span]) -> Iterator[tuple[Span, Span, Span]]:
    """Each span with recording, between the two without around it."""
    return zip(spans[0::2], spans[1::2], spans[2::2], strict=False)


def standard_error(values: list[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values))


def counted(subject: Subject, *, quotas: bool) -> None:
    """How much was recorded and counted, and how large that is."""
    time.sleep(SETTLED)
    path = subject.home.workspace / "state" / "usage.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        count = db.execute("SELECT count(*) FROM requests").fetchone()[0]
    print(f"  {count} requests recorded, {path.stat().st_size / count:.0f} bytes each")
    if quotas:
        found = standing(str(subject.home.workspace / "state" / "quota.db"), time.time())
        told = ", ".join(f"{one.used} {one.limit.counts} a {one.limit.per}" for one in found)
        print(f"  counted: {told}")


if __name__ == "__main__":
    main()
