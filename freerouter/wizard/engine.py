"""The flow engine: `step(flow, state, event)` gives the next state and what is wanted now.

Pure: no terminal, no file, no network. The state holds answers by question id; what is visible is
worked out anew from the answers at every step, so going back needs no undoing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from freerouter.errors import ProviderError, UsageError
from freerouter.parser import split_line
from freerouter.wizard.answers import read_answer
from freerouter.wizard.conditions import lookup, parse_condition
from freerouter.wizard.messages import (
    Answer,
    Back,
    Confirm,
    Confirmed,
    Done,
    Event,
    Option,
    Planned,
    Question,
    Request,
    Show,
    Work,
    Worked,
)
from freerouter.wizard.schema import PLACEHOLDER, Ask, Each, Flow, Load, Run, RunLine, Say, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class State:
    """Where a flow stands. `given` answers beforehand; `remembered` pre-fills after going back."""

    given: Mapping[str, str] = field(default_factory=dict)
    defaults: bool = False
    answers: Mapping[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    remembered: Mapping[str, Any] = field(default_factory=dict)
    loaded: Mapping[str, Any] = field(default_factory=dict)
    checked: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    problem: tuple[str, str] = ("", "")
    pending: Request | None = None
    confirmed: bool = False
    ran: int = 0


def step(flow: Flow, state: State, event: Event) -> tuple[State, Request]:
    """Take in an event, then find what is wanted next."""
    state = _take(state, event)
    while True:
        request = _next(flow, state)
        state = replace(state, pending=request)
        if not isinstance(request, Question) or request.problem:
            return state, request
        automatic = _automatic(state, request)
        if automatic is None:
            return state, request
        value = read_answer(request, automatic[0])
        state = replace(state, answers={**state.answers, request.id: value})


def _take(state: State, event: Event) -> State:
    pending = state.pending
    if isinstance(event, Answer) and isinstance(pending, Question):
        return _answered(state, pending, event.value)
    if isinstance(event, Back):
        return _back(state)
    if isinstance(event, Worked) and isinstance(pending, Work):
        return _worked(state, pending, event)
    if isinstance(event, Confirmed) and isinstance(pending, Confirm):
        return replace(state, confirmed=True)
    if isinstance(pending, Show):
        return replace(state, shown=(*state.shown, pending.text))
    return state


def _answered(state: State, question: Question, value: Any) -> State:
    try:
        read = read_answer(question, value)
    except UsageError as error:
        return replace(state, problem=(question.id, str(error)))
    return replace(
        state,
        answers={**state.answers, question.id: read},
        asked=(*state.asked, question.id),
        checked={k: v for k, v in state.checked.items() if k != question.id},
        problem=("", ""),
    )


def _back(state: State) -> State:
    if not state.asked:
        return replace(state, problem=("", ""))
    last = state.asked[-1]
    return replace(
        state,
        answers={k: v for k, v in state.answers.items() if k != last},
        asked=state.asked[:-1],
        remembered={**state.remembered, last: state.answers.get(last)},
        checked={k: v for k, v in state.checked.items() if k != last},
        problem=("", ""),
    )


def _worked(state: State, work: Work, event: Worked) -> State:
    if work.purpose == "run":
        return replace(state, ran=state.ran + 1)
    if work.purpose == "load":
        if event.error:
            raise event.error
        return replace(state, loaded={**state.loaded, work.name: event.data})
    return _judged(state, work.name, event)


def _judged(state: State, question: str, event: Worked) -> State:
    """A refused answer is asked again; a doubtful one is kept, with a note."""
    error = event.error
    verdict = "refused" if error else str(event.data.get("verdict", "works"))
    message = (
        str(error) if error else f"{event.data.get('message', '')} {event.data.get('fix', '')}"
    )
    message = message.strip()
    if verdict != "refused":
        return replace(
            state,
            checked={**state.checked, question: verdict},
            notes={**state.notes, question: message},
        )
    if question in state.given or state.defaults:
        raise error or ProviderError(message, "Nothing was written.", state="refused")
    return replace(
        state,
        answers={k: v for k, v in state.answers.items() if k != question},
        asked=tuple(q for q in state.asked if q != question),
        problem=(question, message),
    )


def _automatic(state: State, question: Question) -> tuple[Any] | None:
    """An answer that needs no asking: given beforehand, or the default where those are wanted."""
    if question.id in state.given:
        return (state.given[question.id],)
    if not state.defaults:
        return None
    if question.default is None and not question.optional:
        raise UsageError(
            f"The question {question.id} has no default: {question.message}",
            fix=f"--set {question.id}="
            + (
                "env:NAME, where NAME is the variable that holds it."
                if question.type == "secret"
                else "…"
            ),
        )
    return (question.default,)


def _next(flow: Flow, state: State) -> Request:
    plan: list[Planned] = []
    for item, scope, prefix in _visible(flow, state):
        request = _wanted(item, scope, prefix, state, plan)
        if request is not None:
            return request
    whole = tuple(plan)
    if not state.confirmed:
        return Confirm(whole)
    if state.ran < len(whole):
        planned = whole[state.ran]
        return Work("run", str(state.ran), planned.words, planned.input)
    return Done(whole)


def _visible(flow: Flow, state: State) -> Iterator[tuple[Any, dict[str, Any], str]]:
    """Steps whose conditions hold, loops unrolled, each with the names that it can read.

    Lazy: a step's condition is looked at only when everything before it is settled.
    """
    for item in flow.steps:
        scope = {**state.loaded, **_global_answers(state)}
        if not isinstance(item, Each):
            if _holds(item.when, scope):
                yield item, scope, ""
            continue
        for row in lookup(scope, item.rows) or []:
            inside = {**scope, item.each: row}
            if not _holds(item.when, inside):
                continue
            prefix = f"{row[item.key]}."
            for inner in item.steps:
                inside.update(
                    _of_loop(state.loaded, prefix), answer=_of_loop(state.answers, prefix)
                )
                if _holds(inner.when, inside):
                    yield inner, inside, prefix


def _global_answers(state: State) -> dict[str, Any]:
    return {k: v for k, v in state.answers.items() if "." not in k}


def _of_loop(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {k[len(prefix) :]: v for k, v in values.items() if k.startswith(prefix)}


def _wanted(
    item: Any, scope: dict[str, Any], prefix: str, state: State, plan: list[Planned]
) -> Request | None:
    """What this step wants before the flow can go on; None where it is settled."""
    if isinstance(item, Load) and prefix + item.load not in state.loaded:
        return Work("load", prefix + item.load, _words(item.query, scope))
    if isinstance(item, Say):
        text = fill(item.say, scope)
        return None if text in state.shown else Show(text)
    if isinstance(item, Run):
        plan += [_planned(line, scope) for line in item.run if _holds_line(line, scope)]
    if isinstance(item, Ask):
        return _asked(item, scope, prefix, state)
    return None


def _asked(item: Ask, scope: dict[str, Any], prefix: str, state: State) -> Request | None:
    identity = prefix + item.ask
    if identity not in state.answers:
        return _question(item, scope, identity, state)
    if item.check and state.answers[identity] and identity not in state.checked:
        words = _words(item.check.query, scope)
        return Work("check", identity, words, str(state.answers[identity]))
    note = state.notes.get(identity, "")
    return Show(note) if note and note not in state.shown else None


def _question(item: Ask, scope: dict[str, Any], identity: str, state: State) -> Question:
    default = item.default
    if isinstance(default, str):
        alone = PLACEHOLDER.fullmatch(default)
        default = lookup(scope, alone.group(1)) if alone else fill(default, scope)
    if identity in state.remembered and item.type != "secret":
        default = state.remembered[identity]
    problem = state.problem[1] if state.problem[0] == identity else ""
    return Question(
        identity,
        item.type,
        fill(item.message, scope),
        fill(item.help, scope),
        default,
        _options(item, scope),
        item.optional,
        item.min,
        problem,
    )


def _options(item: Ask, scope: dict[str, Any]) -> tuple[Option, ...]:
    source = item.choices
    if isinstance(source, Source):
        rows = lookup(scope, source.rows) or []
        return tuple(
            Option(str(r[source.value]), str(r[source.label]), str(r.get(source.hint) or ""))
            for r in rows
        )
    return tuple(
        Option(c.value, fill(c.label or c.value, scope), fill(c.hint, scope)) for c in source
    )


def _holds(condition: str, scope: Mapping[str, Any]) -> bool:
    return not condition or parse_condition(condition).holds(scope)


def _holds_line(line: RunLine | str, scope: Mapping[str, Any]) -> bool:
    return isinstance(line, str) or _holds(line.when, scope)


def _planned(line: RunLine | str, scope: Mapping[str, Any]) -> Planned:
    if isinstance(line, str):
        return Planned(_words(line, scope))
    secret = lookup(scope, line.input) if line.input else None
    return Planned(_words(line.line, scope), str(secret) if secret else None)


def _words(line: str, scope: Mapping[str, Any]) -> tuple[str, ...]:
    """Words first, values into them afterwards: an answer can never become a second word."""
    return tuple(fill(word, scope) for word in split_line(line))


def fill(text: str, scope: Mapping[str, Any]) -> str:
    """The text with every `{name}` replaced by its value."""

    def value(name: str) -> str:
        found = lookup(scope, name)
        return ", ".join(found) if isinstance(found, list) else str("" if found is None else found)

    return PLACEHOLDER.sub(lambda match: value(match.group(1)), text)
