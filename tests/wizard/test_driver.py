"""A flow driven to its end, answered by a front end that answers from a list."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from fakes import Reply, openai_list, openrouter

from freerouter.errors import CancelledError, FreeRouterError, ProviderError
from freerouter.result import Line, Output, Running
from freerouter.session import Session
from freerouter.wizard.messages import Answer, Back, Change, Confirmed, Skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World
    from fakes import FakeServer

    from freerouter.result import Event, Result
    from freerouter.wizard.messages import Confirm, Question
    from freerouter.wizard.messages import Event as WizardEvent

KEY = "sk-or-right-0123456789"
WRONG = "sk-or-wrong-0123456789"
EVENTS: dict[Any, WizardEvent] = {"^back": Back(), "^skip": Skip()}
INTERRUPT = object()
"""In place of an answer: Ctrl-C."""
REVIEW: tuple[WizardEvent, ...] = (Confirmed(),)


class Listed:
    """Answers questions in order; keeps what was asked, shown, planned and begun."""

    def __init__(self, *answers: object, review: tuple[WizardEvent, ...] = REVIEW) -> None:
        self.answers = list(answers)
        self.review = list(review)
        self.asked: list[str] = []
        self.problems: list[str] = []
        self.defaults: dict[str, Any] = {}
        self.shown: list[str] = []
        self.reviewed: dict[str, str] = {}
        self.plan: list[str] = []
        self.begun: list[str] = []

    def ask(self, question: Question) -> WizardEvent:
        self.asked.append(question.id)
        self.defaults[question.id] = question.default
        if question.problem:
            self.problems.append(question.problem)
        answer = self.answers.pop(0)
        if answer is INTERRUPT:
            raise KeyboardInterrupt
        if isinstance(answer, str) and answer in EVENTS:
            return EVENTS[answer]
        return Answer(question.id, answer)

    def show(self, text: str) -> None:
        self.shown.append(text)

    def confirm(self, request: Confirm) -> WizardEvent:
        self.plan = [" ".join(p.words) for p in request.plan]
        self.reviewed = {a.id: a.shown for a in request.answers}
        if not self.review:
            raise CancelledError("Nothing was changed.")
        return self.review.pop(0)

    def event(self, event: Event) -> None:
        if isinstance(event, Running):
            self.begun.append(event.line)
        elif isinstance(event, Output) and isinstance(event.block, Line):
            self.shown.append(event.block.text)

    def secret(self, prompt: str) -> str | None:
        raise AssertionError(prompt)

    def asker(self) -> Listed:
        return self


class Alone(Listed):
    """Nobody can be asked."""

    def asker(self) -> None:  # type: ignore[override]
        return None


def run(frontend: Listed, line: str) -> Result:
    session = Session(frontend)
    return session.run(session.parse(line))


def played(frontend: Listed, more: str = "") -> Listed:
    run(frontend, f"flow onboarding --set start=no {more}")
    return frontend


def closing(result: Result) -> list[str]:
    return [block.text for block in result.show if isinstance(block, Line)]


@pytest.fixture
def keyed(world: World, server: FakeServer) -> FakeServer:
    """OpenRouter at a server of ours, with one key that works."""
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    return server


@pytest.fixture
def broken(world: World, server: FakeServer) -> FakeServer:
    """A server whose list is empty, so that fetching it fails."""
    server.replies["/v1/models"] = openai_list()
    world.providers("# mine\nproviders: []\n")
    return server


def at_broken(server: FakeServer) -> tuple[object, ...]:
    """The answers that add it: its address twice, since it looks wrong, no key, yes to fetching."""
    return (["oai"], f"{server.url}/v1", f"{server.url}/v1", "", True)


def test_a_wrong_key_is_asked_for_again_and_only_the_right_one_is_stored(
    world: World, keyed: FakeServer
) -> None:
    seen = played(Listed("user", ["openrouter"], WRONG, KEY, True))
    assert seen.asked == ["place", "providers", "openrouter.key", "openrouter.key", "fetch"]
    assert seen.problems[0].startswith("OpenRouter refused this key (401).")
    assert "OpenRouter: key works, 3 models, 2 of them free" in seen.shown
    assert seen.plan == [
        "init --at user",
        "keys set openrouter",
        "providers add openrouter --key-env OPENROUTER_API_KEY",
        "fetch",
    ]
    stored = (world.workspace / ".env").read_text()
    assert f"OPENROUTER_API_KEY={KEY}\n" in stored
    assert WRONG not in "".join(world.written().values())


def test_a_refused_key_can_be_skipped_and_the_provider_is_left_out(
    world: World, keyed: FakeServer
) -> None:
    seen = played(Listed("user", ["demo", "openrouter"], WRONG, "^skip", False))
    assert "OpenRouter is left out: it has no key." in seen.shown
    assert seen.plan == ["init --at user", "providers add demo"]
    assert seen.reviewed["openrouter.key"] == "(skipped)"


def test_a_key_that_was_not_asked_about_yet_cannot_be_skipped(
    world: World, keyed: FakeServer
) -> None:
    seen = played(Listed("user", ["openrouter"], "^skip", KEY, False))
    assert seen.problems == ["openrouter.key cannot be skipped."]


def test_going_back_changes_the_plan(world: World) -> None:
    seen = played(Listed("project", "^back", "user", ["demo"], "^back", ["demo"], False))
    assert seen.asked == ["place", "providers", "place", "providers", "fetch", "providers", "fetch"]
    assert seen.plan == ["init --at user", "providers add demo"]


def test_saying_no_to_the_plan_changes_nothing_and_keeps_the_answers(world: World) -> None:
    with pytest.raises(CancelledError, match="Nothing was changed") as caught:
        played(Listed("user", ["demo"], True, review=()))
    assert caught.value.fix == "`freerouter flow resume` goes on."
    assert not (world.workspace / "providers.yaml").exists()


def test_giving_up_at_a_question_changes_nothing(world: World) -> None:
    before = world.written()
    with pytest.raises(CancelledError, match="Nothing was changed"):
        played(Listed(INTERRUPT))
    assert world.written() == before


def test_an_answer_can_be_changed_out_of_the_review(world: World) -> None:
    review = (Change("place"), Change("nothing.of.this.name"), Confirmed())
    seen = played(Listed("user", ["demo"], False, "project", review=review))
    assert seen.asked == ["place", "providers", "fetch", "place"]
    assert seen.defaults["place"] == "user"
    assert seen.plan == ["init --at project", "providers add demo"]
    assert seen.begun == ["init --at project", "providers add demo"]


def test_back_out_of_a_change_is_the_review_again(world: World) -> None:
    review = (Change("place"), Confirmed())
    seen = played(Listed("user", ["demo"], False, "^back", review=review))
    assert seen.plan == ["init --at user", "providers add demo"]


@pytest.mark.parametrize("word", ["yes", "y", "true", "YES"])
def test_the_plan_can_be_confirmed_beforehand(world: World, word: str) -> None:
    seen = played(
        Listed(False, review=()), f"--set providers=demo --set place=user --set apply={word}"
    )
    assert seen.begun == ["init --at user", "providers add demo"]


def test_the_plan_can_be_refused_beforehand(world: World) -> None:
    before = world.written()
    with pytest.raises(CancelledError, match="Nothing was changed"):
        played(Alone(), "--yes --set apply=no")
    assert world.written() == before


def test_where_nobody_can_be_asked_the_plan_has_to_be_confirmed_beforehand(world: World) -> None:
    answers = "--set place=user --set providers=demo --set fetch=no"
    with pytest.raises(FreeRouterError, match="plan cannot be confirmed") as caught:
        played(Alone(), answers)
    assert caught.value.fix == "--yes confirms it, and so does --set apply=yes."
    assert played(Alone(), f"{answers} --set apply=yes").begun


def test_it_explains_where_each_answer_came_from(
    world: World, keyed: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", KEY)
    given = "--set providers=openrouter --set openrouter.key=env:MINE --explain"
    seen = played(Listed("user", True), given)
    assert "place = For me  (asked; default said For me)" in seen.shown
    assert "providers = OpenRouter  (--set; default said Demo)" in seen.shown
    assert "openrouter.key = (not shown)  (--set)" in seen.shown
    assert "fetch = yes  (asked; default said yes)" in seen.shown


def test_at_its_end_it_tells_the_same_as_plain_commands(world: World, keyed: FakeServer) -> None:
    ran = run(Listed("user", ["openrouter"], KEY, False), "flow onboarding --set start=no")
    assert closing(ran) == [
        "The same as plain commands:",
        "  init --at user",
        "  keys set openrouter --from-env OPENROUTER_API_KEY",
        "  providers add openrouter --key-env OPENROUTER_API_KEY",
        "Done.",
    ]
    assert KEY not in json.dumps(ran.data)


def test_the_plain_commands_do_the_same_indeed(
    world: World, keyed: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run(Listed("user", ["openrouter"], KEY, True), "flow onboarding --set start=no")
    files = [world.workspace / name for name in ("providers.yaml", "config.yaml")]
    made = [file.read_text() for file in files]
    for file in (*files, world.workspace / ".env"):
        file.unlink()
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    session = Session(Alone())
    for line in ran.data["commands"]:
        assert session.run(session.parse(line)).exit_code == 0
    assert [file.read_text() for file in files] == made


def test_a_plan_that_fails_midway_says_what_is_done_and_what_is_not(
    world: World, broken: FakeServer
) -> None:
    seen = Listed(*at_broken(broken), False)
    with pytest.raises(ProviderError, match="lists no chat model"):
        played(seen)
    added = f"providers add oai --url {broken.url}/v1"
    assert f"Done before that: `{added}`." in seen.shown
    assert "Not done: `fetch`. Mend what is wrong, then `flow resume`." in seen.shown
    assert seen.begun == [added, "fetch"]


@pytest.mark.parametrize("yes", [True, "yes", "y"])
def test_what_was_done_is_taken_back_in_reverse_order_if_that_is_wanted(
    world: World, broken: FakeServer, keyed: FakeServer, yes: object
) -> None:
    broken.replies["/api/v1/models"] = Reply(status=500)
    broken.replies["/api/v1/key"] = Reply({"data": {"label": "test"}})
    url = f"{broken.url}/v1"
    answers = (["openrouter", "oai"], KEY, url, url, "", True)
    seen = Listed(*answers, "perhaps", yes)
    with pytest.raises(ProviderError):
        played(seen)
    assert seen.asked[-2:] == ["undo", "undo"]
    assert seen.problems[-1] == 'undo is answered with yes or no, not "perhaps".'
    assert seen.begun[-3:] == [
        "providers remove oai",
        "providers remove openrouter",
        "keys remove openrouter",
    ]
    assert KEY not in (world.workspace / ".env").read_text()
    assert "type:" not in (world.workspace / "providers.yaml").read_text()


def test_with_yes_undoing_is_told_and_not_done(world: World, broken: FakeServer) -> None:
    seen = Listed()
    options = f"--set providers=oai --set oai.url={broken.url}/v1 --yes"
    with pytest.raises(ProviderError):
        played(seen, options)
    assert "To take back what was done: `providers remove oai`." in seen.shown
    assert seen.asked == []
    assert "type: oai" in (world.workspace / "providers.yaml").read_text()


def test_where_nobody_can_be_asked_undoing_is_told(world: World, broken: FakeServer) -> None:
    seen = Alone()
    options = f"--set providers=oai --set oai.url={broken.url}/v1 --set oai.key= --set fetch=yes"
    with pytest.raises(ProviderError):
        played(seen, f"{options} --set apply=yes")
    assert "To take back what was done: `providers remove oai`." in seen.shown


def test_ctrl_c_within_a_command_of_the_plan_stops_there(world: World, server: FakeServer) -> None:
    """A real signal, while a real server does not answer."""
    server.replies["/v1/models"] = openai_list("lab")
    world.providers("providers: []\n")

    class Impatient(Listed):
        def event(self, event: Event) -> None:
            super().event(event)
            if isinstance(event, Running) and event.line == "fetch":
                server.replies["/v1/models"].delay = 20
                signal.setitimer(signal.ITIMER_REAL, 0.3)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    seen = Impatient(["oai"], f"{server.url}/v1", "", True, False)
    try:
        with pytest.raises(CancelledError) as caught:
            played(seen)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert str(caught.value) == (
        "Cancelled. Your answers are kept. `freerouter flow resume` goes on."
    )
    assert "Not done: `fetch`. Mend what is wrong, then `flow resume`." in seen.shown
    assert seen.asked[-1] == "undo"
    assert not (world.workspace / "config.yaml").exists()


def test_ctrl_c_at_the_question_about_undoing_keeps_what_is_left(
    world: World, broken: FakeServer
) -> None:
    seen = Listed(*at_broken(broken), INTERRUPT)
    with pytest.raises(CancelledError, match="Cancelled"):
        played(seen)
    (kept,) = (world.home / ".local" / "state").rglob("onboarding.json")
    assert json.loads(kept.read_text())["left"] == [["fetch"]]


def test_a_wrong_name_of_a_question_is_found_before_anything_is_done(
    world: World, serve: Callable[[], FakeServer]
) -> None:
    before = world.written()
    with pytest.raises(FreeRouterError, match="No question was called provders") as caught:
        played(Listed(), "--set provders=demo --yes")
    assert "providers" in caught.value.fix
    assert world.written() == before
