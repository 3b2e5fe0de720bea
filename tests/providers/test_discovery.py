"""Asking providers for their models: where the list is, its pages, and whose failure is whose."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, Reply, ollama, openai_list, openrouter, openrouter_row

from freerouter.config.providers_file import Entry
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.discovery import MAX_PAGES, Outcome, discover

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.errors import FreeRouterError

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

DAY = date(2026, 9, 1)
KEY = "sk-canary-000000"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


def account(type_: str, base: str, name: str = "", key: str = KEY, **more: Any) -> Account:
    entry = Entry(type=type_, name=name or type_, **more)
    return Account(Catalogue().get(type_), entry, base, key, "KEY")


def ask(*accounts: Account, timeout: float = 5) -> list[Outcome]:
    return discover(accounts, DAY, timeout)


def names(outcome: Outcome) -> list[str]:
    assert outcome.error is None, outcome.error
    return [m.id for m in outcome.models]


def failure(outcome: Outcome) -> FreeRouterError:
    assert outcome.error is not None
    assert outcome.models == ()
    return outcome.error


def pages(server: FakeServer, links: list[str | None]) -> None:
    """One page a link, each with one model; the first page is /models."""
    for number, link in enumerate(links):
        path = "/models" if number == 0 else f"/models?page={number}"
        body = {"data": [openrouter_row(f"m/{number}")], "links": {"next": link}}
        server.replies[path] = Reply(body)


def paths(server: FakeServer) -> list[str]:
    return [s.path for s in server.seen]


@pytest.mark.parametrize("base", ["/v1", "/api/v4", "/x/v12"])
def test_an_address_that_ends_in_a_version_is_asked_as_it_is(server: FakeServer, base: str) -> None:
    server.replies[f"{base}/models"] = openai_list("a")
    (outcome,) = ask(account("oai", server.url + base))
    assert names(outcome) == ["a"]
    assert paths(server) == [f"{base}/models"]
    assert outcome.account.base_url == server.url + base


@pytest.mark.parametrize("base", ["", "/openai", "/v", "/vx", "/version1"])
def test_any_other_address_is_asked_under_v1_first(server: FakeServer, base: str) -> None:
    server.replies[f"{base}/v1/models"] = openai_list("a")
    (outcome,) = ask(account("oai", server.url + base))
    assert names(outcome) == ["a"]
    assert paths(server) == [f"{base}/v1/models"]
    assert outcome.account.base_url == f"{server.url}{base}/v1"


@pytest.mark.parametrize("status", [404, 405])
def test_where_v1_is_absent_the_address_itself_is_asked(server: FakeServer, status: int) -> None:
    server.replies["/v1/models"] = Reply({}, status=status)
    server.replies["/models"] = openai_list("a")
    (outcome,) = ask(account("oai", server.url))
    assert names(outcome) == ["a"]
    assert paths(server) == ["/v1/models", "/models"]
    assert outcome.account.base_url == server.url


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_refused_key_or_a_failure_stops_the_search(server: FakeServer, status: int) -> None:
    server.replies["/v1/models"] = Reply({}, status=status)
    server.replies["/models"] = openai_list("a")
    assert f"({status})" in failure(ask(account("oai", server.url))[0]).what
    assert set(paths(server)) == {"/v1/models"}


def test_a_server_with_no_list_anywhere_says_so(server: FakeServer) -> None:
    error = failure(ask(account("oai", server.url, "lab"))[0])
    assert error.what == "lab has no model list at this address (404)."


def test_all_pages_are_read_with_the_key(server: FakeServer) -> None:
    pages(server, ["/models?page=1", "?page=2", f"{server.url}/models?page=3", None])
    (outcome,) = ask(account("openrouter", server.url))
    assert names(outcome) == ["m/0", "m/1", "m/2", "m/3"]
    assert {s.key for s in server.seen} == {KEY}


def test_a_list_that_leads_back_to_its_start_ends(server: FakeServer) -> None:
    pages(server, ["/models?page=1", "/models"])
    (outcome,) = ask(account("openrouter", server.url))
    assert names(outcome) == ["m/0", "m/1"]
    assert len(server.seen) == 2


def test_a_list_without_end_is_a_failure(server: FakeServer) -> None:
    pages(server, [f"/models?page={n + 1}" for n in range(MAX_PAGES + 5)])
    error = failure(ask(account("openrouter", server.url))[0])
    assert str(error) == "OpenRouter sent more than 50 pages of models."
    assert len(server.seen) == MAX_PAGES


def test_a_next_page_elsewhere_does_not_get_the_key(serve: Callable[[], FakeServer]) -> None:
    here, elsewhere = serve(), serve()
    pages(here, [f"{elsewhere.url}/models"])
    pages(elsewhere, [None])
    error = failure(ask(account("openrouter", here.url))[0])
    assert str(error) == (
        "OpenRouter continues its list on another host. The key was not sent there."
    )
    assert elsewhere.seen == []


@pytest.mark.parametrize("link", ["https://{host}/models", "//elsewhere/models", "ftp://{host}/"])
def test_another_scheme_or_host_is_another_server(server: FakeServer, link: str) -> None:
    pages(server, [link.format(host=server.url.removeprefix("http://"))])
    error = failure(ask(account("openrouter", server.url))[0])
    assert error.what == "OpenRouter continues its list on another host."
    assert len(server.seen) == 1


@pytest.mark.parametrize("link", ["http://[bad", "http://lab:port/models"])
def test_a_next_page_that_is_no_address_is_told(server: FakeServer, link: str) -> None:
    pages(server, [link])
    error = failure(ask(account("openrouter", server.url))[0])
    assert error.what == "OpenRouter names a next page that is no address."


@pytest.mark.parametrize("link", ["", 7, {"href": "/models?page=1"}])
def test_a_next_page_that_is_no_text_is_none(server: FakeServer, link: Any) -> None:
    pages(server, [link])
    assert names(ask(account("openrouter", server.url))[0]) == ["m/0"]


@pytest.mark.parametrize("rows", [[], [{"id": "text-embedding-3"}], [None]])
def test_an_empty_list_is_never_a_success(server: FakeServer, rows: list[Any]) -> None:
    server.replies["/v1/models"] = Reply({"data": rows})
    error = failure(ask(account("oai", f"{server.url}/v1", "lab"))[0])
    assert str(error) == (
        f"lab lists no chat model. The list at {server.url}/v1 is empty, "
        "or holds only models for other work."
    )


def test_one_failure_costs_the_others_nothing(serve: Callable[[], FakeServer]) -> None:
    good, bad, slow = openrouter(serve()), serve(), serve()
    bad.replies["/models"] = Reply(b"[")
    slow.replies["/api/tags"] = Reply({}, delay=60)
    told: list[str] = []
    outcomes = discover(
        [
            account("modelscope", bad.url),
            account("openrouter", f"{good.url}/api/v1"),
            account("ollama", slow.url),
            account("demo", "http://demo.invalid/v1"),
        ],
        DAY,
        0.5,
        lambda outcome: told.append(outcome.account.name),
    )
    assert [len(o.models) for o in outcomes] == [0, 3, 0, 1]
    assert failure(outcomes[0]).what == "ModelScope answered with broken JSON."
    assert str(failure(outcomes[2])) == (
        "Ollama did not answer within 0.5 s. Try again, or raise --timeout."
    )
    assert sorted(told) == ["demo", "modelscope", "ollama", "openrouter"]
    assert told[-1] == "ollama"


def test_what_needs_no_asking_is_not_asked() -> None:
    static = account("static", "", model_name="gpt-4o-mini", provider="openai")
    told: list[Outcome] = []
    outcomes = discover([account("demo", ""), static], DAY, 5, told.append)
    assert [names(o) for o in outcomes] == [["demo"], ["gpt-4o-mini"]]
    assert told == outcomes


def test_a_keyless_account_sends_no_key(server: FakeServer) -> None:
    ollama(server)
    assert names(ask(account("ollama", server.url, key=""))[0]) == ["qwen3:latest"]
    assert server.seen[0].key == ""


def sample(name: str) -> tuple[bytes, Any]:
    raw = (SAMPLES / name).read_bytes()
    return raw, json.loads(raw.decode("utf-8-sig"))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded answers are not here")
class TestRecordedAnswers:
    """Answers of real providers; what is expected is counted here from the raw JSON."""

    def test_openrouter(self, server: FakeServer) -> None:
        raw, data = sample("openrouter.json")
        data["links"] = {"next": None}
        server.replies["/models"] = Reply(raw if b'"next":null' in raw else data)
        (outcome,) = ask(account("openrouter", server.url))
        rows = {
            r["id"]: r
            for r in data["data"]
            if "text" in r["architecture"]["output_modalities"]
            and (r.get("expiration_date") or "9999") >= DAY.isoformat()
        }
        zero = {i for i, r in rows.items() if float(r["pricing"]["prompt"]) == 0}
        zero &= {i for i, r in rows.items() if float(r["pricing"]["completion"]) == 0}
        free = {i for i in zero if i.endswith(":free")}
        assert names(outcome) == list(rows)
        assert {m.id for m in outcome.models if m.costs_nothing} == free
        assert len(rows) > 300
        assert len(free) > 5

    def test_ollama(self, server: FakeServer) -> None:
        raw, data = sample("ollama_tags.json")
        server.replies["/api/tags"] = Reply(raw)
        (outcome,) = ask(account("ollama", server.url, key=""))
        listed = [r["name"] for r in data["models"] if "bert" not in r["details"]["family"]]
        assert sorted(names(outcome)) == sorted(n for n in listed if "embed" not in n)
        assert {m.free for m in outcome.models} == {"yes"}

    def test_groq_with_a_byte_order_mark(self, server: FakeServer) -> None:
        raw, data = sample("groq_bom.json")
        assert raw.startswith(b"\xef\xbb\xbf")
        server.replies["/openai/v1/models"] = Reply(raw)
        (outcome,) = ask(account("oai", f"{server.url}/openai/v1", "groq"))
        chat = {r["id"]: r for r in data["data"] if "whisper" not in r["id"]}
        assert names(outcome) == list(chat)
        assert {m.id: m.context for m in outcome.models} == {
            i: r["context_window"] for i, r in chat.items()
        }
        assert not any(m.costs_nothing for m in outcome.models)

    def test_llamacpp(self, server: FakeServer) -> None:
        raw, data = sample("llamacpp.json")
        server.replies["/v1/models"] = Reply(raw)
        (outcome,) = ask(account("oai", server.url, "llama", key=""))
        assert names(outcome) == [r["id"] for r in data["data"]]
        assert outcome.models[0].context == data["data"][0]["meta"]["n_ctx"]
