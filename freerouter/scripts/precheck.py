"""Everything that can be known to be wrong with a script before its first line runs."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

from freerouter.errors import FreeRouterError, UsageError
from freerouter.flows import questions_of
from freerouter.plugins import flow_directories
from freerouter.registry import did_you_mean
from freerouter.resources import flow_paths
from freerouter.scripts.grammar import expand
from freerouter.scripts.home import put_file
from freerouter.scripts.nodes import Directive, ExitCode, Question, Step
from freerouter.session import Session
from freerouter.wizard.messages import APPLY, HIDDEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.registry import Call
    from freerouter.scripts.nodes import Node, Script

NESTED = ("run", "record", "shell")
ALWAYS_KNOWN = (APPLY, "undo")
"""Questions that a flow asks without having them."""


def check(file: Script, session: Session, values: Mapping[str, str]) -> None:
    """Raise UsageError with `file:line` for the first line that cannot be right."""
    with contextlib.ExitStack() as stack:
        checking = _Checking(file, session, values, stack)
        for node in file.steps:
            checking.node(node)


class _Checking:
    """The script up to a line: which variables and which flows are known there."""

    def __init__(
        self,
        file: Script,
        session: Session,
        values: Mapping[str, str],
        stack: contextlib.ExitStack,
    ) -> None:
        self._file = file
        self._session = session
        self._values = values
        self._known = {**session.context().environ, **values}
        self._stack = stack
        self._at_home = False

    def node(self, node: Node) -> None:
        call = None
        try:
            take(node, self._known, self._values)
            if isinstance(node, Directive):
                self._directive(node)
            elif isinstance(node, Step):
                call = _call(node, self._session, self._known)
        except FreeRouterError as error:
            where = f"{self._file.name}:{node.line}"
            raise UsageError(f"{where}: {error.what}", error.why, error.fix) from None
        if isinstance(node, Step) and call:
            _questions(self._file, node, self._session, call)

    def _directive(self, directive: Directive) -> None:
        if directive.name == "home":
            self._go_home()
        elif directive.name == "fake":
            self._known |= {**fakes_of(self._file, directive), **self._values}
        elif directive.name == "file":
            if not self._at_home:
                raise UsageError(
                    "@file stands below `@home fresh`.", "It writes into no other home."
                )
            ctx = self._session.context()
            put_file(directive.arguments, self._file.name, ctx.environ, ctx.cwd)

    def _go_home(self) -> None:
        """A session of somebody who has nothing but what `@file` brings: no flows but ours."""
        top, self._at_home = os.devnull, True
        if any(isinstance(n, Directive) and n.name == "file" for n in self._file.steps):
            top = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="freerouter-"))
        environ = {"HOME": os.path.join(top, "home")}
        self._session = Session(self._session.frontend, environ, os.path.join(top, "work"))


def take(node: Node, known: dict[str, str], values: Mapping[str, str]) -> None:
    """Know what `@set` sets from here on, unless the command line said otherwise."""
    if isinstance(node, Directive) and node.name == "set":
        name, _, value = node.arguments.partition(" ")
        known[name] = values.get(name) or expand(value.strip(), known)


def fakes_of(file: Script, directive: Directive) -> dict[str, str]:
    """The variables that fake providers bring, as if they ran. Raises FileError."""
    from freerouter.fakes.description import read_fakes
    from freerouter.fakes.running import variables_of

    fakes = read_fakes(file.beside(directive.arguments.split(None, 1)[1]))
    return variables_of({fake.name: "http://127.0.0.1:1" for fake in fakes})


def _exit_code(step: Step) -> int:
    return next((talk.code for talk in step.talk if isinstance(talk, ExitCode)), 0)


def _call(step: Step, session: Session, known: Mapping[str, str]) -> Call | None:
    """The command of a step; None for one that cannot be read, as the script expects."""
    text = expand(step.text, known)
    try:
        call = session.parse(text)
    except UsageError:
        if _exit_code(step) == UsageError.exit_code:
            return None
        raise
    if call.command.name in NESTED:
        raise UsageError(f"`{call.command.name}` cannot stand in a script.")
    if call.record:
        raise UsageError("`--record` cannot stand in a script.", fix="A session is one already.")
    if call.command.name == "flow" and not call.profile and not _exit_code(step):
        _flow(session, call.arguments["name"])
    return call


def _flow(session: Session, name: str) -> None:
    known = flow_paths(flow_directories(session.context().workspace.flows))
    if name not in known:
        raise UsageError(
            f'There is no flow "{name}".',
            fix=did_you_mean(name, known) or f"There are: {', '.join(sorted(known))}.",
        )


def _questions(file: Script, step: Step, session: Session, call: Call) -> None:
    asked = [talk for talk in step.talk if isinstance(talk, Question)]
    if not asked or call.command.name == "flow resume":
        return
    name = call.arguments.get("name", "") if call.command.name == "flow" else call.command.flow
    asks = call.command.confirms or "yes" in call.arguments
    hidden = [HIDDEN] if call.command.secret_input else [APPLY] if asks else []
    own = [*call.command.asks, *hidden]
    ids = questions_of(session, name) if name else own
    if ids == []:
        raise UsageError(
            f"{file.name}:{asked[0].line}: `{call.command.name}` asks nothing.",
            fix="Take the question and its answer out.",
        )
    if ids is None:
        return
    what = f"the flow {name}" if name else f"`{call.command.name}`"
    for question in asked:
        last = question.id.rsplit(".", 1)[-1]
        if last not in (*ids, *ALWAYS_KNOWN):
            raise UsageError(
                f'{file.name}:{question.line}: {what} has no question "{question.id}".',
                fix=did_you_mean(last, ids) or f"It has: {', '.join(ids)}.",
            )
