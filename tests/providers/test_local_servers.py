"""The usual servers of one's own machine: a table that ships, and asking who is there."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from fakes import FakeServer, Reply, ollama, openai_list

from freerouter.providers.catalogue import Catalogue
from freerouter.providers.local_servers import LocalServer, answering, usual_servers

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine


def test_every_usual_server_has_a_port_and_a_type_of_the_catalogue() -> None:
    servers = usual_servers()
    assert {"ollama", "lm-studio", "vllm", "llamacpp", "jan"} <= {s.name for s in servers}
    assert len({s.name for s in servers}) == len(servers)
    for server in servers:
        assert Catalogue().get(server.type).id in ("oai", "ollama", "lm_studio")
        assert 0 < server.port < 65536
        assert server.url.startswith(f"http://127.0.0.1:{server.port}")


def test_those_that_answer_with_models_are_found(serve: Callable[[], FakeServer]) -> None:
    openai, own, page, closed = serve(), serve(), serve(), serve()
    openai.replies["/v1/models"] = openai_list("a", "b")
    ollama(own)
    page.replies["/v1/models"] = Reply(b"<html>hello</html>")
    closed.replies["/v1/models"] = Reply({}, status=401)
    servers = [
        LocalServer("one", "One", openai.port),
        LocalServer("own", "Own", own.port, "ollama", ""),
        LocalServer("page", "Page", page.port),
        LocalServer("closed", "Closed", closed.port),
    ]
    found = answering(servers, Catalogue(), date(2026, 9, 1), 5)
    assert [(server.name, models) for server, models in found] == [("one", 2), ("own", 1)]


def test_one_that_hangs_does_not_hold_up_the_others(serve: Callable[[], FakeServer]) -> None:
    quick, slow = serve(), serve()
    quick.replies["/v1/models"] = openai_list("a")
    slow.replies["/v1/models"] = Reply({}, delay=60)
    servers = [LocalServer("slow", "Slow", slow.port), LocalServer("quick", "Quick", quick.port)]
    found = answering(servers, Catalogue(), date(2026, 9, 1), 0.5)
    assert [server.name for server, _ in found] == ["quick"]


def owned_by(maker: str, *names: str) -> Reply:
    return Reply({"data": [{"id": name, "owned_by": maker} for name in names]})


@pytest.mark.parametrize(
    ("maker", "name", "label"),
    [
        ("llamacpp", "llamacpp", "llama.cpp"),
        ("", "localai", "LocalAI"),
        ("somebody", "localai", "LocalAI"),
        ("vllm", "vllm", "vLLM"),
    ],
)
def test_servers_of_one_port_are_told_apart_by_what_they_answer(
    server: FakeServer, maker: str, name: str, label: str
) -> None:
    server.replies["/v1/models"] = owned_by(maker, "a")
    usual = usual_servers()
    servers = [s._replace(port=server.port) for s in usual if s.port == 8080]
    servers += [s._replace(port=1) for s in usual if s.name == "vllm"]
    ((found, models),) = answering(servers, Catalogue(), date(2026, 9, 1), 5)
    assert (found.name, found.label, found.port, models) == (name, label, server.port, 1)


def test_what_is_not_what_usually_listens_there_is_not_called_so(server: FakeServer) -> None:
    server.replies["/v1/models"] = owned_by("somebody", "a")
    servers = [s._replace(port=server.port) for s in usual_servers() if s.name == "vllm"]
    ((found, _),) = answering(servers, Catalogue(), date(2026, 9, 1), 5)
    assert (found.name, found.label) == (f"local-{server.port}", "OpenAI-compatible server")


def test_lm_studio_is_asked_in_its_own_way_first(server: FakeServer) -> None:
    rows = [
        {"id": "qwen3", "type": "llm", "max_context_length": 32768},
        {"id": "nomic", "type": "embeddings"},
    ]
    server.replies["/api/v0/models"] = Reply({"data": rows})
    server.replies["/v1/models"] = openai_list("qwen3", "nomic")
    servers = [s._replace(port=server.port) for s in usual_servers() if s.name == "lm-studio"]
    ((found, models),) = answering(servers, Catalogue(), date(2026, 9, 1), 5)
    assert (found.label, found.type, models) == ("LM Studio", "lm_studio", 1)
    del server.replies["/api/v0/models"]
    ((found, models),) = answering(servers, Catalogue(), date(2026, 9, 1), 5)
    assert (found.type, models) == ("oai", 2)
