"""Starts and stops that must not happen. No engine runs here."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from freerouter.process.identity import started_at

if TYPE_CHECKING:
    from conftest import World


@pytest.mark.gateway  # wants the engine installed
def test_a_taken_port_names_its_holder_and_the_next_free_one(
    gateway: World, free_port: int
) -> None:
    gateway.cli("fetch")
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        ran = gateway.cli("start")
    assert ran.code == 1
    assert f"Port {free_port} on 127.0.0.1 is taken by " in ran.err
    assert "FreeRouter does not touch programs that it did not start." in ran.err
    assert "`freerouter start --port " in ran.err


def test_a_stale_record_that_names_somebody_elses_process_is_not_touched(gateway: World) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        fields = {
            "pid": other.pid, "started": started_at(other.pid), "token": "ours-no-more",
            "host": "127.0.0.1", "port": 1, "since": 0, "fingerprint": "", "models": 1,
            "engine": "1",
        }  # fmt: skip
        state = gateway.workspace / "state"
        state.mkdir()
        (state / "gateway.json").write_text(json.dumps(fields))
        assert gateway.cli("status").code == 6
        stopped = gateway.cli("stop")
        assert stopped.code == 0
        assert "somebody else's and was left alone" in stopped.out
        assert other.poll() is None
        assert not (state / "gateway.json").exists()
    finally:
        other.kill()
        other.wait()


def test_a_damaged_record_counts_as_none(gateway: World) -> None:
    state = gateway.workspace / "state"
    state.mkdir()
    (state / "gateway.json").write_text("{not json")
    assert gateway.cli("status").code == 6
    assert gateway.cli("stop").out == "The gateway is not running.\n"


@pytest.mark.gateway  # wants the engine installed
def test_an_open_address_needs_a_strong_key(
    gateway: World, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.cli("fetch")
    gateway.providers(
        f"gateway: {{host: 0.0.0.0, port: {free_port}}}\nproviders:\n  - type: demo\n"
    )
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-short-but-allowed")
    ran = gateway.cli("start")
    assert ran.code == 2
    assert "The gateway's key is too short to listen on 0.0.0.0." in ran.err


def test_a_weak_key_is_refused_everywhere(gateway: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-1234")
    ran = gateway.cli("fetch")
    assert ran.code == 2
    assert "is too weak (7 characters)" in ran.err


@pytest.mark.parametrize("command", ["start", "fetch", "list", "reload", "env"])
def test_what_must_come_first_is_named(world: World, command: str) -> None:
    ran = world.cli(command)
    assert ran.code == 3
    assert "Nothing is configured yet." in ran.err
    assert "freerouter init --wizard" in ran.err


def test_starting_before_fetching_names_fetch(gateway: World) -> None:
    ran = gateway.cli("start")
    assert ran.code == 3
    assert ran.err == (
        "No models have been fetched yet.\n`freerouter fetch` asks the providers for them.\n"
    )


def test_asking_a_stopped_gateway_says_how_to_start_it(gateway: World) -> None:
    ran = gateway.cli("ask", "hello")
    assert (ran.code, ran.err) == (
        6,
        "The gateway is not running.\n`freerouter start` starts it.\n",
    )
