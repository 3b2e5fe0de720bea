"""What recording and keeping to quotas cost: gateways of ours with both, with the recorder alone,
and with neither, asked in turn.

The same gateway started twice differs by more than what is measured here (a tenth, from where its
memory comes to lie), so there are several of each kind. All stay up and are asked in many short
rounds, in an order that changes, so that noise hits all. The provider, the client and the load are
those of gateway_throughput.py. A round's figure of a kind is the mean of its gateways; what is
printed are means over the rounds, with their standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
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
    parser.add_argument("--gateways", type=int, default=3, help="of each kind")
    options = parser.parse_args()
    program = str(Path(__file__).with_name("gateway_throughput.py"))
    provider = subprocess.Popen(
        [sys.executable, program, "--provider"], stdout=subprocess.PIPE, text=True
    )
    assert provider.stdout
    try:
        upstream = int(provider.stdout.readline())
        with ExitStack() as stack:
            found = [
                (name, stack.enter_context(gateway(name, upstream)))
                for _ in range(options.gateways)
                for name in (BOTH, ON, OFF)
            ]
            report(*measure(found, options.rounds))
            subjects = dict(reversed(found))
            size(subjects[ON])
            counted(subjects[BOTH])
    finally:
        provider.kill()
        provider.communicate()


Rounds = dict[str, list[list["Measured"]]]
"""By name, for each round what its gateways came to."""


def measure(subjects: list[tuple[str, Subject]], rounds: int) -> tuple[Rounds, Rounds]:
    """With all clients, and with one."""
    for _, subject in subjects:
        subject.measure(CLIENTS, WARM)
    busy: Rounds = {name: [[] for _ in range(rounds)] for name in (BOTH, ON, OFF)}
    alone: Rounds = {name: [[] for _ in range(rounds)] for name in (BOTH, ON, OFF)}
    for number in range(rounds):
        order = random.sample(subjects, len(subjects))
        for name, subject in order:
            busy[name][number].append(subject.measure(CLIENTS, REQUESTS))
        for name, subject in order:
            alone[name][number].append(subject.measure(1, ALONE))
    return busy, alone


def report(busy: Rounds, alone: Rounds) -> None:
    for name in busy:
        rates, cpu = rate(busy[name]), statistics.median(cpu_of_a_request(busy[name])) * 1000
        told = f"{statistics.median(rates):.1f} requests/s with {CLIENTS} clients"
        print(f"  {name:<20} {told}, {cpu:.2f} ms CPU and p50 of one client "
              f"{statistics.median(typical(alone[name])):.2f} ms a request")  # fmt: skip
    for name in (BOTH, ON):
        print(f"{name}, of {OFF}:")
        spent = in_words(ratios(cpu_of_a_request(busy[name]), cpu_of_a_request(busy[OFF])))
        print(f"  CPU a request: {spent} (for information)")
        speed = in_words(ratios(rate(busy[name]), rate(busy[OFF])))
        print(f"  requests/s with {CLIENTS} clients: {speed} (target 0.97x)")
        pairs = zip(typical(alone[name]), typical(alone[OFF]), strict=True)
        later = statistics.median(on - off for on, off in pairs)
        print(f"  p50 of one client: {later:+.2f} ms (target 1 ms)")


def rate(rounds: list[list[Measured]]) -> list[float]:
    return [statistics.mean(one.rate for one in found) for found in rounds]


def cpu_of_a_request(rounds: list[list[Measured]]) -> list[float]:
    return [statistics.mean(one.cpu for one in found) for found in rounds]


def typical(rounds: list[list[Measured]]) -> list[float]:
    """Milliseconds."""
    return [
        statistics.mean(statistics.median(one.latencies) for one in found) * 1000
        for found in rounds
    ]


def ratios(these: list[float], those: list[float]) -> list[float]:
    return [math.log(one / other) for one, other in zip(these, those, strict=True)]


def in_words(logarithms: list[float]) -> str:
    error = statistics.stdev(logarithms) / math.sqrt(len(logarithms))
    return f"{math.exp(statistics.mean(logarithms)):.3f}x ± {error:.3f}"


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
