"""Directives that cannot be obeyed: told with their place, and what is always done is done."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from fakes import Reply

from freerouter.scripts import surroundings

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Ran, World
    from fakes import FakeServer

SESSION = "#!freerouter session 1\n"


def run(world: World, text: str, *options: str) -> Ran:
    (world.cwd / "x.frs").write_text(text)
    return world.cli("run", "x.frs", *options)


def others(world: World) -> dict[str, str]:
    """Every file but the script."""
    return {path: text for path, text in world.written().items() if not path.endswith("x.frs")}


def taken(world: World, port: int) -> None:
    """A file of fake providers that is in order, but whose port somebody else has."""
    text = f"providers:\n  lab: {{shape: openai, models: [a], port: {port}}}\n"
    (world.cwd / "fakes.yaml").write_text(text)


@pytest.mark.parametrize("head", ["", SESSION])
def test_a_server_that_cannot_be_faked_is_told_and_what_is_always_done_is_done(
    world: World, head: str
) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        taken(world, holder.getsockname()[1])
        ran = run(world, f"{head}@fake providers fakes.yaml\n> fetch\n@always\n> init\n|...\n")
    number = 3 if head else 2
    assert ran.code == 1
    assert f"x.frs:{number - 1}: fakes.yaml:2" in ran.err
    assert "cannot be had" in ran.err
    assert (world.workspace / "providers.yaml").exists()
    assert not (world.workspace / "config.yaml").exists()


def test_going_on_goes_on_after_a_directive_that_failed(world: World) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        taken(world, holder.getsockname()[1])
        ran = run(world, "@fake providers fakes.yaml\n> init\n", "--keep-going")
    assert ran.code == 1
    assert (world.workspace / "providers.yaml").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providers:\n  lab: {shape: square}\n", "x.frs:2: fakes.yaml:2"),
        ("providers: [\n", "x.frs:2: fakes.yaml"),
        (None, "x.frs:2: Cannot read fakes.yaml."),
    ],
)
def test_fake_providers_that_are_wrong_are_told_before_anything_runs(
    world: World, text: str | None, said: str
) -> None:
    if text:
        (world.cwd / "fakes.yaml").write_text(text)
    ran = run(world, "> init\n@fake providers fakes.yaml\n> fetch\n@always\n> init\n")
    assert ran.code == 2
    assert ran.err.startswith(said)
    assert not (world.workspace / "providers.yaml").exists()


def test_a_wait_that_was_too_long_is_told_and_what_is_always_done_is_done(world: World) -> None:
    ran = run(world, "@wait 1ms gateway ready\n> fetch\n@always\n> init\n")
    assert ran.code == 1
    assert ran.err == "x.frs:1: the gateway was not ready in time.\n"
    assert (world.workspace / "providers.yaml").exists()


def test_without_the_fresh_home_nothing_runs_in_the_users_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    before = others(world)
    ran = run(world, "> where\n@home fresh\n> init\n@always\n> init\n", "--keep-going")
    assert ran.code == 1
    assert "x.frs:2: A fresh home cannot be made.\nNo such file or directory.\n" in ran.err
    assert others(world) == before


def test_what_is_always_done_is_done_where_something_was_missing_halfway(world: World) -> None:
    ran = run(world, "> where\n@need env NOT_THERE\n> fetch\n@always\n> init\n")
    assert ran.code == 80
    assert (world.workspace / "providers.yaml").exists()


def test_nothing_is_done_where_something_was_missing_at_once(world: World) -> None:
    assert run(world, "@need env NOT_THERE\n> fetch\n@always\n> init\n").code == 80
    assert not (world.workspace / "providers.yaml").exists()


def test_what_is_always_done_is_done_after_a_fault_of_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_text: str) -> float:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(surroundings, "seconds", broken)
    ran = run(world, "@wait 1s gateway ready\n> fetch\n@always\n> init\n")
    assert ran.code == 1
    assert "This is a fault in FreeRouter" in ran.err
    assert (world.workspace / "providers.yaml").exists()


@pytest.mark.parametrize("head", ["", SESSION])
def test_control_c_ends_a_command_and_what_is_always_done_is_done(
    world: World, server: FakeServer, head: str
) -> None:
    server.replies["/v1/models"] = Reply({"data": []}, delay=600)
    world.providers(
        f"providers:\n  - {{type: oai, name: lab, api_base: 'http://127.0.0.1:{server.port}/v1'}}\n"
    )
    text = f"{head}> fetch --timeout 300\n|...\n> fetch\n@always\n> providers add demo\n|...\n"
    (world.cwd / "x.frs").write_text(text)
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", "run", "x.frs"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=world.cwd,
        text=True,
    )
    with child:
        while not server.seen and child.poll() is None:
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _out, err = child.communicate(timeout=60)
    number = 2 if head else 1
    assert child.returncode == 130
    assert err == f"x.frs:{number}: `fetch --timeout 300` was interrupted.\nCancelled.\n"
    assert "type: demo" in (world.workspace / "providers.yaml").read_text()


BROKEN = "providers:\n  - type: openrouter\n  enabled: maybe\n"
HOME = "@home fresh\n@file ~/.config/freerouter/providers.yaml files/broken.yaml\n"


@pytest.fixture
def broken(world: World) -> Path:
    path = world.cwd / "files" / "broken.yaml"
    path.parent.mkdir()
    path.write_text(BROKEN)
    return path


def test_a_file_is_put_into_the_fresh_home(world: World, broken: Path) -> None:
    before = others(world)
    ran = run(world, f"{SESSION}{HOME}> fetch\n!...\n= 2\n> init\n|...\n")
    assert ran.code == 0, ran.err
    assert others(world) == before


def test_a_file_is_put_where_the_commands_run(world: World, broken: Path) -> None:
    broken.write_text("providers:\n  - type: demo\n")
    text = f"{SESSION}@home fresh\n@file config/providers.yaml files/broken.yaml\n"
    ran = run(world, f"{text}> fetch\n| Demo: 1 model (demo: no real language model)\n|...\n")
    assert ran.code == 0, ran.err


def test_a_flow_that_is_put_there_is_known(world: World) -> None:
    flow = "flow: mine\ntitle: Mine\nsteps:\n  - {ask: colour, type: text, message: Which?}\n"
    (world.cwd / "mine.yaml").write_text(flow)
    head = f"{SESSION}@home fresh\n@file ~/.config/freerouter/flows/mine.yaml mine.yaml\n"
    assert run(world, f"{head}> flow mine\n? colour: Which?\n< red\n| Done.\n").code == 0
    ran = run(world, f"{head}> flow mine\n? color: Which?\n< red\n| Done.\n")
    assert ran.code == 2
    assert 'the flow mine has no question "color"' in ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/etc/passwd files/broken.yaml", "/etc/passwd is no file of the fresh home."),
        ("../x files/broken.yaml", "../x is no file of the fresh home."),
        ("~/../x files/broken.yaml", "~/../x is no file of the fresh home."),
        ("~ada/x files/broken.yaml", "~ada/x is no file of the fresh home."),
        ("a//b files/broken.yaml", "a//b is no file of the fresh home."),
        ("~/x /etc/hostname", "/etc/hostname does not lie beside the script."),
        ("~/x ../x.frs", "../x.frs does not lie beside the script."),
        ("~/x files/none.yaml", "files/none.yaml cannot be copied to ~/x."),
        ("~/x files", "files cannot be copied to ~/x."),
        ("~/x", "@file is not written like this."),
    ],
)
def test_a_file_of_another_place_is_refused_before_anything_runs(
    world: World, broken: Path, line: str, said: str
) -> None:
    ran = run(world, f"> init\n@home fresh\n@file {line}\n> init\n")
    assert ran.code == 2
    assert ran.err.startswith(f"x.frs:3: {said}")
    assert not (world.workspace / "providers.yaml").exists()


def test_a_file_is_never_put_into_the_users_own_home(world: World, broken: Path) -> None:
    before = others(world)
    ran = run(world, f"> init\n{HOME.partition(chr(10))[2]}@home fresh\n")
    assert ran.code == 2
    assert ran.err.startswith("x.frs:2: @file stands below `@home fresh`.")
    assert others(world) == before


def test_fake_providers_can_be_named_in_what_follows(world: World) -> None:
    (world.cwd / "fakes.yaml").write_text("providers:\n  my-lab: {shape: openai, models: [a]}\n")
    text = (
        "@fake providers fakes.yaml\n@set AGAIN at ${MY_LAB_URL}\n> init\n"
        "> providers add oai --name lab --url ${MY_LAB_URL}\n> providers show lab --json\n"
        '|/ .*"url": "http://127.0.0.1:[0-9]+/v1".*\n'
        "> list --provider '${AGAIN} ${MY_LAB_PORT}'\n|...\n= 3\n"
    )
    ran = run(world, text)
    assert ran.code == 0, ran.err
    assert run(world, text, "--dry-run").out.splitlines()[-1] == (
        "  list --provider 'at ${MY_LAB_URL} ${MY_LAB_PORT}'"
    )
    assert run(world, "> list --provider ${MY_LAB_URL}\n@fake providers fakes.yaml\n").code == 2


def test_what_is_set_may_be_made_of_what_is_known(world: World) -> None:
    text = "@set A 1\n@set B ${A}${A}\n> list --provider x${B}\n= 3\n"
    assert run(world, text, "--dry-run").out == "This would run:\n  list --provider x11\n"
    assert run(world, text.replace("@set A 1\n", "")).err.startswith(
        "x.frs:1: The variable A is not set."
    )
