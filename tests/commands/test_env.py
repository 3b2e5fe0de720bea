"""`env`: what is printed can be pasted, and leads to the gateway."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import World


def test_the_lines_name_the_configured_address(world: World) -> None:
    world.providers("gateway: {port: 4321}\nproviders: [{type: demo}]\n")
    out = world.cli("env").out
    assert "export OPENAI_BASE_URL=http://127.0.0.1:4321/v1\n" in out
    assert "export ANTHROPIC_BASE_URL=http://127.0.0.1:4321\n" in out


def test_a_shell_can_evaluate_the_lines(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    script = f'eval "$({sys.executable} -m freerouter env)"; echo "$OPENAI_API_KEY"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == world.cli("keys", "show", "master").out


def test_the_key_of_a_profile_is_that_profiles(world: World) -> None:
    world.cli("init", "--profile", "dev")
    out = world.cli("env", "--profile", "dev").out
    assert " --profile dev keys show master)" in out


def test_the_key_itself_is_not_printed(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert world.cli("keys", "show", "master").out.strip() not in world.cli("env").out
