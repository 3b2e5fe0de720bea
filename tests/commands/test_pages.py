"""What every command says of itself and gives to programs, held as a whole: `--snapshot-update`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.errors import FreeRouterError
from freerouter.fakes import fake_providers
from freerouter.registry import FRONT_END
from freerouter.scripts.grammar import parse
from freerouter.scripts.home import fresh_home
from freerouter.scripts.player import Player
from freerouter.scripts.recorder import places_of
from freerouter.scripts.runner import _report
from freerouter.scripts.stage import Silent
from freerouter.session import Session
from freerouter.verbs import REGISTRY
from freerouter.volatile import _NUMBER, marked, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import World
    from syrupy.assertion import SnapshotAssertion

FAKES = Path(__file__).parent.parent.parent / "transcripts" / "fakes" / "openrouter.yaml"
FLOW = "flow: mine\ntitle: Mine\nsteps:\n  - {ask: colour, type: text, message: Which?}\n"
LINES = {
    "init": "init",
    "providers add": "providers add openrouter --key-env OPENROUTER_API_KEY",
    "keys set": "keys set openrouter --from-env MINE",
    "keys check": "keys check openrouter",
    "keys show": "keys show master",
    "keys list": "keys list",
    "keys rotate": "keys rotate master",
    "providers list": "providers list",
    "providers show": "providers show openrouter",
    "fetch": "fetch",
    "check": "check",
    "completion": "completion bash",
    "plugins": "plugins",
    "list": "list",
    "alias add": "alias add mine openrouter/meta/llama-3.3-70b:free",
    "alias list": "alias list",
    "alias rename": "alias rename mine ours",
    "alias remove": "alias remove ours",
    "alias restore": "alias restore auto",
    "select": "select --free --limit 1",
    "status": "status",
    "doctor": "doctor --offline",
    "validate": "validate mine.yaml",
    "logs": "logs",
    "metrics": "metrics",
    "quota": "quota",
    "usage prune": "usage prune",
    "usage compare": "usage compare 2.5/10",
    "budget set": "budget set 5/month",
    "budget list": "budget list",
    "budget remove": "budget remove",
    "env": "env",
    "flow": "flow pick-models --set models=openrouter/openai/gpt-5 --yes",
    "flow list": "flow list",
    "flow check": "flow check mine.yaml",
    "flow resume": "flow resume",
    "help": "help help",
    "set": "set editing vi",
    "how": "how do I add groq",
    "why": "why",
    "next": "next",
    "providers disable": "providers disable demo",
    "providers enable": "providers enable demo",
    "providers remove": "providers remove demo",
    "keys remove": "keys remove openrouter",
    "export": "export",
    "apply": "apply set-up.yaml --dry-run",
    "import": "import theirs.env --yes",
    "migrate": "migrate --dry-run",
    "profile new": "profile new dev --port 4100",
    "profile copy": "profile copy dev staging --port 4101",
    "profile use": "profile use dev",
    "profile list": "profile list",
    "profile diff": "profile diff dev staging",
    "profile remove": "profile remove staging --yes",
    "backup": "backup",
    "backups": "backups",
    "diff": "diff 3",
    "undo": "undo",
    "restore": "restore latest --yes",
    "config set": "config set gateway.port 4100",
    "config get": "config get gateway.port",
    "config show": "config show",
    "config redacted": "config redacted",
    "config unset": "config unset gateway.port",
}
"""A command by its name, in an order in which each has something to tell."""
RUNNING = {
    "start": "start",
    "status": "status",
    "ask": "ask --model demo Hello",
    "reload": "reload",
    "service install": "service install",
    "service remove": "service remove",
    "stop": "stop",
}
"""Those that are about the gateway itself."""
Told = dict[str, Any]


def told(session: Session, lines: dict[str, str]) -> Told:
    """What each command gives to programs, or the error that it ends with."""
    found: Told = {}
    for name, line in lines.items():
        try:
            data = session.run(session.parse(line)).data
        except FreeRouterError as error:
            data = {"error": error.as_data()}
        found[name] = steady(marked(data), places_of(session))
    return found


def steady(data: Any, places: dict[str, str]) -> Any:
    """The same in every run: what is volatile says its kind, a directory its name."""
    if isinstance(data, dict):
        return {name: steady(value, places) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [steady(value, places) for value in data]
    if not isinstance(data, str):
        return data
    text = "".join(f"<{part.kind}>" if part.kind else part.text for part in parts(data))
    for name, place in sorted(places.items(), key=lambda one: -len(one[1])):
        text = text.replace(place, f"<{name}>")
    return text.replace(_NUMBER, "")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Somebody who has nothing yet, and a provider that answers."""
    records = str(tmp_path_factory.mktemp("records"))
    with fresh_home(os.environ) as (environ, cwd), fake_providers(str(FAKES), records):
        Path(cwd, "mine.yaml").write_text(FLOW)
        Path(cwd, "set-up.yaml").write_text("providers: [{type: demo}]\n")
        Path(cwd, "theirs.env").write_text("GROQ_API_KEY=made-up-for-this\n")
        more = {"FREEROUTER_CATALOGUE": records, "MINE": "the-right-key"}
        yield Session(Silent(), {**environ, **more}, cwd)


@pytest.fixture(scope="module")
def set_up(home: Session) -> Told:
    return told(home, LINES)


@pytest.fixture(scope="module")
def running() -> Iterator[Told]:
    """The demo's gateway, from start to stop."""
    with fresh_home(os.environ) as (environ, cwd):
        session = Session(Silent(), environ, cwd)
        told(session, {"init": "init", "fetch": "fetch"})
        yield told(session, RUNNING)


def test_every_command_is_here_but_those_that_open_a_shell() -> None:
    """And but `chat`, which is one, and the schema of flows, which is a file of the docs."""
    visible = {command.name for command in REGISTRY.visible}
    assert visible - set(LINES) - set(RUNNING) == {
        "config edit",
        "run",
        "record",
        "shell",
        "chat",
        "flow schema",
    }
    for name, line in {**LINES, **RUNNING}.items():
        assert shlex.split(line)[: len(name.split())] == name.split()


@pytest.mark.parametrize("command", REGISTRY.visible, ids=lambda command: command.name)
def test_the_help_page_of_a_command(
    world: World, command: Any, snapshot: SnapshotAssertion
) -> None:
    assert world.cli("help", *command.name.split()).out == snapshot


def test_the_list_of_commands(world: World, snapshot: SnapshotAssertion) -> None:
    assert world.cli("help").out == snapshot


@pytest.mark.parametrize("name", LINES)
def test_what_a_command_gives_to_programs(
    set_up: Told, name: str, snapshot: SnapshotAssertion
) -> None:
    assert set_up[name] == snapshot


@pytest.mark.gateway
@pytest.mark.parametrize("name", RUNNING)
def test_what_a_command_about_the_gateway_gives_to_programs(
    running: Told, name: str, snapshot: SnapshotAssertion
) -> None:
    assert running[name] == snapshot


def test_what_a_session_gives_to_programs(world: World, snapshot: SnapshotAssertion) -> None:
    file = parse("#!freerouter session 1\n> list\n| nothing\n= 3\n> status\n|...\n= 6\n", "x.frs")
    outcome = Player(file, Session(Silent()), {}, keep_going=True).play()
    assert _report(file, outcome).data == snapshot


def test_no_key_is_given_to_programs(set_up: Told) -> None:
    assert "the-right-key" not in str(set_up)


def test_what_stands_behind_a_front_end_has_no_module_of_its_own() -> None:
    assert {c.name for c in REGISTRY.visible if c.target == FRONT_END} == {
        "config edit",
        "run",
        "record",
        "shell",
    }
