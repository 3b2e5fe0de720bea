"""The supervisor's control socket: messages, who may speak, and what is not there."""

from __future__ import annotations

import os
import socket
import stat
import threading
from typing import TYPE_CHECKING

from freerouter.process.control import (
    Channel,
    ask,
    control_path,
    converse,
    is_the_users,
    listen_at,
    pair,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_messages_come_whole_however_they_are_cut() -> None:
    ours, theirs = pair()
    theirs.connection.sendall(b'{"a":1}\n{"b"')
    assert ours.receive() == [{"a": 1}]
    theirs.connection.sendall(b":2}\nnonsense\n[1]\n")
    assert ours.receive() == [{"b": 2}]
    theirs.close()
    assert ours.receive() == []
    assert ours.closed
    assert not ours.send({"to": "nobody"}) or not ours.send({"to": "nobody"})
    ours.close()


def test_who_does_not_read_loses_what_does_not_wait() -> None:
    ours, theirs = pair()
    big = {"text": "x" * 100_000}
    assert not all(ours.send(big, wait=False) for _ in range(100))
    ours.close()
    theirs.close()


def test_the_socket_is_the_users_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "gateway.sock")
    listener = listen_at(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "state").st_mode) == 0o700
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)
    connection, _ = listener.accept()
    assert is_the_users(connection)
    for one in (client, connection, listener):
        one.close()


def test_what_lay_in_its_place_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    path.write_text("left over")
    listen_at(str(path)).close()
    assert path.is_socket()


def test_a_long_path_has_its_socket_elsewhere() -> None:
    assert control_path("/short/state", "0" * 32) == "/short/state/gateway.sock"
    elsewhere = control_path("/" + "long" * 40, "ab" * 16)
    assert elsewhere.endswith("/freerouter-abababababababab.sock")
    assert len(elsewhere) < 100


def test_where_nobody_listens_there_is_no_answer(tmp_path: Path) -> None:
    assert ask(str(tmp_path / "none"), {"do": "status"}) is None
    silent = listen_at(str(tmp_path / "silent"))
    assert ask(str(tmp_path / "silent"), {"do": "status"}, 0.2) is None
    silent.close()


def test_a_conversation_goes_on_until_its_end(tmp_path: Path) -> None:
    path = str(tmp_path / "gateway.sock")
    listener = listen_at(path)
    listener.setblocking(True)

    def answer() -> None:
        client = Channel(listener.accept()[0])
        assert client.receive() == [{"do": "wait"}]
        client.send({"progress": 1})
        client.send({"ok": True})
        client.close()

    server = threading.Thread(target=answer)
    server.start()
    told = [found for found in converse(path, {"do": "wait"}, 10.0) if found]
    server.join()
    listener.close()
    assert told == [{"progress": 1}, {"ok": True}]
