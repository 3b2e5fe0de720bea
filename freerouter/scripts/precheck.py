"""Everything that can be known to be wrong with a script before its first line runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from freerouter.errors import FreeRouterError, UsageError
from freerouter.flows import questions_of
from freerouter.plugins import flow_directories
from freerouter.registry import did_you_mean
from freerouter.resources import flow_paths
from freerouter.scripts.grammar import expand
from freerouter.scripts.nodes import Directive, ExitCode, Question, Step
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.registry import Call
    from freerouter.scripts.nodes import Node, Script

NESTED = ("run", "record", "shell")
ALWAYS_KNOWN = ("apply", "undo")
"""Questions that a flow asks without having them."""


def check(file: Script, session: Session, values: Mapping[str, str]) -> None:
    """Raise UsageError with `file:line` for the first command or question that cannot be right."""
    known = {**session.context().environ, **values}
    for node in file.steps:
        take(node, known, values)
        if isinstance(node, Directive) and node.name == "home":
            session = _nobodys(session)
        elif isinstance(node, Step):
            try:
                call = _call(node, session, known)
            except FreeRouterError as error:
                raise UsageError(
                    f"{file.name}:{node.line}: {error.what}", error.why, error.fix
                ) from None
            if call:
                _questions(file, node, session, call)


def take(node: Node, known: dict[str, str], values: Mapping[str, str]) -> None:
    """Know what `@set` sets from here on, unless the command line said otherwise."""
    if isinstance(node, Directive) and node.name == "set":
        name, _, value = node.arguments.partition(" ")
        known[name] = values.get(name, value.strip())


def _nobodys(session: Session) -> Session:
    """A session of somebody who has nothing: a fresh home knows no flows but ours."""
    return Session(session.frontend, {"HOME": os.devnull}, os.devnull)


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
    if not name:
        raise UsageError(
            f"{file.name}:{asked[0].line}: `{call.command.name}` asks nothing.",
            fix="Take the question and its answer out.",
        )
    ids = questions_of(session, name)
    if ids is None:
        return
    for question in asked:
        last = question.id.rsplit(".", 1)[-1]
        if last not in (*ids, *ALWAYS_KNOWN):
            raise UsageError(
                f'{file.name}:{question.line}: the flow {name} has no question "{question.id}".',
                fix=did_you_mean(last, ids) or f"It has: {', '.join(ids)}.",
            )
