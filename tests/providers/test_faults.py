"""Everything that goes wrong on the way at once: each has its own words, none costs the others."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from datetime import date
from typing import TYPE_CHECKING

import pytest
import trustme
from fakes import FakeServer, Reply, openai_list

from freerouter.config.providers_file import Entry
from freerouter.errors import NotConfiguredError
from freerouter.providers import asking, http
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.discovery import Outcome, discover
from freerouter.volatile import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

DAY = date(2026, 9, 1)
KEY = "sk-canary-000000"


def account(name: str, base: str) -> Account:
    return Account(Catalogue().get("oai"), Entry("oai", name), base, KEY, "KEY")


@pytest.fixture
def listen() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """A server on a raw socket: each connection is handed to the function given."""
    listeners: list[socket.socket] = []

    def make(talk: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    talk(connection)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    yield make
    for listener in listeners:
        listener.close()


def reset(connection: socket.socket) -> None:
    """Read the question, then break the connection off without a word."""
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def flood(connection: socket.socket) -> None:
    """Fifty megabytes."""
    connection.recv(65536)
    size = 50 * 1024 * 1024
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n[" % size)
    for _ in range(50):
        connection.sendall(b" " * 1024 * 1024)


def drip(connection: socket.socket) -> None:
    """A list that never ends, a piece at a time."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"100000\r\n" + b" " * 0x100000 + b"\r\n")


def said(outcome: Outcome) -> str:
    return plain(str(outcome.error))


def test_each_fault_has_its_own_words_and_none_costs_the_others_anything(
    serve: Callable[[], FakeServer],
    listen: Callable[[Callable[[socket.socket], None]], str],
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(http, "MAX_BYTES", 1024 * 1024)
    good, other = serve(), serve()
    good.replies["/v1/models"] = openai_list("a")
    other.replies["/v1/models"] = openai_list("stolen")

    def with_reply(reply: Reply) -> str:
        server = serve()
        server.replies["/v1/models"] = reply
        return f"{server.url}/v1"

    accounts = {
        "good": f"{good.url}/v1",
        "hang": with_reply(Reply({}, delay=60)),
        "reset": listen(reset),
        "cut": with_reply(Reply({"data": ["x" * 100]}, cut=20)),
        "html": with_reply(Reply(b"<!doctype html><h1>Sign in</h1>")),
        "charset": with_reply(
            Reply('{"data": "é"}'.encode("latin-1"), headers={"Content-Type": "text/json"})
        ),
        "flood": listen(flood),
        "drip": listen(drip),
        "elsewhere": with_reply(
            Reply(b"", status=307, headers={"Location": f"{other.url}/v1/models"})
        ),
        "limited": with_reply(Reply({}, status=429, headers={"Retry-After": "600"})),
        "nowhere": "http://no-such-host.invalid/v1",
        "closed": f"http://127.0.0.1:{free_port}/v1",
        "tls": with_reply(Reply({})).replace("http:", "https:"),
        "empty": with_reply(Reply({"data": []})),
    }
    outcomes = discover([account(n, url) for n, url in accounts.items()], DAY, 4)
    found = dict(zip(accounts, outcomes, strict=True))
    assert [m.id for m in found["good"].models] == ["a"]
    assert other.seen == []
    words = {
        "hang": "hang did not answer within 4 s.",
        "reset": "reset gave no whole answer.",
        "cut": "cut gave no whole answer.",
        "html": "html answered with a web page instead of a model list.",
        "charset": "charset answered with broken JSON.",
        "flood": "flood sent more than 1 MB.",
        "drip": "drip sent more than 1 MB.",
        "elsewhere": "elsewhere redirects to another host (127.0.0.1).",
        "limited": "limited says too many requests (429). Try again in 600 s.",
        "nowhere": "nowhere cannot be reached.",
        "closed": "closed cannot be reached.",
        "tls": "tls does not speak TLS at this address.",
        "empty": "empty lists no chat model.",
    }
    for name, text in words.items():
        assert said(found[name]).startswith(text)
        assert KEY not in said(found[name])
    assert "(DNS)" in said(found["nowhere"])
    assert "connection refused" in said(found["closed"])
    assert len({said(found[name]) for name in words}) == len(words)


@pytest.mark.parametrize(
    ("raw", "kind", "named"),
    [
        ('{"data": [{"id": "é"}]}'.encode("latin-1"), "application/json; charset=latin-1", "é"),
        ('{"data": [{"id": "é"}]}'.encode("utf-16"), "application/json", "é"),
        (b"\xef\xbb\xbf" + '{"data": [{"id": "é"}]}'.encode(), "application/json", "é"),
        (
            '{"data": [{"id": "モデル"}]}'.encode("shift_jis"),
            'text/json;charset="Shift_JIS"',
            "モデル",
        ),
    ],
)
def test_a_list_may_come_in_another_character_set_if_it_says_which(
    server: FakeServer, raw: bytes, kind: str, named: str
) -> None:
    server.replies["/v1/models"] = Reply(raw, headers={"Content-Type": kind})
    (outcome,) = discover([account("lab", f"{server.url}/v1")], DAY, 5)
    assert [m.id for m in outcome.models] == [named]


@pytest.mark.parametrize("named", ["utf-8", "no-such-charset", "base64", "idna"])
def test_a_character_set_that_is_wrong_is_told(server: FakeServer, named: str) -> None:
    kind = f"application/json; charset={named}"
    server.replies["/v1/models"] = Reply(b'{"a": "\xe9"}', headers={"Content-Type": kind})
    (outcome,) = discover([account("lab", f"{server.url}/v1")], DAY, 5)
    assert said(outcome).startswith("lab answered with broken JSON.")


class Tls:
    """A server with a certificate of an authority of its own, which nobody knows yet."""

    def __init__(self, directory: Path) -> None:
        self.authority = trustme.CA()
        self.file = directory / "authority.pem"
        self.authority.cert_pem.write_to_path(str(self.file))

    def wrap(self, server: FakeServer, host: str = "127.0.0.1") -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(host).configure_cert(context)
        inside = server._server
        inside.socket = context.wrap_socket(inside.socket, server_side=True)
        return f"https://127.0.0.1:{server.port}/v1"


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    server: FakeServer, tls: Tls
) -> None:
    (outcome,) = discover([account("lab", tls.wrap(server))], DAY, 5)
    assert said(outcome).startswith("lab cannot be trusted: its certificate is not accepted.")
    assert said(outcome).endswith(
        "Where your network has a certificate of its own, name it in SSL_CERT_FILE."
    )
    assert server.seen == []


def test_a_certificate_for_another_name_is_not_accepted(
    server: FakeServer, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.file))
    (outcome,) = discover([account("lab", tls.wrap(server, "elsewhere.example"))], DAY, 5)
    assert said(outcome).startswith("lab cannot be trusted: its certificate is not accepted.")
    assert server.seen == []


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_of_ones_own_is_honoured(
    server: FakeServer, tls: Tls, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(tls.file))
    server.replies["/v1/models"] = openai_list("a")
    (outcome,) = discover([account("lab", tls.wrap(server))], DAY, 5)
    assert [m.id for m in outcome.models] == ["a"]


def test_a_bundle_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(NotConfiguredError) as caught:
        discover([account("lab", "https://127.0.0.1:9/v1")], DAY, 5)
    assert str(caught.value) == (
        "The certificates of your environment cannot be read. No such file or directory. "
        "Set REQUESTS_CA_BUNDLE to a file that is there, or unset it."
    )


def test_a_proxy_is_asked_for_what_is_elsewhere(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.replies["http://lab.invalid/v1/models"] = openai_list("a")
    (outcome,) = discover([account("lab", "http://lab.invalid/v1")], DAY, 5)
    assert [m.id for m in outcome.models] == ["a"]
