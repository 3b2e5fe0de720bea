"""Ctrl-C while a model answers: a clear end, and the connection is closed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from fakes import TOKEN

from freerouter.process.identity import started_at
from freerouter.providers.models import Model

if TYPE_CHECKING:
    from conftest import World

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
PIECE = b'data: {"choices": [{"delta": {"content": "Once upon a "}}]}\n\n'


def test_ctrl_c_ends_an_answer_in_the_middle(world: World, worker: subprocess.Popen[bytes]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        state = world.workspace / "state"
        state.mkdir(parents=True, exist_ok=True)
        (state / "models.json").write_text(
            json.dumps({"models": [{**Model("a", "lab")._asdict(), "written": True}]})
        )
        record = {
            "pid": worker.pid,
            "started": started_at(worker.pid),
            "token": TOKEN,
            "host": "127.0.0.1",
            "port": listening.getsockname()[1],
            "since": 0,
            "fingerprint": "",
            "models": 1,
            "engine": "",
        }
        (state / "gateway.json").write_text(json.dumps(record))
        child = subprocess.Popen(
            [sys.executable, "-m", "freerouter", "ask", "hello"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ),
            cwd=world.cwd,
        )
        connection, _ = listening.accept()
        with connection:
            raw = b""
            while not raw.endswith(b"}}"):
                raw += connection.recv(65536)
            connection.sendall(HEAD + PIECE)
            assert child.stdout
            first = child.stdout.read(len("Once upon a "))
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=30)
            assert connection.recv(1) == b""
    assert first == b"Once upon a "
    assert child.returncode == 130
    assert err.decode().strip() == "Cancelled."
