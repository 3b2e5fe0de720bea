"""What recording and keeping to quotas cost: our gateway with both, with its recorder alone, and
with neither, asked in turn.

Three gateways of ours stay up, one of them with four limits, and one with FREEROUTER_RECORDER=off.
They are asked in many short rounds, so that noise hits all. The provider, the client and the load
are those of gateway_throughput.py. Figures are medians of the rounds' ratios and differences.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gateway_throughput import ALONE, CLIENTS, REQUESTS, WARM, cpu_of, load, request
from measure import FREEROUTER, free_port, new_home

from freerouter.usage.quota_store import standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway_throughput import Measured
    from measure import Home

BOTH, ON, OFF = "recorder and quotas", "recorder alone", "neither"
MANY = 10**9
LIMITS = ", ".join(f"{kind}: {MANY}" for kind in (
    "requests/minute", "requests/day", "tokens/minute", "tokens/day",
))  # fmt: skip
SETTLED = 3.0
"""Seconds after which what was asked is written, usually."""


class Subject(NamedTuple):
    """A gateway, and what is sent to it."""

    home: Home
    port: int
    pid: int
    request: bytes

    def measure(self, clients: int, count: int) -> Measured:
        before = cpu_of(self.pid)
        found = asyncio.run(load(self.port, self.request, clients, count))
        return found._replace(cpu=(cpu_of(self.pid) - before) / count)


@contextmanager
def gateway(name: str, upstream: int) -> Iterator[Subject]:
    with new_home() as home:
        if name == OFF:
            home.environ["FREEROUTER_RECORDER"] = "off"
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
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    program = str(Path(__file__).with_name("gateway_throughput.py"))
    provider = subprocess.Popen(
        [sys.executable, program, "--provider"], stdout=subprocess.PIPE, text=True
    )
    assert provider.stdout
    try:
        upstream = int(provider.stdout.readline())
        with ExitStack() as stack:
            found = {n: stack.enter_context(gateway(n, upstream)) for n in (BOTH, ON, OFF)}
            report(*measure(found, options.rounds))
            size(found[ON])
            counted(found[BOTH])
    finally:
        provider.kill()
        provider.communicate()


Rounds = dict[str, list["Measured"]]


def measure(subjects: dict[str, Subject], rounds: int) -> tuple[Rounds, Rounds]:
    """By name, a list of rounds: with all clients, and with one."""
    for subject in subjects.values():
        subject.measure(CLIENTS, WARM)
    busy: Rounds = {name: [] for name in subjects}
    alone: Rounds = {name: [] for name in subjects}
    for number in range(rounds):
        order = [*subjects][:: 1 if number % 2 else -1]
        for name in order:
            busy[name].append(subjects[name].measure(CLIENTS, REQUESTS))
        for name in order:
            alone[name].append(subjects[name].measure(1, ALONE))
    return busy, alone


def report(busy: Rounds, alone: Rounds) -> None:
    for name, found in busy.items():
        rates = " ".join(f"{one.rate:.0f}" for one in found)
        cpu = statistics.median(one.cpu for one in found) * 1000
        print(f"  {name:<20} {rates} requests/s with {CLIENTS} clients, {cpu:.2f} ms CPU a request")
    for name in (BOTH, ON):
        pairs = list(zip(busy[name], busy[OFF], strict=True))
        cpu = statistics.median(on.cpu / off.cpu for on, off in pairs)
        speed = statistics.median(on.rate / off.rate for on, off in pairs)
        later = [
            (statistics.median(on.latencies) - statistics.median(off.latencies)) * 1000
            for on, off in zip(alone[name], alone[OFF], strict=True)
        ]
        print(f"{name}, of {OFF}:")
        print(f"  CPU a request: {cpu:.3f}x (for information)")
        print(f"  requests/s with {CLIENTS} clients: {speed:.3f}x (target 0.97x)")
        print(f"  p50 of one client: {statistics.median(later):+.2f} ms (target 1 ms)")


def size(subject: Subject) -> None:
    """What was recorded of all that, and how large that is."""
    time.sleep(SETTLED)
    path = subject.home.workspace / "state" / "usage.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        count = db.execute("SELECT count(*) FROM requests").fetchone()[0]
    print(f"  {count} requests recorded, {path.stat().st_size / count:.0f} bytes each")


def counted(subject: Subject) -> None:
    """That the quotas were kept to at all."""
    found = standing(str(subject.home.workspace / "state" / "quota.db"), time.time())
    told = ", ".join(f"{one.used} {one.limit.counts} a {one.limit.per}" for one in found)
    print(f"  counted: {told}")


if __name__ == "__main__":
    main()
