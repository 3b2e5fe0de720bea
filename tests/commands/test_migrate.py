"""`migrate` on the files that somebody with the original has."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freerouter.commands import migrate
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError

if TYPE_CHECKING:
    from conftest import World

    from freerouter.commands.migrations import Done
    from freerouter.context import Context

OLD = Path(__file__).parent.parent.parent / "transcripts" / "files" / "original"
SLEEPS = "import time; time.sleep(60)"
MASTER = "sk-canary0123456789abcdefmaster"


def lay(root: Path) -> None:
    """The original's files in a directory."""
    root.mkdir(parents=True, exist_ok=True)
    for path in OLD.iterdir():
        if path.name != "dotenv":
            shutil.copy(path, root)


@pytest.fixture
def old(world: World) -> World:
    """For the user, with `.env` in the directory where commands are given."""
    lay(world.workspace)
    shutil.copy(OLD / "dotenv", world.cwd / ".env")
    return world


def canaries(world: World) -> set[str]:
    """The files in which a key stands, those for keys excepted."""
    return {
        Path(path).name
        for path, text in world.written().items()
        if "canary" in text and Path(path).name != ".env"
    }


def stored(world: World) -> dict[str, str]:
    lines = (world.workspace / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_it_shows_its_steps_and_changes_nothing_where_that_is_asked(old: World) -> None:
    before = old.written()
    ran = old.cli("migrate", "--dry-run", "--scrub")
    assert ran.code == 0
    assert [line.split(":")[0].strip() for line in ran.out.splitlines()[1:8]] == [
        "keys", "config-keys", "master-key", "env", "address", "version", "scrub",
    ]  # fmt: skip
    assert old.written() == before
    assert "canary" not in ran.out + ran.err


def test_without_a_yes_nothing_is_done(old: World) -> None:
    before = old.written()
    ran = old.cli("migrate")
    assert ran.code == 2
    assert "--yes confirms it" in ran.err
    assert old.written() == before


def test_keys_stand_in_env_and_nowhere_else_when_it_is_done(old: World) -> None:
    ran = old.cli("migrate", "--yes", "--scrub")
    assert ran.code == 0, ran.err
    assert canaries(old) == set()
    assert "canary" not in ran.out + ran.err
    assert (old.workspace / ".env").stat().st_mode & 0o777 == 0o600
    assert stored(old) == {
        "GROQ_API_KEY": "gsk_canary0123456789abcdefgroq",
        "OPENROUTER_API_KEY": "sk-or-v1-canary0123456789abcdefrouter",
        "LITELLM_MASTER_KEY": MASTER,
        "MYSERVICE_API_KEY": "canary-of-my-service",
    }


def test_comments_and_order_of_providers_survive(old: World) -> None:
    assert old.cli("migrate", "--yes").code == 0
    text = (old.workspace / "providers.yaml").read_text()
    expected = (OLD / "providers.yaml").read_text()
    expected = expected.replace('"gsk_canary0123456789abcdefgroq"', "'${GROQ_API_KEY}'")
    expected = expected.replace("providers:", "version: 1\n\nproviders:", 1)
    assert text == f"{expected}gateway:\n  port: 4123\n"


def test_config_yaml_is_kept_as_it_was_but_for_its_keys(old: World) -> None:
    assert old.cli("migrate", "--yes").code == 0
    (kept,) = (old.workspace / "backups").glob("config.yaml.backup.*")
    text = (OLD / "config.yaml").read_text()
    for value, name in stored(old).items():
        text = text.replace(name, f"os.environ/{value}")
    assert parse_yaml(kept.read_bytes(), "").data == parse_yaml(text.encode(), "").data


def test_old_backups_are_kept_and_named_until_they_are_to_be_scrubbed(old: World) -> None:
    ran = old.cli("migrate", "--yes")
    assert canaries(old) == {"config.yaml.backup.20250101_120000", "freerouter.log"}
    assert "config.yaml.backup.20250101_120000, freerouter.log" in ran.err
    again = old.cli("migrate", "--yes", "--scrub")
    assert "scrub: take the keys out of 2 old files" in again.out
    assert canaries(old) == set()
    scrubbed = (old.workspace / "config.yaml.backup.20250101_120000").read_text()
    assert "api_key: scrubbed" in scrubbed
    assert "model: openrouter/qwen/qwen3-coder:free" in scrubbed


def test_a_second_time_there_is_nothing_to_do(old: World) -> None:
    old.cli("migrate", "--yes", "--scrub")
    before = old.written()
    ran = old.cli("migrate", "--yes", "--scrub")
    assert (ran.code, ran.out, ran.err) == (0, "Nothing to migrate.\n", "")
    assert old.written() == before


def test_a_crash_between_steps_is_completed_by_a_second_run(
    old: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = migrate.take, []

    def fails_at_the_third(ctx: Context, one: Done, *, kept: bool) -> bool:
        calls.append(one.step.id)
        if len(calls) == 3:
            raise FileError("the disk is full")
        return real(ctx, one, kept=kept)

    monkeypatch.setattr(migrate, "take", fails_at_the_third)
    assert old.cli("migrate", "--yes").code == 2
    monkeypatch.setattr(migrate, "take", real)
    ran = old.cli("migrate", "--yes", "--scrub")
    assert "config-keys" not in ran.out
    assert "master-key" in ran.out
    assert canaries(old) == set()
    assert old.cli("migrate").out == "Nothing to migrate.\n"


def test_a_process_that_is_killed_midway_leaves_what_a_second_run_completes(old: World) -> None:
    program = (
        "import os; from freerouter.config import atomic; from freerouter.cli import main;"
        "real = atomic.write_bytes\n"
        "atomic.write_bytes = lambda *a, **k: os._exit(9)\n"
        "main(['migrate', '--yes'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=old.cwd, check=False)
    assert done.returncode == 9
    assert stored(old) == {"GROQ_API_KEY": "gsk_canary0123456789abcdefgroq"}
    assert "gsk_canary" in (old.workspace / "providers.yaml").read_text()
    assert old.cli("migrate", "--yes", "--scrub").code == 0
    assert canaries(old) == set()
    assert stored(old)["GROQ_API_KEY"] == "gsk_canary0123456789abcdefgroq"


def test_a_project_keeps_its_keys_out_of_its_repository(world: World) -> None:
    lay(world.cwd / "config")
    shutil.copy(OLD / "dotenv", world.cwd / ".env")
    ran = world.cli("migrate", "--yes", "--scrub")
    assert ran.code == 0, ran.err
    assert "env: copy" not in ran.out
    assert canaries(world) == set()
    assert ".env" in (world.cwd / "config" / ".gitignore").read_text().splitlines()
    assert "gateway:\n  port: 4123" in (world.cwd / "config" / "providers.yaml").read_text()


@pytest.mark.parametrize("named", ["elsewhere", "elsewhere/config"])
def test_another_directory_is_migrated_where_it_is(world: World, named: str) -> None:
    lay(world.cwd / "elsewhere" / "config")
    assert world.cli("migrate", named, "--yes").code == 0
    assert "version: 1" in (world.cwd / "elsewhere" / "config" / "providers.yaml").read_text()
    assert not (world.workspace / "providers.yaml").exists()


def test_where_there_is_nothing_it_says_so(world: World) -> None:
    ran = world.cli("migrate")
    assert ran.code == 3
    assert "There is nothing to migrate." in ran.err
    assert "`freerouter import`" in ran.err


def test_a_config_yaml_that_is_broken_is_left_with_all_the_rest(old: World) -> None:
    (old.workspace / "config.yaml").write_text(
        "model_list: [\n  api_key: sk-canary0123456789abcdef\n"
    )
    before = old.written()
    ran = old.cli("migrate", "--yes")
    assert ran.code == 2
    assert "config.yaml:3" in ran.err
    assert "canary" not in ran.err
    assert old.written() == before


def test_a_gateway_of_the_original_that_still_runs_is_told_and_left_alone(old: World) -> None:
    child = subprocess.Popen([sys.executable, "-c", SLEEPS, "litellm"])
    try:
        (old.workspace / "freerouter.pid").write_text(f"{child.pid}\n")
        ran = old.cli("migrate", "--dry-run")
        assert f"may still run (process {child.pid})" in ran.err
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()
    assert "may still run" not in old.cli("migrate", "--dry-run").err


def test_another_process_that_has_its_number_by_now_is_not_taken_for_it(old: World) -> None:
    child = subprocess.Popen([sys.executable, "-c", SLEEPS])
    try:
        (old.workspace / "freerouter.pid").write_text(f"{child.pid}\n")
        assert "may still run" not in old.cli("migrate", "--dry-run").err
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("text", ["", "none", "0", "-1"])
def test_an_old_pid_file_that_names_no_gateway_says_nothing(old: World, text: str) -> None:
    (old.workspace / "freerouter.pid").write_text(text)
    assert "may still run" not in old.cli("migrate", "--dry-run").err


def test_for_programs_it_lists_its_steps(old: World) -> None:
    ran = old.cli("migrate", "--dry-run", "--json")
    assert '"id": "config-keys"' in ran.out
    assert "canary" not in ran.out


def test_what_is_migrated_is_what_fetch_and_start_need(old: World) -> None:
    """The demo stands for providers, which would be asked."""
    (old.workspace / "providers.yaml").write_text("providers: [{type: demo}]\n")
    assert old.cli("migrate", "--yes").code == 0
    assert old.cli("fetch").code == 0
    shown = old.cli("keys", "show", "master")
    assert shown.out.strip() == MASTER


def test_backups_of_ours_that_hold_a_key_are_scrubbed_as_well(old: World) -> None:
    """A change before the migration kept a copy of providers.yaml with its key in clear."""
    assert old.cli("providers", "add", "demo").code == 0
    kept = old.workspace / "backups" / "providers.yaml.backup.20250101_000000"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("providers:\n- {type: xai, keys: [canary-of-long-ago]}\n")
    assert old.cli("migrate", "--yes", "--scrub").code == 0
    assert canaries(old) == set()
    assert "keys: [scrubbed]" in kept.read_text()


def test_doctor_names_it_as_what_mends_keys_in_clear(old: World) -> None:
    ran = old.cli("doctor", "--offline")
    assert "The key of groq stands in providers.yaml itself." in ran.out
    assert "config.yaml holds keys in clear" in ran.out
    assert ran.out.count("`freerouter migrate --yes` mends it.") == 2
    assert old.cli("migrate", "--yes").code == 0
    again = old.cli("doctor", "--offline").out
    assert "migrate" not in again


def test_doctor_says_where_a_file_is_as_the_original_has_it(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    line = "providers.yaml is as FreeRouter 0.1 has it; `freerouter migrate` makes it today's."
    assert line in world.cli("doctor", "--offline").out
    assert world.cli("migrate", "--yes").code == 0
    assert line not in world.cli("doctor", "--offline").out


def test_models_named_one_by_one_have_variables_of_their_own(world: World) -> None:
    world.providers(
        "providers:\n- {type: static, model_name: 4o-mini, provider: openai, api_key: one-canary}\n"
        "- {type: static, model_name: gpt-5, provider: openai, api_key: two-canary}\n"
    )
    assert world.cli("migrate", "--yes").code == 0
    assert stored(world) == {"KEY_4O_MINI_API_KEY": "one-canary", "GPT_5_API_KEY": "two-canary"}


def test_a_weak_key_of_the_gateway_is_told_where_it_stands_in_env(old: World) -> None:
    with (old.cwd / ".env").open("a") as file:
        file.write("LITELLM_MASTER_KEY=sk-1234\n")
    (old.workspace / "config.yaml").unlink()
    ran = old.cli("migrate", "--yes")
    assert ran.code == 0
    assert "too weak: `keys rotate master` makes a strong one." in ran.err
    assert "LITELLM_MASTER_KEY" not in stored(old)
