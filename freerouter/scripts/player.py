"""Running a script: its commands one by one, its questions answered, its output compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import CancelledError, FreeRouterError
from freerouter.frontends.scripted import Said, Script, UnfitError
from freerouter.scripts.grammar import expand
from freerouter.scripts.matching_lines import Failure, match
from freerouter.scripts.nodes import AnswerLine, Directive, ExitCode, Question, Step, written
from freerouter.scripts.recorder import places_of
from freerouter.scripts.stage import Silent, Stage
from freerouter.scripts.surroundings import Skipped, Surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.frontends.console import Console
    from freerouter.redact import Redactor
    from freerouter.registry import Call
    from freerouter.scripts.alignment import Row
    from freerouter.scripts.nodes import Item, Node
    from freerouter.scripts.nodes import Script as File
    from freerouter.session import FrontEnd, Session

SKIPPED = 80
CANCELLED = CancelledError.exit_code


class Played(NamedTuple):
    """A command of the script as it went; or what else failed, with nothing but its failure.

    Where the answers of the script are `unfit`, there is nothing that an update could write.
    """

    step: Step
    command: str
    items: tuple[Item, ...]
    code: int
    failure: str = ""
    rows: tuple[Row, ...] = ()
    unfit: bool = False


class Outcome(NamedTuple):
    """How a script went: its exit code, every command, and why it was skipped."""

    code: int
    played: tuple[Played, ...]
    skipped: str = ""


class Player:
    """Plays one file. With a console, what happens is shown while it happens.

    `answers` is what gives the answers of the script to who asks.
    """

    def __init__(
        self,
        file: File,
        session: Session,
        values: Mapping[str, str],
        *,
        console: Console | None = None,
        keep_going: bool = False,
        update: bool = False,
        answers: type[Script] = Script,
    ) -> None:
        self._file = file
        self._around = Surroundings(file, session, values)
        self._console = console
        self._keep_going = keep_going
        self._update = update
        self._answers = answers
        self.places = places_of(session)
        """The directories of the last command, for who writes down what it said."""
        self._bound: dict[str, str] = {}
        self._played: list[Played] = []
        self._failed = 0

    def play(self) -> Outcome:
        """All of it, or up to the first failure; then what follows `@always`, whatever failed."""
        steps = self._file.steps
        always = (n for n, node in enumerate(steps) if _is_always(node))
        end = next(always, len(steps))
        session, skipped = self._session, ""
        before = session.frontend
        try:
            with self._around:
                try:
                    self._part(steps[:end])
                except Skipped as missing:
                    skipped = str(missing)
                finally:
                    if self._played or not skipped:
                        self._part(steps[end:], whatever=True)
        except Skipped as missing:
            skipped = str(missing)
        finally:
            session.frontend = before
        code = self._failed or (SKIPPED if skipped else 0)
        return Outcome(code, tuple(self._played), skipped)

    def _part(self, nodes: Sequence[Node], *, whatever: bool = False) -> None:
        """One after the other, to the first failure or to the end."""
        for node in nodes:
            if self._around.homeless:
                return
            code = self._node(node)
            self._failed = CANCELLED if code == CANCELLED else self._failed or code
            going_on = whatever or (self._keep_going and code != CANCELLED)
            if code and not going_on:
                return

    def _node(self, node: Node) -> int:
        """The exit code of one line; whatever goes wrong with it is told with its place."""
        try:
            if isinstance(node, Directive):
                self._around.obey(node)
            elif isinstance(node, Step):
                return self._command(node)
        except FreeRouterError as error:
            parts = (error.what, error.why, error.fix)
            return self._broken(node, "\n".join(part for part in parts if part), 1)
        except KeyboardInterrupt:
            if self._console:
                self._console.finish()
            return self._broken(node, f"`{_as_written(node)}` was interrupted.", CANCELLED)
        return 0

    def _broken(self, node: Node, why: str, code: int) -> int:
        """Keep that a line did not come to its end."""
        text = _as_written(node)
        failure = f"{self._file.name}:{node.line}: {why}"
        self._played.append(Played(Step(node.line, text), text, (), code, failure, unfit=True))
        return code

    def _command(self, step: Step) -> int:
        played = self._step(step)
        self._played.append(played)
        if not played.failure or (self._update and not played.unfit):
            return 0
        return 1 if self._file.sigils and played.code != CANCELLED else played.code or 1

    @property
    def _session(self) -> Session:
        return self._around.session

    def _step(self, step: Step) -> Played:
        variables = self._around.variables
        command = expand(step.text, variables)
        said = self._said(step)
        through: FrontEnd = self._console or Silent()
        learn, faked = self._session.redact.learn, self._around.faked
        script = self._answers(said, through, variables, learn, faked=faked)
        stage = Stage(self._session.redact, script if said else through)
        script.helped = stage.helped
        self._session.frontend = stage
        self.places = places_of(self._session)
        code, unfit = self._run(command, stage)
        failure, rows = self._compare(step, command, stage, code)
        if script.left and not unfit:
            left = script.left[0]
            failure, unfit = failure or f"{left.place}: nobody asked for {left.id}.", True
        return Played(step, command, tuple(stage.items), code, failure, rows, unfit)

    def _run(self, command: str, stage: Stage) -> tuple[int, bool]:
        """The exit code, and whether the script had no answer that fits."""
        call: Call | None = None
        console = self._console
        chosen = console.output if console else ""
        try:
            call = self._session.parse(command)
            stage.as_json = call.output == "json"
            if console:
                console.output = call.output or chosen
            result = self._session.run(call)
        except FreeRouterError as error:
            stage.error(error, as_json=call is not None and call.output == "json")
            if console:
                console.error(error)
            return error.exit_code, isinstance(error, UnfitError)
        else:
            stage.result(result, as_json=call.output == "json")
            if console:
                console.show(result)
            return result.exit_code, False
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


def _is_always(node: Node) -> bool:
    return isinstance(node, Directive) and node.name == "always"


def _as_written(node: Node) -> str:
    return node.text if isinstance(node, Step) else written(node)


def _told(where: str, name: str, command: str, failure: Failure) -> str:
    """What differs, at the line that is written or, where none is, at the command."""
    place = f"{name}:{failure.line}" if failure.line else where
    return "\n".join((f"{place}: `{command}` did not say what is written.", *failure.diff))
