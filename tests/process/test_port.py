"""Taking the port, and saying who has it where it is taken."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from freerouter.errors import FreeRouterError, UsageError
from freerouter.process.port import holder, is_loopback, listen, next_free

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who holds a port")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which this very process listens."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_free_port_is_listened_on_at_once(free_port: int) -> None:
    with listen(HOST, free_port), socket.create_connection((HOST, free_port), timeout=5):
        pass


def test_a_port_can_be_taken_again_as_soon_as_it_is_free(free_port: int) -> None:
    with listen(HOST, free_port) as listener:
        client = socket.create_connection((HOST, free_port), timeout=5)
        served, _ = listener.accept()
        served.close()
        client.close()
    listen(HOST, free_port).close()


def test_a_taken_port_is_not_shared_and_a_free_one_is_offered(taken: int) -> None:
    with pytest.raises(FreeRouterError, match=f"Port {taken} on {HOST} is taken") as caught:
        listen(HOST, taken)
    offered = next_free(HOST, taken)
    assert offered > taken
    assert f"`freerouter start --port {offered}`" in str(caught.value)
    listen(HOST, offered).close()


@linux
def test_the_program_that_holds_a_port_is_named(taken: int) -> None:
    assert holder(taken).endswith(f"(pid {os.getpid()})")
    with pytest.raises(FreeRouterError, match=rf"is taken by .* \(pid {os.getpid()}\)\."):
        listen(HOST, taken)


@linux
def test_nobody_holds_a_free_port(free_port: int) -> None:
    assert holder(free_port) == ""


def test_a_port_that_is_connected_but_not_listened_on_is_held_by_nobody(free_port: int) -> None:
    with listen(HOST, free_port), socket.create_connection((HOST, free_port)) as client:
        assert holder(client.getsockname()[1]) == ""


def test_the_next_free_port_skips_one_that_is_taken(taken: int) -> None:
    assert next_free(HOST, taken - 1) > taken


def test_after_the_last_port_there_is_none() -> None:
    assert next_free(HOST, 65535) == 0


@pytest.mark.parametrize("port", [-1, 0, 65536, 10**9])
def test_a_number_that_is_no_port_is_a_usage_error(port: int) -> None:
    with pytest.raises(UsageError, match=f"There is no port {port}"):
        listen(HOST, port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_that_is_not_ours_is_a_usage_error(host: str, free_port: int) -> None:
    with pytest.raises(UsageError, match=f'Cannot listen on "{host}"'):
        listen(host, free_port)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("localhost.example.com", False),
        ("127.example.com", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local
