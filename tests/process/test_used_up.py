"""The real gateway, free tiers that end: nobody is asked who has nothing left."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from rationed import LIMIT, OK, Rationed

from freerouter.config.state import read_state
from freerouter.config.yaml_file import dump_yaml
from freerouter.usage.quota_store import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import World

pytestmark = pytest.mark.gateway
HELLO = [{"role": "user", "content": "Hi"}]
ALL = {"a": 20, "b": 30, "c": 50}
WAYS = ("chat", "streamed", "messages", "responses", "embeddings")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


class Gateway(NamedTuple):
    """A started one, in front of providers `a`, `b` and `c` with so many answers each."""

    world: World
    port: int
    key: str
    providers: dict[str, Rationed]

    def ask(self, model: str = "auto", way: str = "chat") -> Answer:
        path, body = question(model, way)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            raw = answer.read().decode()
        found = {name.lower(): value for name, value in answer.getheaders()}
        is_json = found.get("content-type", "").startswith("application/json")
        return Answer(answer.status, found, json.loads(raw) if is_json else raw)

    def ask_often(self, number: int, clients: int = 6) -> Counter[int]:
        """Statuses of so many requests, several at a time; 0 where the connection broke."""
        with ThreadPoolExecutor(clients) as pool:
            return Counter(pool.map(self._status, range(number)))

    def _status(self, number: int) -> int:
        try:
            return self.ask(way=("chat", "streamed", "messages")[number % 3]).status
        except (http.client.HTTPException, OSError):
            return 0

    @property
    def upstream(self) -> dict[str, dict[int, int]]:
        return {name: dict(one.log) for name, one in self.providers.items()}

    def a_worker(self) -> int:
        record = read_state(str(self.world.workspace / "state" / "gateway.json"))
        assert record
        return int(record["workers"][0][0])


def question(model: str, way: str) -> tuple[str, dict[str, Any]]:
    if way == "embeddings":
        return "/v1/embeddings", {"model": model, "input": "Hi"}
    if way == "responses":
        return "/v1/responses", {"model": model, "input": "Hi"}
    body = {"model": model, "messages": HELLO, "max_tokens": 9, "stream": way == "streamed"}
    return "/v1/messages" if way == "messages" else "/v1/chat/completions", body


@pytest.fixture
def start(world: World, free_port: int) -> Iterator[Callable[..., Gateway]]:
    """`limits` is what providers.yaml says of each provider; the rest goes to the providers."""
    with contextlib.ExitStack() as stack:

        def begin(
            limits: Callable[[int], Any],
            *,
            workers: int = 1,
            most: dict[str, int] = ALL,
            **more: Any,
        ) -> Gateway:
            made = {name: Rationed(n, "m", f"only-{name}", **more) for name, n in most.items()}
            for one in made.values():
                stack.callback(one.close)
            rows = [
                {"type": "oai", "name": name, "api_base": one.base, "limits": limits(one.most)}
                for name, one in made.items()
            ]
            gateway = {"port": free_port, "workers": workers}
            aliases = {"inorder": [f"{name}/m" for name in made]}
            wanted = {"gateway": gateway, "providers": rows, "aliases": aliases}
            world.providers(dump_yaml(wanted))
            for line in ("fetch", "start"):
                ran = world.cli(line)
                assert ran.code == 0, ran.err
            stack.callback(world.cli, "stop", "--timeout", "2")
            key = world.cli("keys", "show", "master").out.strip()
            return Gateway(world, free_port, key, made)

        yield begin


def a_day(most: int) -> dict[str, Any]:
    """One that rolls, so that no midnight comes in between."""
    return {"requests/day": most, "resets": "rolling"}


def nothing(_most: int) -> dict[str, Any]:
    return {}


EXACTLY = {name: {OK: most} for name, most in ALL.items()}


def test_all_that_is_free_is_used_and_not_one_request_more(start: Callable[..., Gateway]) -> None:
    gateway = start(a_day)
    assert gateway.ask_often(100) == {OK: 100}
    assert gateway.upstream == EXACTLY
    for way in WAYS:
        answer = gateway.ask(way=way)
        assert answer.status == LIMIT
        assert 86_000 < int(answer.headers["retry-after"]) < 88_000
        error = answer.body["error"]
        assert "auto: all that it may use is used up. " in error["message"]
        for name, most in ALL.items():
            assert f"{name}: {most} of {most} requests in 24 hours, again in 2" in error["message"]
        if way == "messages":
            assert (answer.body["type"], error["type"]) == ("error", "rate_limit_error")
        else:
            assert (error["code"], "message" in error, "param" in error) == ("429", True, True)
    for name, most in ALL.items():
        for model in (f"only-{name}", f"{name}/only-{name}"):
            answer = gateway.ask(model)
            assert (answer.status, "retry-after" in answer.headers) == (LIMIT, True), model
            words = f"{name}: {most} of {most} requests in 24 hours"
            assert words in answer.body["error"]["message"]
    assert gateway.upstream == EXACTLY, "nobody was asked in vain"


@pytest.mark.parametrize("told", [True, False], ids=["in the words", "as a time to wait"])
def test_limits_that_nobody_knows_cost_one_refusal_each(
    start: Callable[..., Gateway], told: bool
) -> None:
    message = "Rate limit reached for requests per day (RPD): Limit 20, Used 20, Requested 1."
    more = {"message": message} if told else {}
    gateway = start(nothing, headers={"Retry-After": "20000"}, **more)
    assert gateway.ask_often(100, clients=1) == {OK: 100}
    assert sum(one.log[LIMIT] for one in gateway.providers.values()) <= 3
    first = gateway.ask()
    asked = gateway.upstream
    again = gateway.ask()
    assert (first.status, again.status, gateway.upstream) == (LIMIT, LIMIT, asked)
    assert 19_000 < int(again.headers["retry-after"]) <= 20_000
    assert {name: log[OK] for name, log in asked.items()} == ALL


def test_two_workers_share_what_is_left(start: Callable[..., Gateway]) -> None:
    gateway = start(a_day, workers=2)
    assert gateway.ask_often(130, clients=8) == {OK: 100, LIMIT: 30}
    assert gateway.upstream == EXACTLY


def test_a_worker_that_is_killed_takes_no_count_with_it(start: Callable[..., Gateway]) -> None:
    gateway = start(a_day, workers=2)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(gateway.ask_often, 110, 8)
        while sum(one.log[OK] for one in gateway.providers.values()) < 30:
            assert not asking.done()
            time.sleep(0.01)
        os.kill(gateway.a_worker(), signal.SIGKILL)
        statuses = asking.result()
    answered = sum(one.log[OK] for one in gateway.providers.values())
    assert answered >= statuses[OK] >= 100 - statuses[0]
    assert answered <= 100
    assert not any(one.log[LIMIT] for one in gateway.providers.values())


def test_who_is_passed_over_is_named(start: Callable[..., Gateway]) -> None:
    gateway = start(a_day, most={"a": 1, "b": 2, "c": 1})
    first, *more, fourth, last = (gateway.ask("inorder") for _ in range(5))
    assert [answer.status for answer in (first, *more, fourth, last)] == [OK] * 4 + [LIMIT]
    assert "x-freerouter-passed-over" not in first.headers
    for answer in more:
        assert answer.headers["x-freerouter-served-by"] == "b/m"
        passed = answer.headers["x-freerouter-passed-over"]
        assert passed.startswith("a: 1 of 1 requests in 24 hours, again in 24 h")
        assert "; " not in passed, "c comes after b, and was not in the way"
    for answer, named in ((fourth, "ab"), (last, "abc")):
        told = answer.headers["x-freerouter-passed-over"].split("; ")
        assert [words[:2] for words in told] == [f"{name}:" for name in named]


def test_a_call_that_never_left_is_not_counted(start: Callable[..., Gateway]) -> None:
    gateway = start(a_day, most={"a": 2})
    gateway.providers["a"].close()
    assert not any(gateway.ask("only-a").status == LIMIT for _ in range(4))


def wreck(gateway: Gateway, how: str) -> contextlib.AbstractContextManager[Any]:
    """Do that to its quota.db, and undo it at the end where it can be."""
    path = gateway.world.workspace / "state" / "quota.db"
    if how == "locked":
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        return contextlib.closing(db)
    for end in ("", "-wal", "-shm"):
        part = path.with_name(path.name + end)
        if how == "deleted":
            part.unlink(missing_ok=True)
        elif how == "garbage" and part.exists():
            part.write_bytes(b"no database at all " * 3000)
        elif how == "full":
            part.unlink(missing_ok=True)
    if how == "full":
        path.symlink_to("/dev/full")
    return contextlib.nullcontext()


@pytest.mark.parametrize("how", ["deleted", "locked", "garbage", "full"])
def test_requests_go_on_without_quota_db(start: Callable[..., Gateway], how: str) -> None:
    gateway = start(a_day, most={"a": 500})
    assert gateway.ask_often(10) == {OK: 10}
    with wreck(gateway, how):
        assert gateway.ask_often(30) == {OK: 30}
    assert gateway.ask_often(10) == {OK: 10}
    assert gateway.upstream == {"a": {OK: 50}}
    while how != "full" and not counted(gateway):
        assert gateway.ask().status == OK


def counted(gateway: Gateway) -> int:
    found = standing(str(gateway.world.workspace / "state" / "quota.db"), time.time())
    return sum(one.used for one in found)


def test_without_the_patches_nobody_is_asked_in_vain_either(
    start: Callable[..., Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREEROUTER_ENGINE_PATCHES", "off")
    gateway = start(a_day, most={"a": 2, "b": 2, "c": 2})
    assert Counter(gateway.ask("inorder").status for _ in range(8)) == {OK: 6, LIMIT: 2}
    assert gateway.upstream == {name: {OK: 2} for name in "abc"}
