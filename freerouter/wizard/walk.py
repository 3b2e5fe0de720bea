"""One walk through a flow: which questions count now, what they are answered with, what is wanted.

Everything is worked out anew from the answers at every step, so going back needs no undoing: a
question that is hidden has no answer that anything could read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import UsageError
from freerouter.volatile import plain
from freerouter.wizard.answers import read_answer, shown_answer
from freerouter.wizard.conditions import lookup, parse_condition
from freerouter.wizard.messages import (
    Answered,
    Confirm,
    Done,
    Option,
    Planned,
    Question,
    Request,
    Show,
    Work,
)
from freerouter.wizard.schema import Ask, Each, End, Flow, Load, Run, RunLine, Say, Source
from freerouter.wizard.state import Reply, State, check_key, load_key
from freerouter.wizard.templates import fill, value_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Wanted(Exception):  # noqa: N818 - no error: how a walk stops at what it cannot go on without
    """The walk needs this first."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.request = request


class Lazy(NamedTuple):
    """A query that is done when its data is first read."""

    words: tuple[str, ...]


class Scope(dict[str, Any]):
    """Names that can be read at one place. Reading the name of a query that is not done stops."""

    def __init__(self, names: Mapping[str, Any], loaded: Mapping[Any, Any]) -> None:
        super().__init__(names)
        self._loaded = loaded

    def get(self, key: str, default: Any = None) -> Any:
        value = super().get(key, default)
        if not isinstance(value, Lazy):
            return value
        if load_key(value.words) not in self._loaded:
            raise Wanted(Work("load", key, value.words))
        return self._loaded[load_key(value.words)]

    def inner(self, **names: Any) -> Scope:
        return Scope({**self, **names}, self._loaded)


class Settled(NamedTuple):
    """A question of this walk with its answer. `over`: what other sources said."""

    question: Question
    reply: Reply
    over: tuple[tuple[str, str], ...] = ()


class Walk:
    """`request` is what is wanted next; `settled` the questions before it, in the flow's order."""

    def __init__(self, flow: Flow, state: State) -> None:
        self.settled: dict[str, Settled] = {}
        self._state = state
        self._plan: list[Planned] = []
        self._scope = Scope({}, state.loaded)
        try:
            end = self._steps(flow)
            self.request = self._at_end(end)
        except Wanted as wanted:
            self.request = wanted.request

    def _at_end(self, text: str) -> Request:
        plan, state = tuple(self._plan), self._state
        if plan and not state.confirmed:
            return Confirm(plan, tuple(_reviewed(s) for s in self.settled.values()))
        if state.ran < len(plan):
            planned = plan[state.ran]
            return Work("run", str(state.ran), planned.words, planned.input)
        return Done(plan, text)

    def _steps(self, flow: Flow) -> str:
        for step in flow.steps:
            if isinstance(step, Each):
                self._loop(step)
            elif _holds(step.when, self._scope):
                if isinstance(step, End):
                    return fill(step.done, self._scope)
                self._step(step, self._scope, "", self._scope)
        return ""

    def _loop(self, loop: Each) -> None:
        for row in list(lookup(self._scope, loop.rows) or []):
            answers: dict[str, Any] = {}
            inside = self._scope.inner(**{loop.each: row, "answer": answers})
            if _holds(loop.when, inside):
                for step in loop.steps:
                    if _holds(step.when, inside):
                        self._step(step, inside, f"{row[loop.key]}.", answers)

    def _step(self, step: Any, scope: Scope, prefix: str, answers: dict[str, Any]) -> None:
        if isinstance(step, Load):
            scope[step.load] = Lazy(words_of(step.query, scope))
        elif isinstance(step, Say):
            self._show(fill(step.say, scope).rstrip())
        elif isinstance(step, Run):
            self._plan += [_planned(line, scope) for line in step.run if _counts(line, scope)]
        elif isinstance(step, Ask):
            answers[step.ask] = self._settle(step, scope, prefix + step.ask)

    def _show(self, text: str) -> None:
        if text and text not in self._state.shown:
            raise Wanted(Show(text))

    def _settle(self, ask: Ask, scope: Scope, identity: str) -> Any:
        """The answer that counts. Stops where there is none, or where it is yet to be checked."""
        state = self._state
        offers = self._offers(ask, scope, identity)
        question = _question(ask, scope, identity, state, offers)
        if state.changing == identity or state.problem[0] == identity:
            raise Wanted(question)
        reply = self._chosen(question, ask, offers)
        if ask.check and reply.value not in (None, ""):
            reply = self._checked(ask, scope, question, reply)
        over = tuple((s, shown_answer(question, v)) for s, v in offers if s != reply.source)
        self.settled[identity] = Settled(question, reply, over)
        return reply.value

    def _offers(self, ask: Ask, scope: Scope, identity: str) -> list[tuple[str, Any]]:
        """What other sources than the user would answer, the first being the one that counts."""
        found: list[tuple[str, Any]] = []
        if identity in self._state.given:
            found.append(("--set", self._state.given[identity]))
        if ask.source:
            for kind in ("env", "keyring"):
                name = fill(getattr(ask.source, kind), scope)
                value = self._from(kind, name) if name else None
                if value:
                    found.append((f"environment {name}" if kind == "env" else kind, value))
            saved = value_of(ask.source.saved, scope)
            if saved not in (None, "", []):
                found.append(("saved", saved))
        default = value_of(ask.default, scope)
        if default is not None:
            found.append(("default", default))
        return found

    def _from(self, kind: str, name: str) -> Any:
        words = ("environment" if kind == "env" else kind, name)
        if load_key(words) not in self._state.loaded:
            raise Wanted(Work("source", " ".join(words), words))
        return self._state.loaded[load_key(words)].get("value")

    def _chosen(self, question: Question, ask: Ask, offers: list[tuple[str, Any]]) -> Reply:
        state, identity = self._state, question.id
        if identity in state.answers:
            return self._still_fits(question, state.answers[identity])
        automatic = state.defaults or (ask.advanced and not state.advanced)
        if offers and (offers[0][0] == "--set" or automatic):
            source, value = offers[0]
            return Reply(read_answer(question, value), source)
        if automatic and question.optional:
            return Reply("", "default")
        if state.defaults:
            raise _no_default(question)
        raise Wanted(question)

    def _still_fits(self, question: Question, reply: Reply) -> Reply:
        """Something before it may have changed since: what no longer fits is asked again."""
        if reply.value is None:
            return reply
        try:
            return reply._replace(value=read_answer(question, reply.value))
        except UsageError:
            raise Wanted(question) from None

    def _checked(self, ask: Ask, scope: Scope, question: Question, reply: Reply) -> Reply:
        assert ask.check  # noqa: S101 - for the type checker: the caller has looked
        seen = "{value}" in ask.check.query
        words = words_of(ask.check.query, scope.inner(value=reply.value) if seen else scope)
        secret = None if seen else str(reply.value)
        judged = self._state.judged.get(check_key(question.id, words, secret))
        if judged is None:
            raise Wanted(Work("check", question.id, words, secret))
        self._show(judged.note)
        return reply if judged.answer is None else reply._replace(value=judged.answer)


def _question(
    ask: Ask, scope: Scope, identity: str, state: State, offers: list[tuple[str, Any]]
) -> Question:
    source, default = next((o for o in offers if o[0] != "--set"), ("", None))
    reply = state.answers.get(identity)
    before = state.remembered.get(identity, reply.value if reply else None)
    if before is not None and ask.type != "secret":
        source, default = "", before
    failed = state.problem[0] == identity
    options = _options(ask.choices, scope)
    return Question(
        id=identity,
        type=ask.type,
        message=fill(ask.message, scope),
        help=fill(ask.help, scope),
        default=_as_default(ask, default, options),
        options=options,
        optional=ask.optional,
        min=ask.min,
        max=ask.max,
        problem=state.problem[1] if failed else "",
        placeholder=fill(ask.placeholder, scope),
        skippable=ask.optional or (failed and ask.check is not None),
        source="" if source == "default" else source,
        filters=tuple(ask.choices.filters) if isinstance(ask.choices, Source) else (),
        pattern=(ask.pattern.pattern, ask.pattern.message) if ask.pattern else ("", ""),
    )


def _as_default(ask: Ask, value: Any, options: tuple[Option, ...]) -> Any:
    """A default that can be answered: of choices, those that there are."""
    if ask.type not in ("choice", "many") or value is None:
        return value
    possible = {option.value for option in options if not option.disabled}
    if ask.type == "choice":
        return value if value in possible else None
    items = value.split(",") if isinstance(value, str) else value
    return [item.strip() for item in items if item.strip() in possible]


def _options(choices: list[Any] | Source, scope: Scope) -> tuple[Option, ...]:
    if not isinstance(choices, Source):
        return tuple(
            Option(
                c.value,
                fill(c.label or c.value, scope),
                fill(c.hint, scope),
                fill(c.disabled, scope),
            )
            for c in choices
        )

    def text(row: Any, name: str) -> str:
        value = row.get(name) if name else None
        return "" if value is None else plain(str(value))

    return tuple(
        Option(
            str(row[choices.value]),
            text(row, choices.label),
            text(row, choices.hint),
            text(row, choices.disabled),
            {heading: text(row, name) for heading, name in choices.columns.items()},
        )
        for row in lookup(scope, choices.rows) or []
    )


def _no_default(question: Question) -> UsageError:
    how = "…"
    if question.type == "secret":
        how = "env:NAME, where NAME is the variable that holds it."
    return UsageError(
        f"The question {question.id} has no default: {question.message}",
        fix=f"--set {question.id}={how}",
    )


def _reviewed(settled: Settled) -> Answered:
    question, reply, over = settled
    shown = shown_answer(question, reply.value)
    return Answered(question.id, question.message, shown, reply.source, over)


def _holds(condition: str, scope: Mapping[str, Any]) -> bool:
    return not condition or parse_condition(condition).holds(scope)


def _counts(line: RunLine | str, scope: Scope) -> bool:
    return isinstance(line, str) or _holds(line.when, scope)


def _planned(line: RunLine | str, scope: Scope) -> Planned:
    if isinstance(line, str):
        return Planned(words_of(line, scope))
    secret = lookup(scope, line.input) if line.input else None
    return Planned(words_of(line.line, scope), str(secret) if secret else None)


def questions_of(walk: Walk) -> Iterator[Settled]:
    """The settled questions whose answer the user gave, in the flow's order."""
    return (s for s in walk.settled.values() if s.reply.source in ("asked", "script", "kept"))
