"""`providers try` and `providers local`: asked for an address, they find the one that answers."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from calls import result, workspace
from fakes import TOKEN, FakeServer, Reply, openai_list

from freerouter.config.yaml_file import dump_yaml
from freerouter.errors import FreeRouterError, UsageError
from freerouter.process.identity import started_at
from freerouter.process.record import GatewayRecord, write_record
from freerouter.providers import local_servers

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from conftest import World

KEY = "canary-0123456789"


def tried(url: str, *, secret: str | None = None) -> dict[str, Any]:
    return result("providers", "try", url, secret=secret).data


@pytest.mark.parametrize("base", ["/v1", "", "/api/v1", "/openai/v1"])
@pytest.mark.parametrize("given", ["", "/", "/chat/completions", "/v1", "/v1/models"])
def test_the_form_that_answers_is_found(
    world: World, server: FakeServer, base: str, given: str
) -> None:
    server.replies[f"{base}/models"] = openai_list("a", "b")
    assert tried(server.url + given) == {
        "answer": f"{server.url}{base}",
        "url": f"{server.url}{base}",
        "models": 2,
        "free": 0,
        "message": f"{server.url}{base}: answers, 2 models",
        "verdict": "works",
        "fix": "",
    }


@pytest.mark.parametrize("given", ["/v3", "/v3/", "/v3/chat/completions"])
def test_another_version_is_kept(world: World, server: FakeServer, given: str) -> None:
    server.replies["/v3/models"] = openai_list("a")
    server.replies["/v1/models"] = openai_list("b")
    assert tried(server.url + given)["answer"] == f"{server.url}/v3"


def test_the_versioned_form_is_kept_where_several_answer(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = server.replies["/models"] = openai_list("a")
    assert tried(server.url)["url"] == f"{server.url}/v1"


def test_a_scheme_is_not_needed(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a")
    assert tried(f"127.0.0.1:{server.port}")["url"] == f"{server.url}/v1"


def test_what_it_finds_is_what_fetch_then_asks(world: World, server: FakeServer) -> None:
    server.replies["/openai/v1/models"] = openai_list("a")
    url = tried(server.url)["answer"]
    world.providers("providers: []\n")
    world.cli("providers", "add", "oai", "--url", url)
    assert world.cli("fetch").code == 0


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_wants_a_key_is_at_the_right_address(
    world: World, server: FakeServer, status: int
) -> None:
    server.replies["/api/v1/models"] = Reply({"error": {"message": "Who?"}}, status=status)
    ran = world.cli("providers", "try", server.url)
    assert ran == (0, f"{server.url}/api/v1: answers, and wants a key\n", "")
    found = tried(server.url)
    assert (found["verdict"], found["models"]) == ("works", 0)
    assert found["answer"] == f"{server.url}/api/v1"


def test_a_key_is_tried_if_there_is_one_and_never_asked_for(
    world: World, server: FakeServer
) -> None:
    server.replies["/v1/models"] = openai_list("a")
    server.replies["/v1/models"].keys = (KEY,)
    assert tried(server.url, secret=f"{KEY}\n")["message"].endswith("/v1: answers, 1 model")
    ran = world.process("providers", "try", server.url, stdin="not asked for")
    assert ran.out.endswith("/v1: answers, and wants a key\n")
    assert "canary" not in str(ran)
    done = result("providers", "try", server.url, secret="another-key")
    assert (done.exit_code, done.data["verdict"]) == (1, "refused")
    assert done.data["message"] == (
        f'127.0.0.1:{server.port} refused this key (401). It says: "Incorrect API key".'
    )
    assert done.data["answer"] == f"{server.url}/v1"


def test_where_nothing_answers_what_was_tried_is_named(world: World, free_port: int) -> None:
    base = f"http://127.0.0.1:{free_port}"
    ran = world.cli("providers", "try", f"{base}/v1/chat/completions")
    assert (ran.code, ran.out, ran.err) == (
        5,
        "",
        (
            f"127.0.0.1:{free_port} cannot be reached. {base}/v1/models: "
            "nothing listens there (connection refused).\n"
            f"Tried: {base}/v1, {base}, {base}/api/v1, {base}/openai/v1, "
            f"{base}/v1/chat/completions.\n"
        ),
    )
    found = tried(f"{base}/v1/chat/completions")
    assert (found["verdict"], found["answer"], found["models"]) == ("unknown", f"{base}/v1", 0)


def test_a_server_without_a_list_is_told_from_one_that_is_not_there(
    world: World, server: FakeServer
) -> None:
    ran = world.cli("providers", "try", server.url)
    assert ran.code == 5
    assert ran.err.startswith(
        f"127.0.0.1:{server.port} answers, but lists no models where they usually are.\nTried: "
    )


def test_what_tells_more_than_a_missing_page_is_told(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = Reply({}, status=500)
    ran = world.cli("providers", "try", server.url)
    assert ran.err.startswith(f"127.0.0.1:{server.port} is failing (500).\nTried: ")


def test_variables_in_an_address_stay_variables(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/v1/models"] = openai_list("a")
    monkeypatch.setenv("LAB", server.url)
    assert tried("${LAB}")["answer"] == "${LAB}/v1"
    with pytest.raises(FreeRouterError, match="needs \\$\\{ATTIC\\}, which is not set"):
        tried("${ATTIC}/v1")


def test_a_password_in_the_address_is_sent_but_not_shown(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a")
    url = server.url.replace("http://", f"http://me:{KEY}@")
    ran = world.cli("providers", "try", url)
    assert (ran.code, ran.out) == (0, f"{server.url}/v1: answers, 1 model\n")
    assert server.seen[0].key.startswith("Basic ")
    assert "canary" not in world.cli("providers", "try", url, "--json").out
    assert tried(url)["answer"] == f"{url}/v1"


def test_what_is_no_address_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="is not a web address"):
        tried("ftp://x")


def test_trying_needs_and_writes_nothing(world: World, server: FakeServer) -> None:
    before = world.written()
    world.cli("providers", "try", server.url)
    world.cli("providers", "local")
    assert world.written() == before


# This machine's servers


@pytest.fixture
def usual(
    tmp_path: Path, serve: Callable[[], FakeServer], monkeypatch: pytest.MonkeyPatch
) -> tuple[FakeServer, FakeServer]:
    """Two servers, listed as the only usual ones: one answers, the other not yet."""
    one, two = serve(), serve()
    one.replies["/v1/models"] = openai_list("a", "b")
    rows = [
        {"name": "one", "label": "One", "port": one.port},
        {"name": "two", "label": "Two", "port": two.port, "path": "/x/v1"},
    ]
    path = tmp_path / "servers.yaml"
    path.write_text(dump_yaml(rows))
    monkeypatch.setattr(local_servers, "FILE", str(path))
    return one, two


def test_local_servers_that_answer_are_listed(
    world: World, usual: tuple[FakeServer, FakeServer]
) -> None:
    one, two = usual
    ran = world.cli("providers", "local", "--json")
    assert json.loads(ran.out)["servers"] == [
        {
            "name": "one",
            "type": "oai",
            "url": f"{one.url}/v1",
            "models": 2,
            "label": "One",
            "hint": "answers, 2 models",
        }
    ]
    two.replies["/x/v1/models"] = openai_list("c")
    lines = world.cli("providers", "local").out.splitlines()
    assert [line.split() for line in lines] == [
        ["SERVER", "URL", "MODELS"],
        ["One", f"{one.url}/v1", "2"],
        ["Two", f"{two.url}/x/v1", "1"],
    ]


def test_the_gateways_own_port_is_no_server(
    world: World, usual: tuple[FakeServer, FakeServer], worker: subprocess.Popen[bytes]
) -> None:
    one, _ = usual
    record = GatewayRecord(
        *(worker.pid, started_at(worker.pid), TOKEN, "127.0.0.1", one.port, time.time()),
        *("", 5, "1.2"),
    )
    write_record(workspace(world), record)
    assert world.cli("providers", "local").out == "No local server answers.\n"
    assert one.seen == []
