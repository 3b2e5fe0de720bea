"""The flow engine: `step(flow, state, event)` gives the next state and what is wanted now.

Pure: no terminal, no file, no network.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from freerouter.errors import ProviderError, UsageError
from freerouter.wizard.answers import read_answer
from freerouter.wizard.messages import (
    Answer,
    Back,
    Change,
    Confirm,
    Confirmed,
    Question,
    Request,
    Show,
    Skip,
    Work,
    Worked,
)
from freerouter.wizard.state import Judged, Reply, State, check_key, load_key
from freerouter.wizard.walk import Walk, questions_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.wizard.messages import Event
    from freerouter.wizard.schema import Flow


def step(flow: Flow, state: State, event: Event) -> tuple[State, Request]:
    """Take in an event, then find what is wanted next."""
    state = _back(flow, state) if isinstance(event, Back) else _take(state, event)
    walk = Walk(flow, state)
    if isinstance(walk.request, Confirm):
        state = _forget_hidden(state, walk)
    return replace(state, pending=walk.request), walk.request


def _take(state: State, event: Event) -> State:
    pending = state.pending
    if isinstance(pending, Question):
        if isinstance(event, Answer):
            return _answered(state, pending, event)
        if isinstance(event, Skip):
            return _skipped(state, pending)
    if isinstance(event, Worked) and isinstance(pending, Work):
        return _worked(state, pending, event)
    if isinstance(pending, Confirm):
        if isinstance(event, Confirmed):
            return replace(state, confirmed=True)
        if isinstance(event, Change) and event.id in {a.id for a in pending.answers}:
            return replace(state, changing=event.id)
    if isinstance(pending, Show):
        return replace(state, shown=(*state.shown, pending.text))
    return state


def _answered(state: State, question: Question, event: Answer) -> State:
    try:
        value = read_answer(question, event.value)
    except UsageError as error:
        return replace(state, problem=(question.id, str(error)))
    return _with(state, question.id, Reply(value, event.source))


def _skipped(state: State, question: Question) -> State:
    if not question.skippable:
        return replace(state, problem=(question.id, f"{question.id} cannot be skipped."))
    return _with(state, question.id, Reply(None))


def _with(state: State, identity: str, reply: Reply) -> State:
    return replace(
        state,
        answers={**state.answers, identity: reply},
        remembered=_without(state.remembered, identity),
        problem=("", ""),
        changing="" if state.changing == identity else state.changing,
    )


def _back(flow: Flow, state: State) -> State:
    """To the question before. Out of one that the review asked for: to the review."""
    state = replace(state, problem=("", ""))
    if state.changing:
        return replace(state, changing="")
    last = next(reversed([s.question.id for s in questions_of(Walk(flow, state))]), None)
    if last is None:
        return state
    value = state.answers[last].value
    return replace(
        state,
        answers=_without(state.answers, last),
        remembered={**state.remembered, last: value},
    )


def _forget_hidden(state: State, walk: Walk) -> State:
    """Answers to questions that no longer count only pre-fill from now on."""
    hidden = {k: reply.value for k, reply in state.answers.items() if k not in walk.settled}
    if not hidden:
        return state
    return replace(
        state,
        answers={k: v for k, v in state.answers.items() if k not in hidden},
        remembered={**state.remembered, **hidden},
    )


def _worked(state: State, work: Work, event: Worked) -> State:
    if work.purpose == "run":
        return replace(state, ran=state.ran + 1)
    if work.purpose == "check":
        return _judged(state, work, event)
    if event.error:
        raise event.error
    return replace(state, loaded={**state.loaded, load_key(work.words): event.data})


def _judged(state: State, work: Work, event: Worked) -> State:
    """A refused answer is asked again. A doubtful one too, once, unless it was typed unseen."""
    error, question = event.error, work.name
    verdict = "refused" if error else str(event.data.get("verdict", "works"))
    said = (str(error),) if error else (event.data.get("message"), event.data.get("fix"))
    message = " ".join(str(part) for part in said if part)
    if verdict != "refused":
        judged = Judged(message, event.data.get("answer"))
        key = check_key(question, work.words, work.input)
        state = replace(state, judged={**state.judged, key: judged})
        reply = state.answers.get(question)
        if verdict == "works" or work.input is not None or reply is None or reply.source == "kept":
            return state
        message = f"{message} Give the same answer again to keep it."
    if question not in state.answers:
        raise error or ProviderError(message, "Nothing was written.", state="refused")
    return replace(
        state,
        answers=_without(state.answers, question),
        remembered={**state.remembered, question: state.answers[question].value},
        problem=(question, message),
    )


def _without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k != name}
