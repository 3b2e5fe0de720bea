"""A few runs in a real terminal, as a person sees it."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest
from fakes import openrouter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import World
    from fakes import FakeServer

Spawn = "Callable[..., pexpect.spawn[str]]"
LONG = 60
KEY = "sk-or-right-0123456789"
WRONG = "sk-or-wrong-0123456789"


@pytest.fixture
def spawn(world: World) -> Iterator[Callable[..., Any]]:
    """Starts `freerouter` in an 80x24 terminal."""
    made: list[Any] = []

    def start(*arguments: str, **environ: str) -> Any:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "freerouter", *arguments],
            env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **environ},
            cwd=str(world.cwd),
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=20,
        )
        made.append(child)
        return child

    yield start
    for child in made:
        child.close(force=True)


def ended(child: Any) -> int:
    child.expect(pexpect.EOF, timeout=LONG)
    child.wait()
    return int(child.exitstatus)


@pytest.mark.gateway
def test_the_wizard_goes_from_nothing_to_a_running_gateway(
    world: World, spawn: Callable[..., Any], free_port: int
) -> None:
    child = spawn("init", "--wizard")
    child.expect("Where should FreeRouter keep its configuration")
    child.expect("For me")
    child.send("\r")
    child.expect("Which providers do you want to use")
    child.expect("Demo")
    child.send("\r")
    child.expect("Ask the providers for their models now")
    child.send("\r")
    child.expect("Start the gateway now")
    child.send("\r")
    taken = child.expect(["This will be done:", "Which one shall it be"])
    if taken:
        child.sendline("")
        child.expect("This will be done:")
    child.expect("init --at user")
    child.expect("providers add demo")
    child.expect("Do this now")
    assert not (world.workspace / "providers.yaml").exists()
    child.send("\r")
    child.expect("Gateway ready in ", timeout=LONG)
    child.expect("export OPENAI_BASE_URL=http://127.0.0.1:")
    child.expect("Answered by demo")
    child.expect(r"Ready: http://127.0.0.1:\d+/v1")
    assert ended(child) == 0
    assert world.cli("stop").out == "Gateway stopped.\n"


@pytest.mark.parametrize("key", ["\x03", "\x04"])
@pytest.mark.parametrize("answered", range(4))
def test_giving_up_at_any_question_writes_nothing(
    world: World, spawn: Callable[..., Any], answered: int, key: str
) -> None:
    before = world.written()
    child = spawn("flow", "onboarding", "--set", "start=no")
    questions = ["keep its configuration", "do you want to use", "models now", "Do this now"]
    for number, question in enumerate(questions[: answered + 1]):
        child.expect(question)
        child.expect("Esc back")
        child.send("\r" if number < answered else key)
    child.expect("Nothing was changed")
    assert ended(child) == 130
    assert without_answers(world) == before


def without_answers(world: World) -> dict[str, str]:
    """What was written, but for the answers that a flow keeps."""
    kept = str(world.home / ".local" / "state" / "freerouter" / "flows")
    return {path: text for path, text in world.written().items() if not path.startswith(kept)}


def test_a_flow_that_was_given_up_goes_on_where_it_was(
    world: World, spawn: Callable[..., Any]
) -> None:
    child = spawn("flow", "onboarding", "--set", "start=no", "--set", "fetch=no")
    child.expect("keep its configuration")
    child.send("\x1b[B\r")
    child.expect("do you want to use")
    child.send("\x03")
    child.expect("`freerouter flow resume` goes on")
    assert ended(child) == 130
    child = spawn("flow", "resume")
    child.expect("do you want to use")
    child.send("\r")
    child.expect("models now")
    child.send("n")
    child.expect("Do this now")
    child.send("\r")
    child.expect("Done.")
    assert ended(child) == 0
    assert (world.cwd / "config" / "providers.yaml").is_file()


def test_an_answer_is_changed_out_of_the_review(world: World, spawn: Callable[..., Any]) -> None:
    child = spawn("flow", "onboarding", "--set", "start=no", "--set", "fetch=no")
    for question in ("keep its configuration", "do you want to use"):
        child.expect(question)
        child.send("\r")
    child.expect("Your answers:")
    child.expect("For me")
    child.expect("init --at user")
    child.expect("Do this now")
    child.send("c")
    child.expect("Which answer")
    child.send("\r")
    child.expect("keep its configuration")
    child.send("\x1b[B\r")
    child.expect("init --at project")
    child.expect("Do this now")
    child.send("n")
    assert ended(child) == 130


def test_a_key_is_typed_unseen_and_a_refused_one_is_asked_for_again(
    world: World, spawn: Callable[..., Any], server: FakeServer
) -> None:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    child = spawn("flow", "add-provider", "--set", "provider=openrouter")
    typed = []
    for key in (WRONG, KEY):
        child.expect("OpenRouter API key")
        child.expect("give up")
        typed.append(child.before)
        child.send(f"{key}\r")
        if key == WRONG:
            child.expect("refused this key")
            typed.append(child.before)
    child.expect("Do this now")
    typed.append(child.before)
    child.send("\r")
    child.expect("keys set openrouter --from-env OPENROUTER_API_KEY")
    assert ended(child) == 0
    assert KEY not in "".join(typed) + child.before
    assert WRONG not in "".join(typed)
    assert KEY in (world.workspace / ".env").read_text()


PLAIN: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "the option": (("--plain",), {}),
    "NO_COLOR": ((), {"NO_COLOR": "1"}),
    "a dumb terminal": ((), {"TERM": "dumb"}),
}


@pytest.mark.parametrize("how", PLAIN)
def test_a_plain_terminal_is_asked_in_numbered_lines(
    world: World, spawn: Callable[..., Any], how: str
) -> None:
    options, environ = PLAIN[how]
    child = spawn("flow", "onboarding", *options, "--set", "start=no", **environ)
    child.logfile_read = seen = io.StringIO()
    child.expect("At any question: ")
    child.expect("1. For me")
    child.sendline("2")
    child.expect("Numbers or names")
    child.sendline("^back")
    child.expect("1. For me")
    child.sendline("")
    child.expect("Numbers or names")
    child.sendline("^help")
    child.expect("are chosen already")
    child.sendline("demo")
    child.expect("models now")
    child.sendline("maybe")
    child.expect("answered with yes or no")
    child.sendline("^default")
    child.expect("This will be done:")
    child.expect("init --at project")
    child.expect("number of an answer to change")
    child.sendline("1")
    child.expect("1. For me")
    child.sendline("1")
    child.expect("init --at user")
    child.sendline("yes")
    child.expect("Done.")
    assert ended(child) == 0
    assert "\x1b" not in seen.getvalue()


def test_giving_up_in_a_plain_terminal_writes_nothing(
    world: World, spawn: Callable[..., Any]
) -> None:
    before = world.written()
    for word in ("^cancel", "\x03", "\x04"):
        child = spawn("flow", "onboarding", "--plain")
        child.expect("1. For me")
        child.expect("Answer")
        child.sendline(word) if word == "^cancel" else child.send(word)
        assert ended(child) == 130
    assert world.written() == before


def test_escape_goes_back_to_the_question_before(world: World, spawn: Callable[..., Any]) -> None:
    child = spawn("init", "--wizard", "--set", "start=no")
    child.expect("keep its configuration")
    child.send("\r")
    child.expect("do you want to use")
    child.send("\x1b")
    child.expect("keep its configuration")
    child.send("\x03")
    assert ended(child) == 130


def test_the_shell_greets_offers_the_wizard_and_leaves(
    world: World, spawn: Callable[..., Any]
) -> None:
    child = spawn()
    child.expect("Nothing is set up yet.")
    child.sendline("no")
    child.expect("freerouter>")
    child.sendline("status")
    child.expect("Gateway not running")
    child.expect(r"freerouter \[6\]>")
    child.send("\x04")
    assert ended(child) == 0
