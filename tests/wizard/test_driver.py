"""The driver, answered by a front end that answers from a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import openrouter

from freerouter.errors import CancelledError
from freerouter.result import Line, Output
from freerouter.session import Session
from freerouter.wizard.driver import run_flow
from freerouter.wizard.messages import Answer, Back

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer

    from freerouter.result import Event
    from freerouter.wizard.messages import Event as WizardEvent
    from freerouter.wizard.messages import Planned, Question

KEY = "sk-or-right-0123456789"


class Listed:
    """Answers questions in order; keeps what was asked, shown and planned."""

    def __init__(self, *answers: object, agree: bool = True) -> None:
        self.answers = list(answers)
        self.agree = agree
        self.asked: list[str] = []
        self.problems: list[str] = []
        self.shown: list[str] = []
        self.plan: list[str] = []

    def ask(self, question: Question) -> WizardEvent:
        self.asked.append(question.id)
        if question.problem:
            self.problems.append(question.problem)
        answer = self.answers.pop(0)
        return Back() if answer == "^back" else Answer(question.id, answer)

    def show(self, text: str) -> None:
        self.shown.append(text)

    def confirm(self, plan: tuple[Planned, ...]) -> bool:
        self.plan = [" ".join(p.words) for p in plan]
        return self.agree

    def event(self, event: Event) -> None:
        if isinstance(event, Output) and isinstance(event.block, Line):
            self.shown.append(event.block.text)

    def secret(self, prompt: str) -> str | None:
        raise AssertionError(prompt)

    def asker(self) -> Listed:
        return self


def played(frontend: Listed) -> Listed:
    run_flow(Session(frontend), "onboarding", {"start": "no"}, defaults=False)
    return frontend


def test_a_wrong_key_is_asked_for_again_and_only_the_right_one_is_stored(
    world: World, server: FakeServer
) -> None:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    seen = played(Listed("user", ["openrouter"], "sk-or-wrong-key", KEY, True))
    assert seen.asked == ["place", "providers", "openrouter.key", "openrouter.key", "fetch"]
    assert seen.problems[0].startswith("OpenRouter refused this key (401).")
    assert "OpenRouter: key works, 3 models" in seen.shown
    assert seen.plan == [
        "init --at user",
        "keys set openrouter",
        "providers add openrouter --key-env OPENROUTER_API_KEY",
        "fetch",
    ]
    stored = (world.workspace / ".env").read_text()
    assert f"OPENROUTER_API_KEY={KEY}\n" in stored
    assert "sk-or-wrong-key" not in "".join(world.written().values())


def test_going_back_changes_the_plan(world: World) -> None:
    seen = played(Listed("project", "^back", "user", ["demo"], "^back", ["demo"], False))
    assert seen.asked == ["place", "providers", "place", "providers", "fetch", "providers", "fetch"]
    assert seen.plan == ["init --at user", "providers add demo"]


def test_saying_no_to_the_plan_changes_nothing(world: World) -> None:
    before = world.written()
    with pytest.raises(CancelledError, match="Nothing was changed"):
        played(Listed("user", ["demo"], True, agree=False))
    assert world.written() == before


def test_giving_up_at_a_question_changes_nothing(world: World) -> None:
    class GivesUp(Listed):
        def ask(self, question: Question) -> WizardEvent:
            raise KeyboardInterrupt

    before = world.written()
    with pytest.raises(KeyboardInterrupt):
        played(GivesUp())
    assert world.written() == before
