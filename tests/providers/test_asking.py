"""Asking again where a failure may pass, and not at all where a server says that its list holds."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, Reply, openai_list

from freerouter.config.providers_file import Entry
from freerouter.errors import ProviderError
from freerouter.providers import asking
from freerouter.providers.account import Account
from freerouter.providers.asking import TRIES, Asker
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.discovery import discover
from freerouter.providers.http import make_client
from freerouter.providers.kept import LONGEST, Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

LIST = openai_list("a").body


def account(base: str, key: str = "sk-canary-000000") -> Account:
    return Account(Catalogue().get("oai"), Entry("oai", "lab"), f"{base}/v1", key, "KEY")


class Moody(FakeServer):
    """Answers what it has in turn, the last one again and again."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self.replies = _InTurn(replies)


class _InTurn(dict[str, Reply]):
    def __init__(self, replies: tuple[Reply, ...]) -> None:
        super().__init__()
        self._left = list(replies)

    def get(self, _path: str, _default: Any = None) -> Any:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


@pytest.fixture
def moody() -> Iterator[Callable[..., Moody]]:
    made: list[Moody] = []

    def make(*replies: Reply) -> Moody:
        made.append(Moody(*replies))
        return made[-1]

    yield make
    for server in made:
        server.close()


def ask(server: FakeServer, budget: float = 30) -> tuple[Any, list[float]]:
    """What came in the end, and how long was waited in between."""
    waited: list[float] = []
    with make_client(tls=False, timeout=5) as client:
        until = time.monotonic() + budget
        asker = Asker(client, account(server.url), until, sleep=waited.append)
        try:
            return asker.get(f"{server.url}/v1/models"), waited
        except ProviderError as error:
            return error, waited


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 529])
def test_a_server_that_stumbles_is_asked_again(moody: Callable[..., Moody], status: int) -> None:
    server = moody(Reply({}, status=status), Reply({}, status=status), Reply(LIST))
    assert ask(server) == (LIST, [0.2, 0.4])


def test_a_connection_that_breaks_is_tried_again(moody: Callable[..., Moody]) -> None:
    assert ask(moody(Reply(LIST, cut=5), Reply(LIST))) == (LIST, [0.2])


def test_it_is_given_up_after_a_few_tries(moody: Callable[..., Moody]) -> None:
    server = moody(Reply({}, status=503))
    error, waited = ask(server)
    assert str(error) == "lab is failing (503). Try again later."
    assert len(server.seen) == TRIES == len(waited) + 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 451, 501])
def test_what_will_not_pass_is_not_tried_again(moody: Callable[..., Moody], status: int) -> None:
    server = moody(Reply({}, status=status))
    error, waited = ask(server)
    assert isinstance(error, ProviderError)
    assert (len(server.seen), waited) == (1, [])


def test_a_web_page_and_broken_json_are_not_tried_again(moody: Callable[..., Moody]) -> None:
    for body in (b"<html>", b"[", b""):
        server = moody(Reply(body))
        assert ask(server)[1] == []
        assert len(server.seen) == 1


def test_too_many_requests_waits_as_long_as_it_is_told(moody: Callable[..., Moody]) -> None:
    limited = Reply({}, status=429, headers={"Retry-After": "3"})
    assert ask(moody(limited, Reply(LIST))) == (LIST, [3])


def test_a_wait_that_is_too_long_for_the_time_there_is_is_told(
    moody: Callable[..., Moody],
) -> None:
    server = moody(Reply({}, status=429, headers={"Retry-After": "60"}))
    error, waited = ask(server, budget=5)
    assert str(error) == "lab says too many requests (429). Try again in 60 s."
    assert waited == []


def test_too_many_requests_without_a_time_is_not_pressed(moody: Callable[..., Moody]) -> None:
    assert ask(moody(Reply({}, status=429)))[1] == []


def test_a_failure_that_passes_is_no_failure(
    moody: Callable[..., Moody], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.001)
    server = moody(Reply({}, status=503), Reply(LIST))
    (outcome,) = discover([account(server.url)], date(2026, 9, 1), 5)
    assert [m.id for m in outcome.models] == ["a"]


# Lists that are kept


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Shelf:
    """One directory of kept answers, read anew at each fetch."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = Clock()

    def fetch(self, one: Account, *, fresh: bool = False) -> list[str]:
        kept = Kept(str(self.directory), self.clock, fresh=fresh)
        (outcome,) = discover([one], date(2026, 9, 1), 5, kept=kept)
        assert outcome.error is None, outcome.error
        kept.write({one.name})
        return [m.id for m in outcome.models]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "answers")


@pytest.mark.parametrize(
    ("header", "value", "asked_with"),
    [
        ("ETag", 'W/"abc"', "if-none-match"),
        ("Last-Modified", "Tue, 01 Sep 2026 00:00:00 GMT", "if-modified-since"),
    ],
)
def test_a_server_may_say_that_its_list_is_the_same(
    server: FakeServer, shelf: Shelf, header: str, value: str, asked_with: str
) -> None:
    server.replies["/v1/models"] = Reply(LIST, headers={header: value})
    assert shelf.fetch(account(server.url)) == ["a"]
    server.replies["/v1/models"] = Reply(b"", status=304)
    assert shelf.fetch(account(server.url)) == ["a"]
    assert shelf.fetch(account(server.url)) == ["a"]
    assert len(server.seen) == 3
    assert [seen.headers.get(asked_with) for seen in server.seen] == [None, value, value]


def test_a_list_that_changed_is_the_new_one(server: FakeServer, shelf: Shelf) -> None:
    server.replies["/v1/models"] = Reply(LIST, headers={"ETag": "1"})
    shelf.fetch(account(server.url))
    server.replies["/v1/models"] = Reply(openai_list("b").body, headers={"ETag": "2"})
    assert shelf.fetch(account(server.url)) == ["b"]
    assert shelf.fetch(account(server.url)) == ["b"]
    assert server.seen[-1].headers["if-none-match"] == "2"


def test_another_key_or_address_gets_nothing_that_is_kept(
    serve: Callable[[], FakeServer], shelf: Shelf
) -> None:
    one, two = serve(), serve()
    for server in (one, two):
        server.replies["/v1/models"] = Reply(LIST, headers={"ETag": "1"})
        shelf.fetch(account(server.url))
        shelf.fetch(account(server.url, "sk-canary-111111"))
    assert [s.headers.get("if-none-match") for s in [*one.seen, *two.seen]] == [None] * 4
    assert "canary" not in "".join(p.read_text() for p in shelf.directory.iterdir())


def test_a_list_that_holds_is_not_asked_for_again_so_soon(server: FakeServer, shelf: Shelf) -> None:
    server.replies["/v1/models"] = Reply(LIST, headers={"Cache-Control": "public, max-age=60"})
    shelf.fetch(account(server.url))
    shelf.clock.now += 59
    assert shelf.fetch(account(server.url)) == ["a"]
    assert len(server.seen) == 1
    assert shelf.fetch(account(server.url), fresh=True) == ["a"]
    assert len(server.seen) == 2
    shelf.clock.now += 61
    shelf.fetch(account(server.url))
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"Cache-Control": "max-age=86400"}, LONGEST),
        ({"Cache-Control": "max-age=60", "Age": "50"}, 10),
        ({"Cache-Control": "no-store, max-age=60"}, 0),
        ({"Cache-Control": "max-age=soon"}, 0),
        ({}, 0),
    ],
)
def test_how_long_a_list_holds_has_an_end(
    server: FakeServer, shelf: Shelf, told: dict[str, str], seconds: float
) -> None:
    server.replies["/v1/models"] = Reply(LIST, headers=told)
    shelf.fetch(account(server.url))
    shelf.clock.now += seconds + 0.1
    shelf.fetch(account(server.url))
    assert len(server.seen) == 2
    assert shelf.directory.exists() is bool(seconds)


@pytest.mark.parametrize("damage", ["", "[]", '{"x": 1}', "not json"])
def test_what_is_kept_may_be_damaged(server: FakeServer, shelf: Shelf, damage: str) -> None:
    server.replies["/v1/models"] = Reply(LIST, headers={"ETag": "1"})
    shelf.fetch(account(server.url))
    for path in shelf.directory.iterdir():
        path.write_text(damage)
    assert shelf.fetch(account(server.url)) == ["a"]
