"""The engine alone: no terminal, no files, just events in and requests out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FreeRouterError, ProviderError, UsageError
from freerouter.wizard.checking import read_flow
from freerouter.wizard.engine import step
from freerouter.wizard.messages import (
    Answer,
    Back,
    Begin,
    Confirm,
    Confirmed,
    Done,
    Event,
    Question,
    Request,
    Show,
    Work,
    Worked,
)
from freerouter.wizard.state import State

if TYPE_CHECKING:
    from freerouter.wizard.schema import Flow

FLOW = """
flow: test
title: Test
steps:
  - load: found
    query: providers list
  - ask: providers
    type: many
    min: 1
    message: Which?
    default: "{found.preselected}"
    choices: {from: found.rows, value: id, label: name, hint: hint}
  - each: p
    in: found.rows
    when: p.id in providers
    steps:
      - ask: key
        type: secret
        message: "{p.name} key"
        when: p.keyed
        check: {query: "keys check {p.id}"}
      - run:
          - {line: "keys set {p.id}", when: answer.key is set, input: answer.key}
          - "providers add {p.id}"
  - say: No need to fetch the demo.
    when: "'demo' in providers"
  - ask: fetch
    type: confirm
    message: Fetch?
    default: true
  - ask: port
    type: int
    message: Port?
    default: 4000
    when: fetch
  - run:
      - {line: fetch, when: fetch}
      - {line: "start --port {port}", when: port is set}
"""
ROWS = {
    "preselected": ["demo"],
    "rows": [
        {"id": "groq", "name": "Groq", "hint": "fast", "keyed": True},
        {"id": "demo", "name": "Demo", "hint": "", "keyed": False},
    ],
}


class Play:
    """A flow being played: keeps the state between events."""

    def __init__(self, **start: Any) -> None:
        self.flow: Flow = read_flow(parse_yaml(FLOW.encode(), "test.yaml"))
        self.state = State(**start)
        self.now: Request = self.send(Begin())

    def send(self, event: Event) -> Request:
        self.state, self.now = step(self.flow, self.state, event)
        return self.now

    def load(self) -> Request:
        assert isinstance(self.now, Work)
        assert self.now.purpose == "load"
        return self.send(Worked(ROWS))

    def answer(self, value: Any) -> Request:
        assert isinstance(self.now, Question)
        return self.send(Answer(self.now.id, value))

    @property
    def question(self) -> Question:
        assert isinstance(self.now, Question)
        return self.now

    @property
    def plan(self) -> list[str]:
        assert isinstance(self.now, Confirm)
        return [" ".join(p.words) for p in self.now.plan]


def at_providers() -> Play:
    play = Play()
    play.load()
    return play


def test_a_query_comes_before_the_question_that_needs_it() -> None:
    play = Play()
    assert isinstance(play.now, Work)
    assert play.now.words == ("providers", "list")
    play.load()
    assert play.question.id == "providers"
    assert play.question.default == ["demo"]
    assert [o.label for o in play.question.options] == ["Groq", "Demo"]


def test_a_whole_run_asks_confirms_runs_and_ends() -> None:
    play = at_providers()
    play.answer(["groq"])
    assert play.question.id == "groq.key"
    assert play.question.message == "Groq key"
    check = play.answer("secret-key")
    assert check == Work("check", "groq.key", ("keys", "check", "groq"), "secret-key")
    assert play.send(Worked({"verdict": "works", "message": "fine"})) == Show("fine")
    play.send(Begin())
    play.answer(True)
    play.answer("4001")
    assert play.plan == ["keys set groq", "providers add groq", "fetch", "start --port 4001"]
    ran = []
    request = play.send(Confirmed())
    while isinstance(request, Work):
        ran.append((" ".join(request.words), request.input))
        request = play.send(Worked())
    assert isinstance(request, Done)
    assert ran == [
        ("keys set groq", "secret-key"),
        ("providers add groq", None),
        ("fetch", None),
        ("start --port 4001", None),
    ]


def test_a_secret_is_never_among_the_words_of_the_plan() -> None:
    play = at_providers()
    play.answer(["groq"])
    play.answer("secret-key")
    play.send(Worked({"verdict": "works"}))
    play.answer(False)
    assert isinstance(play.now, Confirm)
    assert "secret-key" not in str([p.words for p in play.now.plan])


def test_nothing_runs_before_the_confirmation() -> None:
    play = at_providers()
    play.answer(["demo"])
    play.send(Begin())
    play.answer(False)
    assert isinstance(play.now, Confirm)
    assert isinstance(play.send(Begin()), Confirm)


def test_a_refused_key_is_asked_for_again_with_the_reason() -> None:
    play = at_providers()
    play.answer(["groq"])
    play.answer("wrong")
    play.send(Worked({"verdict": "refused", "message": "Groq refused this key (401)."}))
    assert play.question.id == "groq.key"
    assert play.question.problem == "Groq refused this key (401)."
    assert play.question.default is None


def test_a_check_that_fails_counts_as_refused() -> None:
    play = at_providers()
    play.answer(["groq"])
    play.answer("wrong")
    play.send(Worked(error=UsageError("The key holds a line break.")))
    assert play.question.problem == "The key holds a line break."


def test_a_doubtful_verdict_is_told_and_the_key_kept() -> None:
    play = at_providers()
    play.answer(["groq"])
    play.answer("key")
    shown = play.send(Worked({"verdict": "unknown", "message": "Groq cannot be reached."}))
    assert shown == Show("Groq cannot be reached.")
    play.send(Begin())
    assert play.question.id == "fetch"


def test_an_answer_that_does_not_fit_is_asked_again() -> None:
    play = at_providers()
    play.answer(["grok"])
    assert play.question.problem == 'providers cannot be "grok". Did you mean "groq"?'
    play.answer([])
    assert play.question.problem == "Choose at least 1."
    play.answer(["demo"])
    play.send(Begin())
    play.answer("maybe")
    assert play.question.problem == 'fetch is answered with yes or no, not "maybe".'
    play.answer("yes")
    play.answer("many")
    assert play.question.problem == 'port is a whole number, not "many".'


def test_back_goes_to_the_question_before_and_keeps_its_answer_as_default() -> None:
    play = at_providers()
    play.answer(["demo"])
    play.send(Begin())
    play.answer(False)
    assert isinstance(play.now, Confirm)
    play.send(Back())
    assert play.question.id == "fetch"
    assert not play.question.default
    play.send(Back())
    assert play.question.id == "providers"
    assert play.question.default == ["demo"]
    play.send(Back())
    assert play.question.id == "providers"


def test_going_back_and_choosing_otherwise_changes_what_is_asked_and_planned() -> None:
    play = at_providers()
    play.answer(["groq"])
    play.answer("key")
    play.send(Worked({"verdict": "works"}))
    assert play.question.id == "fetch"
    play.send(Back())
    assert play.question.id == "groq.key"
    assert play.question.default is None
    play.send(Back())
    play.answer(["demo"])
    play.send(Begin())
    play.answer(False)
    assert play.plan == ["providers add demo"]


def test_back_then_forward_gives_the_same_plan() -> None:
    play = at_providers()
    play.answer(["demo"])
    play.send(Begin())
    play.answer(True)
    play.answer(4000)
    before = play.plan
    play.send(Back())
    play.send(Back())
    play.answer(True)
    play.answer(4000)
    assert play.plan == before


def test_defaults_need_no_asking() -> None:
    play = Play(defaults=True)
    assert isinstance(play.load(), Show)
    play.send(Begin())
    assert play.plan == ["providers add demo", "fetch", "start --port 4000"]


def test_given_answers_are_taken_and_the_rest_is_asked() -> None:
    play = Play(given={"providers": "groq, demo", "groq.key": "k", "fetch": "no"})
    play.load()
    assert isinstance(play.now, Work)
    assert play.now.input == "k"
    play.send(Worked({"verdict": "works"}))
    play.send(Begin())
    assert play.plan == ["keys set groq", "providers add groq", "providers add demo"]


def test_a_given_answer_that_does_not_fit_ends_the_flow() -> None:
    play = Play(given={"providers": "grok"})
    with pytest.raises(UsageError, match='cannot be "grok"'):
        play.load()


def test_a_given_key_that_is_refused_ends_the_flow() -> None:
    play = Play(given={"providers": "groq", "groq.key": "k"})
    play.load()
    with pytest.raises(ProviderError, match="no good"):
        play.send(Worked({"verdict": "refused", "message": "no good"}))


def test_a_question_without_default_cannot_be_skipped_by_defaults() -> None:
    play = Play(defaults=True, given={"providers": "groq"})
    with pytest.raises(UsageError, match=r"groq\.key has no default"):
        play.load()


def test_a_query_that_fails_ends_the_flow() -> None:
    play = Play()
    with pytest.raises(FreeRouterError, match="broken file"):
        play.send(Worked(error=UsageError("broken file")))
