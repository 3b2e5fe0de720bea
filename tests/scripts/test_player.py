"""Scripts and sessions as they are played: directives, codes, answers, and how a run is told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from fakes import TOKEN

from freerouter.config.workspace import Workspace
from freerouter.process.identity import started_at
from freerouter.process.record import GatewayRecord, write_record

if TYPE_CHECKING:
    from conftest import Ran, World
    from fakes import FakeServer

SESSION = "#!freerouter session 1\n"
MADE = "| Made ~/.config/freerouter/providers.yaml.\n|...\n"
DEMO = "| Demo: 1 model (demo: no real language model)\n"


def run(world: World, text: str | bytes, *options: str) -> Ran:
    (world.cwd / "x.frs").write_bytes(text.encode() if isinstance(text, str) else text)
    return world.cli("run", "x.frs", *options)


def test_phases_that_passed_are_folded_and_the_one_that_failed_is_told(world: World) -> None:
    text = (
        f"{SESSION}== Set up\n> init\n{MADE}> fetch\n|...\n== Look\n> list\n| nothing\n== Later\n"
        "> list\n|...\n"
    )
    ran = run(world, text)
    assert ran.code == 1
    assert ran.out == "== Set up (2 commands)\n"
    assert ran.err.startswith("x.frs:10: `list` did not say what is written.\n- | nothing\n+ | M")


def test_a_session_in_which_all_holds_says_so(world: World) -> None:
    assert run(world, f"{SESSION}> init\n{MADE}> fetch\n|...\n") == (
        0,
        "x.frs: 2 commands, all held.\n",
        "",
    )


def test_a_code_that_is_expected_is_no_failure(world: World) -> None:
    assert run(world, "> status\n= 6\n> init\n").code == 0
    assert (world.workspace / "providers.yaml").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("> status\n= 3\n", "x.frs:1: `status` failed (exit code 6, not 3).\n"),
        ("> init\n= 6\n", "x.frs:1: `init` failed (exit code 0, not 6).\n"),
    ],
)
def test_another_code_than_the_expected_one_is_a_failure(
    world: World, text: str, said: str
) -> None:
    ran = run(world, text)
    assert ran.code == 1
    assert ran.err == said


def test_variables_come_from_the_command_line_then_the_script_then_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHO", "environment")
    ask = '> list --provider ${WHO}\n! There is no provider "%s".\n|...\n= 4\n'
    text = f"> init\n> fetch\n{ask % 'environment'}@set WHO script\n{ask % 'script'}"
    assert run(world, text).code == 0
    assert run(world, f"{text}@set WHO again\n{ask % 'again'}").code == 0
    assert run(world, f"> fetch\n@set WHO script\n{ask % 'line'}", "--set", "WHO=line").code == 0
    assert run(world, f"> fetch\n{ask.replace('WHO', 'X:-none') % 'none'}").code == 0


def test_what_a_script_sets_is_in_the_environment_of_its_commands(world: World) -> None:
    text = "> init\n@set LITELLM_PORT 4123\n> where --json\n|/ .*4123.*\n"
    assert run(world, text).code == 0


def test_a_variable_without_a_name_is_refused(world: World) -> None:
    ran = run(world, "> init\n", "--set", "=x")
    assert ran.code == 2
    assert not (world.workspace / "providers.yaml").exists()


@pytest.mark.parametrize("head", ["", SESSION])
def test_a_script_whose_variable_is_not_set_is_skipped(world: World, head: str) -> None:
    ran = run(world, f"{head}@need env NOT_THERE\n> init\n")
    assert ran.code == 80
    assert "NOT_THERE is not set." in ran.out + ran.err
    assert not (world.workspace / "providers.yaml").exists()


def test_a_variable_on_the_command_line_is_there(world: World) -> None:
    assert run(world, "@need env THERE\n> init\n", "--set", "THERE=yes").code == 0


def test_what_failed_before_something_is_missing_failed(world: World) -> None:
    text = "> status\n@need env NOT_THERE\n> init\n"
    assert run(world, text, "--keep-going").code == 1


def test_a_wait_that_is_over_at_once(world: World) -> None:
    assert run(world, "@wait 0s gateway stopped\n> init\n").code == 0


def test_a_wait_that_is_never_over_is_a_failure(world: World) -> None:
    text = "> init\n@wait 10ms gateway ready\n> fetch\n@always\n> list\n= 3\n"
    ran = run(world, text)
    assert ran.code == 1
    assert ran.err.endswith("x.frs:2: the gateway was not ready in time.\n")
    assert not (world.workspace / "config.yaml").exists()


def test_the_phase_of_a_wait_that_failed_is_not_folded(world: World) -> None:
    text = f"{SESSION}== One\n> init\n{MADE}== Two\n@wait 10ms gateway ready\n== Three\n> list\n"
    ran = run(world, text)
    assert ran.code == 1
    assert ran.out == "== One (1 command)\n"
    assert ran.err == "x.frs:7: the gateway was not ready in time.\n"


@pytest.mark.parametrize("options", [(), ("--keep-going",)])
def test_control_c_ends_a_wait_and_what_is_always_done_is_done(
    world: World, server: FakeServer, worker: subprocess.Popen[bytes], options: tuple[str, ...]
) -> None:
    """A gateway that never gets ready is asked for its health before the wait is broken off."""
    record = GatewayRecord(
        worker.pid, started_at(worker.pid), TOKEN, "127.0.0.1", server.port, 0, "", 1, "1"
    )
    write_record(Workspace(str(world.workspace)), record)
    (world.cwd / "x.frs").write_text("> where\n@wait 1h gateway ready\n> fetch\n@always\n> init\n")
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "freerouter", "run", "x.frs", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=world.cwd,
        text=True,
    )
    while len(server.seen) < 2 and child.poll() is None:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err == "x.frs:2: `@wait 1h gateway ready` was interrupted.\nCancelled.\n"
    assert (world.workspace / "providers.yaml").exists()
    assert not (world.workspace / "config.yaml").exists()


def test_a_failure_ends_a_script_but_for_what_is_always_done(world: World) -> None:
    ran = run(world, "> status\n> fetch\n@always\n> list\n> init\n")
    assert ran.code == 1
    assert ran.err.endswith(
        "x.frs:1: `status` failed (exit code 6).\nx.frs:4: `list` failed (exit code 3).\n"
    )
    assert (world.workspace / "providers.yaml").exists()


def test_going_on_after_a_failure(world: World) -> None:
    ran = run(world, "status\ninit\nlist --provider x\nfetch\n", "--keep-going")
    assert ran.code == 6
    assert "x.frs:1: `status` failed (exit code 6).\n" in ran.err
    assert "x.frs:3: `list --provider x` failed (exit code 3).\n" in ran.err
    assert (world.workspace / "config.yaml").exists()


@pytest.mark.parametrize(
    ("text", "line", "difference"),
    [
        (f"> init\n{MADE}> fetch\n{DEMO}", 6, "+ | 1 model in config.yaml.\n"),
        (f"> init\n{MADE}> fetch\n{DEMO}| One more.\n|...\n", 7, "- | One more.\n"),
        (f"> init\n{MADE}> fetch\n", 5, "+ | Demo: 1 model"),
    ],
)
def test_a_session_accounts_for_every_line(
    world: World, text: str, line: int, difference: str
) -> None:
    ran = run(world, SESSION + text)
    assert ran.code == 1
    assert f"x.frs:{line}: `fetch` did not say what is written.\n" in ran.err
    assert difference in ran.err


def test_a_script_leaves_free_what_it_does_not_mention(world: World) -> None:
    assert run(world, f"> init\n> fetch\n{DEMO}> list\n").code == 0
    assert run(world, "> fetch\n|* 1 model in*\n> list\n| 1 model, 1 of them*\n").code == 1


def test_a_script_wants_what_it_mentions_in_its_order(world: World) -> None:
    ran = run(world, f"> init\n> fetch\n| 1 model in config.yaml.\n{DEMO}")
    assert ran.code == 1
    assert f"- {DEMO}" in ran.err


def test_a_placeholder_is_the_same_in_all_commands(world: World) -> None:
    text = "> init\n> fetch\n|* Demo*\n| {n:int} model in config.yaml.\n> list\n| %s\n"
    assert run(world, text % "{n} model, {n} in config.yaml. The gateway does not run.").code == 0
    assert run(world, text % "{n} model, {m:int} in config.yaml. The {n} does not run.").code == 1


FLOW = "> flow onboarding --set start=no --set place=user\n"
PROVIDERS = "? providers: Which providers do you want to use?\n< demo\n"
REST = "? fetch\n< no\n? apply\n< yes\n"


def test_a_question_that_is_never_asked_is_told(world: World) -> None:
    ran = run(world, f"{FLOW}? place\n< user\n{PROVIDERS}{REST}")
    assert ran.code == 1
    assert "x.frs:3: the script answers place, but providers is asked." in ran.err
    assert "\n- ? place\n" in ran.err
    assert not (world.workspace / "providers.yaml").exists()


def test_a_question_in_other_words_is_told(world: World) -> None:
    ran = run(world, f"{FLOW}? providers: Which ones?\n< demo\n{REST}")
    assert ran.code == 1
    assert "\n- ? providers: Which ones?\n" in ran.err
    assert "\n+ ? providers: Which providers do you want to use?\n" in ran.err


def test_an_answer_that_does_not_fit_is_asked_again(world: World) -> None:
    problem = '! providers cannot be "mars"*\n'
    text = f"{FLOW}? providers\n< mars\n!*{problem[1:]}{PROVIDERS}{REST}"
    assert run(world, text).code == 0


def test_an_answer_that_is_left_over_is_told(world: World) -> None:
    ran = run(world, f"{FLOW}{PROVIDERS}{REST}| Done.\n< no\n")
    assert ran.code == 1
    assert ran.err == "x.frs:9: nobody asked for apply.\n"


def test_help_is_part_of_a_session_and_the_question_comes_again(world: World) -> None:
    text = (
        f"{SESSION}{FLOW}? providers\n< ^help\n"
        "| Those with a key at hand and local servers that answer are chosen already.\n"
        f"? providers\n< demo\n{REST}|...\n"
    )
    text = text.replace("< no\n? apply", "< no\n|...\n? apply")
    ran = run(world, text)
    assert ran.code == 0, ran.err


def test_an_answer_is_taken_as_it_is_written(world: World) -> None:
    ran = run(world, f"{FLOW}? providers\n< ${{NOWHERE}}\n")
    assert ran.code == 1
    assert 'providers cannot be "${NOWHERE}"' in ran.err


@pytest.mark.parametrize("head", ["", SESSION])
def test_a_flow_that_is_given_up_is_cancelled(world: World, head: str) -> None:
    text = f"{head}{FLOW}? providers\n< ^cancel\n! Nothing was changed.\n"
    ran = run(world, f"{text}> init\n")
    assert ran.code == 130
    assert ran.err.endswith("Cancelled.\n")
    assert not (world.workspace / "providers.yaml").exists()


def test_a_flow_may_be_meant_to_be_given_up(world: World) -> None:
    text = f"{SESSION}{FLOW}? providers\n< ^cancel\n! Nothing was changed.\n= 130\n"
    assert run(world, text).code == 0


OUTLINE = "# first\n@set N 3\n== Begin\n> init\n== Go on\n> list --provider p${N}\n= 4\n"


def test_an_outline_shows_phases_and_commands_with_their_lines(world: World) -> None:
    ran = run(world, OUTLINE, "--list")
    assert ran == (
        0,
        (
            "    2  @set N 3\n    3  == Begin\n    4  > init\n    5  == Go on\n"
            "    6  > list --provider p3\n"
        ),
        "",
    )
    assert not (world.workspace / "providers.yaml").exists()


def test_what_would_run_is_said_and_not_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "me")
    ran = run(world, f"{OUTLINE}> list --search ${{WHO}}\n", "--dry-run")
    assert ran.out == "This would run:\n  init\n  list --provider p3\n  list --search me\n"
    as_json = run(world, OUTLINE, "--dry-run", "--json", "--set", "N=4")
    assert json.loads(as_json.out)["commands"] == ["init", "list --provider p4"]
    assert not (world.workspace / "providers.yaml").exists()


def test_how_a_session_went_is_told_in_json(world: World) -> None:
    good = json.loads(run(world, f"{SESSION}> init\n{MADE}", "--json").out)
    assert good == {"file": "x.frs", "commands": 1, "failures": [], "skipped": ""}
    ran = run(world, f"{SESSION}> list\n= 3\n", "--json")
    assert ran.code == 1
    (failure,) = json.loads(ran.out)["failures"]
    assert (failure["line"], failure["command"]) == (2, "list")
    assert "did not say what is written" in failure["why"]


def test_a_session_may_be_piped(world: World) -> None:
    ran = world.process("run", "-", stdin=f"{SESSION}> init\n{MADE}")
    assert ran == (0, "standard input: 1 command, all held.\n", "")


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_any_line_ending_mark_and_end_is_fine(
    world: World, start: bytes, end: bytes, *, last: bool
) -> None:
    lines = f"{SESSION}> init\n{MADE}> status\n|...\n= 6".encode().split(b"\n")
    ran = run(world, start + end.join(lines) + (end if last else b""))
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"> init\n\xff\xfe\n", "x.frs is not UTF-8 text.\n"),
        (b"> init\n\x00\n", "x.frs:2: this is no text file.\n"),
        (
            b"> init\n> ask " + b"x" * 100_000,
            "x.frs:2: the line is longer than 100,000 ",
        ),
        (b"# comment\n" * 2_100_000, "x.frs is too long for a script.\nIt has more than 20 MB.\n"),
    ],
)
def test_what_is_no_script_is_refused_unread(world: World, text: bytes, said: str) -> None:
    ran = run(world, text)
    assert ran.code == 2
    assert ran.err.startswith(said)
    assert not (world.workspace / "providers.yaml").exists()


def test_a_secret_stays_one_after_the_script_moved_to_another_home(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "made-up-key-of-mine")
    text = (
        "@home fresh\n> init\n> providers add oai --name lab --url http://127.0.0.1:9/v1 --keyed\n"
        "> keys set lab --from-env MINE\n> list --search made-up-key-of-mine\n= 3\n"
        "> help made-up-key-of-mine\n= 2\n"
    ).replace("@home fresh\n", "@home fresh\n@need env MINE\n")
    ran = run(world, text)
    assert ran.code == 0, ran.err
    assert "made-up-key-of-mine" not in ran.out + ran.err
    assert "env:MINE" in ran.err or "env:LAB_API_KEY" in ran.err


def test_a_script_runs_in_the_profile_that_it_is_called_for(world: World) -> None:
    (world.cwd / "one.frs").write_text("init\n")
    assert world.cli("--profile", "work", "run", "one.frs").code == 0
    assert (world.workspace / "profiles" / "work" / "providers.yaml").is_file()
