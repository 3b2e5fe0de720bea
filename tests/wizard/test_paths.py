"""Every path of every flow: none ends nowhere, reads what is not there, or differs after Back."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from fakes import openai_list

from freerouter.frontends.console import Console
from freerouter.resources import flow_paths, flows_directory
from freerouter.session import Session
from freerouter.wizard import conditions, templates, walk
from freerouter.wizard.checking import load_flow
from freerouter.wizard.engine import step
from freerouter.wizard.messages import (
    Answer,
    Back,
    Begin,
    Change,
    Confirm,
    Confirmed,
    Done,
    Question,
    Show,
    Skip,
    Work,
    Worked,
)
from freerouter.wizard.schema import asks
from freerouter.wizard.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conftest import World
    from fakes import FakeServer

    from freerouter.wizard.messages import Event, Request
    from freerouter.wizard.schema import Flow

FLOWS = sorted(flow_paths([flows_directory()]))
MOST = 300
"""How many questions of one flow are looked at; each with all its answers."""


class At(NamedTuple):
    """A place on a path: the state, and what is wanted there."""

    state: State
    request: Request


class Explorer:
    """Goes all ways. Queries are done by the real commands; checks say all that they may say."""

    def __init__(self, session: Session, flow: Flow) -> None:
        self._session = session
        self._flow = flow
        self._data: dict[tuple[str, ...], Mapping[str, Any]] = {}
        self.questions: set[str] = set()
        self.plans: set[tuple[str, ...]] = set()

    def explore(self) -> None:
        start = step(self._flow, State(advanced=True), Begin())
        waiting = list(self._settle(start, refusals=1))
        chance = random.Random(0)  # noqa: S311 - any order will do, the same one each time
        seen: set[tuple[str, str]] = set()
        while waiting and len(seen) < MOST:
            at, refusals = waiting.pop(chance.randrange(len(waiting)))
            if isinstance(at.request, Done):
                continue
            if isinstance(at.request, Confirm):
                self._confirmed(at)
                continue
            assert isinstance(at.request, Question), at.request
            place = (at.request.id, repr(sorted(at.state.answers.items())) + at.request.problem)
            if place in seen:
                continue
            seen.add(place)
            self.questions.add(at.request.id.rsplit(".", 1)[-1])
            for event in possible(at.request):
                for following in self._settle(step(self._flow, at.state, event), refusals):
                    self._and_back(at, event, following[0])
                    waiting.append(following)

    def _settle(self, stepped: tuple[State, Request], refusals: int) -> Iterator[tuple[At, int]]:
        """What the user meets next, for everything that a check may say on the way."""
        state, request = stepped
        if isinstance(request, Show):
            yield from self._settle(step(self._flow, state, Begin()), refusals)
        elif isinstance(request, Work) and request.purpose == "check":
            good = Worked({"verdict": "works", "message": "fine"})
            yield from self._settle(step(self._flow, state, good), refusals)
            if refusals:
                bad = Worked({"verdict": "refused", "message": "no"})
                yield from self._settle(step(self._flow, state, bad), refusals - 1)
        elif isinstance(request, Work):
            assert request.purpose != "run", "nothing runs before the confirmation"
            found = Worked(self._load(request))
            yield from self._settle(step(self._flow, state, found), refusals)
        else:
            yield At(state, request), refusals

    def _load(self, work: Work) -> Mapping[str, Any]:
        if work.purpose == "source":
            return {"value": None}
        if work.words not in self._data:
            call = self._session.parse(list(work.words))
            self._data[work.words] = self._session.command(call).data
        return self._data[work.words]

    def _and_back(self, before: At, event: Event, after: At) -> None:
        """Back to the question, the same answer again: the same state."""
        question = before.request
        assert isinstance(question, Question)
        if not isinstance(event, Answer) or after.state.problem[0]:
            return
        back, request = step(self._flow, after.state, Back())
        assert isinstance(request, Question)
        assert request.id == question.id
        again = list(self._settle(step(self._flow, back, event), 0))
        assert again[0][0] == after

    def _confirmed(self, at: At) -> None:
        confirm = at.request
        assert isinstance(confirm, Confirm)
        assert confirm.plan
        for planned in confirm.plan:
            assert self._session.parse(list(planned.words)).command
        for answered in confirm.answers:
            changing, request = step(self._flow, at.state, Change(answered.id))
            assert isinstance(request, Question)
            assert request.id == answered.id
            assert step(self._flow, changing, Back())[1] == confirm
        self.plans.add(tuple(" ".join(p.words) for p in confirm.plan))
        state, request = step(self._flow, at.state, Confirmed())
        for _ in confirm.plan:
            assert isinstance(request, Work)
            assert request.purpose == "run"
            state, request = step(self._flow, state, Worked())
        assert isinstance(request, Done)


def possible(question: Question) -> Iterator[Event]:
    """Answers that differ in what they lead to."""
    values: list[Any] = []
    choices = [o.value for o in question.options if not o.disabled]
    if question.type == "confirm":
        values = [True, False]
    elif question.type == "choice":
        values = choices
    elif question.type == "many":
        values = [[], *([c] for c in choices), question.default or [], choices]
        values = [v for v in values if len(v) >= (question.min or 0)]
    elif question.type == "int":
        values = [question.default or question.min or 1, 4567]
    else:
        values = ["sk-made-up" if question.type == "secret" else "http://localhost:9/v1"]
        values = ["lab"] if question.pattern[0] else values
    if question.optional:
        values.append("")
    assert values, f"{question.id} has no possible answer"
    yield from (Answer(question.id, value) for value in values)
    if question.skippable:
        yield Skip()


@pytest.fixture(autouse=True)
def strict_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that a row or a result does not have is a fault, and not just empty."""
    real = conditions.lookup

    def strict(scope: Mapping[str, Any], name: str) -> Any:
        root, _, rest = name.partition(".")
        value = real(scope, root)
        if rest and root != "answer" and isinstance(value, dict):
            assert rest.split(".")[0] in value, f"{name} cannot be read: {sorted(value)}"
        return real(scope, name)

    for module in (conditions, templates, walk):
        monkeypatch.setattr(module, "lookup", strict)


@pytest.fixture
def new(world: World) -> Session:
    """Nothing set up."""
    return Session(Console(str))


@pytest.fixture
def set_up(world: World, server: FakeServer) -> Session:
    """Two servers and a key, models fetched, and one thing wrong: the gateway does not run."""
    server.replies["/v1/models"] = openai_list("model-a", "model-b")
    world.override("groq", base_url=f"{server.url}/v1")
    (world.workspace / ".env").write_text("GROQ_API_KEY=made-up-key-of-mine\n")
    world.providers(
        "providers:\n  - type: demo\n  - {type: groq, api_key: '${GROQ_API_KEY}'}\n"
        f"  - {{type: oai, name: lab, api_base: {server.url}/v1}}\n"
        "  - {type: static, model_name: gpt-4o-mini, provider: openai}\n"
    )
    assert world.cli("fetch").code == 0
    return Session(Console(str))


@pytest.mark.parametrize("name", [f for f in FLOWS if f != "pick-models"])
def test_every_path_from_nothing(name: str, new: Session) -> None:
    explorer = Explorer(new, load_flow(name, [flows_directory()]))
    explorer.explore()
    assert explorer.plans


@pytest.mark.parametrize("name", FLOWS)
def test_every_path_of_a_set_up_user(name: str, set_up: Session) -> None:
    explorer = Explorer(set_up, load_flow(name, [flows_directory()]))
    explorer.explore()
    assert explorer.plans
    flow = load_flow(name, [flows_directory()])
    assert explorer.questions == {ask.ask for ask in asks(flow)} - {"place"}
