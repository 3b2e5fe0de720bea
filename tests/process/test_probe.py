"""One GET over a plain socket: it must end, whatever is at the other side."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from fakes import Reply

from freerouter.process.probe import get, reachable, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes import FakeServer

HOST = "127.0.0.1"


@contextmanager
def answering(raw: bytes) -> Iterator[int]:
    """A server that sends these bytes to the first who asks."""
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

        thread = Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()


def test_the_code_and_the_body_come_back(server: FakeServer) -> None:
    server.replies["/v1/models"] = Reply({"data": []}, status=203)
    assert get(HOST, server.port, "/v1/models") == (203, b'{"data": []}')


def test_the_key_is_sent_as_a_client_would(server: FakeServer) -> None:
    server.replies["/v1/models"] = Reply({}, keys=("sk-right",))
    assert get(HOST, server.port, "/v1/models", "sk-right")[0] == 200
    assert get(HOST, server.port, "/v1/models", "sk-wrong")[0] == 401
    assert get(HOST, server.port, "/v1/models")[0] == 401
    assert [s.key for s in server.seen] == ["sk-right", "sk-wrong", ""]


def test_a_long_body_is_read_to_its_end(server: FakeServer) -> None:
    server.replies["/x"] = Reply(b"x" * 300_000)
    assert get(HOST, server.port, "/x") == (200, b"x" * 300_000)


def test_where_nothing_listens_the_answer_is_zero(free_port: int) -> None:
    assert get(HOST, free_port, "/") == (0, b"")


def test_whoever_says_nothing_is_not_waited_for() -> None:
    with socket.create_server((HOST, 0)) as silent:
        assert get(HOST, silent.getsockname()[1], "/", timeout=0.05) == (0, b"")


def test_a_name_that_is_no_host_is_zero_too() -> None:
    assert get("256.256.256.256", 80, "/", timeout=0.05) == (0, b"")


@pytest.mark.parametrize(
    "raw", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\xff\xfe"]
)
def test_what_is_no_http_answer_is_zero(raw: bytes) -> None:
    with answering(raw) as port:
        assert get(HOST, port, "/") == (0, b"")


@pytest.mark.parametrize(
    ("bound", "asked", "url"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:4000"),
        ("0.0.0.0", "127.0.0.1", "http://127.0.0.1:4000"),
        ("::", "::1", "http://[::1]:4000"),
        ("::1", "::1", "http://[::1]:4000"),
        ("192.168.1.5", "192.168.1.5", "http://192.168.1.5:4000"),
    ],
)
def test_a_gateway_on_every_address_is_asked_on_this_machine(
    bound: str, asked: str, url: str
) -> None:
    assert reachable(bound) == asked
    assert url_of(bound, 4000) == url
