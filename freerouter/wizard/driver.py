"""Driving a flow: the engine says what it wants, the session runs it or the asker answers it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import CancelledError, FreeRouterError, NotFoundError, UsageError
from freerouter.result import Line, Output, Result, Running
from freerouter.rows import as_lists
from freerouter.volatile import volatile_url
from freerouter.wizard.answers import read_answer
from freerouter.wizard.engine import step
from freerouter.wizard.messages import (
    APPLY,
    Answer,
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
from freerouter.wizard.schema import asks
from freerouter.wizard.state import Reply, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.session import Asker, Session
    from freerouter.wizard.messages import Event
    from freerouter.wizard.schema import Flow


class Options(NamedTuple):
    """How a flow is run. `given` answers beforehand, `kept` are answers of a run broken off."""

    given: Mapping[str, str] = {}
    kept: Mapping[str, Any] = {}
    defaults: bool = False
    advanced: bool = False
    dry_run: bool = False
    explain: bool = False


class FlowRun:
    """One run of a flow. After it, `kept` and `left` say what a later run can take up."""

    def __init__(self, session: Session, flow: Flow, options: Options) -> None:
        self.left: tuple[Planned, ...] = ()
        self._session = session
        self._flow = flow
        self._options = options
        self._asker = session.frontend.asker()
        self._secrets = {ask.ask for ask in asks(flow) if ask.type == "secret"}
        self._plan: tuple[Planned, ...] = ()
        self._results: list[dict[str, Any]] = []
        self._undo: list[tuple[str, ...]] = []
        self._state = State(
            given={k: v for k, v in self._resolved().items() if k != APPLY},
            defaults=options.defaults,
            advanced=options.advanced,
            answers={k: Reply(v, "kept") for k, v in options.kept.items()},
        )

    @property
    def kept(self) -> dict[str, Any]:
        """What the user answered, without secrets."""
        return {
            name: reply.value
            for name, reply in self._state.answers.items()
            if name.rsplit(".", 1)[-1] not in self._secrets and reply.value is not None
        }

    def run(self) -> Result:
        """To the end. Raises what a command or a check raises, and CancelledError."""
        event: Event = Begin()
        while True:
            self._state, request = step(self._flow, self._state, event)
            event = Begin()
            if isinstance(request, Question):
                event = self._need(request).ask(request)
            elif isinstance(request, Show):
                self._say(request.text)
            elif isinstance(request, Confirm):
                self._check_given()
                if self._options.explain:
                    self._explain(request)
                if self._options.dry_run:
                    return self._dry(request)
                self._plan = request.plan
                event = self._confirm(request)
            elif isinstance(request, Work):
                event = self._run(request) if request.purpose == "run" else self._query(request)
            elif isinstance(request, Done):
                return self._finished(request)

    def _resolved(self) -> dict[str, str]:
        """`env:NAME` becomes the variable's value, which is a secret from then on."""
        environ, resolved = self._session.context().environ, {}
        for name, value in self._options.given.items():
            if value.startswith("env:"):
                found = environ.get(value[4:])
                if not found:
                    raise UsageError(f"{name} is to come from {value[4:]}, which is not set.")
                self._session.redact.learn({value[4:]: found})
                resolved[name] = found
            elif name.split(".")[-1] in self._secrets and value:
                raise UsageError(
                    f"{name} is a secret, and secrets never go on a command line.",
                    fix=f"--set {name}=env:NAME, where NAME is the variable that holds it.",
                )
            else:
                resolved[name] = value
        return resolved

    def _check_given(self) -> None:
        """An answer to a question that the flow has, but did not come to, is no mistake."""
        state = self._state
        known = {ask.ask for ask in asks(self._flow)}
        unused = [name for name in state.given if name.rsplit(".", 1)[-1] not in known]
        if unused:
            raise NotFoundError(
                f"No question was called {', '.join(unused)}.",
                fix=f"Questions: {', '.join(sorted(known))}.",
            )

    def _need(self, question: Question) -> Asker:
        if self._asker is None:
            raise UsageError(
                f"The question {question.id} cannot be asked: there is no terminal.",
                question.message,
                "--yes takes every default; --set id=value answers one question.",
            )
        return self._asker

    def _say(self, text: str) -> None:
        if self._asker is None:
            self._session.frontend.event(Output(Line(text)))
        else:
            self._asker.show(text)

    def _show(self, text: str, style: str = "", *, err: bool = False) -> None:
        self._session.frontend.event(Output(Line(text, style, err=err)))

    def _query(self, work: Work) -> Event:
        if work.purpose == "source":
            return Worked({"value": self._session.source(*work.words)})
        if work.input:
            self._session.redact.learn({work.name: work.input})
        try:
            call = self._session.parse(list(work.words))
            return Worked(as_lists(self._session.command(call, secret=work.input).data))
        except FreeRouterError as error:
            return Worked(error=error)

    def _explain(self, request: Confirm) -> None:
        for answer in request.answers:
            over = "; ".join(f"{source} said {shown}" for source, shown in answer.over)
            self._show(
                f"{answer.id} = {answer.shown}  ({answer.source}{f'; {over}' if over else ''})"
            )

    def _confirm(self, request: Confirm) -> Event:
        given = self._options.given.get(APPLY, "yes" if self._options.defaults else "")
        if given.lower() in ("yes", "y", "true"):
            return Confirmed()
        if given:
            raise CancelledError("Nothing was changed.")
        if self._asker is None:
            raise UsageError(
                "The plan cannot be confirmed: there is no terminal.",
                fix="--yes confirms it, and so does --set apply=yes.",
            )
        return self._asker.confirm(request)

    def _dry(self, request: Confirm) -> Result:
        lines = [shlex.join(p.words) for p in request.plan]
        show = (Line("This would be done:", "head"), *(Line(f"  {line}") for line in lines))
        return Result({"flow": self._flow.flow, "commands": lines, "results": []}, show)

    def _run(self, work: Work) -> Event:
        line = shlex.join(work.words)
        self._session.frontend.event(Running(line))
        try:
            call = self._session.parse(list(work.words))
            result = self._session.command(call, secret=work.input)
        except (FreeRouterError, KeyboardInterrupt):
            self._unfinished()
            raise
        for block in result.show:
            self._session.frontend.event(Output(block))
        if result.exit_code:
            self._unfinished()
            failure = FreeRouterError(f"`{line}` failed (exit code {result.exit_code}).")
            failure.exit_code = result.exit_code
            raise failure
        data = as_lists(result.data)
        self._results.append({"command": _as_typed(work, result), "data": data})
        self._undo = [*result.undo, *self._undo]
        return Worked(data)

    def _unfinished(self) -> None:
        """Say what was done and what was not, and offer to take back what can be taken back."""
        self.left = self._plan[self._state.ran :]
        done = ", ".join(f"`{r['command']}`" for r in self._results) or "nothing"
        self._show(f"Done before that: {done}.", "warn", err=True)
        left = ", ".join(f"`{shlex.join(p.words)}`" for p in self.left)
        self._show(f"Not done: {left}. Mend what is wrong, then `flow resume`.", "warn", err=True)
        if not self._undo:
            return
        undo = ", ".join(f"`{shlex.join(words)}`" for words in self._undo)
        if self._asker is None or self._options.defaults:
            self._show(f"To take back what was done: {undo}.", "warn", err=True)
            return
        question = Question("undo", "confirm", f"Take back what was done ({undo})?", default=False)
        if _agreed(self._asker, question):
            for words in self._undo:
                self._session.frontend.event(Running(shlex.join(words)))
                for block in self._session.command(self._session.parse(list(words))).show:
                    self._session.frontend.event(Output(block))
            self.left = ()

    def _finished(self, done: Done) -> Result:
        commands = [str(r["command"]) for r in self._results]
        urls = [r["data"]["url"] for r in self._results if "url" in r["data"]]
        show = [Line("The same as plain commands:", "dim")] if commands else []
        show += [Line(f"  {command}", "dim") for command in commands]
        show.append(
            Line(done.text or (f"Ready: {volatile_url(urls[-1])}" if urls else "Done."), "ok")
        )
        data = {"flow": self._flow.flow, "commands": commands, "results": self._results}
        return Result(data, tuple(show))


def _agreed(asker: Asker, question: Question) -> bool:
    """Whether the answer is yes; what is neither yes nor no is asked again."""
    while True:
        answer = asker.ask(question)
        if not isinstance(answer, Answer):
            return False
        try:
            return bool(read_answer(question, answer.value))
        except UsageError as error:
            question = replace(question, problem=str(error))


def _as_typed(work: Work, result: Result) -> str:
    """The command as it can be typed again: a hidden input comes from the variable that it fed."""
    variable = result.data.get("variable") if work.input else None
    return shlex.join((*work.words, "--from-env", variable) if variable else work.words)
