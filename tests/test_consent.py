"""A plan is shown, and nothing happens before a yes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.consent import agree
from freerouter.errors import CancelledError, UsageError
from freerouter.result import Line, Output
from freerouter.session import Session
from freerouter.wizard.messages import Back, Confirm, Confirmed

if TYPE_CHECKING:
    from conftest import World

    from freerouter.session import Asker


class Somebody:
    """A front end with somebody who gives one answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.seen: list[str] = []
        self.asked: list[Confirm] = []

    def event(self, event: Any) -> None:
        if isinstance(event, Output) and isinstance(event.block, Line):
            self.seen.append(event.block.text)

    def secret(self, prompt: str) -> str | None:
        return None

    def asker(self) -> Asker | None:
        return None if self.answer is None else self  # type: ignore[return-value]

    def confirm(self, request: Confirm) -> Any:
        self.asked.append(request)
        return self.answer


def test_who_is_there_is_asked(world: World) -> None:
    somebody = Somebody(Confirmed())
    agree(Session(somebody, os.environ), ["add provider groq"], yes=False)
    (confirm,) = somebody.asked
    assert [planned.words for planned in confirm.plan] == [("add", "provider", "groq")]


def test_anything_but_a_yes_is_a_no(world: World) -> None:
    with pytest.raises(CancelledError, match="Nothing was changed"):
        agree(Session(Somebody(Back()), os.environ), ["x"], yes=False)


def test_where_nobody_can_be_asked_the_plan_is_told(world: World) -> None:
    with pytest.raises(UsageError) as caught:
        agree(Session(Somebody(None), os.environ), ["add x", "remove y"], yes=False)
    assert caught.value.why == "add x; remove y."


def test_a_yes_beforehand_shows_the_plan_and_asks_nobody(world: World) -> None:
    somebody = Somebody(None)
    agree(Session(somebody, os.environ), ["add x"], yes=True)
    assert somebody.seen == ["This will be done:", "  add x"]


def test_a_name_may_hold_anything(world: World) -> None:
    somebody = Somebody(Confirmed())
    agree(Session(somebody, os.environ), ["add litellm.it's \"so"], yes=True)
    assert somebody.seen[1] == "  add 'litellm.it'\"'\"'s' '\"so'"
