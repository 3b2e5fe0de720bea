"""HTTP/2 with whoever offers it: a real server that speaks nothing else, over real TLS."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from fakes import Reply
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from test_faults import DAY, account

from freerouter.providers.discovery import discover

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakes import FakeServer

LISTED = {f"/{who}/v1/models": [f"{who}-1", f"{who}-2"] for who in ("lab", "works")}


class Http2Server:
    """Lists models; notes what carries the keys."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        self.file = directory / "authority.pem"
        authority.cert_pem.write_to_path(str(self.file))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.set_alpn_protocols(["h2"])
        authority.issue_cert("127.0.0.1").configure_cert(self._context)
        self.keys: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(plain,), daemon=True).start()

    def _talk(self, plain: socket.socket) -> None:
        with self._context.wrap_socket(plain, server_side=True) as wire:
            talk = H2Connection(H2Configuration(client_side=False))
            talk.initiate_connection()
            wire.sendall(talk.data_to_send())
            while data := wire.recv(65536):
                for event in talk.receive_data(data):
                    if isinstance(event, RequestReceived):
                        self._answer(talk, event)
                wire.sendall(talk.data_to_send())

    def _answer(self, talk: H2Connection, event: RequestReceived) -> None:
        headers = {bytes(k).decode(): bytes(v).decode() for k, v in event.headers}
        self.keys.append(headers.get("authorization", ""))
        if headers[":path"] not in LISTED:
            talk.reset_stream(event.stream_id)
            return
        rows = [{"id": name, "object": "model"} for name in LISTED[headers[":path"]]]
        body = json.dumps({"object": "list", "data": rows}).encode()
        head = [(":status", "200"), ("content-type", "application/json")]
        talk.send_headers(event.stream_id, head)
        talk.send_data(event.stream_id, body, end_stream=True)


@pytest.fixture
def http2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Http2Server]:
    server = Http2Server(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.file))
    yield server
    server.close()


def test_it_is_spoken_to_a_server_that_speaks_nothing_else(http2: Http2Server) -> None:
    (outcome,) = discover([account("lab", f"https://127.0.0.1:{http2.port}/lab/v1")], DAY, 5)
    assert outcome.error is None
    assert [model.id for model in outcome.models] == ["lab-1", "lab-2"]


def test_several_that_are_at_one_server_get_their_own_answers(http2: Http2Server) -> None:
    accounts = [account(n, f"https://127.0.0.1:{http2.port}/{n}/v1") for n in ("lab", "works")]
    keys = ["one-key-0123456789", "another-key-0123456"]
    asked = [a._replace(key=key, key_name="K") for a, key in zip(accounts, keys, strict=True)]
    found = discover(asked, DAY, 5)
    assert [[m.id for m in outcome.models] for outcome in found] == [*LISTED.values()]
    assert sorted(http2.keys) == sorted(f"Bearer {key}" for key in keys)


def test_an_answer_that_is_broken_off_costs_the_others_nothing(http2: Http2Server) -> None:
    accounts = [account(n, f"https://127.0.0.1:{http2.port}/{n}/v1") for n in ("gone", "lab")]
    gone, lab = discover(accounts, DAY, 5)
    assert gone.error
    assert gone.error.what == "gone gave no whole answer."
    assert len(lab.models) == 2


PLAIN_FIRST = """
import sys
from freerouter.providers.http import make_client, request_json
plain, secure = sys.argv[1:]
with make_client(tls=False, timeout=5) as client:
    request_json(client, "plain", plain, {})
print("h2" in sys.modules)
with make_client(tls=True, timeout=5) as client:
    print(len(request_json(client, "secure", secure, {})["data"]))
"""


def test_its_library_is_imported_where_something_needs_tls_and_only_there(
    http2: Http2Server, server: FakeServer
) -> None:
    """In a shell, also after a server nearby was asked without."""
    server.replies["/v1/models"] = Reply({"data": []})
    secure = f"https://127.0.0.1:{http2.port}/lab/v1/models"
    found: Any = subprocess.run(
        [sys.executable, "-c", PLAIN_FIRST, f"{server.url}/v1/models", secure],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "False\n2\n"
