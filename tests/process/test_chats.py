"""A streamed answer over a real socket, whole and broken off."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from freerouter.process.chats import Chat, NoAnswerError
from freerouter.process.record import GatewayRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Serve = "Callable[[bytes], GatewayRecord]"
HELLO = [{"role": "user", "content": "hi"}]


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], GatewayRecord]]:
    """Answers one request with the bytes given, and hangs up."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(answer: bytes) -> GatewayRecord:
        def one() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        threads.append(threading.Thread(target=one, daemon=True))
        threads[-1].start()
        port = listening.getsockname()[1]
        return GatewayRecord(1, "", "", "127.0.0.1", port, 0.0, "", 1, "")

    yield start
    for thread in threads:
        thread.join(5)
    listening.close()


def stream(*events: str, whole: bool = True) -> bytes:
    """An answer of server-sent events, each in a chunk of its own."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    body = b""
    for event in events:
        raw = f"data: {event}\n\n".encode()
        body += b"%x\r\n%s\r\n" % (len(raw), raw)
    return head + body + (b"0\r\n\r\n" if whole else b"")


def piece(text: str) -> str:
    return json.dumps({"choices": [{"delta": {"content": text}}]})


def refused(status: int, body: bytes, headers: str = "") -> bytes:
    return (f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n").encode() + body


def fails(record: GatewayRecord) -> tuple[NoAnswerError, list[str]]:
    got: list[str] = []
    with Chat(record, "key", 5) as chat, pytest.raises(NoAnswerError) as caught:
        got.extend(chat.ask("a", HELLO))
    return caught.value, got


def test_pieces_come_one_by_one_and_then_what_they_took(
    serve: Callable[[bytes], GatewayRecord],
) -> None:
    usage = json.dumps({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    with Chat(serve(stream(piece("Hel"), piece("lö"), usage, "[DONE]")), "key", 5) as chat:
        assert list(chat.ask("a", HELLO)) == ["Hel", "lö"]
    assert chat.usage == {"prompt_tokens": 1, "completion_tokens": 2}
    assert chat.first is not None
    assert chat.first <= chat.seconds


def test_an_answer_that_is_not_streamed_is_one_piece(
    serve: Callable[[bytes], GatewayRecord],
) -> None:
    body = json.dumps({"choices": [{"message": {"content": "Hello"}}]}).encode()
    with Chat(serve(refused(200, body)), "key", 5) as chat:
        assert list(chat.ask("a", HELLO)) == ["Hello"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_stream_that_ends_in_the_middle_is_cut(
    serve: Callable[[bytes], GatewayRecord], *, whole: bool
) -> None:
    error, got = fails(serve(stream(piece("Hel"), whole=whole)))
    assert (error.kind, error.begun, got) == ("cut", True, ["Hel"])


def test_an_error_within_a_stream_is_told(serve: Callable[[bytes], GatewayRecord]) -> None:
    event = json.dumps({"error": {"message": "no more", "code": "503"}})
    error, got = fails(serve(stream(piece("Hel"), event)))
    assert (error.status, error.message, error.begun, got) == (503, "no more", True, ["Hel"])


@pytest.mark.parametrize("header", ["Retry-After", "llm_provider-retry-after"])
def test_a_limit_says_when_it_is_over(serve: Callable[[bytes], GatewayRecord], header: str) -> None:
    body = b'{"error": {"message": "slow down", "code": "429"}}'
    error, _ = fails(serve(refused(429, body, f"{header}: 7\r\n")))
    assert (error.status, error.message, error.retry_after) == (429, "slow down", 7.0)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": "x"}', b""])
def test_a_refusal_of_another_form_is_one_still(
    serve: Callable[[bytes], GatewayRecord], body: bytes
) -> None:
    error, _ = fails(serve(refused(502, body)))
    assert (error.status, error.begun) == (502, False)


def test_nobody_listens(free_port: int) -> None:
    record = GatewayRecord(1, "", "", "127.0.0.1", free_port, 0.0, "", 1, "")
    assert fails(record)[0].kind == "gone"


def test_nothing_comes_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        record = GatewayRecord(1, "", "", "127.0.0.1", silent.getsockname()[1], 0.0, "", 1, "")
        with Chat(record, "key", 0.1) as chat, pytest.raises(NoAnswerError) as caught:
            list(chat.ask("a", HELLO))
    assert (caught.value.kind, caught.value.message) == ("timeout", "nothing came for 0.1 s")
