"""Every flow through every front end: the same answers give the same commands."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from fakes import openai_list
from keyboard import DOWN, ENTER, typed

from freerouter.frontends.command_line import execute
from freerouter.frontends.console import Console
from freerouter.frontends.jsonlines import JsonLines
from freerouter.frontends.menus import MenuAsker
from freerouter.frontends.plain import PlainAsker
from freerouter.resources import flow_paths, flows_directory
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import World
    from fakes import FakeServer

    from freerouter.result import Event, Result
    from freerouter.session import Asker


class Said(NamedTuple):
    """An answer: by id, as text, and as the keys that give it in a menu."""

    id: str
    text: str
    keys: str


class Case(NamedTuple):
    """The answers to a flow, and the plan that they lead to."""

    said: tuple[Said, ...]
    plan: tuple[str, ...]


URL = "http://127.0.0.1:{port}/v1"
CASES = {
    "onboarding": Case(
        (
            Said("place", "project", DOWN + ENTER),
            Said("providers", "oai", ENTER),
            Said("oai.url", URL, URL + ENTER),
            Said("oai.key", "", ENTER),
            Said("fetch", "yes", ENTER),
            Said("start", "no", "n"),
        ),
        ("init --at project", f"providers add oai --url {URL}", "fetch"),
    ),
    "add-provider": Case(
        (
            Said("provider", "oai", ""),
            Said("oai.url", URL, URL + ENTER),
            Said("oai.name", "lab", "lab" + ENTER),
            Said("oai.key", "", ENTER),
        ),
        (f"providers add oai --name lab --url {URL}", "fetch --provider lab"),
    ),
    "pick-models": Case(
        (Said("models", "attic/model-b", " " + ENTER),),
        ("select attic/model-b",),
    ),
    "diagnose": Case((Said("fixes", "start", ENTER),), ("start",)),
}


class Answering:
    """A front end whose asker is the one under test, and which shows nothing."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def event(self, event: Event) -> None:
        """Nothing is looked at."""

    def secret(self, prompt: str) -> str | None:
        raise AssertionError(prompt)

    def asker(self) -> Asker:
        return self._asker


@pytest.fixture
def places(world: World, server: FakeServer, free_port: int) -> dict[str, Any]:
    server.replies["/v1/models"] = openai_list("model-a", "model-b")
    return {"port": server.port, "free": free_port}


def prepare(name: str, world: World, places: dict[str, Any]) -> None:
    """Onboarding starts from nothing; the others with a server, its models, and a gateway off."""
    if name == "onboarding":
        return
    port, free = places["port"], places["free"]
    world.providers(
        f"gateway: {{port: {free}}}\n"
        f"providers:\n  - {{type: oai, name: attic, api_base: 'http://127.0.0.1:{port}/v1'}}\n"
    )
    assert world.cli("fetch").code == 0


def run(asker: Asker, name: str) -> Result:
    session = Session(Answering(asker))
    return session.run(session.parse(["flow", name, "--dry-run"]))


def by_options(case: Case, name: str) -> Any:
    words = [part for said in case.said for part in ("--set", f"{said.id}={said.text}")]
    session = Session(Console(str))
    return session.run(session.parse(["flow", name, "--dry-run", *words])).data["commands"]


def by_menus(case: Case, name: str) -> Any:
    keys = [said.keys for said in case.said]
    return typed(keys, lambda: run(MenuAsker(), name)).value.data["commands"]


def plainly(case: Case, name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    lines = "".join(f"{said.text}\n" for said in case.said)
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    return run(PlainAsker(lambda _prompt: sys.stdin.readline()), name).data["commands"]


def by_json(case: Case, name: str) -> Any:
    lines = io.StringIO("".join(json.dumps({"answer": said.text}) + "\n" for said in case.said))
    sink = io.StringIO()
    session = Session(JsonLines(str, lines, sink))
    result = session.run(session.parse(["flow", name, "--dry-run"]))
    asked = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert [a["id"] for a in asked if a["type"] == "ask"] == [said.id for said in case.said]
    return result.data["commands"]


def by_script(case: Case, name: str, path: Path, capture: pytest.CaptureFixture[str]) -> Any:
    answers = "".join(f"? {said.id}\n< {said.text or '^default'}\n" for said in case.said)
    path.write_text(f"> flow {name} --dry-run\n{answers}", encoding="utf-8")
    console = Console(str)
    session = Session(console)
    capture.readouterr()
    assert execute(session, console, session.parse(["run", str(path)])) == 0
    shown = capture.readouterr().out.partition("This would be done:\n")[2]
    return [line.strip() for line in shown.splitlines()]


def filled(case: Case, places: dict[str, Any], place: Callable[[str], int]) -> Case:
    """The case with this run's ports, and the way down to choices that menus list."""

    def text(template: str) -> str:
        return template.replace("{port}", str(places["port"])).replace(
            "{free}", str(places["free"])
        )

    said = [Said(s.id, text(s.text), text(s.keys)) for s in case.said]
    said = [s._replace(keys=s.keys or DOWN * place(s.text) + ENTER) for s in said]
    return Case(tuple(said), tuple(text(line) for line in case.plan))


def test_there_is_a_case_for_every_flow() -> None:
    assert set(CASES) == set(flow_paths([flows_directory()]))


@pytest.mark.parametrize("name", CASES)
def test_the_same_answers_give_the_same_commands(  # noqa: PLR0917 - fixtures
    name: str,
    world: World,
    places: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare(name, world, places)
    rows = json.loads(world.cli("providers", "list", "--json").out)["providers"]
    case = filled(CASES[name], places, [row["id"] for row in rows].index)
    if name == "onboarding":
        ids = [row["id"] for row in rows]
        # What is chosen beforehand stands on top of a menu that is searched: the demo.
        to_oai = DOWN * (ids.index("oai") + 1)
        case = change(case, "providers", " " + to_oai + " " + ENTER)
    plan = list(case.plan)
    assert by_options(case, name) == plan
    assert by_json(case, name) == plan
    assert by_script(case, name, tmp_path / "said.frs", capsys) == plan
    assert plainly(case, name, monkeypatch) == plan
    assert by_menus(case, name) == plan
    if name == "onboarding":
        assert not (world.cwd / "config").exists()


def change(case: Case, identity: str, keys: str) -> Case:
    said = tuple(s._replace(keys=keys) if s.id == identity else s for s in case.said)
    return case._replace(said=said)
