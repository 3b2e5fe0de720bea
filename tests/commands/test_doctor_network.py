"""`doctor` on the network: verdicts from real servers, proxies, certificates and the clock."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from fakes import Reply, ollama, openai_list
from test_doctor import KEY, brief, diagnosed, routed

from freerouter.commands import doctor
from freerouter.commands.doctor_network import _fix, _time_of, judge_all
from freerouter.config.providers_file import Entry
from freerouter.context import make_context
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Provider
from freerouter.providers.keys import Verdict
from freerouter.result import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import World
    from fakes import FakeServer


ELSEWHERE = "0.0.0.0"
"""Leads to this machine too, but is none of the addresses by which that is known."""


def asked(world: World) -> dict[str, Any]:
    return diagnosed(world, "--ask")


def test_a_key_that_works_and_an_answer_are_told(world: World, server: FakeServer) -> None:
    routed(world, server)
    found = asked(world)
    assert brief(found, "keys.verdict:openrouter") == ("ok", [])
    told = "OpenRouter: key works, 3 models, 2 of them free"
    assert found["keys.verdict:openrouter"]["what"] == told
    assert brief(found, "network.reach") == ("ok", [])


def test_a_key_that_is_refused_names_the_command_for_another(
    world: World, server: FakeServer
) -> None:
    routed(world, server, key="sk-wrong-0123456789")
    found = asked(world)
    assert brief(found, "keys.verdict:openrouter") == ("error", ["keys", "set", "openrouter"])
    assert found["keys.verdict:openrouter"]["what"].startswith("OpenRouter refused this key (401).")
    assert found["keys.verdict:openrouter"]["fix"].startswith("Keys are made at https://")
    assert brief(found, "network.reach") == ("ok", [])


def test_a_refused_key_of_the_shell_is_mended_in_the_shell(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed(world, server)
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-wrong-0123456789")
    found = asked(world)
    assert brief(found, "keys.verdict:openrouter") == ("error", [])
    assert "OPENROUTER_API_KEY in your shell" in found["keys.verdict:openrouter"]["fix"]


@pytest.mark.parametrize("status", [402, 429, 500])
def test_doubt_about_a_key_is_a_warning(world: World, server: FakeServer, status: int) -> None:
    routed(world, server)
    server.replies["/api/v1/key"] = Reply({}, status=status)
    found = asked(world)
    assert brief(found, "keys.verdict:openrouter") == ("warn", [])
    assert f"({status})" in found["keys.verdict:openrouter"]["what"]


def test_all_providers_are_asked_at_once(world: World, serve: Callable[[], FakeServer]) -> None:
    rows = []
    for number in range(4):
        server = serve()
        server.replies["/v1/models"] = Reply(openai_list("a").body, delay=0.5)
        rows.append(f"  - {{type: oai, name: lab{number}, api_base: '{server.url}/v1'}}\n")
    world.providers("providers:\n" + "".join(rows))
    began = time.monotonic()
    found = asked(world)
    assert time.monotonic() - began < 1.5
    assert [brief(found, f"keys.verdict:lab{n}")[0] for n in range(4)] == ["ok"] * 4


def test_the_progress_of_each_is_told(world: World, server: FakeServer) -> None:
    routed(world, server)
    world.override("ollama", base_url="http://127.0.0.1:9")
    path = world.workspace / "providers.yaml"
    path.write_text(path.read_text() + "  - {type: ollama}\n")
    events: list[Any] = []
    doctor.run(make_context()._replace(emit=events.append), {"offline": False})
    assert sorted(events) == sorted(
        [
            Progress("openrouter", "OpenRouter"),
            Progress("ollama", "Ollama"),
            Progress("openrouter", "OpenRouter", "ok"),
            Progress("ollama", "Ollama", "failed"),
        ]
    )


def test_one_that_never_answers_is_not_waited_for(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("freerouter.commands.doctor_network.SECONDS", 0.3)
    routed(world, server)
    server.replies["/api/v1/key"] = Reply({}, delay=5)
    found = asked(world)
    assert brief(found, "keys.verdict:openrouter") == ("skipped", [])
    assert brief(found, "network.reach:openrouter") == ("warn", [])
    assert "did not answer" in found["network.reach:openrouter"]["what"]
    assert "--timeout" not in str(found)


def test_an_option_of_other_commands_is_not_advised() -> None:
    assert _fix(Verdict("unknown", "", "Try again, or raise --timeout.")) == "Try again later."
    assert _fix(Verdict("unknown", "", "Check `api_base`.")) == "Check `api_base`."


def test_a_server_that_is_not_there_is_a_matter_of_the_network(
    world: World, server: FakeServer, free_port: int
) -> None:
    routed(world, server)
    world.override("ollama", base_url=f"http://127.0.0.1:{free_port}")
    path = world.workspace / "providers.yaml"
    path.write_text(path.read_text() + "  - {type: ollama}\n")
    found = asked(world)
    assert brief(found, "keys.verdict:ollama") == ("skipped", [])
    assert brief(found, "network.reach:ollama") == ("warn", [])
    assert "cannot be reached" in found["network.reach:ollama"]["what"]
    assert found["network.reach:ollama"]["fix"] == "Start that server."
    assert "network.reach" not in found


def test_no_provider_within_reach_is_an_error(
    world: World, server: FakeServer, serve: Callable[[], FakeServer]
) -> None:
    routed(world, server)
    world.override("openrouter", base_url="http://nowhere.invalid/api/v1")
    world.override("ollama", base_url=ollama(serve()).url)
    path = world.workspace / "providers.yaml"
    path.write_text(path.read_text() + "  - {type: ollama}\n")
    found = asked(world)
    assert brief(found, "network.reach:openrouter") == ("warn", [])
    assert brief(found, "network.reach") == ("error", [])
    assert brief(found, "keys.verdict:ollama") == ("ok", [])
    assert brief(found, "clock.right") == ("skipped", [])


def test_models_named_by_hand_leave_nothing_to_ask(world: World) -> None:
    world.providers(
        "providers:\n  - {type: static, model_name: m, provider: openai, api_key: lab-1}\n"
    )
    found = asked(world)
    assert brief(found, "keys.verdict:static") == ("skipped", [])
    assert brief(found, "network.reach") == ("skipped", [])


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_is_shown_without_its_password(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://me:pw-canary@proxy.example:3128/")
    ran = world.cli("doctor", "--offline", "--json")
    assert "canary" not in ran.out
    found = diagnosed(world)[f"network.proxy:{name}"]
    assert (found["state"], found["what"]) == (
        "ok",
        f"{name} is set: http://proxy.example:3128.",
    )


@pytest.mark.parametrize(
    "value",
    [
        "ftp://me:pw-canary@proxy.example",
        "socks5://me:pw-canary@proxy.example",
        "http://me:pw/canary@proxy.example",
        "http://proxy.example:99999",
        "http://",
    ],
)
def test_a_proxy_that_cannot_be_used_is_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    ran = world.cli("doctor", "--offline", "--json")
    assert "canary" not in ran.out
    found = diagnosed(world)
    assert brief(found, "network.proxy:HTTPS_PROXY") == ("error", [])


def test_a_proxy_that_cannot_be_used_does_not_end_the_walk(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed(world, server)
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy.example")
    found = asked(world)
    assert brief(found, "network.reach:openrouter") == ("warn", [])
    assert "could not be asked" in found["network.reach:openrouter"]["what"]


def test_what_goes_past_the_proxy_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost,.lab.example")
    found = diagnosed(world)["network.proxy:NO_PROXY"]
    assert (found["state"], found["what"]) == ("ok", "NO_PROXY is set: localhost,.lab.example.")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificates_must_be_where_they_are_said_to_be(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = world.home / "ca.pem"
    monkeypatch.setenv(name, str(path))
    found = diagnosed(world)
    assert brief(found, f"network.certificates:{name}") == ("error", [])
    assert str(path) in found[f"network.certificates:{name}"]["what"]
    path.touch()
    assert brief(diagnosed(world), f"network.certificates:{name}") == ("ok", [])


def test_missing_certificates_do_not_end_the_walk(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(world.home / "ca.pem"))
    world.providers("providers:\n  - {type: oai, name: lab, api_base: 'https://127.0.0.1:9'}\n")
    found = asked(world)
    assert found["keys.verdict:lab"]["state"] in ("warn", "skipped")
    assert brief(found, "network.reach:lab") == ("warn", [])


@pytest.mark.parametrize(
    ("ahead", "what"),
    [
        (0, "The clock is right."),
        (240, "The clock is right."),
        (-240, "The clock is right."),
        (7230, "The clock is 2h 0m ahead."),
        (-7230, "The clock is 2h 0m behind."),
    ],
)
def test_the_clock_is_held_against_a_providers(
    world: World, server: FakeServer, ahead: int, what: str
) -> None:
    routed(world, server)
    world.override("openrouter", base_url=f"http://{ELSEWHERE}:{server.port}/api/v1")
    ctx = make_context()._replace(now=lambda: time.time() + ahead)
    result = doctor.run(ctx, {"offline": False})
    found = {f["id"]: f for f in result.data["findings"]}
    assert found["clock.right"]["what"] == what
    assert found["clock.right"]["state"] == ("ok" if abs(ahead) < 300 else "warn")


@pytest.fixture
def clock() -> Iterator[HTTPServer]:
    """A server that keeps the headers of what it is asked, and says `date` as the time."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            server.asked.append((self.path, dict(self.headers)))
            self.send_response_only(204)
            if server.date:
                self.send_header("Date", server.date)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            return

    class Server(HTTPServer):
        asked: ClassVar[list[Any]] = []
        date = "Thu, 01 Jan 2026 00:00:00 GMT"

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def account_at(port: int) -> Account:
    entry = Entry(type="oai", name="lab", api_key=KEY)
    return Account(
        Provider("oai", "Lab"), entry, f"http://me:pw@127.0.0.1:{port}/v1", KEY, "LAB_KEY"
    )


def test_the_question_for_the_time_carries_no_key(clock: Any) -> None:
    assert _time_of(account_at(clock.server_port)) == 1767225600
    [(path, headers)] = clock.asked
    assert path == "/"
    assert "Authorization" not in headers


@pytest.mark.parametrize("date", ["", "noon", "Thu, 99 Jan 2026 00:00:00 GMT"])
def test_who_does_not_tell_the_time_is_not_believed(clock: Any, date: str) -> None:
    clock.date = date
    assert _time_of(account_at(clock.server_port)) is None


def test_who_is_not_there_tells_no_time(free_port: int) -> None:
    assert _time_of(account_at(free_port)) is None


def test_a_server_of_this_machine_has_the_same_clock_and_is_not_asked(
    world: World, server: FakeServer
) -> None:
    routed(world, server)
    found = asked(world)
    assert brief(found, "keys.verdict:openrouter") == ("ok", [])
    assert brief(found, "clock.right") == ("skipped", [])


def test_offline_the_clock_is_left_alone(world: World, server: FakeServer) -> None:
    routed(world, server)
    assert brief(diagnosed(world), "clock.right") == ("skipped", [])


def test_nobody_to_ask_is_no_fault(world: World) -> None:
    world.providers("providers: []\n")
    assert judge_all(make_context(), []) == ()
    assert brief(asked(world), "keys.verdict") == ("skipped", [])
    assert KEY not in str(world.written())


def test_every_key_of_a_provider_is_judged(world: World, server: FakeServer) -> None:
    routed(world, server)
    with (world.workspace / ".env").open("a") as file:
        file.write("OPENROUTER_API_KEY_2=sk-wrong-0123456789\n")
    found = asked(world)
    assert brief(found, "keys.verdict:openrouter") == ("ok", [])
    again = ["keys", "set", "openrouter", "--number", "2"]
    assert brief(found, "keys.verdict:openrouter#2") == ("error", again)
    assert found["keys.verdict:openrouter#2"]["what"].startswith("OpenRouter (key 2) refused")
