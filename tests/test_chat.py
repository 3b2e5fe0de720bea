"""A conversation on a terminal: stopped in the middle, gone on with, and nowhere written down."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import pexpect
import pytest
from fakes import TOKEN

from freerouter.process.identity import started_at
from freerouter.providers.models import Model

if TYPE_CHECKING:
    import subprocess

    from conftest import World

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
BEGIN = b'data: {"choices": [{"delta": {"content": "Once upon a "}}]}\n\n'
END = b'data: {"choices": [{"delta": {"content": "time."}, "finish_reason": "stop"}]}\n\n'


def whole(connection: socket.socket) -> bytes:
    """A request up to the end of its body, which is sent apart from its head."""
    raw = b""
    while not raw.endswith(b"}}"):
        raw += connection.recv(65536)
    return raw


def answer(listening: socket.socket, asked: list[bytes]) -> None:
    """Two questions: the first answer never ends, the second does."""
    first, _ = listening.accept()
    with first:
        asked.append(whole(first))
        first.sendall(HEAD + BEGIN)
        first.recv(1)  # until the other side hangs up
    second, _ = listening.accept()
    with second:
        asked.append(whole(second))
        second.sendall(HEAD + BEGIN + END + b"data: [DONE]\n\n")


@pytest.mark.parametrize("words", [[], ["--plain"]], ids=["menus", "plain"])
def test_a_conversation_survives_ctrl_c_and_is_kept_nowhere(
    world: World, worker: subprocess.Popen[bytes], words: list[str]
) -> None:
    world.providers("providers: []\n")
    state = world.workspace / "state"
    state.mkdir()
    rows = [{**Model("a", "lab")._asdict(), "written": True}]
    (state / "models.json").write_text(json.dumps({"models": rows}))
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        record = {"pid": worker.pid, "started": started_at(worker.pid), "token": TOKEN}
        record |= {"host": "127.0.0.1", "port": listening.getsockname()[1], "since": 0}
        record |= {"fingerprint": "", "models": 1, "engine": ""}
        (state / "gateway.json").write_text(json.dumps(record))
        serving = threading.Thread(target=answer, args=(listening, asked), daemon=True)
        serving.start()
        child = pexpect.spawn(
            sys.executable,
            ["-m", "freerouter", "chat", *words],
            env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
            cwd=str(world.cwd),
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=30,
        )
        child.expect("give up|Answer")
        child.send("what is a canary\r")
        child.expect("Once upon a ")
        child.send("\x03")
        child.expect("stopped")
        child.expect("give up|Answer")
        child.send("go on\r")
        child.expect("Once upon a time")
        child.expect("Answered by a")
        child.expect("give up|Answer")
        child.send("\x04")
        child.expect("1 answer")
        child.expect(pexpect.EOF)
        child.wait()
        serving.join(5)
    assert child.exitstatus == 0
    assert b"Once upon a " in asked[1], "what was said so far is part of the next question"
    assert not [path for path, text in world.written().items() if "canary" in text]
