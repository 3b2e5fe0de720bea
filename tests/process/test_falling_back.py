"""The real gateway, providers that fail in every way: somebody answers, or one clear 429.

Every case has an alias of its own, since a member that failed rests for a while.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from chat_only import BREAKS, WORDS, ChatOnly

from freerouter.config.secrets import MASTER_KEY, load_secrets
from freerouter.config.yaml_file import dump_yaml
from freerouter.fakes import fake_providers
from freerouter.scripts.home import fresh_home
from freerouter.scripts.stage import Silent
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.gateway
FAULTS: dict[str, Any] = {
    "limited": {"status": 429, "retry_after": 7},
    "refusing": 401,
    "broken": 500,
    "busy": {"status": 503, "retry_after": 40},
    "hanging": "hang",
    "dropping": "drop",
    "cutting": "cut",
    "tight": {"status": 400, "message": "This model's maximum context length is 9 tokens."},
}
MOST = ("limited", "refusing", "broken", "hanging", "dropping")
DIALECTS = ("chat", "messages")
WAYS = tuple(product(DIALECTS, (False, True)))
TEXT = "Hello"
HELLO = [{"role": "user", "content": "Hi"}]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


class Gateway(NamedTuple):
    session: Session
    port: int
    key: str
    breaking: ChatOnly
    """A provider whose streams break off."""

    def ask(self, model: str, dialect: str = "chat", *, stream: bool = False) -> Answer:
        question = {"model": model, "messages": HELLO}
        body = json.dumps({**question, "max_tokens": 9, "stream": stream})
        path = "/v1/messages" if dialect == "messages" else "/v1/chat/completions"
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)

    def records(self, alias: str, count: int) -> list[dict[str, Any]]:
        """So many records of an alias, the oldest first, once they are written."""
        found: list[dict[str, Any]] = []
        end = time.monotonic() + 60
        while len(found) < count and time.monotonic() < end:
            time.sleep(0.1)
            told = self.session.run(self.session.parse("logs --requests -n 1000")).data
            found = [record for record in told["requests"] if record["alias"] == alias]
        return found


def name_of(what: str, dialect: str, stream: bool) -> str:
    return f"{what}-{dialect}-{'streamed' if stream else 'plain'}"


def aliases() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for dialect, stream in WAYS:
        for fault in FAULTS:
            found[name_of(fault, dialect, stream)] = [f"{fault}/m", "fine/m"]
        found[name_of("pool", dialect, stream)] = [*(f"{fault}/m" for fault in MOST), "fine/m"]
        found[name_of("none", dialect, stream)] = ["limited/m", "broken/m", "refusing/m"]
        found[name_of("refused", dialect, stream)] = ["refusing/m", "broken/m"]
    found["shared"] = {"members": ["limited/m", "refusing/m", "fine/m"], "strategy": "balance"}
    found["told"] = ["limited/m", "broken/m", "fine/m"]
    found["vain"] = ["limited/m", "broken/m"]
    found["begun"] = ["breaking/b", "fine/m"]
    found["tired"] = ["broken/m", "refusing/m"]
    return found


@contextlib.contextmanager
def running(records: Path, more: Mapping[str, str]) -> Iterator[Gateway]:
    rows: dict[str, dict[str, Any]]
    rows = {name: {"fail": {"chat": fault}} for name, fault in FAULTS.items()}
    rows["fine"] = {"answer": TEXT}
    fakes = {n: {"shape": "openai", "models": ["m", f"only-{n}"], **r} for n, r in rows.items()}
    described = records / "fakes.yaml"
    described.write_text(dump_yaml({"providers": fakes}))
    with (
        fresh_home(os.environ) as (environ, cwd),
        fake_providers(str(described), str(records)),
        contextlib.closing(ChatOnly({"b": BREAKS})) as breaking,
    ):
        session = Session(Silent(), {**environ, "FREEROUTER_CATALOGUE": str(records), **more}, cwd)
        run(session, "init")
        workspace = session.context().workspace
        wanted = {
            "gateway": {"request_timeout": 2},
            "providers": [
                *({"type": name} for name in fakes),
                {"type": "oai", "name": "breaking", "api_base": breaking.base},
            ],
            "aliases": aliases(),
        }
        Path(workspace.providers_file).write_text(dump_yaml(wanted))
        run(session, "fetch")
        port = run(session, "start")["port"]
        key = load_secrets(session.context()).get(MASTER_KEY)
        assert key
        try:
            yield Gateway(session, port, key, breaking)
        finally:
            run(session, "stop --timeout 2")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("records"), {}) as started:
        yield started


def run(session: Session, line: str) -> dict[str, Any]:
    return session.run(session.parse(line)).data


@pytest.mark.parametrize(("dialect", "stream"), WAYS)
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "cutting"])
def test_another_answers_where_one_cannot(
    gateway: Gateway, fault: str, dialect: str, stream: bool
) -> None:
    answer = gateway.ask(name_of(fault, dialect, stream), dialect, stream=stream)
    assert (answer.status, TEXT in answer.body) == (200, True)
    assert answer.headers["x-freerouter-served-by"] == "fine/m"
    assert answer.headers["x-freerouter-passed-over"].startswith(f"{fault}/m: ")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_that_is_cut_in_the_middle_is_asked_for_elsewhere(
    gateway: Gateway, dialect: str
) -> None:
    answer = gateway.ask(name_of("cutting", dialect, stream=False), dialect)
    assert (answer.status, TEXT in answer.body) == (200, True)
    assert answer.headers["x-freerouter-passed-over"] == "cutting/m: connection failed"


@pytest.mark.parametrize(("dialect", "stream"), WAYS)
def test_the_last_of_a_pool_answers_where_all_others_fail(
    gateway: Gateway, dialect: str, stream: bool
) -> None:
    name = name_of("pool", dialect, stream)
    answer = gateway.ask(name, dialect, stream=stream)
    assert (answer.status, TEXT in answer.body) == (200, True)
    assert answer.headers["x-freerouter-served-by"] == "fine/m"
    assert answer.headers["x-freerouter-passed-over"] == (
        "limited/m: limit reached, again in 7 s; refusing/m: refused the key; "
        "broken/m: failed (500); hanging/m: no answer in time; dropping/m: connection failed"
    )
    again = gateway.ask(name, dialect, stream=stream)
    assert again.status == 200
    assert "x-freerouter-passed-over" not in again.headers, "those that failed rest"


@pytest.mark.parametrize(("dialect", "stream"), WAYS)
def test_where_nobody_answers_there_is_one_clear_429(
    gateway: Gateway, dialect: str, stream: bool
) -> None:
    answer = gateway.ask(name_of("none", dialect, stream), dialect, stream=stream)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert (
        "none of its models could answer. limited/m: limit reached, again in 7 s; "
        "broken/m: failed (500); refusing/m: refused the key"
    ) in answer.body


@pytest.mark.parametrize(("dialect", "stream"), WAYS)
def test_where_waiting_does_not_help_it_is_503(
    gateway: Gateway, dialect: str, stream: bool
) -> None:
    answer = gateway.ask(name_of("refused", dialect, stream), dialect, stream=stream)
    assert (answer.status, "retry-after" in answer.headers) == (503, False)
    assert "refusing/m: refused the key; broken/m: failed (500)" in answer.body


@pytest.mark.parametrize("stream", [False, True])
def test_a_lone_model_at_its_limit_says_so_at_once(gateway: Gateway, stream: bool) -> None:
    answer = gateway.ask("only-limited", stream=stream)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.headers.get("x-litellm-attempted-retries", "0") == "0"


def test_a_lone_model_is_asked_again_though_it_failed_just_now(gateway: Gateway) -> None:
    assert [gateway.ask("only-refusing").status for _ in range(3)] == [401, 401, 401]


def test_one_that_rests_is_asked_where_nobody_else_is_left(gateway: Gateway) -> None:
    gateway.ask("tired")
    answer = gateway.ask("tired")
    assert answer.headers["x-freerouter-passed-over"] == (
        "broken/m: failed (500); refusing/m: refused the key"
    )


def test_a_shared_pool_asks_those_that_are_left(gateway: Gateway) -> None:
    for _ in range(6):
        answer = gateway.ask("shared")
        assert (answer.status, answer.headers["x-freerouter-served-by"]) == (200, "fine/m")


def test_a_model_at_several_providers_is_asked_for_at_another(gateway: Gateway) -> None:
    answers = [gateway.ask("m") for _ in range(4)]
    assert [answer.status for answer in answers] == [200] * 4


def test_what_is_built_in_answers_and_is_listed(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {gateway.key}"})
    listed = {row["id"] for row in json.loads(connection.getresponse().read())["data"]}
    connection.close()
    assert {"auto", "fast", "smart", "code", "shared", "m"} <= listed
    assert run(gateway.session, "ask Hello")["text"] == TEXT


def test_a_stream_that_began_is_not_begun_again_elsewhere(gateway: Gateway) -> None:
    body = json.dumps({"model": "begun", "messages": HELLO, "stream": True})
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    connection.request("POST", "/v1/chat/completions", body, headers)
    answer = connection.getresponse()
    assert answer.getheader("x-freerouter-served-by") == "breaking/b"
    begun = answer.readline()
    while WORDS[0].strip() not in begun.decode():
        begun = answer.readline()
    gateway.breaking.go_on.set()
    rest = answer.read().decode()
    connection.close()
    assert "error" in rest
    assert TEXT not in rest


def test_a_record_tells_who_was_asked_and_who_answered(gateway: Gateway) -> None:
    for alias in ("told", "told", "vain"):
        gateway.ask(alias)
    first, again = gateway.records("told", 2)
    assert (first["provider"], first["model"], first["fallbacks"]) == ("fine", "m", 2)
    assert (again["provider"], again["model"], again["fallbacks"]) == ("fine", "m", 0)
    (vain,) = gateway.records("vain", 1)
    assert (vain["status"], vain["provider"], vain["model"], vain["fallbacks"]) == (429, "", "", 1)
    assert vain["message"].startswith("vain: none of its models could answer. limited/m: limit")


def test_without_the_patches_another_answers_as_well(tmp_path: Path) -> None:
    with running(tmp_path, {"FREEROUTER_ENGINE_PATCHES": "off"}) as gateway:
        for dialect, stream in WAYS:
            answer = gateway.ask(name_of("pool", dialect, stream), dialect, stream=stream)
            assert (answer.status, TEXT in answer.body) == (200, True)
            assert answer.headers["x-freerouter-served-by"] == "fine/m"
        assert gateway.ask("only-limited").status == 429
