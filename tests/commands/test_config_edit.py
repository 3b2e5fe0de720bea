"""`config edit` with real programs for editors, in real terminals."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest
from calls import workspace

from freerouter.config.backups import backups_of
from freerouter.errors import UsageError
from freerouter.frontends.editing import editor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import World

LONG = 60
FILE = "# Mine.\nproviders:\n  - type: demo # always\n"
EDITOR = """
import os, pathlib, sys, time
path, turns = pathlib.Path(sys.argv[-1]), pathlib.Path(__file__).with_suffix(".turns")
turn = int(turns.read_text()) if turns.exists() else 0
turns.write_text(str(turn + 1))
text = path.read_text()
def write(new):
    path.write_text(new)
"""
SOUND = 'write(text + "gateway: {port: 4321}\\n")'
SLIP = 'write(text + "gatway: {port: 4321}\\n")'


@pytest.fixture
def edited(world: World, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts `freerouter` in a terminal, with a program for an editor that does that."""
    world.providers(FILE)
    script = tmp_path / "my editor.py"
    made: list[Any] = []

    def start(does: str, *words: str, **environ: str) -> Any:
        script.write_text(EDITOR + does + "\n")
        script.with_suffix(".turns").unlink(missing_ok=True)
        child = pexpect.spawn(
            sys.executable,
            ["-m", "freerouter", *(words or ("config", "edit"))],
            env={
                **os.environ,
                "TERM": "xterm-256color",
                "PROMPT_TOOLKIT_NO_CPR": "1",
                "EDITOR": f"{sys.executable} '{script}'",
                **environ,
            },
            cwd=str(world.cwd),
            dimensions=(24, 120),
            encoding="utf-8",
            timeout=LONG,
        )
        made.append(child)
        return child

    yield start
    for child in made:
        child.close(force=True)


def ended(child: Any) -> int:
    child.expect(pexpect.EOF)
    child.wait()
    return int(child.exitstatus)


def text(world: World) -> str:
    return (world.workspace / "providers.yaml").read_text()


def copies(world: World) -> list[str]:
    return sorted(path.name for path in world.workspace.glob("providers.edit*"))


def test_what_is_sound_is_taken_over_and_undo_takes_it_back(
    world: World, edited: Callable[..., Any]
) -> None:
    child = edited(SOUND)
    child.expect("providers.yaml is changed; `undo` takes that back.")
    assert ended(child) == 0
    assert text(world) == FILE + "gateway: {port: 4321}\n"
    assert (copies(world), len(backups_of(workspace(world)))) == ([], 1)
    assert world.cli("undo").code == 0
    assert text(world) == FILE


def test_what_is_wrong_is_told_with_its_place_and_edited_again(
    world: World, edited: Callable[..., Any]
) -> None:
    child = edited(f'if turn == 0: {SLIP}\nelse: write(text.replace("gatway", "gateway"))')
    child.expect(r'providers.edit.yaml:4:1: error: unknown key "gatway" in providers.yaml')
    child.expect("1 finding: providers.yaml stays as it is.")
    child.expect("Edit it again")
    assert text(world) == FILE
    child.send("\r")
    child.expect("providers.yaml is changed")
    assert ended(child) == 0
    assert text(world) == FILE + "gateway: {port: 4321}\n"


@pytest.mark.parametrize("answer", ["n", "\x03"])
def test_what_is_given_up_is_kept_and_can_be_gone_on_with(
    world: World, edited: Callable[..., Any], answer: str
) -> None:
    child = edited(SLIP)
    child.expect("Edit it again")
    child.send(answer)
    child.expect("Nothing was changed.")
    child.expect("Your edit is kept as ~/.config/freerouter/providers.edit.yaml.")
    assert ended(child) == 130
    assert (text(world), copies(world)) == (FILE, ["providers.edit.yaml"])
    kept = world.workspace / "providers.edit.yaml"
    assert kept.stat().st_mode & 0o777 == 0o600
    child = edited('write(text.replace("gatway", "gateway"))', "config", "edit", str(kept))
    assert ended(child) == 0
    assert (text(world), copies(world)) == (FILE + "gateway: {port: 4321}\n", [])


def test_what_something_else_has_changed_meanwhile_is_left_alone(
    world: World, edited: Callable[..., Any]
) -> None:
    other = FILE.replace("always", "of somebody else")
    child = edited(f"{SOUND}\n(path.parent / 'providers.yaml').write_text({other!r})")
    child.expect("changed by something else meanwhile")
    child.expect("`config edit ~/.config/freerouter/providers.edit.yaml` goes on with it.")
    assert ended(child) == 1
    assert (text(world), copies(world)) == (other, ["providers.edit.yaml"])
    assert "4321" in (world.workspace / "providers.edit.yaml").read_text()


def test_ctrl_c_in_the_editor_is_the_editors_own_affair(
    world: World, edited: Callable[..., Any]
) -> None:
    waits = "try:\n    print('editing', flush=True)\n    time.sleep(600)\n"
    child = edited(f"{waits}except KeyboardInterrupt:\n    {SOUND}")
    child.expect("editing")
    child.send("\x03")
    child.expect("providers.yaml is changed")
    assert ended(child) == 0
    assert "4321" in text(world)


def test_an_editor_that_breaks_off_loses_nothing(world: World, edited: Callable[..., Any]) -> None:
    child = edited(f"{SOUND}\nos.abort()")
    child.expect("ended with code -6.")
    child.expect("Your edit is kept as")
    assert ended(child) == 130
    assert text(world) == FILE
    assert "4321" in (world.workspace / "providers.edit.yaml").read_text()
    child = edited("sys.exit(3)")
    child.expect("ended with code 3. Nothing was changed.")
    assert ended(child) == 1
    assert copies(world) == ["providers.edit.yaml"]


def test_an_edit_that_changes_nothing_writes_nothing(
    world: World, edited: Callable[..., Any]
) -> None:
    child = edited("")
    child.expect("Nothing was changed.")
    assert ended(child) == 0
    assert (copies(world), backups_of(workspace(world))) == ([], [])


def test_what_was_wrong_before_or_lies_outside_does_not_stand_in_the_way(
    world: World, edited: Callable[..., Any]
) -> None:
    (world.workspace / "providers.yaml").write_text("providers: [{type: nobodys}]\n")
    child = edited('write("providers: [{type: nobodys}, {type: groq}]\\n")')
    child.expect("GROQ_API_KEY")
    child.expect("providers.yaml is changed")
    assert ended(child) == 0
    child = edited('write("providers: [{type: nobodys}, {type: somebodys}]\\n")')
    child.expect("2 findings: providers.yaml stays as it is.")
    child.expect("Edit it again")


def test_a_key_that_is_typed_in_is_neither_taken_over_nor_shown(
    world: World, edited: Callable[..., Any]
) -> None:
    key = "sk-canary-0123456789abcdef"
    child = edited(f'write("providers: [{{type: groq, api_key: {key}}}]\\n")')
    child.expect("Edit it again")
    assert "a secret is written out here" in child.before
    child.send("n")
    assert ended(child) == 130
    assert key not in child.before
    assert text(world) == FILE


def test_the_shell_lends_its_terminal_and_gets_it_back(
    world: World, edited: Callable[..., Any]
) -> None:
    child = edited(f"print(sys.stdin.isatty(), input('Say: '))\n{SOUND}", "shell")
    child.expect("freerouter>")
    child.send("config edit\r")
    child.expect("Say: ")
    child.send("hello\r")
    child.expect("True hello")
    child.expect("providers.yaml is changed")
    child.expect("freerouter>")
    child.send("config get gateway.port\r")
    child.expect("4321")
    child.expect("freerouter>")
    child.send("exit\r")
    assert ended(child) == 0


def test_without_a_terminal_it_says_what_to_do_instead(world: World) -> None:
    world.providers(FILE)
    ran = world.process("config", "edit", EDITOR="true")
    assert (ran.code, ran.err) == (
        2,
        (
            "`config edit` opens an editor, and there is no terminal for it.\n"
            "`config set KEY VALUE` changes one setting, `apply FILE` a whole set-up.\n"
        ),
    )
    (world.cwd / "x.frs").write_text("config edit\n")
    script = world.cli("run", "x.frs")
    assert (script.code, "works only at a prompt or on a command line" in script.err) == (2, True)
    assert copies(world) == []


def test_the_editor_is_the_one_that_is_named_or_that_there_is(tmp_path: Path) -> None:
    for name in ("vi", "mine"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o700)
    here = {"PATH": str(tmp_path)}
    assert editor(here) == ["vi"]
    assert editor({**here, "EDITOR": "mine -w 'a b'"}) == ["mine", "-w", "a b"]
    assert editor({**here, "EDITOR": "vi", "VISUAL": "mine"}) == ["mine"]
    for named, said in (("nobody", "no program nobody"), ("'", "EDITOR cannot be read")):
        with pytest.raises(UsageError, match=said):
            editor({**here, "EDITOR": named})
    with pytest.raises(UsageError, match="There is no editor"):
        editor({"PATH": str(tmp_path / "nowhere")})
