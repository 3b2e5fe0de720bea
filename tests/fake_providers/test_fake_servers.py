"""The servers themselves: what they answer over HTTP, how they fail, and that they end."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from freerouter.config.providers_file import Entry
from freerouter.errors import FileError
from freerouter.fakes import FakeProviders
from freerouter.fakes.description import read_fakes
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.discovery import discover
from freerouter.providers.keys import judge
from freerouter.providers.today import today

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

KEY = "sk-good"
ASKED = [record.id for record in Catalogue().all() if not record.fixed]
QUESTION = {"model": "m", "messages": [{"role": "user", "content": "How are you?"}]}


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Callable[[str], FakeProviders]]:
    """Starts what a description says, and closes it when the test ends."""
    with contextlib.ExitStack() as stack:

        def start(text: str) -> FakeProviders:
            path = tmp_path / "fakes.yaml"
            path.write_text(f"providers: {text}", encoding="utf-8")
            return stack.enter_context(FakeProviders(read_fakes(str(path))))

        yield start


def chat(url: str, body: object = QUESTION, key: str = KEY, timeout: float = 5) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{url}/chat/completions", json=body, headers=headers, timeout=timeout)


def account_at(running: FakeProviders, name: str, directory: Path, key: str) -> Account:
    """As it comes out of the catalogue that was written."""
    running.write(str(directory))
    record = Catalogue("", str(directory)).get(name)
    return Account(record, Entry(name, name), record.base_url, key, "KEY")


@pytest.mark.parametrize("name", ASKED)
def test_every_provider_of_the_catalogue_can_be_faked(
    name: str, fake: Callable[[str], FakeProviders], tmp_path: Path
) -> None:
    models = "[{id: 'a:free', context: 4096, output: 512, price: 0.25}, b]"
    running = fake(f"{{{name}: {{models: {models}, keys: [{KEY}]}}}}")
    account = account_at(running, name, tmp_path / "records", KEY)
    day = today(time.time())
    (outcome,) = discover([account], day, 5)
    assert outcome.error is None
    rules = account.provider.list
    first, second = outcome.models
    assert (first.id, second.id) == ("a:free", "b")
    assert first.context == (4096 if "context" in rules else None)
    assert first.output == (512 if "output" in rules else None)
    price = "0.25" if "price" in rules else None
    assert (first.input_price, first.output_price) == (price, price)
    assert second.input_price is None
    assert judge(account, day, 5).state == "works"
    assert judge(account._replace(key="sk-wrong"), day, 5).state == "refused"


@pytest.mark.parametrize("rows", ["''", "result.models", "[models, data]"])
def test_a_record_that_is_only_data_can_be_faked(tmp_path: Path, rows: str) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "mine.yaml").write_text(
        "base_url: https://mine.example/openai/v1\nkey: required\nenv: [MINE_KEY]\n"
        f"list: {{path: /v2/models?limit=9, rows: {rows}, id: [name.long, id], "
        "context: [limits.window, window], "
        "price: {input: cost.in, output: cost.out, unit: million}}\n"
        "check: {path: /me}\n"
    )
    path = tmp_path / "fakes.yaml"
    path.write_text("providers: {mine: {models: [{id: m, context: 9, price: 2.5}], keys: [k]}}")
    with FakeProviders(read_fakes(str(path), Catalogue(str(ours)))) as running:
        record = Catalogue(str(ours)).get("mine")._replace(**running.records["mine"])
        account = Account(record, Entry("mine", "mine"), record.base_url, "k", "KEY")
        day = today(time.time())
        (model,) = discover([account], day, 5)[0].models
        assert (model.id, model.context, model.output_price) == ("m", 9, "2.5")
        assert judge(account, day, 5).state == "works"
        assert judge(account._replace(key="no"), day, 5).state == "refused"


@pytest.mark.parametrize("name", ASKED)
def test_a_server_of_another_name_is_no_less_like_its_shape(
    name: str, fake: Callable[[str], FakeProviders], tmp_path: Path
) -> None:
    running = fake(f"{{lab: {{shape: {name}, models: [m], keys: [{KEY}]}}}}")
    account = account_at(running, "lab", tmp_path / "records", KEY)
    record = account.provider
    assert (record.name, record.key, record.env) == ("lab", "required", ("LAB_API_KEY",))
    assert (record.generic, record.retired, record.key_url) == (False, False, "")
    assert judge(account, today(time.time()), 5).state == "works"


def test_a_provider_stands_where_it_does_and_only_its_address_differs(
    fake: Callable[[str], FakeProviders],
) -> None:
    running = fake("{openrouter: {models: [m]}, oai: {models: [m]}, ollama: {models: [m]}}")
    urls = running.urls
    assert urls["openrouter"].endswith("/api/v1")
    assert urls["oai"].endswith("/v1")
    assert urls["ollama"].count("/") == 2
    assert running.records == {
        "openrouter": {"base_url": urls["openrouter"]},
        "oai": {"base_url": urls["oai"], "generic": False},
        "ollama": {"base_url": urls["ollama"]},
    }


def test_a_list_is_laid_out_as_the_provider_does(fake: Callable[[str], FakeProviders]) -> None:
    running = fake(
        """
  openrouter:
    models: [{id: m, context: 10, price: {input: 1.25, output: 10}, expires: 2030-01-01}]
  ollama: {models: [m, {id: n, chat: false}]}
"""
    )
    assert httpx.get(f"{running.urls['openrouter']}/models").json() == {
        "data": [
            {
                "id": "m",
                "top_provider": {"context_length": 10},
                "architecture": {"output_modalities": ["text"]},
                "pricing": {"prompt": "0.00000125", "completion": "0.00001"},
                "expiration_date": "2030-01-01",
            }
        ]
    }
    assert httpx.get(f"{running.urls['ollama']}/api/tags").json() == {
        "models": [{"name": "m"}, {"name": "n", "details": {"family": "bert"}}]
    }


@pytest.mark.parametrize(
    ("keys", "key", "status"),
    [
        ("", "anything", 200),
        ("", "", 401),
        (", keys: [sk-good, sk-other]", "sk-other", 200),
        (", keys: [sk-good]", "sk-goo", 401),
        (", keys: []", "anything", 401),
    ],
)
def test_which_keys_are_taken(
    fake: Callable[[str], FakeProviders], keys: str, key: str, status: int
) -> None:
    url = fake(f"{{openrouter: {{models: [m]{keys}}}}}").urls["openrouter"]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = httpx.get(f"{url}/key", headers=headers)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["message"] == "Incorrect API key provided"


def test_a_provider_that_needs_no_key_takes_all(fake: Callable[[str], FakeProviders]) -> None:
    url = fake("{lab: {shape: openai, models: [m]}}").urls["lab"]
    assert httpx.get(f"{url}/models").status_code == 200
    assert httpx.post(f"{url}/chat/completions", json=QUESTION).status_code == 200


def test_iflow_refuses_a_key_with_200(fake: Callable[[str], FakeProviders]) -> None:
    url = fake("{iflow: {models: [m], keys: []}}").urls["iflow"]
    answer = httpx.get(f"{url}/models")
    assert (answer.status_code, answer.json()["status"]) == (200, "434")


def test_a_question_is_answered(fake: Callable[[str], FakeProviders]) -> None:
    url = fake("{openrouter: {models: [m], answer: I am a fake}}").urls["openrouter"]
    data = chat(url).json()
    assert (data["object"], data["model"]) == ("chat.completion", "m")
    assert data["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "I am a fake"},
            "finish_reason": "stop",
        }
    ]
    assert data["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def test_an_answer_is_no_longer_than_it_may_be(fake: Callable[[str], FakeProviders]) -> None:
    url = fake("{openrouter: {models: [m], answer: I am a fake}}").urls["openrouter"]
    (choice,) = chat(url, {**QUESTION, "max_tokens": 2}).json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("I am ", "length")


@pytest.mark.parametrize("text", ["I am a fake", "", "  two\nlines "])
def test_a_stream_says_the_same_word_by_word(
    fake: Callable[[str], FakeProviders], text: str
) -> None:
    running = fake(f"{{openrouter: {{models: [m], answer: {json.dumps(text)}}}}}")
    answer = chat(running.urls["openrouter"], {**QUESTION, "stream": True})
    assert answer.headers["content-type"] == "text/event-stream"
    *said, done = [line for line in answer.text.split("\n\n") if line]
    assert done == "data: [DONE]"
    chunks: list[dict[str, Any]] = [json.loads(line.removeprefix("data: ")) for line in said]
    deltas = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert "".join(deltas) == text
    assert len(chunks) == len(text.split()) + 1
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"]["completion_tokens"] == len(text.split())


@pytest.mark.parametrize("stream", [True, False])
def test_ollama_answers_in_its_own_way_as_well(
    fake: Callable[[str], FakeProviders], stream: bool
) -> None:
    url = fake("{ollama: {models: [m], answer: I am a fake}}").urls["ollama"]
    answer = httpx.post(f"{url}/api/chat", json={**QUESTION, "stream": stream})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == (5 if stream else 1)
    assert "".join(line["message"]["content"] for line in lines) == "I am a fake"
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert (lines[-1]["prompt_eval_count"], lines[-1]["eval_count"]) == (3, 4)
    assert chat(f"{url}/v1").json()["choices"][0]["message"]["content"] == "I am a fake"


@pytest.mark.parametrize(
    ("path", "raw", "status", "message"),
    [
        ("/chat/completions", b"{", 400, "This is no request for a chat completion"),
        ("/chat/completions", b'{"model": "m"}', 400, "This is no request for a chat completion"),
        ("/chat/completions", b'{"model": "x", "messages": []}', 404, "The model x does not exist"),
        ("/embeddings", b"{}", 404, "There is no /api/v1/embeddings here"),
    ],
)
def test_what_makes_no_sense_is_refused(
    fake: Callable[[str], FakeProviders], path: str, raw: bytes, status: int, message: str
) -> None:
    url = fake("{openrouter: {models: [m]}}").urls["openrouter"]
    answer = httpx.post(f"{url}{path}", content=raw, headers={"Authorization": "Bearer k"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)


@pytest.mark.parametrize("length", ["-1", "many", str(2**40)])
def test_a_body_of_no_sane_length_is_refused(
    fake: Callable[[str], FakeProviders], length: str
) -> None:
    url = fake("{openrouter: {models: [m]}}").urls["openrouter"]
    connection = HTTPConnection("127.0.0.1", urlsplit(url).port)
    with contextlib.closing(connection):
        connection.request("GET", "/api/v1/models", headers={"Content-Length": length})
        assert connection.getresponse().status == 400


def failing(fake: Callable[[str], FakeProviders], how: str) -> str:
    return fake(f"{{openrouter: {{models: [m], fail: {{chat: {how}}}}}}}").urls["openrouter"]


def test_a_chat_fails_with_a_status(fake: Callable[[str], FakeProviders]) -> None:
    answer = chat(failing(fake, "{status: 429, retry_after: 7, message: slowly}"))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["message"] == "slowly"


@pytest.mark.parametrize("stream", [True, False])
def test_a_chat_is_cut_off(fake: Callable[[str], FakeProviders], stream: bool) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        chat(failing(fake, "cut"), {**QUESTION, "stream": stream})


def test_a_chat_hangs(fake: Callable[[str], FakeProviders]) -> None:
    with pytest.raises(httpx.ReadTimeout):
        chat(failing(fake, "hang"), timeout=0.2)


@pytest.mark.parametrize("stream", [True, False])
def test_a_chat_answers_garbage(fake: Callable[[str], FakeProviders], stream: bool) -> None:
    answer = chat(failing(fake, "garbage"), {**QUESTION, "stream": stream})
    assert answer.status_code == 200
    last = answer.text.split("\n\n")[-1].removeprefix("data: ")
    with pytest.raises(json.JSONDecodeError):
        json.loads(last)


def test_a_chat_answers_with_a_web_page_or_nothing(fake: Callable[[str], FakeProviders]) -> None:
    assert chat(failing(fake, "html")).text.startswith("<!DOCTYPE html>")
    assert chat(failing(fake, "empty")).content == b""


def test_an_answer_takes_its_time(fake: Callable[[str], FakeProviders]) -> None:
    url = fake("{openrouter: {models: [m], latency: 0.3}}").urls["openrouter"]
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{url}/models", timeout=0.1)
    assert httpx.get(f"{url}/models", timeout=5).status_code == 200


def test_a_server_that_is_down_has_an_address_where_nobody_answers(
    fake: Callable[[str], FakeProviders],
) -> None:
    url = fake("{openrouter: {down: true}}").urls["openrouter"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/models")


def test_a_port_may_be_chosen_and_must_be_free(
    fake: Callable[[str], FakeProviders], free_port: int
) -> None:
    text = f"{{openrouter: {{models: [m], port: {free_port}}}}}"
    assert fake(text).urls["openrouter"] == f"http://127.0.0.1:{free_port}/api/v1"
    before = threading.active_count()
    for other in (text, text.replace("models: [m]", "down: true")):
        with pytest.raises(FileError, match=f"port {free_port} cannot be had"):
            fake(f"{{ollama: {{models: [m]}}, {other[1:]}")
    assert threading.active_count() == before


def test_closing_ends_whatever_is_still_open(tmp_path: Path) -> None:
    path = tmp_path / "fakes.yaml"
    path.write_text("providers: {openrouter: {models: [m], fail: {chat: hang}}}")
    before = set(threading.enumerate())
    errors: list[Exception] = []

    def ask(url: str) -> None:
        try:
            chat(url, timeout=60)
        except httpx.RemoteProtocolError as error:
            errors.append(error)

    with httpx.Client() as client, FakeProviders(read_fakes(str(path))) as running:
        url = running.urls["openrouter"]
        assert client.get(f"{url}/models").status_code == 200  # and the connection stays open
        waiting = threading.Thread(target=ask, args=(url,))
        waiting.start()
        while threading.active_count() < len(before) + 4:  # it, the server, two connections
            time.sleep(0.01)
    waiting.join(5)
    assert len(errors) == 1
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/models")
