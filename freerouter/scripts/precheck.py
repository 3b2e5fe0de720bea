"""Everything that can be known to be wrong with a script before its first line runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.errors import FreeRouterError, UsageError
from freerouter.flows import questions_of
from freerouter.registry import did_you_mean
from freerouter.scripts.grammar import expand
from freerouter.scripts.nodes import Directive, ExitCode, Question, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.registry import Call
    from freerouter.scripts.nodes import Script
    from freerouter.session import Session

NESTED = ("run", "record", "shell")
ALWAYS_KNOWN = ("apply", "undo")
"""Questions that a flow asks without having them."""


def check(file: Script, session: Session, values: Mapping[str, str]) -> None:
    """Raise UsageError with `file:line` for the first command or question that cannot be right."""
    known = {**session.context().environ, **values}
    for node in file.steps:
        if isinstance(node, Directive) and node.name == "set":
            name, _, value = node.arguments.partition(" ")
            known.setdefault(name, value.strip())
        elif isinstance(node, Step) and not _refused(node):
            try:
                _step(node, session, known)
            except FreeRouterError as error:
                raise UsageError(
                    f"{file.name}:{node.line}: {error.what}", error.why, error.fix
                ) from None
            _questions(file, node, session, known)


def _refused(step: Step) -> bool:
    """Whether the script expects the command to be one that cannot be read."""
    return ExitCode(0, UsageError.exit_code) in [t._replace(line=0) for t in step.talk]


def _step(step: Step, session: Session, known: Mapping[str, str]) -> Call:
    call = session.parse(expand(step.text, known))
    if call.command.name in NESTED:
        raise UsageError(f"`{call.command.name}` cannot stand in a script.")
    return call


def _questions(file: Script, step: Step, session: Session, known: Mapping[str, str]) -> None:
    asked = [talk for talk in step.talk if isinstance(talk, Question)]
    if not asked:
        return
    call = session.parse(expand(step.text, known))
    name = call.arguments.get("name", "") if call.command.name == "flow" else call.command.flow
    if call.command.name == "flow resume":
        return
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
