"""What the gateway makes of its CPU: our worker against plain `litellm`, one config.yaml for both.

The provider is a fake in a process of its own that answers some thousands of requests a second. The
client is raw asyncio on kept-alive connections: next to nothing beside a gateway, though it shares
the machine with it. Both gateways stay up and are asked in turn, in many short rounds, so that
noise hits both; a figure is the median of the rounds' ratios. Ours records its requests.
FREEROUTER_ENGINE_PATCHES=off in the environment measures ours without its patches.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from gateway_start import ANSWER, LITELLM, Runs, end
from measure import FREEROUTER, free_port, new_home

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import Home

OURS = "freerouter"
CLIENTS = 8
REQUESTS = 96
ALONE = 32
"""Requests of the one client whose latency is measured."""
WARM = 60
TICKS = os.sysconf("SC_CLK_TCK")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Measured(NamedTuple):
    """One round: requests a second, seconds of each request, and the gateway's CPU a request."""

    rate: float
    latencies: list[float]
    cpu: float = 0.0


class Http(asyncio.Protocol):
    """As much of HTTP/1.1 as two ends need that know each other: whole messages with a length."""

    def __init__(self) -> None:
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end_of_head := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end_of_head]
            found = LENGTH.search(head)
            whole = end_of_head + 4 + (int(found[1]) if found else 0)
            if len(self._data) < whole:
                return
            message, self._data = self._data[:whole], self._data[whole:]
            self.received(message)

    def received(self, message: bytes) -> None:
        raise NotImplementedError


class Provider(Http):
    """Answers everything with one chat completion."""

    reply = b""

    def received(self, message: bytes) -> None:  # noqa: ARG002 - all are answered alike
        self.transport.write(self.reply)


class Client(Http):
    """One connection that sends its next request when the last one is answered."""

    def __init__(self, request: bytes) -> None:
        super().__init__()
        self._request = request
        self._answered: asyncio.Future[bytes] | None = None

    async def ask(self) -> float:
        """Seconds until the whole answer was there."""
        self._answered = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self.transport.write(self._request)
        answer = await asyncio.wait_for(self._answered, 60)
        seconds = time.perf_counter() - began
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"The gateway answered {answer[:2000].decode()}")
        return seconds

    def received(self, message: bytes) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_result(message)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("closed"))


async def provide() -> None:
    """The fake provider's process: prints its port, then serves until it is ended."""
    body = json.dumps(ANSWER).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    Provider.reply = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    listening = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


async def load(port: int, request: bytes, clients: int, count: int) -> Measured:
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: Client(request), "127.0.0.1", port))[1]
        for _ in range(clients)
    ]
    latencies: list[float] = []
    left = iter(range(count))

    async def work(client: Client) -> None:
        latencies.extend([await client.ask() for _ in left])

    began = time.perf_counter()
    await asyncio.gather(*(work(client) for client in made))
    seconds = time.perf_counter() - began
    for client in made:
        client.transport.close()
    return Measured(len(latencies) / seconds, latencies)


def request(key: str, model: str) -> bytes:
    message = {"role": "user", "content": "Say hello in one short sentence. " * 8}
    body = json.dumps({"model": model, "messages": [message]}).encode()
    return (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        f"User-Agent: benchmark\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process and its children have used."""
    total = 0.0
    for one in [pid, *children_of(pid)]:
        with open(f"/proc/{one}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def children_of(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        found = [int(word) for word in file.read().split()]
    return found + [below for child in found for below in children_of(child)]


class Subjects:
    """Both gateways, up at once, and what is sent to each."""

    def __init__(self, home: Home) -> None:
        self.runs = Runs(home, "m1")
        self.request = request(self.runs.key, "m1")
        self.ports = {name: free_port() for name in (LITELLM, OURS)}
        self.pids: dict[str, int] = {}
        self.home = home

    def start(self) -> None:
        port = str(self.ports[LITELLM])
        self.child = self.runs.spawn(
            [*self.runs.litellm_command, "--host", "127.0.0.1", "--port", port]
        )
        self.runs.wait(self.ports[LITELLM])
        port = str(self.ports[OURS])
        started = json.loads(self.home.run(FREEROUTER, "start", "--port", port, "--json"))
        self.pids = {LITELLM: self.child.pid, OURS: int(started["pid"])}

    def end(self) -> None:
        end(self.child)
        self.home.run(FREEROUTER, "stop", "--timeout", "2")

    def measure(self, name: str, clients: int, count: int) -> Measured:
        before = cpu_of(self.pids[name])
        found = asyncio.run(load(self.ports[name], self.request, clients, count))
        return found._replace(cpu=(cpu_of(self.pids[name]) - before) / count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--provider", action="store_true", help="be the fake provider")
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    if options.provider:
        asyncio.run(provide())
        return
    provider = subprocess.Popen(
        [sys.executable, __file__, "--provider"], stdout=subprocess.PIPE, text=True
    )
    assert provider.stdout
    try:
        compare(int(provider.stdout.readline()), options.rounds)
    finally:
        provider.kill()
        provider.communicate()


def compare(upstream: int, rounds: int) -> None:
    with new_home() as home:
        if patches := os.environ.get("FREEROUTER_ENGINE_PATCHES"):
            home.environ["FREEROUTER_ENGINE_PATCHES"] = patches
        home.run(FREEROUTER, "init")
        base = f"http://127.0.0.1:{upstream}/v1"
        (home.workspace / "providers.yaml").write_text(
            "providers:\n  - {type: static, name: m1, model_name: m1, provider: openai, "
            f"api_base: '{base}'}}\n",
            encoding="utf-8",
        )
        home.run(FREEROUTER, "fetch")
        subjects = Subjects(home)
        direct = asyncio.run(load(upstream, subjects.request, 1, 2000))
        try:
            subjects.start()
            busy, alone = measure(subjects, rounds)
        finally:
            subjects.end()
    report(direct, busy, alone)


def measure(
    subjects: Subjects, rounds: int
) -> tuple[dict[str, list[Measured]], dict[str, list[Measured]]]:
    """By name, a list of rounds: with all clients, and with one."""
    for name in subjects.ports:
        subjects.measure(name, CLIENTS, WARM)
    busy: dict[str, list[Measured]] = {name: [] for name in subjects.ports}
    alone: dict[str, list[Measured]] = {name: [] for name in subjects.ports}
    for number in range(rounds):
        for name in (LITELLM, OURS)[:: 1 if number % 2 else -1]:
            busy[name].append(subjects.measure(name, CLIENTS, REQUESTS))
        for name in (LITELLM, OURS)[:: 1 if number % 2 else -1]:
            alone[name].append(subjects.measure(name, 1, ALONE))
    return busy, alone


def report(
    direct: Measured, busy: dict[str, list[Measured]], alone: dict[str, list[Measured]]
) -> None:
    print(f"Direct to the provider: {direct.rate:,.0f} requests/s with one client")
    for name, found in busy.items():
        rates = " ".join(f"{one.rate:.0f}" for one in found)
        cpu = statistics.median(one.cpu for one in found) * 1000
        print(f"  {name:<12} {rates} requests/s with {CLIENTS} clients, {cpu:.1f} ms CPU a request")
    base = statistics.median(direct.latencies)
    for name, rounds in alone.items():
        p50s = [statistics.median(one.latencies) - base for one in rounds]
        shown = " ".join(f"{p50 * 1000:.1f}" for p50 in p50s)
        print(f"  {name:<12} {shown} ms added to the p50 of one client")
    cpu = ratio(busy, lambda one: one.cpu)
    latency = ratio(alone, lambda one: statistics.median(one.latencies) - base)
    speed = ratio(busy, lambda one: one.rate)
    print(f"CPU a request: {cpu:.2f}x of {LITELLM} (for information)")
    print(f"p50 of one client, direct taken off: {latency:.2f}x of {LITELLM} (target 0.7x)")
    print(f"requests/s with {CLIENTS} clients: {speed:.2f}x of {LITELLM} (target 1.5x)")


def ratio(rounds: dict[str, list[Measured]], of: Callable[[Measured], float]) -> float:
    """The median of the rounds' own ratios: what disturbs a round disturbs both in it."""
    pairs = zip(rounds[OURS], rounds[LITELLM], strict=True)
    return statistics.median(of(ours) / of(theirs) for ours, theirs in pairs)


if __name__ == "__main__":
    main()
