"""One request, and every way in which it can fail. Faults are real: servers, and raw sockets."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, Reply

from freerouter.errors import NotConfiguredError, ProviderError
from freerouter.providers import http
from freerouter.providers.http import make_client, request_json, without_password
from freerouter.providers.verdicts import message_in
from freerouter.volatile import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

KEY = {"Authorization": "Bearer sk-canary-000000"}


def ask(url: str, body: dict[str, Any] | None = None, key_help: str = "") -> Any:
    with make_client(tls=False, timeout=5) as client:
        return request_json(client, "Lab", url, KEY, body=body, key_help=key_help)


def refusal(url: str, key_help: str = "") -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(url, key_help=key_help)
    return caught.value


@pytest.fixture
def raw() -> Iterator[Callable[[bytes], str]]:
    """A server that answers one connection with the bytes given, and closes it."""
    opened: list[tuple[socket.socket, threading.Thread]] = []

    def make(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        opened.append((listener, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/models"

    yield make
    for listener, thread in opened:
        thread.join(5)
        listener.close()


def test_the_key_is_sent_and_the_json_comes_back(server: FakeServer) -> None:
    server.replies["/x"] = Reply({"a": ["é"]})
    assert ask(f"{server.url}/x") == {"a": ["é"]}
    assert ask(f"{server.url}/x", body={"q": 1}) == {"a": ["é"]}
    assert [(s.method, s.key, s.body) for s in server.seen] == [
        ("GET", "sk-canary-000000", None),
        ("POST", "sk-canary-000000", {"q": 1}),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_may_come_in_any_unicode(server: FakeServer, encoding: str) -> None:
    server.replies["/x"] = Reply('{"a": "é"}'.encode(encoding))
    assert ask(f"{server.url}/x") == {"a": "é"}


@pytest.mark.parametrize(
    ("status", "message", "state"),
    [
        (401, 'Lab refused this key (401). It says: "no". Make one', "refused"),
        (403, 'Lab refused this key (403). It says: "no". Make one', "refused"),
        (402, 'Lab wants payment first (402). It says: "no".', "no_quota"),
        (
            404,
            'Lab has no model list at this address (404). It says: "no". Check `api_base`.',
            "absent",
        ),
        (
            405,
            'Lab has no model list at this address (405). It says: "no". Check `api_base`.',
            "absent",
        ),
        (429, "Lab says too many requests (429). Try again later.", "unknown"),
        (500, 'Lab is failing (500). It says: "no". Try again later.', "unknown"),
        (503, 'Lab is failing (503). It says: "no". Try again later.', "unknown"),
        (400, 'Lab answered 400. It says: "no".', "unknown"),
        (410, 'Lab says that this is gone for good (410). It says: "no".', "unknown"),
        (304, "Lab answered 304.", "unknown"),
        (302, 'Lab answered 302. It says: "no".', "unknown"),
    ],
)
def test_a_status_is_worded(server: FakeServer, status: int, message: str, state: str) -> None:
    body: Any = b"" if status == 304 else {"error": {"message": "no."}}
    server.replies["/x"] = Reply(body, status=status)
    error = refusal(f"{server.url}/x", key_help="Make one")
    assert (str(error), error.state, error.exit_code) == (message, state, 5)


@pytest.mark.parametrize(
    ("wait", "fix"),
    [("7", "Try again in 7 s."), ("Wed, 21 Oct 2026 07:28:00 GMT", "Try again later.")],
)
def test_too_many_requests_tells_how_long_to_wait(server: FakeServer, wait: str, fix: str) -> None:
    server.replies["/x"] = Reply({}, status=429, headers={"Retry-After": wait})
    assert refusal(f"{server.url}/x").fix == fix


def test_a_400_that_names_the_key_refuses_it(server: FakeServer) -> None:
    body = {"error": {"message": "bad", "details": [{"reason": "API_KEY_INVALID"}]}}
    server.replies["/x"] = Reply(body, status=400)
    error = refusal(f"{server.url}/x")
    assert (error.what, error.state) == ("Lab refused this key (400).", "refused")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "a  b\nc."}}, "a b c"),
        ({"error": "plain"}, "plain"),
        ({"message": "m"}, "m"),
        ({"msg": "m"}, "m"),
        ({"detail": "d"}, "d"),
        ({"error": {"code": 1}}, ""),
        (["x"], ""),
        ({"error": "x" * 500}, "x" * 200),
    ],
)
def test_what_a_provider_says_is_found(body: Any, said: str) -> None:
    assert message_in(json.dumps(body).encode()) == said


@pytest.mark.parametrize("raw_body", [b"<html>", b"", b"\xff"])
def test_a_body_without_a_sentence_says_nothing(raw_body: bytes) -> None:
    assert message_in(raw_body) == ""


WEB_PAGE = (
    "Lab answered with a web page instead of a model list. A login page, a proxy or a wrong "
    "address does that. Check `api_base` and your network."
)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"\n <!DOCTYPE html><title>Log in</title>"),
        Reply(b"<html></html>", headers={"Content-Type": "application/json"}),
        Reply(b"Log in", headers={"Content-Type": "text/html; charset=utf-8"}),
    ],
)
def test_a_web_page_is_no_list(server: FakeServer, reply: Reply) -> None:
    server.replies["/x"] = reply
    assert str(refusal(f"{server.url}/x")) == WEB_PAGE


def test_an_empty_answer_is_a_failure(server: FakeServer) -> None:
    server.replies["/x"] = Reply(b" \n")
    assert str(refusal(f"{server.url}/x")) == "Lab answered with nothing. Try again later."


def test_broken_json_is_told_with_its_place_and_size(server: FakeServer) -> None:
    server.replies["/x"] = Reply(b'{"data": [{"id": ')
    assert str(refusal(f"{server.url}/x")) == (
        "Lab answered with broken JSON. Expecting value: line 1 column 18 (char 17). "
        "17 bytes came; the answer may have been cut off. Try again."
    )


@pytest.mark.parametrize("body", [b"\xff\xfe\xff", b"1" * 5000])
def test_hostile_json_is_broken_json(server: FakeServer, body: bytes) -> None:
    server.replies["/x"] = Reply(body)
    assert refusal(f"{server.url}/x").what == "Lab answered with broken JSON."


def test_an_answer_that_breaks_off_is_told(server: FakeServer) -> None:
    server.replies["/x"] = Reply({"data": ["x" * 100]}, cut=20)
    assert str(refusal(f"{server.url}/x")) == (
        f"Lab gave no whole answer. {server.url}/x: peer closed connection without sending "
        "complete message body (received 20 bytes, expected 114). Try again."
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "Server disconnected without sending a response"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "illegal status line"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
            "incorrect header check",
        ),
    ],
)
def test_what_is_no_http_is_told(raw: Callable[[bytes], str], answer: bytes, why: str) -> None:
    url = raw(answer)
    error = refusal(url)
    assert error.what == "Lab gave no whole answer."
    assert plain(error.why).startswith(f"{url}: ")
    assert why in error.why


def test_nothing_listens(free_port: int) -> None:
    url = f"http://me:pass-canary@127.0.0.1:{free_port}/models?key=canary"
    assert str(refusal(url)) == (
        f"Lab cannot be reached. http://127.0.0.1:{free_port}/models: "
        "nothing listens there (connection refused). Start that server."
    )


def test_an_address_that_is_none_is_told() -> None:
    assert str(refusal("http://lab:port/v1")) == (
        "Lab: http://lab:port/v1 is not a URL. Invalid port: 'port'. Check `api_base`."
    )


def test_a_redirect_on_the_same_server_is_followed(server: FakeServer) -> None:
    server.replies["/x"] = Reply(b"", status=307, headers={"Location": "/y"})
    server.replies["/y"] = Reply({"here": True})
    assert ask(f"{server.url}/x") == {"here": True}
    assert [s.key for s in server.seen] == ["sk-canary-000000"] * 2


def test_a_redirect_elsewhere_does_not_get_the_key(serve: Callable[[], FakeServer]) -> None:
    here, elsewhere = serve(), serve()
    elsewhere.replies["/x"] = Reply({})
    here.replies["/x"] = Reply(b"", status=302, headers={"Location": f"{elsewhere.url}/x"})
    assert str(refusal(f"{here.url}/x")) == (
        "Lab redirects to another host (127.0.0.1). The key was not sent there. "
        "Set `api_base` to the right address if you trust it."
    )
    assert elsewhere.seen == []


def test_redirects_in_a_circle_end(server: FakeServer) -> None:
    server.replies["/x"] = Reply(b"", status=301, headers={"Location": "/x"})
    assert str(refusal(f"{server.url}/x")) == f"Lab redirects in a circle. Asked: {server.url}/x."
    assert len(server.seen) == http.MAX_REDIRECTS + 1


def test_an_answer_without_end_is_not_read_to_the_end(server: FakeServer) -> None:
    bomb = gzip.compress(b" " * (http.MAX_BYTES + 1))
    server.replies["/x"] = Reply(bomb, headers={"Content-Encoding": "gzip"})
    assert str(refusal(f"{server.url}/x")) == (
        "Lab sent more than 32 MB. The answer was not read further."
    )


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "gopher://proxy"])
def test_a_proxy_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(NotConfiguredError) as caught:
        make_client(tls=False, timeout=1)
    assert caught.value.what == "The proxy of your environment cannot be used."
    assert caught.value.fix == (
        "Set HTTPS_PROXY, HTTP_PROXY and ALL_PROXY to http:// addresses, or unset them."
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:p@ss@lab:8000/v1?key=x", "http://lab:8000/v1"),
        ("https://lab/@me/v1", "https://lab/@me/v1"),
        ("https://token@lab", "https://lab"),
        ("lab", "lab"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert without_password(url) == shown
