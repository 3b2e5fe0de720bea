"""The review before the plan, and everything that an answer can be besides asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError
from freerouter.wizard.checking import read_flow
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
from freerouter.wizard.state import Reply, State

if TYPE_CHECKING:
    from freerouter.wizard.messages import Event, Request

FLOW = """
flow: test
title: Test
steps:
  - load: here
    query: where
  - ask: place
    type: choice
    message: Where?
    choices: [{value: user, label: For me}, {value: project}, {value: moon, disabled: too far}]
  - ask: name
    type: text
    message: Name?
    when: place == 'project'
    validate: {pattern: "[a-z]+", message: Only small letters.}
  - ask: port
    type: int
    min: 1
    max: 65535
    message: Port?
    advanced: true
    from: {env: LITELLM_PORT, saved: "{here.port}"}
    default: 4000
  - ask: key
    type: secret
    optional: true
    message: Key?
    check: {query: "keys check {place}"}
  - ask: url
    type: text
    message: Address?
    check: {query: "keys check demo --url {value}"}
  - say: "Using {url}"
  - run:
      - "init [--at {place}]"
      - {line: "keys set {name}", when: name is set}
      - "list [--search {name}] [--provider {port}]"
  - done: "All set at {url}."
"""


class Play:
    """Answers what comes from a table; keeps what was wanted."""

    def __init__(self, text: str = FLOW, facts: dict[str, Any] | None = None, **start: Any) -> None:
        self.flow = read_flow(parse_yaml(text.encode(), "test.yaml"))
        self.state = State(**start)
        self.facts = facts or {"port": 4000}
        self.environment: dict[str, str] = {}
        self.verdicts: dict[str, dict[str, Any]] = {}
        self.works: list[str] = []
        self.shown: list[str] = []
        self.now: Request = self.send(Begin())

    def send(self, event: Event) -> Request:
        self.state, self.now = step(self.flow, self.state, event)
        while isinstance(self.now, Work | Show) and not (
            isinstance(self.now, Work) and self.now.purpose == "run"
        ):
            self.state, self.now = step(self.flow, self.state, self._served(self.now))
        return self.now

    def _served(self, request: Work | Show) -> Event:
        if isinstance(request, Show):
            self.shown.append(request.text)
            return Begin()
        self.works.append(f"{request.purpose} {' '.join(request.words)}")
        if request.purpose == "source":
            return Worked({"value": self.environment.get(request.words[1])})
        if request.purpose == "check":
            return Worked(self.verdicts.get(request.name, {"verdict": "works"}))
        return Worked(self.facts)

    def answer(self, *values: Any) -> Request:
        for value in values:
            assert isinstance(self.now, Question)
            self.send(Answer(self.now.id, value))
        return self.now

    @property
    def question(self) -> Question:
        assert isinstance(self.now, Question)
        return self.now

    @property
    def confirm(self) -> Confirm:
        assert isinstance(self.now, Confirm)
        return self.now

    @property
    def plan(self) -> list[str]:
        return [" ".join(p.words) for p in self.confirm.plan]

    @property
    def review(self) -> dict[str, tuple[str, str]]:
        return {a.id: (a.shown, a.source) for a in self.confirm.answers}


def test_the_review_shows_every_answer_with_its_source_and_no_secret() -> None:
    play = Play()
    play.answer("user", "sk-secret", "localhost")
    assert play.review == {
        "place": ("For me", "asked"),
        "port": ("4000", "saved"),
        "key": ("(not shown)", "asked"),
        "url": ("localhost", "asked"),
    }
    assert play.plan == ["init --at user", "list --provider 4000"]
    assert play.shown == ["Using localhost"]


def test_a_changed_answer_asks_again_only_what_depends_on_it() -> None:
    play = Play()
    play.answer("user", "sk-secret", "localhost")
    play.send(Change("place"))
    assert play.question.id == "place"
    assert play.question.default == "user"
    play.answer("project")
    assert play.question.id == "name"
    play.answer("lab")
    assert play.plan == ["init --at project", "keys set lab", "list --search lab --provider 4000"]
    assert play.works.count("check keys check project") == 1  # the key, at the new place
    assert play.works.count("check keys check demo --url localhost") == 1


def test_back_out_of_a_change_leaves_the_answer_as_it_was() -> None:
    play = Play()
    play.answer("user", "", "localhost")
    before = play.confirm
    play.send(Change("url"))
    play.send(Back())
    assert play.now == before


def test_an_answer_that_is_hidden_is_read_by_nothing_and_fills_in_later() -> None:
    play = Play()
    play.answer("project", "lab", "", "localhost")
    play.send(Change("place"))
    play.answer("user")
    assert "name" not in play.review
    assert play.plan == ["init --at user", "list --provider 4000"]
    play.send(Change("place"))
    play.answer("project")
    assert play.question.id == "name"
    assert play.question.default == "lab"


def test_an_advanced_question_is_asked_where_that_is_wanted_or_from_the_review() -> None:
    play = Play(advanced=True)
    play.answer("user")
    assert (play.question.id, play.question.default, play.question.source) == (
        "port",
        4000,
        "saved",
    )
    play = Play()
    play.answer("user", "", "localhost")
    play.send(Change("port"))
    play.answer(4001)
    assert play.review["port"] == ("4001", "asked")


def test_sources_win_in_their_order() -> None:
    play = Play(given={"port": "5000"})
    play.environment["LITELLM_PORT"] = "4100"
    play.answer("user", "", "localhost")
    port = next(a for a in play.confirm.answers if a.id == "port")
    assert (port.shown, port.source) == ("5000", "--set")
    assert [source for source, _ in port.over] == [
        "environment LITELLM_PORT",
        "saved",
        "default",
    ]


def test_the_environment_wins_over_what_is_saved() -> None:
    play = Play(advanced=True, facts={"port": 4242})
    play.environment["LITELLM_PORT"] = "4100"
    play.state = State(advanced=True)
    play.send(Begin())
    play.answer("user")
    assert (play.question.default, play.question.source) == ("4100", "environment LITELLM_PORT")


def test_a_query_is_done_when_it_is_first_needed_and_only_once() -> None:
    play = Play()
    assert play.works == []
    play.answer("user")
    assert play.works.count("load where") == 1
    play.answer("", "localhost")
    assert play.works.count("load where") == 1


def test_what_does_not_look_right_is_asked_again_with_the_flows_own_words() -> None:
    play = Play()
    play.answer("moon")
    assert play.question.problem == 'place cannot be "moon": too far.'
    play.answer("project", "LAB")
    assert play.question.problem == "Only small letters."


@pytest.mark.parametrize(("value", "problem"), [(0, "between 1 and 65535"), ("x", "whole number")])
def test_a_number_out_of_range_is_asked_again(value: object, problem: str) -> None:
    play = Play(advanced=True)
    play.answer("user", value)
    assert problem in play.question.problem


def test_a_refused_answer_can_be_given_again_skipped_or_left() -> None:
    play = Play()
    play.answer("user")
    assert play.question.skippable  # it is optional
    play.answer("")
    play.verdicts["url"] = {"verdict": "refused", "message": "Nothing answers there."}
    play.answer("localhost")
    assert (play.question.id, play.question.problem) == ("url", "Nothing answers there.")
    assert play.question.skippable
    assert play.question.default == "localhost"
    play.send(Skip())
    assert play.review["url"] == ("(skipped)", "asked")


def test_an_address_that_does_not_answer_is_asked_again_once_and_kept_if_it_is_meant() -> None:
    play = Play()
    play.verdicts["url"] = {"verdict": "unknown", "message": "Nothing listens there."}
    play.answer("user", "", "localhost")
    assert play.question.problem == (
        "Nothing listens there. Give the same answer again to keep it."
    )
    assert (play.question.default, play.question.skippable) == ("localhost", True)
    play.answer("localhost")
    assert play.review["url"] == ("localhost", "asked")
    assert play.works.count("check keys check demo --url localhost") == 1


def test_a_question_that_must_be_answered_cannot_be_skipped() -> None:
    play = Play()
    play.send(Skip())
    assert play.question.problem == "place cannot be skipped."


def test_a_check_can_put_its_own_form_of_the_answer_in_its_place() -> None:
    play = Play()
    play.verdicts["url"] = {"verdict": "works", "answer": "http://localhost/v1", "message": "Yes."}
    play.answer("user", "", "localhost")
    assert play.review["url"] == ("http://localhost/v1", "asked")
    assert play.shown == ["Yes.", "Using http://localhost/v1"]


def test_an_answer_kept_from_a_run_broken_off_is_not_asked_again() -> None:
    play = Play(answers={"place": Reply("project", "kept"), "name": Reply("NO", "kept")})
    assert (play.question.id, play.question.default) == ("name", "NO")  # it does not fit
    play.answer("lab")
    play.send(Back())
    assert play.question.id == "name"
    play.send(Back())
    assert (play.question.id, play.question.default) == ("place", "project")


def test_the_end_says_what_the_flow_says() -> None:
    play = Play()
    play.answer("user", "", "localhost")
    play.send(Confirmed())
    while isinstance(play.now, Work):
        play.send(Worked())
    assert isinstance(play.now, Done)
    assert play.now.text == "All set at localhost."


def test_a_plan_of_nothing_needs_no_confirmation() -> None:
    play = Play("flow: x\ntitle: X\nsteps:\n- done: Nothing to do.\n")
    assert play.now == Done((), "Nothing to do.")


def test_a_list_becomes_words_and_a_text_never_does() -> None:
    play = Play(
        "flow: x\ntitle: X\nsteps:\n"
        "- ask: words\n  type: many\n  message: W?\n  choices: [{value: a b}, {value: c}]\n"
        "- ask: text\n  type: text\n  message: T?\n"
        "- run: ['help {words}', 'list --search {text}']\n"
    )
    play.answer(["c", "a b"], "x --free")
    assert [p.words for p in play.confirm.plan] == [
        ("help", "a b", "c"),
        ("list", "--search", "x --free"),
    ]


def test_a_bracket_that_is_not_closed_is_told() -> None:
    with pytest.raises(FileError, match="bracket that is not closed"):
        Play("flow: x\ntitle: X\nsteps:\n- run: ['list [--free']\n")
