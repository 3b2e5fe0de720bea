"""Driving a flow: the engine says what it wants, the session runs it or the asker answers it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from freerouter.errors import CancelledError, FreeRouterError, NotFoundError, UsageError
from freerouter.resources import flows_directory
from freerouter.result import Line, Output, Result
from freerouter.wizard.engine import State, step
from freerouter.wizard.messages import (
    Begin,
    Confirm,
    Confirmed,
    Done,
    Planned,
    Question,
    Show,
    Work,
    Worked,
)
from freerouter.wizard.schema import Ask, Each, load_flow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.session import Asker, Session
    from freerouter.wizard.messages import Event
    from freerouter.wizard.schema import Flow


def run_flow(session: Session, name: str, given: Mapping[str, str], *, defaults: bool) -> Result:
    """Run a flow to its end. `given` answers questions beforehand; `defaults` takes the rest."""
    flow = load_flow(name, [flows_directory()])
    asker = session.frontend.asker()
    state = State(given=_resolve(session, flow, given), defaults=defaults)
    results: list[dict[str, Any]] = []
    event: Event = Begin()
    while True:
        state, request = step(flow, state, event)
        event = Begin()
        if isinstance(request, Question):
            event = _need(asker, request).ask(request)
        elif isinstance(request, Show):
            _say(session, asker, request.text)
        elif isinstance(request, Work) and request.purpose != "run":
            event = _query(session, request)
        elif isinstance(request, Confirm):
            _check_given(flow, state)
            event = _confirm(asker, request.plan, defaults=defaults)
        elif isinstance(request, Work):
            event = _run(session, request, results)
        elif isinstance(request, Done):
            return _finished(name, request, results)


def _secret_names(flow: Flow) -> set[str]:
    """The last parts of the ids of questions that want a secret."""
    loops = [inner for step in flow.steps if isinstance(step, Each) for inner in step.steps]
    asks = (step for step in (*flow.steps, *loops) if isinstance(step, Ask))
    return {ask.ask for ask in asks if ask.type == "secret"}


def _resolve(session: Session, flow: Flow, given: Mapping[str, str]) -> dict[str, str]:
    """`env:NAME` becomes the variable's value, which is a secret from then on."""
    environ, secret = session.context().environ, _secret_names(flow)
    resolved = {}
    for name, value in given.items():
        if value.startswith("env:"):
            found = environ.get(value[4:])
            if not found:
                raise UsageError(f"{name} is to come from {value[4:]}, which is not set.")
            session.redact.learn({value[4:]: found})
            resolved[name] = found
        elif name.split(".")[-1] in secret and value:
            raise UsageError(
                f"{name} is a secret, and secrets never go on a command line.",
                fix=f"--set {name}=env:NAME, where NAME is the variable that holds it.",
            )
        else:
            resolved[name] = value
    return resolved


def _check_given(flow: Flow, state: State) -> None:
    """An answer to a question that the flow has, but did not come to, is no mistake."""
    optional = {step.ask for step in flow.steps if isinstance(step, Ask)}
    unused = [name for name in state.given if name not in {*state.answers, *optional}]
    if unused:
        known = ", ".join(sorted(state.answers))
        raise NotFoundError(f"No question was called {', '.join(unused)}.", fix=f"Asked: {known}.")


def _need(asker: Asker | None, question: Question) -> Asker:
    if asker is None:
        raise UsageError(
            f"The question {question.id} cannot be asked: there is no terminal.",
            question.message,
            "--yes takes every default; --set id=value answers one question.",
        )
    return asker


def _say(session: Session, asker: Asker | None, text: str) -> None:
    if asker is None:
        session.frontend.event(Output(Line(text)))
    else:
        asker.show(text)


def _query(session: Session, work: Work) -> Event:
    if work.input:
        session.redact.learn({work.name: work.input})
    try:
        return Worked(session.run(session.parse(list(work.words)), secret=work.input).data)
    except FreeRouterError as error:
        return Worked(error=error)


def _confirm(asker: Asker | None, plan: tuple[Planned, ...], *, defaults: bool) -> Event:
    if asker is None or defaults:
        if not defaults:
            raise UsageError(
                "The plan cannot be confirmed: there is no terminal.", fix="--yes confirms it."
            )
        return Confirmed()
    if not asker.confirm(plan):
        raise CancelledError("Nothing was changed.")
    return Confirmed()


def _run(session: Session, work: Work, results: list[dict[str, Any]]) -> Event:
    frontend = session.frontend
    line = shlex.join(work.words)
    frontend.event(Output(Line(f"> {line}", "dim")))
    try:
        result = session.run(session.parse(list(work.words)), secret=work.input)
    except (FreeRouterError, KeyboardInterrupt):
        _report_unfinished(session, results, line)
        raise
    for block in result.show:
        frontend.event(Output(block))
    if result.exit_code:
        _report_unfinished(session, results, line)
        failure = FreeRouterError(f"`{line}` failed (exit code {result.exit_code}).")
        failure.exit_code = result.exit_code
        raise failure
    results.append({"command": line, "data": result.data})
    return Worked(result.data)


def _report_unfinished(session: Session, results: list[dict[str, Any]], line: str) -> None:
    done = ", ".join(f"`{r['command']}`" for r in results) or "nothing"
    session.frontend.event(Output(Line(f"Done before that: {done}.", "warn", err=True)))
    again = "Mend what follows and run the wizard again: what is done is kept."
    session.frontend.event(
        Output(Line(f"Not done: `{line}` and what comes after. {again}", "warn", err=True))
    )


def _finished(name: str, done: Done, results: list[dict[str, Any]]) -> Result:
    urls = [r["data"]["url"] for r in results if "url" in r["data"]]
    show = (Line(f"Ready: {urls[-1]}", "ok"),) if urls else (Line("Done.", "ok"),)
    commands = [shlex.join(p.words) for p in done.ran]
    return Result({"flow": name, "commands": commands, "results": results}, show)
