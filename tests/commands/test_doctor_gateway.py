"""`doctor` on the engine, the port and the gateway: with real sockets, processes and answers."""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from fakes import TOKEN, Reply, openai_list
from test_doctor import brief, diagnosed, set_up

from freerouter.config.state import fingerprint_of
from freerouter.config.workspace import find_workspace
from freerouter.process.control import Channel, listen_at
from freerouter.process.engine import PINNED
from freerouter.process.identity import started_at
from freerouter.process.record import GatewayRecord, write_record

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import World
    from fakes import FakeServer

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who holds a port")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes this Python find a LiteLLM of a version."""

    def make(version: str) -> None:
        site = tmp_path / "site"
        metadata = site / f"litellm-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.1\nName: litellm\nVersion: {version}\n")
        for name in ("fastapi", "uvicorn", "orjson"):
            (site / f"{name}.py").touch()
        monkeypatch.syspath_prepend(site)

    return make


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which this very process listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def on_port(world: World, port: int) -> None:
    set_up(world, f"gateway: {{port: {port}}}\nproviders: [{{type: demo}}]\n")


def recorded(world: World, pid: int, port: int, **fields: Any) -> None:
    """A gateway as `start` records it."""
    workspace = find_workspace({"HOME": str(world.home)}, str(world.cwd))
    mine = fingerprint_of(workspace.config_file)
    record = GatewayRecord(
        pid, started_at(pid), TOKEN, "127.0.0.1", port, time.time(), mine, 1, PINNED
    )
    write_record(workspace, record._replace(**fields))


def running(world: World, server: FakeServer, worker: subprocess.Popen[bytes]) -> str:
    """A server that answers as the gateway of a fetched workspace; its key is given back."""
    on_port(world, server.port)
    key: str = world.cli("keys", "show", "master").out.strip()
    server.replies["/v1/models"] = Reply(openai_list("demo", "demo2").body, keys=(key,))
    recorded(world, worker.pid, server.port)
    return key


def test_the_version_that_it_is_made_for_is_in_order(
    world: World, install: Callable[[str], None]
) -> None:
    install(PINNED)
    assert brief(diagnosed(world), "engine.usable") == ("ok", [])


def test_another_version_is_warned_of(world: World, install: Callable[[str], None]) -> None:
    install("1.90.0")
    found = diagnosed(world)
    assert brief(found, "engine.usable") == ("warn", [])
    assert "litellm[proxy]==" in found["engine.usable"]["fix"]


@pytest.mark.parametrize("version", ["1.82.7", "1.80.0"])
def test_a_version_that_must_not_be_run_is_an_error(
    world: World, install: Callable[[str], None], version: str
) -> None:
    install(version)
    found = diagnosed(world)
    assert brief(found, "engine.usable") == ("error", [])
    assert found["engine.usable"]["what"] == f"LiteLLM {version} must not be run."
    assert "pip install" in found["engine.usable"]["fix"]


def test_a_free_port_is_said_to_be_free(world: World, free_port: int) -> None:
    on_port(world, free_port)
    found = diagnosed(world)
    assert brief(found, "port.free") == ("ok", [])
    assert found["port.free"]["what"] == f"Port {free_port} on 127.0.0.1 is free."


@linux
def test_who_holds_the_port_is_named_and_the_next_one_offered(world: World, taken: int) -> None:
    on_port(world, taken)
    found = diagnosed(world)
    state, command = brief(found, "port.free")
    assert (state, command[:2]) == ("error", ["start", "--port"])
    assert int(command[2]) > taken
    assert "(pid " in found["port.free"]["what"]
    assert "`gateway: {port: …}` in providers.yaml" in found["port.free"]["fix"]
    assert brief(found, "gateway.running") == ("warn", command)


def test_a_host_that_is_none_of_ours_is_for_the_user_to_mend(world: World, free_port: int) -> None:
    set_up(world, f"gateway: {{host: 192.0.2.1, port: {free_port}}}\nproviders: [{{type: demo}}]\n")
    found = diagnosed(world)
    assert brief(found, "port.free") == ("error", [])
    assert found["port.free"]["what"] == 'Cannot listen on "192.0.2.1".'
    assert brief(found, "gateway.running") == ("warn", [])


def test_a_gateway_that_is_not_running_names_start(world: World, free_port: int) -> None:
    on_port(world, free_port)
    assert brief(diagnosed(world), "gateway.running") == ("warn", ["start"])


def test_without_a_config_yaml_start_would_not_help(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert brief(diagnosed(world), "gateway.running") == ("warn", [])


def test_a_gateway_that_ended_by_itself_is_told(
    world: World, free_port: int, worker: subprocess.Popen[bytes]
) -> None:
    on_port(world, free_port)
    recorded(world, worker.pid, free_port)
    worker.kill()
    worker.wait()
    found = diagnosed(world)
    assert brief(found, "gateway.running") == ("warn", ["start"])
    assert found["gateway.running"]["why"] == (
        f"It was process {worker.pid}, which has ended unexpectedly."
    )


def test_a_record_that_cannot_be_read_is_mended_by_stop(world: World, free_port: int) -> None:
    on_port(world, free_port)
    (world.workspace / "state" / "gateway.json").write_text("{")
    assert brief(diagnosed(world), "gateway.record") == ("warn", ["stop"])
    world.cli("stop")
    assert "gateway.record" not in diagnosed(world)


def test_a_gateway_that_answers_as_it_should_is_well(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    key = running(world, server, worker)
    found = diagnosed(world)
    for name in ("gateway.running", "gateway.answers", "gateway.refuses", "config.served"):
        assert brief(found, name) == ("ok", [])
    assert found["gateway.answers"]["what"].endswith(" ms and serves 2 models.")
    assert found["port.free"]["what"] == (
        f"The gateway itself listens at http://127.0.0.1:{server.port}."
    )
    asked, wrong = server.seen
    assert (asked.path, asked.key) == ("/v1/models", key)
    assert wrong.path == "/v1/models"
    assert wrong.key not in ("", key)


def test_a_gateway_that_refuses_its_own_key_is_to_be_restarted(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    running(world, server, worker)
    server.replies["/v1/models"].keys = ("sk-another",)
    found = diagnosed(world)
    assert brief(found, "gateway.answers") == ("error", ["reload"])
    assert found["gateway.answers"]["what"] == "It answers 401 to its own key."


def test_a_gateway_that_answers_anyone_is_open(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    running(world, server, worker)
    server.replies["/v1/models"].keys = None
    found = diagnosed(world)
    assert brief(found, "gateway.answers") == ("ok", [])
    assert brief(found, "gateway.refuses") == ("error", ["reload"])


@pytest.mark.parametrize("body", [{"data": []}, {"data": None}, {}, [], "x"])
def test_a_gateway_without_a_model_is_an_error(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes], body: object
) -> None:
    running(world, server, worker)
    server.replies["/v1/models"] = Reply(body)
    found = diagnosed(world)
    assert brief(found, "gateway.answers") == ("error", ["reload"])
    assert found["gateway.answers"]["what"] == "It answers, but serves no model."


def test_a_gateway_that_does_not_answer_is_an_error(
    world: World, free_port: int, worker: subprocess.Popen[bytes]
) -> None:
    on_port(world, free_port)
    recorded(world, worker.pid, free_port)
    found = diagnosed(world)
    assert brief(found, "gateway.answers") == ("error", ["reload"])
    assert "gateway.refuses" not in found


def test_one_that_falls_silent_before_the_wrong_key_leaves_that_open(
    world: World, worker: subprocess.Popen[bytes]
) -> None:
    body = b'{"data": [{"id": "demo"}]}'

    def answer_once(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, listener:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)

    listener = socket.create_server(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])
    on_port(world, port)
    recorded(world, worker.pid, port)
    thread = threading.Thread(target=answer_once, args=(listener,))
    thread.start()
    found = diagnosed(world)
    thread.join()
    assert brief(found, "gateway.answers") == ("ok", [])
    assert brief(found, "gateway.refuses") == ("skipped", [])


def test_a_gateway_older_than_its_config_yaml_names_reload(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    running(world, server, worker)
    recorded(world, worker.pid, server.port, fingerprint="of another config")
    assert brief(diagnosed(world), "config.served") == ("warn", ["reload"])


def test_a_running_gateway_is_asked_also_where_providers_yaml_is_broken(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    running(world, server, worker)
    world.providers("providers: [\n")
    found = diagnosed(world)
    assert brief(found, "providers.valid") == ("error", [])
    assert brief(found, "gateway.answers") == ("ok", [])


def test_a_long_log_of_a_running_gateway_is_begun_anew_by_reload(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes]
) -> None:
    running(world, server, worker)
    with (world.workspace / "state" / "gateway.log").open("wb") as file:
        file.truncate(101_000_000)
    assert brief(diagnosed(world), "disk.log:gateway.log") == ("warn", ["reload"])


@pytest.mark.parametrize(
    ("host", "strong"),
    [("127.0.0.1", 16), ("0.0.0.0", 24)],
)
def test_a_key_that_start_would_refuse_is_told_before(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    strong: int,
) -> None:
    world.providers(f"gateway: {{host: {host}}}\nproviders: [{{type: demo}}]\n")
    monkeypatch.setenv("LITELLM_MASTER_KEY", "k" * strong)
    assert "gateway.key" not in diagnosed(world)
    monkeypatch.setenv("LITELLM_MASTER_KEY", "k" * (strong - 1))
    assert brief(diagnosed(world), "gateway.key") == ("error", [])


def supervised(world: World, server: FakeServer, worker: Any, status: Any) -> dict[str, Any]:
    """What doctor finds where the supervisor says this of itself; nothing where it is None."""
    running(world, server, worker)
    path = str(world.home / "gateway.sock")
    listener = listen_at(path)
    listener.setblocking(True)
    recorded(world, worker.pid, server.port, control=path)

    def answer() -> None:
        client = Channel(listener.accept()[0])
        assert client.receive() == [{"do": "status"}]
        if status is not None:
            client.send(status)
        client.close()

    speaker = threading.Thread(target=answer)
    speaker.start()
    found: dict[str, Any] = diagnosed(world)["gateway.workers"]
    speaker.join()
    listener.close()
    return found


def one_worker(**more: Any) -> dict[str, Any]:
    worker = {"pid": 1, "state": "serving", "in_flight": 0}
    return {"state": "serving", "workers": [worker], "wanted": 1, "restarts": 0, **more}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (one_worker(), "ok: 1 worker, none of which ever crashed."),
        (one_worker(restarts=2), "warn: A worker ended unasked and was replaced, 2 times."),
        (one_worker(wanted=2), "warn: 1 of 2 workers serve."),
        (None, "error: Its supervisor does not answer."),
    ],
)
def test_how_its_workers_are_is_told(
    world: World, server: FakeServer, worker: Any, status: Any, told: str
) -> None:
    found = supervised(world, server, worker, status)
    assert f"{found['state']}: {found['what']}" == told
