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
        self._fixed = frozenset(values)
        self._values = dict(values)
        self._outside = session.context().environ
        self._added: dict[str, str] = {}
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
        failed, always, cancelled = 0, False, False
        session, before = self._session, self._session.frontend
        with self._stack:
            try:
                for node in self._file.steps:
                    always = always or (isinstance(node, Directive) and node.name == "always")
                    if failed and not always and (cancelled or not self._keep_going):
                        continue
                    try:
                        code = self._node(node)
                    except KeyboardInterrupt:
                        code = CancelledError.exit_code
                        if self._console:
                            self._console.finish()
                    cancelled = cancelled or code == CancelledError.exit_code
                    failed = CancelledError.exit_code if cancelled else failed or code
            except Skipped as skipped:
                return Outcome(failed or SKIPPED, tuple(self._played), str(skipped))
            finally:
                session.frontend = before
        return Outcome(failed, tuple(self._played))

    def _node(self, node: Node) -> int:
        if isinstance(node, Phase):
            return 0
        if isinstance(node, Directive):
            return self._directive(node)
        played = self._step(node)
        self._played.append(played)
        if played.failure and not self._update:
            cancelled = played.code == CancelledError.exit_code
            return 1 if self._file.sigils and not cancelled else played.code or 1
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
            self._enter({**self._added, **environ}, cwd)
        elif node.name == "fake":
            self._fake(node, words[-1])
        elif node.name == "wait":
            return self._wait(node, seconds(words[0]), words[-1])
        return 0

    @property
    def _environ(self) -> Mapping[str, str]:
        return self._session.context().environ

    @property
    def _variables(self) -> Mapping[str, str]:
        """What a script may name: also what is set outside its fresh home."""
        return {**self._outside, **self._environ, **self._values}

    def _set(self, name: str, value: str) -> None:
        if name not in self._fixed:
            self._values[name] = value
        self._with(**{name: self._values[name]})

    def _with(self, **more: str) -> None:
        """Go on in the same place, with more variables in the environment."""
        ctx = self._session.context()
        self._added.update(more)
        self._enter({**ctx.environ, **more}, ctx.cwd, self._session.profile)

    def _enter(self, environ: Mapping[str, str], cwd: str, profile: str = "") -> None:
        """Go on in another place. What is a secret stays one."""
        redact = self._session.redact
        self._session = Session(self._session.frontend, environ, cwd, profile)
        self._session.redact = redact

    def _need(self, words: list[str]) -> None:
        if words[0] == "engine":
            try:
                find_engine()
            except FreeRouterError as error:
                raise Skipped(str(error)) from None
            return
        name = words[-1]
        value = self._variables.get(name)
        if not value:
            raise Skipped(f"{name} is not set.")
        self._with(**{name: value})

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
        """Until the gateway is as wanted: asked at least once."""
        until = time.monotonic() + limit
        status = self._session.parse(["status"])
        while (self._session.command(status).exit_code == 0) != (wanted == "ready"):
            if time.monotonic() >= until:
                break
            time.sleep(POLL)
        else:
            return 0
        text = f"@wait {node.arguments}"
        failure = f"{self._file.name}:{node.line}: the gateway was not {wanted} in time."
        self._played.append(Played(Step(node.line, text), text, (), 1, failure))
        return 1

    def _step(self, step: Step) -> Played:
        variables = self._variables
        command = expand(step.text, variables)
        said = self._said(step)
        through: FrontEnd = self._console or Silent()
        script = Script(said, through, variables, self._session.redact.learn, faked=self._faked)
        stage = Stage(self._session.redact, script if said else through)
        script.helped = stage.helped
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
                found.append(Said(identity, talk.text, place))
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
            return _told(where, self._file.name, command, matched.failures[0]), matched.rows
        if code != wanted:
            expected = f", not {wanted}" if wanted else ""
            return f"{where}: `{command}` failed (exit code {code}{expected}).", matched.rows
        return "", matched.rows


def _told(where: str, name: str, command: str, failure: Failure) -> str:
    """What differs, at the line that is written or, where none is, at the command."""
    place = f"{name}:{failure.line}" if failure.line else where
    return "\n".join((f"{place}: `{command}` did not say what is written.", *failure.diff))
