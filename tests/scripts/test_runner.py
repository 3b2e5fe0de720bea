"""Scripts: a plain list of commands, checked as a whole, run until one fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World


def script(world: World, text: str | bytes, name: str = "set-up.frs") -> Path:
    path = world.cwd / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_commands_run_one_after_the_other(world: World) -> None:
    script(world, "init\nfetch\nlist\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 0
    made, fetched, listed = (
        ran.out.index(text) for text in ("Made ~", " in config.yaml.", "MODEL  PROVIDER")
    )
    assert made < fetched < listed
    assert (world.workspace / "config.yaml").is_file()


def test_it_stops_at_the_first_failure_with_its_line_and_its_exit_code(world: World) -> None:
    script(world, "# a gateway that is not there\ninit\n\nstatus\nfetch\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 6
    assert ran.err.endswith("set-up.frs:4: `status` failed (exit code 6).\n")
    assert not (world.workspace / "config.yaml").exists()


def test_an_error_stops_it_as_well(world: World) -> None:
    script(world, "fetch\ninit\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 3
    assert "Nothing is configured yet." in ran.err
    assert ran.err.endswith("set-up.frs:1: `fetch` failed (exit code 3).\n")
    assert not world.workspace.joinpath("providers.yaml").exists()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("stats", 'There is no command "stats".'),
        ("fetch --tiemout 3", "`fetch` has no option --tiemout."),
        ('ask "open', "This line cannot be read"),
        ("run other.frs", "`run` cannot stand in a script."),
        ("shell", "`shell` cannot stand in a script."),
        ("keys set x sk-canary-0123456789abcdef", "looks like a key"),
    ],
)
def test_the_whole_file_is_checked_before_anything_runs(world: World, line: str, what: str) -> None:
    script(world, f"init\n{line}\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("set-up.frs:2: ")
    assert what in ran.err
    assert "canary" not in ran.err
    assert not world.workspace.joinpath("providers.yaml").exists()


def test_comments_blank_lines_prompts_and_the_commands_own_name_are_fine(world: World) -> None:
    script(world, "\n  # first\n> init\n   freerouter fetch   # then this\n\t\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 0
    assert " in config.yaml." in ran.out


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_any_line_ending_and_a_byte_order_mark_are_fine(world: World, end: str) -> None:
    script(world, b"\xef\xbb\xbfinit" + end.encode())
    assert world.cli("run", "set-up.frs").code == 0


def test_an_empty_script_does_nothing_well(world: World) -> None:
    script(world, "# nothing yet\n")
    assert world.cli("run", "set-up.frs") == (0, "", "")


def test_a_missing_file_is_named(world: World) -> None:
    ran = world.cli("run", "nowhere.frs")
    assert ran.code == 2
    assert ran.err == "Cannot read nowhere.frs.\nNo such file or directory.\n"


def test_a_directory_is_no_script(world: World) -> None:
    ran = world.cli("run", ".")
    assert ran.code == 2
    assert ran.err.startswith("Cannot read ..")


def test_a_binary_file_is_refused_unread(world: World) -> None:
    script(world, bytes(range(256)))
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 2
    assert "set-up.frs is not UTF-8 text." in ran.err


def test_a_command_of_the_script_may_answer_in_json(world: World) -> None:
    script(world, "init --json\nstatus\n")
    ran = world.cli("run", "set-up.frs")
    first, _, rest = ran.out.partition("\n")
    assert json.loads(first)["made"] is True
    assert rest.startswith("Gateway not running")


def test_json_for_the_script_is_json_for_each_command(world: World) -> None:
    script(world, "init\nfetch\n")
    ran = world.cli("run", "set-up.frs", "--json")
    made, fetched = (json.loads(line) for line in ran.out.splitlines())
    assert made["made"] is True
    assert fetched["models"] == 1


def test_a_script_may_be_piped(world: World) -> None:
    ran = world.process(stdin="init\nfetch\nstatus\nlist\n")
    assert ran.code == 6
    assert " in config.yaml." in ran.out
    assert ran.err == "standard input:3: `status` failed (exit code 6).\n"


def test_a_piped_script_may_be_asked_for_by_a_dash(world: World) -> None:
    ran = world.process("run", "-", stdin="\ufeffstats\n")
    assert ran.code == 2
    assert ran.err.startswith('standard input:1: There is no command "stats".')


def test_nothing_piped_is_nothing_done(world: World) -> None:
    assert world.process(stdin="") == (0, "", "")
