"""The shell at its keys: what it offers, what it takes, what it answers and what it refuses."""

from __future__ import annotations

import json
import os
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from keyboard import TAB, typed
from prompt_toolkit.application import Application

from freerouter.frontends.console import Console
from freerouter.session import Session
from freerouter.shell.keys import interrupting_keys
from freerouter.shell.repl import run_shell

if TYPE_CHECKING:
    from conftest import World

RIGHT, CTRL_C, CTRL_D, CTRL_E, CTRL_R, ENTER = "\x1b[C", "\x03", "\x04", "\x05", "\x12", "\r"
KEY = "gsk_0123456789abcdef0123456789"


class Said:
    """What was drawn on the terminal, and what commands printed."""

    def __init__(self, drawn: str, out: str, err: str) -> None:
        self.drawn, self.out, self.err = drawn, out, err


@pytest.fixture
def configured(world: World) -> World:
    world.providers("providers:\n  - type: demo\n")
    assert world.cli("fetch").code == 0
    return world


def talk(capsys: pytest.CaptureFixture[str], *keys: str, columns: int = 80) -> Said:
    """Type into a fresh shell, each part once what came before is drawn, and leave it."""
    capsys.readouterr()

    def shell() -> int:
        return run_shell(Session(Console(str)))

    seen = typed([*keys, CTRL_C + CTRL_D], shell, columns=columns)
    assert seen.value == 0
    return Said(seen.drawn, *capsys.readouterr())


def history(world: World) -> list[str]:
    path = world.workspace / "state" / "history"
    return [line[1:] for line in path.read_text().splitlines() if line.startswith("+")]


@pytest.mark.parametrize("key", [TAB, RIGHT, CTRL_E])
def test_what_comes_next_is_offered_and_taken_with_one_key(
    configured: World, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    said = talk(capsys, key, " --nothing" + ENTER)
    assert "(Tab)" in said.drawn
    assert history(configured) == ["start --nothing"]


def test_after_an_error_what_mends_it_is_offered(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, "lisst --free" + ENTER, TAB + ENTER)
    assert 'Did you mean "list"?' in said.err
    assert history(configured) == ["lisst --free", "list --free"]


def test_an_empty_line_is_nothing_however_often(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, ENTER + ENTER, ENTER)
    assert said.err == ""


def test_a_question_mark_explains_the_line_and_keeps_it(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, "list ", "?", "--free" + ENTER)
    assert "Usage: list" in said.out
    assert history(configured) == ["list --free"]


def test_a_question_mark_is_only_a_sign_in_a_question(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(capsys, "ask is it you ?" + ENTER)
    assert history(configured) == ["ask is it you ?"]


def test_question_mark_alone_lists_the_commands(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "opens the shell" in talk(capsys, "?").out


def test_plain_questions_lead_to_commands(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, "how do I add groq?" + ENTER, "what next" + ENTER)
    assert "providers add groq" in said.out
    assert "`help providers add` tells more." in said.out
    assert "All is set up, and the gateway is not running." in said.out


def test_why_explains_the_last_error(configured: World, capsys: pytest.CaptureFixture[str]) -> None:
    said = talk(capsys, "ask hello" + ENTER, "why" + ENTER)
    assert "The gateway is not running." in said.err
    assert "The gateway is not running." in said.out


def test_why_without_an_error_looks_for_what_is_wrong(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "gateway: It is not running." in talk(capsys, "why" + ENTER).out


def test_other_programs_are_not_run(configured: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert "`!` is not supported" in talk(capsys, "!ls" + ENTER).err


def test_a_pasted_key_is_refused_named_and_forgotten(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, f"keys set groq {KEY}" + ENTER, CTRL_R + "gsk", CTRL_C, TAB + ENTER)
    assert "keys never go on a command line" in said.err
    assert "`keys set groq` asks for it" in said.err
    assert history(configured) == ["keys set groq"]
    assert KEY not in said.out + said.err + json.dumps(configured.written())


def test_a_key_of_any_shape_is_known_once_it_is_stored(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (configured.workspace / ".env").write_text("LAB_API_KEY=correct-horse-battery\n")
    said = talk(capsys, "ask what is correct-horse-battery" + ENTER, "list" + ENTER)
    assert "keys never go on a command line" in said.err
    assert history(configured) == ["list"]


def test_a_damaged_env_file_does_not_keep_the_shell_from_opening(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (configured.workspace / ".env").write_bytes(b"\xff\xfe")
    assert "1 model, 1 " in talk(capsys, "list" + ENTER).out


def pasted(text: str) -> str:
    return f"\x1b[200~{text}\x1b[201~"


def test_several_lines_are_shown_and_run_once_confirmed(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, pasted("list\nset\n"), ENTER, "y" + ENTER)
    assert "You pasted 2 lines:\n  list\n  set\n" in said.out
    assert "1 model, 1 " in said.out
    assert "which keys edit the line" in said.out


def test_several_lines_that_are_not_confirmed_do_nothing(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, pasted("list\nset\n"), ENTER, ENTER)
    assert "Nothing was run." in said.out
    assert "1 model" not in said.out


def test_several_lines_stop_at_the_first_that_fails(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, pasted("status\nlist\nlist"), ENTER, "y" + ENTER)
    assert "Stopped: 2 lines were not run." in said.out


def test_several_lines_with_a_key_are_not_even_shown(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, pasted(f"list\nkeys set groq {KEY}"), ENTER)
    assert "keys never go on a command line" in said.err
    assert KEY not in said.out + said.err


def test_settings_are_shown_changed_and_kept(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = talk(capsys, "set editing vi" + ENTER, "xlist\x1b", "0x" + ENTER, "\x1b", "i")
    assert "editing is vi." in said.out
    assert history(configured) == ["set editing vi", "list"]
    kept = configured.workspace / "state" / "shell.json"
    assert json.loads(kept.read_text())["editing"] == "vi"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_hints_can_be_switched_off(configured: World, capsys: pytest.CaptureFixture[str]) -> None:
    talk(capsys, "set hints off" + ENTER)
    assert "(Tab)" not in talk(capsys, TAB, "list" + ENTER).drawn


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("set editng vi", 'Did you mean "editing"?'),
        ("set editing on", "`set editing emacs or vi`"),
    ],
)
def test_settings_that_are_none_are_told(
    configured: World, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    assert said in talk(capsys, line + ENTER).err


def test_what_was_typed_before_is_found_in_the_next_session(
    configured: World, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(capsys, "list --search demo" + ENTER)
    talk(capsys, CTRL_R + "sear", ENTER, ENTER)
    assert history(configured).count("list --search demo") >= 1
    said = talk(capsys, CTRL_R + "sear", ENTER, ENTER)
    assert "1 model, 1 " in said.out


def test_the_first_set_up_in_a_shell_begins_its_history(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(capsys, "init --at user" + ENTER, "list" + ENTER)
    assert history(world) == ["init --at user", "list"]


def test_the_terminal_may_be_narrow(configured: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert "start  (Tab)" in talk(capsys, "se", CTRL_C, columns=40).drawn


def test_a_second_ctrl_c_finds_nothing_to_interrupt_and_is_no_fault() -> None:
    keys = interrupting_keys().bindings
    app: Application[None] = Application()
    for binding in keys:
        binding.handler(SimpleNamespace(app=app))  # type: ignore[arg-type] # nothing runs in it
    assert {str(key) for binding in keys for key in binding.keys} == {
        "Keys.ControlC",
        "Keys.SIGINT",
    }


@pytest.mark.parametrize("seed", range(int(os.environ.get("RANDOM_KEYS", "3"))))
def test_whatever_is_typed_the_shell_stays_and_loses_no_history(
    configured: World, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    keys = [
        *"abcdefgilnoprstw -=?\"'`#~/.:!é√",
        *(TAB, RIGHT, CTRL_C, CTRL_E, CTRL_R, "\x1b", "\x7f", "\x01", "\x0b", "\x17", "\x19"),
        *("\x1b[A", "\x1b[B", "\x1b[D", "\x1b[Z", "\x1b[3~", "\x0e", "\x10", "\x14"),
    ]
    chance = random.Random(seed)  # noqa: S311 - what is typed, nothing secret
    bursts = ["".join(chance.choices(keys, k=40)) + CTRL_C + CTRL_C for _ in range(5)]
    talk(capsys, "list" + ENTER, *bursts)
    said = talk(capsys, CTRL_C)
    assert "Traceback" not in said.err
    assert history(configured)[0] == "list"
