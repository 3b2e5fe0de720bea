"""The real LiteLLM, started, asked, killed and stopped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, Reply, completion, openai_list, openrouter

from freerouter.config.state import read_state
from freerouter.process.identity import Identity, started_at

if TYPE_CHECKING:
    from conftest import World

pytestmark = pytest.mark.gateway
KEY = "sk-or-v1-canary-9f8e7d6c5b4a"


def record(world: World) -> dict[str, Any]:
    found = read_state(str(world.workspace / "state" / "gateway.json"))
    assert found is not None
    return found


def post(world: World, path: str, body: Any, key: str | None = None) -> tuple[int, Any]:
    """One request to the running gateway, with its own key unless another is given."""
    key = world.cli("keys", "show", "master").out.strip() if key is None else key
    connection = http.client.HTTPConnection("127.0.0.1", record(world)["port"], timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    method, raw_body = ("GET", None) if body is None else ("POST", json.dumps(body))
    connection.request(method, path, raw_body, headers)
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    try:
        return answer.status, json.loads(raw)
    except ValueError:
        return answer.status, raw.decode()


def wait_until_dead(identity: Identity) -> None:
    while identity.alive:
        pass


def test_a_life_from_start_to_stop(gateway: World) -> None:
    gateway.cli("fetch")
    first = gateway.cli("start")
    assert first.code == 0, first.err
    assert first.out.startswith("Gateway ready in ")

    again = gateway.cli("start", "--json")
    assert json.loads(again.out)["already_running"] is True
    assert json.loads(again.out)["pid"] == record(gateway)["pid"]

    status = gateway.cli("status", "--json")
    data = json.loads(status.out)
    assert (status.code, data["state"], data["models"]) == (0, "running", 1)

    asked = gateway.cli("ask", "hello")
    assert "Answered by demo (demo): a demo, not a language model." in asked.out

    assert post(gateway, "/v1/chat/completions", {}, key="wrong")[0] == 401
    assert post(gateway, "/key/generate", {})[0] == 404
    assert post(gateway, "/ui/", None)[0] == 404

    before = Identity(*(record(gateway)[k] for k in ("pid", "started", "token")))
    reloaded = gateway.cli("reload")
    assert reloaded.code == 0, reloaded.err
    assert before.alive, "the supervisor stays; its workers change"
    assert record(gateway)["port"] == data_port(data)

    now = Identity(*(record(gateway)[k] for k in ("pid", "started", "token")))
    os.kill(now.pid, signal.SIGKILL)
    wait_until_dead(now)
    dead = gateway.cli("status")
    assert dead.code == 6
    assert f"It was process {now.pid}, which has ended unexpectedly." in dead.out
    assert gateway.cli("ask", "hello").code == 6
    stopped = gateway.cli("stop")
    assert stopped.code == 0
    assert "was not running" in stopped.out or "had ended unexpectedly" in stopped.out
    assert gateway.cli("stop").out == "The gateway is not running.\n"


def data_port(data: dict[str, Any]) -> int:
    return int(data["url"].rsplit(":", 1)[1].split("/")[0])


@pytest.mark.parametrize("patches", ["on", "off"])
def test_every_dialect_works_with_and_without_our_patches(
    gateway: World, monkeypatch: pytest.MonkeyPatch, patches: str
) -> None:
    monkeypatch.setenv("FREEROUTER_ENGINE_PATCHES", patches)
    gateway.cli("fetch")
    assert gateway.cli("start").code == 0
    log = (gateway.workspace / "state" / "gateway.log").read_text()
    assert f"patched: {patches == 'on'}" in log
    hello = [{"role": "user", "content": "hi"}]
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    bodies: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": hello},
        "/chat/completions": {"messages": hello, "tools": [tool]},
        "/v1/completions": {"prompt": "hi"},
        "/v1/messages": {"messages": hello, "max_tokens": 20},
        "/v1/messages/count_tokens": {"messages": hello},
        "/v1/responses": {"input": "hi"},
    }
    for path, body in bodies.items():
        status, answer = post(gateway, path, {"model": "demo", **body})
        assert status == 200, (path, answer)
    status, stream = post(
        gateway, "/v1/chat/completions", {"model": "demo", "messages": hello, "stream": True}
    )
    assert status == 200
    assert stream.rstrip().endswith("data: [DONE]")
    assert post(gateway, "/v1/models", None)[1]["data"][0]["id"] == "demo"
    assert post(gateway, "/health/readiness", None)[0] == 200


def test_real_requests_reach_the_provider_and_no_secret_is_written(
    gateway: World, server: FakeServer, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, KEY)
    gateway.override("openrouter", base_url=f"{server.url}/api/v1")
    gateway.providers(
        f"gateway: {{port: {free_port}}}\nproviders:\n  - type: openrouter\n"
        "    api_key: ${OPENROUTER_API_KEY}\n"
    )
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nothing here may go through it
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start", "--debug").code == 0
    ran = gateway.cli("ask", "hello")
    assert "Hello from OpenRouter" in ran.out, ran.err
    assert "Answered by meta/llama-3.3-70b:free (openrouter)." in ran.out
    sent = server.seen[-1]
    assert (sent.path, sent.key) == ("/api/v1/chat/completions", KEY)

    server.replies["/api/v1/chat/completions"] = Reply({"error": {"message": KEY}}, status=401)
    refused = gateway.cli("ask", "--model", "qwen/qwen3-coder:free", "hello")
    assert refused.code == 5
    shown = gateway.cli("logs", "-n", "5000").out + refused.out + refused.err
    master = gateway.cli("keys", "show", "master").out.strip()
    gateway.cli("fetch")
    gateway.cli("stop")
    for canary in (KEY, master):
        assert canary not in shown
        holders = [path for path, text in gateway.written().items() if canary in text]
        assert holders == ([] if canary == KEY else [str(gateway.workspace / ".env")])


def test_secrets_are_not_in_the_gateways_command_line(gateway: World) -> None:
    gateway.cli("fetch")
    gateway.cli("start")
    master = gateway.cli("keys", "show", "master").out.strip()
    with open(f"/proc/{record(gateway)['pid']}/cmdline", encoding="utf-8") as file:
        assert master not in file.read()


def test_a_broken_config_ends_with_the_last_lines_of_the_log(gateway: World) -> None:
    gateway.cli("fetch")
    config = gateway.workspace / "config.yaml"
    config.write_text(config.read_text() + "router_settings: {routing_strategy: nonsense}\n")
    ran = gateway.cli("start")
    assert ran.code == 1
    assert "The gateway ended with exit code" in ran.err
    assert "nonsense" in ran.err
    assert "`freerouter fetch` writes its config.yaml anew" in ran.err
    assert gateway.cli("status").code == 6
    assert not (gateway.workspace / "state" / "gateway.json").exists()


def test_two_starts_at_once_give_one_gateway(gateway: World) -> None:
    gateway.cli("fetch")
    command = [sys.executable, "-m", "freerouter", "start", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [json.loads(p.communicate(timeout=120)[0]) for p in both]
    assert len({a["pid"] for a in answers}) == 1
    assert sorted(a["already_running"] for a in answers) == [False, True]


def test_a_fallback_model_answers_where_the_first_cannot(
    gateway: World, server: FakeServer, free_port: int
) -> None:
    server.replies["/a/v1/models"] = openai_list("broken")
    server.replies["/b/v1/models"] = openai_list("works")
    server.replies["/b/v1/chat/completions"] = Reply(completion("I am here"))
    gateway.providers(
        f"gateway: {{port: {free_port}}}\nproviders:\n"
        f"  - {{type: oai, name: a, api_base: '{server.url}/a/v1'}}\n"
        f"  - {{type: oai, name: b, api_base: '{server.url}/b/v1'}}\naliases: {{auto: off}}\n"
    )
    gateway.cli("fetch")
    gateway.cli("start")
    ran = gateway.cli("ask", "hello")
    assert ran.code == 0
    assert "(passed over) broken: 404" in ran.err
    assert "I am here\nAnswered by works (b).\n" in ran.out


def test_ctrl_c_during_a_start_leaves_nothing_running(gateway: World) -> None:
    gateway.cli("fetch")
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", "start"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    state = gateway.workspace / "state" / "gateway.json"
    while not state.exists():
        assert child.poll() is None
    found = record(gateway)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == 130
    deadline = time.monotonic() + 30
    while started_at(found["pid"]) == found["started"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started_at(found["pid"]) != found["started"]
    assert not state.exists()
