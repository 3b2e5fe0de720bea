"""The supervisor and its workers: the real LiteLLM, killed, hung, reloaded and starved."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.commands.start import prepare
from freerouter.config.state import read_state
from freerouter.context import make_context
from freerouter.process.gateway import start
from freerouter.process.identity import Identity, started_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import World

pytestmark = pytest.mark.gateway
PATIENCE = 60.0


def wait(what: Callable[[], bool]) -> None:
    """Until it is so; the gateway's own pace counts, not the test's."""
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


class Gateway:
    """A running gateway with the demo."""

    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self.port = port
        self.state = world.workspace / "state"
        self.key = world.cli("keys", "show", "master").out.strip()

    def status(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.world.cli("status", "--json").out)
        return data

    def workers(self) -> list[int]:
        return [w["pid"] for w in self.status()["workers"] if w["state"] == "serving"]

    def record(self) -> dict[str, Any]:
        found = read_state(str(self.state / "gateway.json"))
        assert found is not None
        return found

    def log(self) -> str:
        return (self.state / "gateway.log").read_text(errors="replace")

    def ask(self, **more: Any) -> int:
        """One chat: its status, 0 where there was no answer."""
        try:
            connection, answer = self.open(**more)
        except (OSError, http.client.HTTPException):
            return 0
        with contextlib.closing(connection):
            answer.read()
            return answer.status

    def open(self, **more: Any) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        body = {"model": "demo", "messages": [{"role": "user", "content": "hi"}], **more}
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        return connection, connection.getresponse()

    def listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def started(gateway: World, free_port: int) -> Iterator[Gateway]:
    gateway.cli("fetch")
    ran = gateway.cli("start")
    assert ran.code == 0, ran.err
    yield Gateway(gateway, free_port)
    gateway.cli("stop", "--timeout", "1")


def test_a_killed_worker_is_replaced_and_it_is_said(started: Gateway) -> None:
    (first,) = started.workers()
    os.kill(first, signal.SIGKILL)
    # The supervisor holds the socket: what is asked meanwhile waits for the next worker.
    assert started.ask() == 200
    wait(lambda: started.status()["restarts"] == 1)
    (second,) = started.workers()
    assert second != first
    assert f"worker {first} ended by signal 9, unasked" in started.log()
    assert "replaced, 1 time so far" in started.world.cli("status").out


def test_a_killed_supervisor_leaves_no_lie_and_no_process(started: Gateway) -> None:
    record = started.record()
    (worker,) = started.workers()
    identity = Identity(worker, started_at(worker), record["token"])
    os.kill(record["pid"], signal.SIGKILL)
    wait(lambda: not identity.alive)
    assert not started.listening()
    told = started.world.cli("status")
    assert told.code == 6
    assert f"It was process {record['pid']}, which has ended unexpectedly." in told.out
    assert started.world.cli("start").code == 0
    assert started.ask() == 200


def test_both_killed_are_started_anew(started: Gateway) -> None:
    record = started.record()
    for pid in (record["pid"], *started.workers()):
        os.kill(pid, signal.SIGKILL)
    wait(lambda: not started.listening())
    assert started.world.cli("status").code == 6
    assert started.world.cli("start").code == 0
    assert started.ask() == 200


def test_what_is_removed_under_it_is_put_back(started: Gateway) -> None:
    (started.state / "gateway.log").unlink()
    wait((started.state / "gateway.log").exists)
    shutil.rmtree(started.state)
    wait(lambda: started.world.cli("status").code == 0)
    wait(lambda: bool(started.status()["workers"]))
    (started.world.workspace / "config.yaml").unlink()
    (first,) = started.workers()
    os.kill(first, signal.SIGKILL)
    assert started.ask() == 200
    assert started.world.cli("stop").out == "Gateway stopped.\n"


def test_a_configuration_that_does_not_come_up_changes_nothing(started: Gateway) -> None:
    before = started.workers()
    config = started.world.workspace / "config.yaml"
    good = config.read_text()
    config.write_text(good + "router_settings: {routing_strategy: nonsense}\n")
    ran = started.world.cli("reload")
    assert ran.code == 1
    assert "The gateway goes on with the old one." in ran.err
    assert "nonsense" in ran.err
    assert started.workers() == before
    assert started.ask() == 200
    config.write_text(good)
    assert started.world.cli("reload").code == 0
    wait(lambda: before != started.workers())


def test_a_stream_outlives_the_reload_and_the_old_worker_goes(started: Gateway) -> None:
    (old,) = started.workers()
    connection, answer = started.open(stream=True)
    first = answer.readline()
    ran = started.world.cli("reload")
    assert ran.code == 0, ran.err
    assert "New configuration served after" in ran.out
    rest = answer.read()
    connection.close()
    assert first.startswith(b"data: ")
    assert rest.rstrip().endswith(b"data: [DONE]")
    wait(lambda: not started_at(old))
    assert old not in started.workers()


def test_two_workers_share_the_port(gateway: World, free_port: int) -> None:
    gateway.providers(
        f"gateway: {{port: {free_port}, workers: 2}}\nproviders:\n  - {{type: demo}}\n"
    )
    gateway.cli("fetch")
    assert gateway.cli("start").code == 0
    running = Gateway(gateway, free_port)
    first, second = running.workers()
    os.kill(first, signal.SIGKILL)
    assert running.ask() == 200
    wait(lambda: len(running.workers()) == 2)
    assert second in running.workers()


def test_without_fork_it_does_the_same(
    gateway: World, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREEROUTER_ENGINE_FORK", "off")
    gateway.cli("fetch")
    assert gateway.cli("start").code == 0
    running = Gateway(gateway, free_port)
    (old,) = running.workers()
    assert running.ask() == 200
    assert gateway.cli("reload").code == 0
    (new,) = running.workers()
    assert new != old
    assert running.ask() == 200


@pytest.fixture
def impatient(gateway: World, free_port: int) -> Gateway:
    """A gateway whose workers count as hung after two seconds."""
    gateway.cli("fetch")
    ctx = make_context()
    launch = prepare(ctx, port=None, debug=False, timeout=PATIENCE)
    start(ctx, launch._replace(hung=2.0))
    return Gateway(gateway, free_port)


def test_a_hung_worker_is_ended_and_replaced(impatient: Gateway) -> None:
    (hung,) = impatient.workers()
    os.kill(hung, signal.SIGSTOP)
    wait(lambda: not started_at(hung))
    assert impatient.ask() == 200
    assert f"worker {hung} gives no sign of life for 2 s, and is ended" in impatient.log()


def test_a_machine_that_slept_has_no_hung_workers(impatient: Gateway) -> None:
    (worker,) = impatient.workers()
    processes = (impatient.record()["pid"], worker)
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(4)
    for pid in processes:
        os.kill(pid, signal.SIGCONT)
    assert impatient.ask() == 200
    assert impatient.workers() == [worker]


def test_a_thousand_connections_and_a_slow_reader_keep_nobody_out(started: Gateway) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            idle = stack.enter_context(socket.socket())
            idle.connect(("127.0.0.1", started.port))
        slow, unread = started.open(stream=True)
        assert started.ask() == 200
        unread.close()
        slow.close()


def foreground(world: World) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", "start", "--foreground", "--debug"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=world.cwd,
    )
    assert child.stdout
    assert child.stdout.readline().startswith("Gateway ready in ")
    return child


def test_in_the_foreground_it_ends_when_told_to(
    gateway: World, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.cli("fetch")
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(gateway.home / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(gateway.home / "notify"))
    child = foreground(gateway)
    running = Gateway(gateway, free_port)
    assert systemd.recv(99) == b"READY=1"
    assert running.ask() == 200
    again = gateway.cli("start", "--foreground")
    assert (again.code, "running already, in the background" in again.err) == (6, True)
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0
    assert systemd.recv(99) == b"STOPPING=1"
    systemd.close()
    assert "POST /v1/chat/completions" in out
    assert out.endswith("Gateway stopped.\n")
    assert not running.listening()


def test_it_does_not_outlive_the_foreground(gateway: World, free_port: int) -> None:
    gateway.cli("fetch")
    with foreground(gateway) as child:
        running = Gateway(gateway, free_port)
        child.kill()
    wait(lambda: not running.listening())
    wait(lambda: not (running.state / "gateway.json").exists())


def test_status_waits_until_it_runs(gateway: World, free_port: int) -> None:
    gateway.cli("fetch")
    starting = threading.Timer(0.5, lambda: gateway.process("start"))
    starting.start()
    told = gateway.process("status", "--wait", "60s")
    assert (told.code, told.out.splitlines()[0]) == (0, "Gateway running")
    starting.join()
    assert gateway.cli("status", "--wait", "soon").code == 2
