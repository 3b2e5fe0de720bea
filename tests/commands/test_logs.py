"""`logs`: the gateway's last lines and its next ones, never with a secret in them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

KEY = "sk-or-v1-canary-0000"


def log(world: World, text: str) -> Path:
    path = world.workspace / "state" / "gateway.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_last_lines_are_shown_in_their_order(world: World) -> None:
    log(world, "".join(f"line {n}\n" for n in range(1, 101)))
    ran = world.cli("logs")
    assert ran.code == 0
    assert ran.out.splitlines() == [f"line {n}" for n in range(51, 101)]


@pytest.mark.parametrize("words", [["-n", "2"], ["-n2"], ["--lines", "2"], ["--lines=2"]])
def test_as_many_lines_as_asked_for(world: World, words: list[str]) -> None:
    log(world, "one\ntwo\nthree\n")
    assert world.cli("logs", *words).out == "two\nthree\n"


def test_as_data(world: World) -> None:
    log(world, "one\ntwo\n")
    assert json.loads(world.cli("logs", "--json").out) == {"lines": ["one", "two"]}


def test_before_the_first_start_there_is_no_log(world: World) -> None:
    ran = world.cli("logs")
    assert ran == (0, "There is no log yet: it begins with `start`.\n", "")
    assert json.loads(world.cli("logs", "--json").out) == {"lines": []}


def test_a_number_of_lines_that_is_none_is_refused(world: World) -> None:
    assert world.cli("logs", "-n", "many").code == 2


def test_a_stored_key_is_hidden(world: World) -> None:
    (world.workspace / ".env").write_text(f"OPENROUTER_API_KEY={KEY}\n")
    log(world, f"401 for Bearer {KEY}\n")
    assert world.cli("logs").out == "401 for Bearer env:OPENROUTER_API_KEY\n"
    assert "canary" not in world.cli("logs", "--json").out


def test_a_key_of_the_environment_is_hidden(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    world.providers("providers: [{type: oai, api_base: 'http://x/v1', api_key: '${MY_KEY}'}]\n")
    log(world, f"401 for Bearer {KEY}\n")
    assert world.cli("logs").out == "401 for Bearer env:MY_KEY\n"


def test_the_gateways_own_key_is_hidden(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_MASTER_KEY", KEY)
    log(world, f"Bearer {KEY}\n")
    assert world.cli("logs").out == "Bearer env:LITELLM_MASTER_KEY\n"


def test_following_shows_each_line_as_it_comes_until_control_c(world: World) -> None:
    (world.workspace / ".env").write_text(f"MY_KEY={KEY}\n")
    path = log(world, "old\nlast\n")
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", "logs", "-f", "-n", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=world.cwd,
    )
    assert child.stdout
    assert child.stdout.readline() == "last\n"
    # From here it cannot be seen when it begins to follow, so there is always something new.
    seen = Event()

    def go_on() -> None:
        while not seen.wait(0.01):
            with path.open("a") as file:
                file.write(f"new {KEY}\n")

    gateway = Thread(target=go_on)
    gateway.start()
    shown = child.stdout.readline()
    seen.set()
    gateway.join()
    child.send_signal(signal.SIGINT)
    rest, err = child.communicate(timeout=30)
    assert shown == "new env:MY_KEY\n"
    assert "canary" not in rest
    assert child.returncode == 130
    assert err == "\nCancelled.\n"


def test_it_writes_nothing(world: World) -> None:
    log(world, "one\n")
    before = world.written()
    world.cli("logs")
    assert world.written() == before
