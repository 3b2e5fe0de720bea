"""`status`: whether the gateway runs and answers, told from a real process and a real port."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import TOKEN, Reply
from ledger_entries import entry, keep

from freerouter.commands.status import duration
from freerouter.config.workspace import find_workspace
from freerouter.process.identity import started_at
from freerouter.process.record import GatewayRecord, write_record

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer


def configured(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert world.cli("fetch").code == 0


def recorded(world: World, pid: int, port: int, **fields: Any) -> None:
    """A gateway as `start` records it."""
    workspace = find_workspace({"HOME": str(world.home)}, str(world.cwd))
    print_of = world.workspace.joinpath("config.yaml").read_text().split("fingerprint: ")[1]
    record = GatewayRecord(
        pid, started_at(pid), TOKEN, "127.0.0.1", port, time.time() - 3700, print_of[:16], 7, "1.2"
    )
    write_record(workspace, record._replace(**fields))


def test_nothing_configured_names_the_wizard(world: World) -> None:
    ran = world.cli("status")
    assert (ran.code, ran.err) == (6, "")
    assert ran.out == (
        "Gateway not running\n"
        "  workspace  ~/.config/freerouter\n"
        "Nothing is configured yet: `freerouter init --wizard`.\n"
    )


def test_nothing_fetched_names_fetch(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    ran = world.cli("status")
    assert ran.code == 6
    assert ran.out.endswith("No models fetched yet: `freerouter fetch`.\n")


def test_not_started_names_start(world: World) -> None:
    configured(world)
    ran = world.cli("status")
    assert ran.code == 6
    assert ran.out.endswith("`freerouter start` starts it.\n")


def test_stopped_as_data(world: World) -> None:
    assert json.loads(world.cli("status", "--json").out) == {
        "state": "stopped",
        "workspace": str(world.workspace),
        "configured": False,
    }


def test_a_gateway_that_answers_is_running(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    configured(world)
    server.replies["/health/liveliness"] = Reply("I'm alive!")
    recorded(world, worker.pid, server.port)
    ran = world.cli("status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Gateway running\n"
        f"  address    http://127.0.0.1:{server.port}/v1\n"
        "  uptime     1h 1m\n"
        "  models     7\n"
        "  aliases    auto (1 model)\n"
        "  engine     LiteLLM 1.2\n"
        f"  pid        {worker.pid}\n"
        f"{shown_memory(ran.out)}"
        "  requests   0 today, 0 in the last hour\n"
        "  workspace  ~/.config/freerouter\n"
    )


def test_requests_of_today_are_not_forgotten_with_a_restart(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    configured(world)
    server.replies["/health/liveliness"] = Reply("I'm alive!")
    recorded(world, worker.pid, server.port, since=time.time())
    path = world.workspace / "state" / "usage.db"
    now = time.time()
    keep(path, [entry(now), entry(now), entry(now - 3 * 86400)]).close()
    assert "  requests   2 today, 2 in the last hour\n" in world.cli("status").out
    path.write_bytes(b"broken" * 1000)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    ran = world.cli("status")
    assert (ran.code, "requests" in ran.out) == (0, False)


def test_memory_is_that_of_all_its_processes(world: World, server: FakeServer) -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("a system that does not tell")
    large = "x = bytearray(b'1') * 80_000_000; print(flush=True); input()"
    begins = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {large!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", begins, TOKEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as above:
        assert above.stdout
        above.stdout.readline()
        configured(world)
        server.replies["/health/liveliness"] = Reply("I'm alive!")
        recorded(world, above.pid, server.port)
        memory = json.loads(world.cli("status", "--json").out)["memory"]
        above.communicate(b"\n")
    assert memory > 80_000_000


def test_running_as_data(world: World, server: FakeServer, worker: subprocess.Popen[bytes]) -> None:
    configured(world)
    server.replies["/health/liveliness"] = Reply("I'm alive!")
    recorded(world, worker.pid, server.port)
    data = json.loads(world.cli("status", "--json").out)
    assert 3700 <= data.pop("uptime") < 3800
    assert data.pop("memory") >= 0
    assert data == {
        "state": "running",
        "url": f"http://127.0.0.1:{server.port}/v1",
        "pid": worker.pid,
        "models": 7,
        "aliases": [{"name": "auto", "members": 1}],
        "engine": "1.2",
        "drift": False,
        "changed": [],
        "workers": [],
        "restarts": 0,
        "requests_today": 0,
        "requests_last_hour": 0,
        "last_error": None,
        "quota": [],
        "workspace": str(world.workspace),
    }


def shown_memory(out: str) -> str:
    """The line about memory, where the system tells of it."""
    return "".join(f"{line}\n" for line in out.splitlines() if line.startswith("  memory"))


def test_an_edited_providers_yaml_counts_where_it_asks_for_something_else(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    world.providers("providers: [{type: demo}]\n")
    world.cli("fetch")
    server.replies["/health/liveliness"] = Reply("I'm alive!")
    recorded(world, worker.pid, server.port)
    world.providers("# only a comment\nproviders: [{type: demo}]\n")
    assert json.loads(world.cli("status", "--json").out)["changed"] == []
    world.providers("gateway: {request_timeout: 7}\nproviders: [{type: demo}]\n")
    assert json.loads(world.cli("status", "--json").out)["changed"] == ["providers.yaml"]
    assert "providers.yaml asks for something else than config.yaml has" in world.cli("status").out


def test_its_question_carries_no_key(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    configured(world)
    recorded(world, worker.pid, server.port)
    world.cli("status")
    assert [(s.path, s.key) for s in server.seen] == [("/health/liveliness", "")]


def test_a_changed_configuration_names_reload(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    configured(world)
    server.replies["/health/liveliness"] = Reply("I'm alive!")
    recorded(world, worker.pid, server.port, fingerprint="of another config")
    ran = world.cli("status")
    assert ran.code == 0
    assert "config.yaml has changed since it was started: `freerouter reload`." in ran.out
    assert json.loads(world.cli("status", "--json").out)["drift"] is True


def test_a_gateway_that_does_not_answer_is_not_well(
    world: World, free_port: int, worker: subprocess.Popen[bytes]
) -> None:
    configured(world)
    recorded(world, worker.pid, free_port)
    ran = world.cli("status")
    assert ran.code == 6
    assert ran.out.startswith("Gateway is there but does not answer\n")
    assert "`freerouter logs`" in ran.err
    assert json.loads(world.cli("status", "--json").out)["state"] == "unresponsive"


def test_a_gateway_that_ended_by_itself_is_told(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    configured(world)
    recorded(world, worker.pid, server.port)
    worker.kill()
    worker.wait()
    ran = world.cli("status")
    assert ran.code == 6
    assert f"It was process {worker.pid}, which has ended unexpectedly." in ran.out
    assert server.seen == []


def test_somebody_else_on_its_pid_and_port_is_not_the_gateway(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    configured(world)
    server.replies["/health/liveliness"] = Reply("I'm alive!")
    recorded(world, worker.pid, server.port, token="another")
    assert world.cli("status").code == 6
    assert server.seen == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', "\x00"])
def test_a_damaged_record_is_no_gateway(world: World, text: str) -> None:
    configured(world)
    (world.workspace / "state" / "gateway.json").write_text(text)
    ran = world.cli("status")
    assert ran.code == 6
    assert ran.out.startswith("Gateway not running\n")


def test_it_writes_nothing(world: World) -> None:
    configured(world)
    before = world.written()
    world.cli("status")
    assert world.written() == before


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m 0s"),
        (3599, "59m 59s"),
        (3600, "1h 0m"),
        (90061, "1d 1h"),
        (40 * 86400, "40d 0h"),
    ],
)
def test_uptime_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
