"""What recording and keeping to quotas cost: two gateways on one core, one of which records.

A machine's pace may change by half within a second, and two gateways of the same kind differ by
more than what is measured here. So two of them, full of work, share one core, and whatever slows it
slows both; every few seconds the one that recorded no longer does and the other one begins to
(recording_switch/). What counts is how many requests each worker answers in a second of the core
that it got, all its threads together; the provider, the clients (those of gateway_throughput.py)
and the processes that write the records have the other cores. What those take is told besides, as
if they were on that core. The beginning of a turn does not count: there, what was asked before it
is still being written. The latency is that of one client of one gateway, recording on in every
other turn. What it costs also depends on where a gateway's memory happens to lie, by a per cent or
so: several pairs are asked one after the other, and what is printed are the means of all, with the
standard error that their differences tell. Linux only, and two cores at least.
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
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from gateway_throughput import CLIENTS, Client, children_of, request
from measure import FREEROUTER, free_port, new_home

from freerouter.usage.quota_store import standing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from measure import Home

BOTH, ALONE = "recorder and quotas", "recorder alone"
ON, OFF = "on", "off"
MANY = 10**9
LIMITS = ", ".join(f"{kind}: {MANY}" for kind in (
    "requests/minute", "requests/day", "tokens/minute", "tokens/day",
))  # fmt: skip
WRITTEN, TURN = 0.8, 3.0
"""Seconds of each turn: until what was asked before it is written, and those that count."""
SETTLED = 1.5
"""The same after the last request."""
WARM_UP = 2
"""Turns before those that count."""
FEWEST = 2
"""Pairs of which an error can be told, and turns of each."""
PATIENCE = 10.0
"""Seconds that a switch may take."""
SWITCH = Path(__file__).parent / "recording_switch"


class Count(NamedTuple):
    """Requests that were answered, and the seconds of a processor that this took: of the worker,
    and of it and its scribe.
    """

    requests: int
    seconds: float
    in_all: float

    def since(self, before: Count) -> tuple[float, float]:
        """Requests in a second, of each kind."""
        requests = self.requests - before.requests
        return requests / (self.seconds - before.seconds), requests / (self.in_all - before.in_all)


class Subject(NamedTuple):
    """A gateway, and what is sent to it. `latencies` are in seconds, one for each answer."""

    home: Home
    port: int
    pid: int
    request: bytes
    latencies: list[float]

    @property
    def worker(self) -> int:
        return children_of(self.pid)[0]

    def switch(self, state: str) -> None:
        path = self.home.path / "switch"
        done = self.home.path / "switch.done"
        done.unlink(missing_ok=True)
        path.write_text(state, encoding="ascii")
        os.kill(self.worker, signal.SIGUSR2)
        until = time.monotonic() + PATIENCE
        while not done.exists() or done.read_text(encoding="ascii") != state:
            if time.monotonic() > until:
                raise SystemExit(f"The worker did not switch recording {state}.")
            time.sleep(0.01)

    def so_far(self) -> Count:
        worker, *scribes = children_of(self.pid)
        seconds = spent(worker)
        return Count(len(self.latencies), seconds, seconds + sum(map(spent, scribes)))

    @asynccontextmanager
    async def load(self, clients: int) -> AsyncIterator[None]:
        """While so many clients ask without a pause."""
        loop = asyncio.get_running_loop()
        over = False

        async def work() -> None:
            _, client = await loop.create_connection(
                lambda: Client(self.request), "127.0.0.1", self.port
            )
            while not over:
                self.latencies.append(await client.ask())
            client.transport.close()

        working = [asyncio.ensure_future(work()) for _ in range(clients)]
        yield
        over = True
        await asyncio.gather(*working)


def spent(pid: int) -> float:
    """Seconds of a processor, of all its threads."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


async def shared(subjects: list[Subject], turns: int) -> list[float]:
    """What the one that recorded had against the other one, as a logarithm: both are in both parts
    equally often, so how they differ otherwise does not matter. By the worker's time, and by its
    and its scribe's.
    """
    found = []
    async with AsyncExitStack() as stack:
        for subject in subjects:
            await stack.enter_async_context(subject.load(CLIENTS))
        for turn in range(WARM_UP + turns // 2 * 2):
            on, off = subjects if turn % 2 else reversed(subjects)
            on.switch(ON)
            off.switch(OFF)
            await asyncio.sleep(WRITTEN)
            before = on.so_far(), off.so_far()
            await asyncio.sleep(TURN)
            rates = on.so_far().since(before[0]), off.so_far().since(before[1])
            found.append([math.log(one / other) for one, other in zip(*rates, strict=True)])
    return [mean(kind) for kind in zip(*found[WARM_UP:], strict=True)]


async def alone(subject: Subject, turns: int) -> float:
    """How much later one client is answered while recording is on, in milliseconds."""
    medians = []
    async with subject.load(1):
        for turn in range(WARM_UP + turns // 2 * 2 + 1):
            subject.switch(ON if turn % 2 else OFF)
            await asyncio.sleep(WRITTEN)
            subject.latencies.clear()
            await asyncio.sleep(TURN)
            medians.append(statistics.median(subject.latencies))
    counting = medians[WARM_UP:]
    around = zip(counting[0::2], counting[1::2], counting[2::2], strict=False)
    return 1000 * mean(on - (before + after) / 2 for before, on, after in around)


def pin(pid: int, cores: set[int]) -> None:
    """All threads that a process has; those that it begins later go where they came from."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), cores)


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
            yield Subject(home, port, int(started["pid"]), request(key, "m1"), [])
        finally:
            home.run(FREEROUTER, "stop", "--timeout", "5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--turns", type=int, default=20, help="of each pair")
    parser.add_argument("--only", choices=(BOTH, ALONE), help="one of both figures")
    options = parser.parse_args()
    *others, last = sorted(os.sched_getaffinity(0))
    if not others or min(options.pairs, options.turns) < FEWEST:
        parser.error(f"it takes two cores, {FEWEST} pairs and {FEWEST} turns")
    program = str(Path(__file__).with_name("gateway_throughput.py"))
    os.sched_setaffinity(0, others)
    provider = subprocess.Popen(
        [sys.executable, program, "--provider"], stdout=subprocess.PIPE, text=True
    )
    assert provider.stdout
    try:
        upstream = int(provider.stdout.readline())
        for name in [options.only] if options.only else [BOTH, ALONE]:
            compare(name, upstream, last, options)
    finally:
        provider.kill()
        provider.communicate()


def compare(name: str, upstream: int, core: int, options: argparse.Namespace) -> None:
    """One pair after the other on that core."""
    print(f"{name}, {CLIENTS} clients each, {options.pairs} pairs of gateways:", flush=True)
    worker, in_all, later = [], [], []
    for number in range(1, options.pairs + 1):
        with gateway(name, upstream) as one, gateway(name, upstream) as other:
            anywhere = os.sched_getaffinity(one.worker) | {core}
            for subject in (one, other):
                pin(subject.worker, {core})
            of_worker, of_all = asyncio.run(shared([one, other], options.turns))
            worker.append(of_worker)
            in_all.append(of_all)
            pin(one.worker, anywhere)
            later.append(asyncio.run(alone(one, options.turns)))
            if number == options.pairs:
                counted(other, quotas=name == BOTH)
    print(f"  requests in a second: {times(worker)} of without (target 0.97x)")
    print(f"  as if its records were written on that core too: {times(in_all)}")
    print(f"  p50 of one client: {mean(later):+.2f} ± {error(later):.2f} ms (target 1 ms)")


def times(logarithms: list[float]) -> str:
    each = " ".join(f"{math.exp(one):.3f}" for one in logarithms)
    return f"{math.exp(mean(logarithms)):.3f}x ± {error(logarithms):.3f} ({each})"


def error(values: list[float]) -> float:
    """The standard error of their mean."""
    return statistics.stdev(values) / math.sqrt(len(values))


def counted(subject: Subject, *, quotas: bool) -> None:
    """How much was recorded and counted, and how large that is."""
    time.sleep(SETTLED)
    path = subject.home.workspace / "state" / "usage.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        count = db.execute("SELECT count(*) FROM requests").fetchone()[0]
    print(f"  {count} requests recorded by one, {path.stat().st_size / count:.0f} bytes each")
    if quotas:
        found = standing(str(subject.home.workspace / "state" / "quota.db"), time.time())
        told = ", ".join(f"{one.used} {one.limit.counts} a {one.limit.per}" for one in found)
        print(f"  counted: {told}")


if __name__ == "__main__":
    main()
