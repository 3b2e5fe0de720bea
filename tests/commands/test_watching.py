"""`--watch`: what counts as a change, and what a change does to a running gateway."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.commands.watching import Watch, follow_files
from freerouter.context import make_context
from freerouter.result import Line, Output

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

ARGS: dict[str, Any] = {"debug": False, "timeout": 60.0}


@pytest.fixture
def watch(world: World) -> Watch:
    world.providers("providers: [{type: demo}]\n")
    world.cli("fetch")
    return Watch(make_context().workspace)


def settle(watch: Watch) -> list[str]:
    """What has changed, looked at twice: the first look only sees that something moves."""
    assert watch.changed() == []
    return [os.path.basename(path) for path in watch.changed()]


def test_nothing_changes_by_itself(watch: Watch) -> None:
    assert settle(watch) == []


@pytest.mark.parametrize("name", ["providers.yaml", "config.yaml", ".env"])
def test_a_file_counts_once_it_is_left_alone(world: World, watch: Watch, name: str) -> None:
    path = world.workspace / name
    path.write_text(path.read_text() + "# changed\n")
    assert settle(watch) == [name]
    assert settle(watch) == []


def test_records_of_ones_own_count(world: World, watch: Watch) -> None:
    world.override("ollama", base_url="http://127.0.0.1:10")
    assert settle(watch) == ["ollama.yaml"]


def test_a_removed_file_counts(world: World, watch: Watch) -> None:
    (world.workspace / ".env").unlink()
    assert settle(watch) == [".env"]


def test_what_we_wrote_ourselves_does_not(world: World, watch: Watch) -> None:
    path = world.workspace / "config.yaml"
    path.write_text(path.read_text() + "# changed\n")
    watch.agree()
    assert settle(watch) == []


def test_a_broken_file_is_told_and_ends_nothing(world: World, watch: Watch) -> None:
    said: list[str] = []

    def emit(event: object) -> None:
        if isinstance(event, Output) and isinstance(event.block, Line):
            said.append(event.block.text)

    ctx = make_context()._replace(emit=emit)
    world.providers("providers: [\n")
    follow_files(ctx, watch, ARGS)
    follow_files(ctx, watch, ARGS)
    assert said[0] == "Changed: providers.yaml"
    assert "providers.yaml:2:1" in said[1]


def next_line(child: subprocess.Popen[str], begins: str) -> None:
    assert child.stdout
    while not (line := child.stdout.readline()).startswith(begins):
        assert line, "it ended"


@pytest.mark.gateway
def test_a_running_gateway_follows_its_files(gateway: World, free_port: int) -> None:
    gateway.cli("fetch")
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", "reload", "--watch"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=gateway.cwd,
    )
    next_line(child, "Watching ")
    changed: Path = gateway.workspace / "providers.yaml"
    changed.write_text(
        f"gateway: {{port: {free_port}}}\nproviders:\n"
        "  - {type: static, model_name: m, provider: openai, api_base: 'http://127.0.0.1:9/v1'}\n"
        "  - {type: demo}\n"
    )
    next_line(child, "Changed: providers.yaml")
    next_line(child, "New configuration served")
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode == 130
    assert gateway.cli("status").code == 0
