"""`keys rotate master`: another key, no lost request, and nobody who is told what is not so."""

from __future__ import annotations

import json
import os
import re
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from calls import workspace

from freerouter.config.secrets import read_env_file
from freerouter.process.record import read_record

if TYPE_CHECKING:
    from conftest import World

NAME = "LITELLM_MASTER_KEY"
OTHER = "sk-kept-for-this-test-0123456789"


def key(world: World) -> str:
    return read_env_file(str(world.workspace / ".env"))[NAME]


def ask(port: int, secret: str) -> int:
    """A question of its own connection; 0 where there was no answer."""
    try:
        return httpx.post(
            f"http://127.0.0.1:{port}/v1/chat/completions",
            headers={"Authorization": f"Bearer {secret}"},
            json={"model": "demo", "messages": [{"role": "user", "content": "hi"}]},
            timeout=120,
        ).status_code
    except httpx.TransportError:
        return 0


def test_a_new_key_is_stored_and_shown_to_nobody(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    (world.workspace / ".env").write_text(f"# mine\nOTHER=1\n{NAME}={OTHER}\n")
    ran = world.cli("keys", "rotate", "master")
    assert (ran.code, ran.out) == (
        0,
        (
            f"A new key for the gateway is stored as {NAME} in .env.\n"
            "Next: `fetch`, then `start`. The old key is refused from then on.\n"
            "Clients: `keys show master` prints the new key, `env` the lines for a shell.\n"
        ),
    )
    new = key(world)
    assert re.fullmatch("sk-[0-9a-f]{64}", new)
    assert new != OTHER
    assert (world.workspace / ".env").read_text() == f"# mine\nOTHER=1\n{NAME}={new}\n"
    assert (world.workspace / ".env").stat().st_mode & 0o777 == 0o600
    files = [path for path, text in world.written().items() if new in text]
    assert files == [str(world.workspace / ".env")]
    assert world.cli("keys", "show", "master").out == f"{new}\n"
    assert new not in ran.out + world.cli("keys", "rotate", "master", "--json").out


def test_a_key_of_the_environment_is_not_rotated_behind_its_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.providers("providers: [{type: demo}]\n")
    monkeypatch.setenv(NAME, OTHER)
    ran = world.cli("keys", "rotate", "master")
    assert (ran.code, ran.out) == (2, "")
    assert f"Unset {NAME}, then `keys rotate master`." in ran.err
    assert not os.path.exists(world.workspace / ".env")


@pytest.mark.parametrize("where", [".env", "environment"])
def test_a_weak_key_is_mended_so(world: World, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    world.providers("providers: [{type: demo}]\n")
    if where == ".env":
        (world.workspace / ".env").write_text(f"{NAME}=weak\n")
        (world.workspace / ".env").chmod(0o600)
    else:
        monkeypatch.setenv(NAME, "weak")
    fix = "`keys rotate master` makes a strong one."
    validated, fetched = world.cli("validate"), world.cli("fetch")
    findings = json.loads(world.cli("doctor", "--offline", "--json").out)["findings"]
    found = next(f for f in findings if f["id"] == "gateway.key")
    assert (validated.code, fix in validated.out, fetched.code, fix in fetched.err) == (
        1,
        True,
        2,
        True,
    )
    own = where == ".env"
    assert found["command"] == (["keys", "rotate", "master"] if own else [])
    assert world.cli("keys", "rotate", "master").code == (0 if own else 2)
    assert world.cli("fetch").code == (0 if own else 2)


@pytest.mark.gateway
def test_a_running_gateway_goes_over_to_it_and_loses_no_request(
    gateway: World, free_port: int
) -> None:
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0
    old = key(gateway)
    seen: list[int] = []
    enough = threading.Event()

    def keep_asking() -> None:
        while not enough.is_set():
            seen.append(ask(free_port, old))

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        ran = gateway.cli("keys", "rotate", "master")
    finally:
        enough.set()
        asking.join()
    assert ran.code == 0, ran
    assert "Whoever still asks with the old key is refused now (401)." in ran.out
    new = key(gateway)
    assert (ask(free_port, new), ask(free_port, old)) == (200, 401)
    # Each one was answered: as long as the old worker served with 200, and then refused.
    assert 0 not in seen
    assert set(seen) <= {200, 401}
    assert seen[0] == 200
    status = json.loads(gateway.cli("status", "--json").out)
    assert (status["drift"], status["changed"]) == (False, [])
    log = (gateway.workspace / "state" / "gateway.log").read_text()
    assert [secret for secret in (old, new) if secret in f"{log}{ran}"] == []
    _not_reloaded(gateway, free_port, new)


def _not_reloaded(gateway: World, port: int, served: str) -> None:
    """Without a reload the CLI says what is so, and what is to be done."""
    ran = gateway.cli("keys", "rotate", "master", "--no-reload")
    assert "The gateway still takes the old one: `reload` has it take the new one." in ran.out
    assert (ask(port, served), ask(port, key(gateway))) == (200, 401)
    status = gateway.cli("status")
    assert status.code == 0
    assert "It still takes the gateway's old key, and not the one of now" in status.out
    assert json.loads(gateway.cli("status", "--json").out)["changed"] == ["master key"]
    asked = gateway.cli("ask", "--model", "demo", "hi")
    assert (asked.code, "`freerouter reload`" in asked.err) == (5, True)
    # One that does not come up with it leaves everything as it was, the key included.
    config = gateway.workspace / "config.yaml"
    whole, before = config.read_text(), key(gateway)
    config.write_text("model_list: {\n")
    failed = gateway.cli("keys", "rotate", "master")
    assert failed.code != 0
    assert "The key is the old one again." in failed.err
    assert (key(gateway), ask(port, served)) == (before, 200)
    config.write_text(whole)
    assert gateway.cli("reload").code == 0
    assert (ask(port, served), ask(port, key(gateway))) == (401, 200)
    record = read_record(workspace(gateway))
    assert record
    assert key(gateway) not in str(record)
