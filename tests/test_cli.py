"""The outermost door: exit codes, what goes where, and words instead of stack traces."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from fakes import Reply

from freerouter import __version__, cli
from freerouter.session import Session

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer


def test_the_version_is_one_line(world: World) -> None:
    assert world.cli("--version") == (0, f"freerouter {__version__}\n", "")


def test_the_package_runs_as_a_module(world: World) -> None:
    assert world.process("--version") == (0, f"freerouter {__version__}\n", "")


def test_arguments_come_from_the_command_line(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["freerouter", "--version"])
    assert cli.main() == 0
    assert capsys.readouterr().out == f"freerouter {__version__}\n"


def test_a_command_that_fails_speaks_on_standard_error(world: World) -> None:
    ran = world.cli("stats")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err == 'There is no command "stats".\nDid you mean "status"?\n'


def test_a_command_that_fails_with_json_says_so_on_standard_output(world: World) -> None:
    ran = world.cli("fetch", "--json")
    assert ran.code == 3
    assert ran.err == ""
    assert json.loads(ran.out)["error"]["kind"] == "NotConfiguredError"


@pytest.mark.parametrize("words", [["--json", "stats"], ["stats", "--json"], ["--json"]])
def test_even_a_line_that_cannot_be_parsed_answers_in_json(world: World, words: list[str]) -> None:
    ran = world.cli(*words)
    assert json.loads(ran.out)["error"]["exit_code"] == ran.code


def test_json_is_one_line_with_nothing_around_it(world: World) -> None:
    ran = world.cli("status", "--json")
    assert ran.code == 6
    assert ran.out.count("\n") == 1
    assert json.loads(ran.out)["state"] == "stopped"


def test_an_empty_word_is_no_command(world: World) -> None:
    assert world.cli("").code == 2
    assert world.cli("help", "").code == 2


def test_alone_and_without_a_terminal_it_runs_standard_input(world: World) -> None:
    ran = world.process(stdin="status\n")
    assert ran.code == 6
    assert "Gateway not running" in ran.out


def test_a_profile_is_a_workspace_of_its_own(world: World) -> None:
    assert world.cli("init", "--profile", "work").code == 0
    assert (world.workspace / "profiles" / "work" / "providers.yaml").is_file()
    assert not (world.workspace / "providers.yaml").exists()
    assert world.cli("fetch").code == 3


@pytest.mark.parametrize("name", ["../up", ".", "a/b"])
def test_a_profile_cannot_lead_elsewhere(world: World, name: str) -> None:
    ran = world.cli("init", "--profile", name)
    assert ran.code == 2
    assert "cannot be the name of a profile" in ran.err


def test_set_takes_pairs(world: World) -> None:
    ran = world.cli("init", "--wizard", "--set", "providers")
    assert ran.code == 2
    assert '--set takes id=value, not "providers".' in ran.err


def test_a_key_on_the_command_line_is_refused_and_never_repeated(world: World) -> None:
    ran = world.cli("keys", "set", "openrouter", "sk-or-canary-0123456789")
    assert ran.code == 2
    assert "canary" not in ran.out + ran.err
    assert not any("canary" in text for text in world.written().values())


def test_a_reader_that_leaves_is_no_error(world: World) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "freerouter", "help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=world.cwd,
        check=False,
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 141


def test_control_c_ends_with_130_and_one_word(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = Reply({"data": []}, delay=60)
    world.providers(f"providers: [{{type: oai, name: slow, api_base: '{server.url}/v1'}}]\n")
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", "fetch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=world.cwd,
        text=True,
    )
    while not server.seen and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, "", "\nCancelled.\n")
    assert not (world.workspace / "config.yaml").exists()


def test_a_fault_of_ours_shows_the_stack_with_secrets_hidden(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Session, *_call: object) -> None:
        self.redact.learn({"MY_KEY": "sk-canary-123"})
        raise ZeroDivisionError("with sk-canary-123")

    monkeypatch.setattr(Session, "run", fail)
    ran = world.cli("status")
    assert ran.code == 1
    assert "ZeroDivisionError: with env:MY_KEY" in ran.err
    assert "canary" not in ran.err
    assert ran.err.endswith(
        "This is a fault in FreeRouter, not yours. Please report the lines above.\n"
    )
