"""Running a script: its commands one by one, its questions answered, its output compared."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import CancelledError, FreeRouterError, UsageError
from freerouter.frontends.scripted import Said, Script
from freerouter.process.engine import find_engine
from freerouter.scripts.grammar import expand, seconds
from freerouter.scripts.home import fresh_home
from freerouter.scripts.matching_lines import Failure, match
from freerouter.scripts.nodes import AnswerLine, Directive, ExitCode, Phase, Question, Step
from freerouter.scripts.recorder import places_of
from freerouter.scripts.stage import Silent, Stage
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.frontends.console import Console
    from freerouter.redact import Redactor
    from freerouter.registry import Call
    from freerouter.scripts.alignment import Row
    from freerouter.scripts.nodes import Item, Node
    from freerouter.scripts.nodes import Script as File
    from freerouter.session import FrontEnd

SKIPPED = 80
POLL = 0.1


class Skipped(Exception):  # noqa: N818 - no error: what the script needs is not there
    """A `@need` that is not met."""


class Played(NamedTuple):
    """A command of the script as it went."""

    step: Step
    command: str
    items: tuple[Item, ...]
    code: int
    failure: str = ""
    rows: tuple[Row, ...] = ()


class Outcome(NamedTuple):
    """How a script went: its exit code, every command, and why it was skipped."""

    code: int
    played: tuple[Played, ...]
    skipped: str = ""


class Player:
    """Plays one file. With a console, what happens is shown while it happens."""

    def __init__(
        self,
        file: File,
        session: Session,
        values: Mapping[str, str],
        *,
        console: Console | None = None,
        keep_going: bool = False,
        update: bool = False,
    ) -> None:
        self._file = file
        self._session = session
        self._values = dict(values)
        self._console = console
        self._keep_going = keep_going
        self._update = update
        self.places = places_of(session)
        """The directories of the last command, for who writes down what it said."""
        self._bound: dict[str, str] = {}
        self._played: list[Played] = []
        self._faked = False
        self._stack = contextlib.ExitStack()

    def play(self) -> Outcome:
        """All of it, or up to the first failure; then only what follows `@always`."""
        failed, always = 0, False
        before = self._session.frontend
        with self._stack:
            try:
                for node in self._file.steps:
                    always = always or (isinstance(node, Directive) and node.name == "always")
                    if failed and not (always or self._keep_going):
                        continue
                    try:
                        code = self._node(node)
                    except KeyboardInterrupt:
                        code = CancelledError.exit_code
                    failed = failed or code
            except Skipped as skipped:
                return Outcome(SKIPPED, tuple(self._played), str(skipped))
            finally:
                self._session.frontend = before
        return Outcome(failed, tuple(self._played))

    def _node(self, node: Node) -> int:
        if isinstance(node, Phase):
            return 0
        if isinstance(node, Directive):
            return self._directive(node)
        played = self._step(node)
        self._played.append(played)
        if played.failure and not self._update:
            return 1 if self._file.sigils else played.code
        return 0

    def _directive(self, node: Directive) -> int:
        words = node.arguments.split()
        if node.name == "set":
            name, _, value = node.arguments.partition(" ")
            self._set(name, value.strip())
        elif node.name == "need":
            self._need(words)
        elif node.name == "home":
            environ, cwd = self._stack.enter_context(fresh_home(self._environ))
            self._session = Session(self._session.frontend, environ, cwd)
        elif node.name == "fake":
            self._fake(node, words[-1])
        elif node.name == "wait":
            return self._wait(node, seconds(words[0]), words[-1])
        return 0

    @property
    def _environ(self) -> Mapping[str, str]:
        return self._session.context().environ

    def _set(self, name: str, value: str) -> None:
        self._values.setdefault(name, value)
        self._with(**{name: self._values[name]})

    def _with(self, **more: str) -> None:
        """Go on in the same place, with more variables in the environment."""
        ctx = self._session.context()
        self._session = Session(
            self._session.frontend, {**ctx.environ, **more}, ctx.cwd, self._session.profile
        )

    def _need(self, words: list[str]) -> None:
        if words[0] == "engine":
            try:
                find_engine()
            except FreeRouterError as error:
                raise Skipped(str(error)) from None
        elif not (self._values.get(words[-1]) or self._environ.get(words[-1])):
            raise Skipped(f"{words[-1]} is not set.")

    def _fake(self, node: Directive, path: str) -> None:
        from freerouter.fakes import fake_providers

        beside = os.path.join(os.path.dirname(self._file.name), path)
        directory = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="freerouter-"))
        try:
            self._stack.enter_context(fake_providers(beside, directory))
        except FreeRouterError as error:
            raise UsageError(
                f"{self._file.name}:{node.line}: {error.what}", error.why, error.fix
            ) from None
        self._faked = True
        self._with(FREEROUTER_CATALOGUE=directory)

    def _wait(self, node: Directive, limit: float, wanted: str) -> int:
        """Until the gateway is as wanted. Ctrl-C ends the wait as a failure."""
        until = time.monotonic() + limit
        status = self._session.parse(["status"])
        while time.monotonic() < until:
            running = self._session.command(status).exit_code == 0
            if running == (wanted == "ready"):
                return 0
            time.sleep(POLL)
        text = f"@wait {node.arguments}"
        failure = f"{self._file.name}:{node.line}: the gateway was not {wanted} in time."
        self._played.append(Played(Step(node.line, text), text, (), 1, failure))
        return 1

    def _step(self, step: Step) -> Played:
        command = expand(step.text, {**self._environ, **self._values})
        said = self._said(step)
        through: FrontEnd = self._console or Silent()
        script = Script(said, through, self._environ, self._session.redact.learn, faked=self._faked)
        stage = Stage(self._session.redact, script if said else through)
        self._session.frontend = stage
        self.places = places_of(self._session)
        code = self._run(command, stage)
        failure, rows = self._compare(step, command, stage, code)
        if not failure and script.left:
            left = script.left[0]
            failure = f"{left.place}: nobody asked for {left.id}."
        return Played(step, command, tuple(stage.items), code, failure, rows)

    def _run(self, command: str, stage: Stage) -> int:
        call: Call | None = None
        console = self._console
        chosen = console.output if console else ""
        try:
            call = self._session.parse(command)
            if console:
                console.output = call.output or chosen
            result = self._session.run(call)
        except FreeRouterError as error:
            stage.error(error, as_json=call is not None and call.output == "json")
            if console:
                console.error(error)
            return error.exit_code
        else:
            stage.result(result, as_json=call.output == "json")
            if console:
                console.show(result)
            return result.exit_code
        finally:
            if console:
                console.output = chosen

    def _said(self, step: Step) -> list[Said]:
        """The answers of a step, each with the question that it belongs to."""
        found: list[Said] = []
        identity = ""
        for talk in step.talk:
            if isinstance(talk, Question):
                identity = talk.id
            elif isinstance(talk, AnswerLine):
                place = f"{self._file.name}:{talk.line}"
                found.append(Said(identity, expand(talk.text, self._values), place))
        return found

    @property
    def redact(self) -> Redactor:
        """What knows the secrets of the last command."""
        return self._session.redact

    @property
    def bound(self) -> dict[str, str]:
        """What the placeholders stand for."""
        return dict(self._bound)

    def _compare(
        self, step: Step, command: str, stage: Stage, code: int
    ) -> tuple[str, tuple[Row, ...]]:
        """Why the step did not go as it is written, "" where it did; and what belongs to what."""
        where = f"{self._file.name}:{step.line}"
        wanted = next((t.code for t in step.talk if isinstance(t, ExitCode)), 0)
        items = [item for item in stage.items if item.kind != "<"]
        strict = self._file.kind == "session"
        matched = match(step.talk, items, self._bound, strict=strict)
        self._bound = dict(matched.bound)
        if matched.failures:
            return _told(self._file.name, command, matched.failures), matched.rows
        if code != wanted:
            expected = f", not {wanted}" if wanted else ""
            return f"{where}: `{command}` failed (exit code {code}{expected}).", matched.rows
        return "", matched.rows


def _told(name: str, command: str, failures: tuple[Failure, ...]) -> str:
    lines = [f"{name}:{failures[0].line}: `{command}` did not say what is written."]
    return "\n".join((*lines, *failures[0].diff))
