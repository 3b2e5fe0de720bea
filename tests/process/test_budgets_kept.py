"""The real gateway with two workers, providers that want money: a budget is kept to the cent."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from freerouter.config.secrets import MASTER_KEY, load_secrets
from freerouter.config.yaml_file import dump_yaml
from freerouter.fakes import fake_providers
from freerouter.scripts.home import fresh_home
from freerouter.scripts.stage import Silent
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.gateway
WORDS = "It costs a lot today"
PRICE = 100_000
"""USD per million tokens: an answer of five words costs half a dollar."""
COST = 0.5
PAID = {"id": "gold", "price": {"input": 0, "output": PRICE}}
FAKES: dict[str, Any] = {
    "dear": {"shape": "openrouter", "models": [PAID], "answer": WORDS},
    "slow": {"shape": "openrouter", "models": [{**PAID, "id": "lead"}], "fail": {"chat": "hang"}},
    "vague": {"shape": "openrouter", "models": ["mist"], "answer": WORDS},
    "gratis": {"shape": "openrouter", "models": [{"id": "air:free", "price": 0}], "answer": "Yes"},
}


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


class Gateway(NamedTuple):
    session: Session
    port: int
    key: str

    def run(self, line: str) -> dict[str, Any]:
        return self.session.run(self.session.parse(line)).data

    def ask(self, model: str, dialect: str = "chat/completions", **more: Any) -> Answer:
        question = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
        body = json.dumps({**question, "max_tokens": 5, **more})
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", f"/v1/{dialect}", body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return Answer(answer.status, {} if more.get("stream") else json.loads(text))

    def budget(self, scope: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.run("budget list")["budgets"]
        return next(row for row in found if row["scope"] == scope)

    def settled(self, spent: float, scope: str = "dear") -> None:
        """Waited for: what is written is written by a thread."""
        until(lambda: (row := self.budget(scope))["spent"] == spent and not row["held"])

    def begin_again(self) -> None:
        """As if all that was spent had been so long ago, and no budget were there."""
        until(lambda: not self.change("SELECT 1 FROM held"))
        self.age()
        for row in self.run("budget list")["budgets"]:
            scope = "" if row["scope"] == "all" else f"--provider {row['scope']}"
            self.run(f"budget remove {scope}")
        self.forget()

    def age(self) -> None:
        self.change("DELETE FROM spending WHERE day = '2001-01-01'")
        self.change("UPDATE spending SET day = '2001-01-01'")

    def forget(self) -> None:
        """Longer than a worker takes to look at what has changed."""
        time.sleep(1.5)

    def change(self, statement: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.database, timeout=60)) as db, db:
            return db.execute(statement).fetchall()

    @property
    def database(self) -> str:
        return self.session.context().workspace.usage_file


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    records = tmp_path_factory.mktemp("records")
    described = records / "fakes.yaml"
    described.write_text(dump_yaml({"providers": FAKES}))
    with (
        fresh_home(os.environ) as (environ, cwd),
        fake_providers(str(described), str(records)),
    ):
        keys = {f"{name.upper()}_API_KEY": f"sk-or-v1-{name}" for name in FAKES}
        session = Session(Silent(), {**environ, **keys, "FREEROUTER_CATALOGUE": str(records)}, cwd)
        gateway = Gateway(session, 0, "")
        gateway.run("init")
        wanted = {
            "gateway": {"workers": 2},
            "providers": [{"type": name, "options": {"models": "all"}} for name in FAKES],
            "aliases": {"mixed": ["dear/gold", "gratis/air:free"]},
        }
        Path(session.context().workspace.providers_file).write_text(dump_yaml(wanted))
        gateway.run("fetch")
        port = gateway.run("start")["port"]
        key = load_secrets(session.context()).get(MASTER_KEY)
        assert key
        try:
            yield Gateway(session, port, key)
        finally:
            gateway.run("stop --timeout 2")


@pytest.fixture
def gateway(started: Gateway) -> Iterator[Gateway]:
    yield started
    started.begin_again()


def test_it_stops_at_the_last_cent_and_others_go_on(gateway: Gateway) -> None:
    gateway.run("budget set 2/month --provider dear")
    gateway.forget()
    assert [gateway.ask("gold").status for _ in range(4)] == [200] * 4
    gateway.settled(2.0)
    refused = gateway.ask("gold")
    assert refused.status == 402, refused
    assert "dear: $2 of $2 this month are spent" in refused.message
    assert refused.body["error"]["type"] == "insufficient_quota"
    told = gateway.ask("gold", "messages")
    assert (told.status, told.body["error"]["type"]) == (402, "billing_error")
    assert gateway.budget("dear")["state"] == "used_up"
    assert gateway.ask("air:free").status == 200
    assert gateway.ask("mixed").status == 200
    asked = {row["name"]: row["calls"] for row in gateway.run("metrics --by provider")["groups"]}
    assert asked["dear"] == 4
    log = Path(gateway.session.context().workspace.log_file).read_text()
    assert "budget: dear: $2 of $2 this month are spent" in log


def test_two_workers_share_it(gateway: Gateway) -> None:
    gateway.run("budget set 3/day")
    gateway.forget()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: gateway.ask("gold").status, range(24)))
    assert sorted(answers) == [200] * 6 + [402] * 18
    gateway.settled(3.0, "all")


def test_the_next_month_flows_again(gateway: Gateway) -> None:
    gateway.run("budget set 0.50/month --provider dear")
    gateway.forget()
    assert gateway.ask("gold").status == 200
    gateway.settled(0.5)
    assert gateway.ask("gold").status == 402
    gateway.age()
    until(lambda: gateway.ask("gold").status == 200)


def test_a_price_that_nobody_names_is_not_paid_under_a_budget(gateway: Gateway) -> None:
    assert gateway.ask("mist").status == 200
    gateway.run("budget set 5/month --provider vague")
    gateway.forget()
    refused = gateway.ask("mist")
    assert refused.status == 402
    assert "what mist costs is not known" in refused.message
    assert gateway.ask("air:free").status == 200
    gateway.run("budget remove --provider vague")
    until(lambda: gateway.ask("mist").status == 200)


def test_a_locked_database_shuts_what_costs_until_it_is_free(gateway: Gateway) -> None:
    gateway.run("budget set 5/month --provider dear")
    gateway.forget()
    with contextlib.closing(sqlite3.connect(gateway.database, isolation_level=None)) as other:
        until(lambda: _locked(other))
        refused = gateway.ask("gold")
        assert refused.status == 402
        assert "what was spent is not known" in refused.message
        assert gateway.ask("air:free").status == 200
        other.execute("ROLLBACK")
    until(lambda: gateway.ask("gold").status == 200)


def _locked(db: sqlite3.Connection) -> bool:
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def test_streams_are_paid_too(gateway: Gateway) -> None:
    gateway.run("budget set 1/week --provider dear")
    gateway.forget()
    assert [gateway.ask("gold", stream=True).status for _ in range(2)] == [200, 200]
    gateway.settled(1.0)
    assert gateway.ask("gold", stream=True).status == 402


def test_what_a_killed_worker_had_begun_counts_by_its_estimate(gateway: Gateway) -> None:
    gateway.run("budget set 0.50/month --provider slow")
    gateway.forget()

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            gateway.ask("lead")

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: gateway.budget("slow")["held"] == COST)
    for worker in gateway.run("status")["workers"]:
        os.kill(worker["pid"], signal.SIGKILL)
    asking.join()
    until(lambda: sum(w["state"] == "serving" for w in gateway.run("status")["workers"]) == 2)
    assert gateway.ask("lead").status == 402
    assert gateway.budget("slow")["state"] == "used_up"
    gateway.change("DELETE FROM held")
    assert gateway.ask("air:free").status == 200


def test_a_database_that_is_gone_shuts_what_costs_until_a_reload(gateway: Gateway) -> None:
    gateway.run("budget set 5/month --provider dear")
    gateway.forget()
    assert gateway.ask("gold").status == 200
    gateway.settled(COST)
    for end in ("", "-wal", "-shm"):
        Path(gateway.database + end).unlink(missing_ok=True)
    gateway.forget()
    refused = gateway.ask("gold")
    assert refused.status == 402
    assert "it was removed or replaced while the gateway ran" in refused.message
    assert gateway.ask("air:free").status == 200
    gateway.run("reload")
    assert gateway.ask("gold").status == 200
