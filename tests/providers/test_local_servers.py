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
    assert len({s.port for s in servers}) == len({s.name for s in servers}) == len(servers)
    for server in servers:
        assert Catalogue().get(server.type).id in ("oai", "ollama")
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
