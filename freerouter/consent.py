"""A yes before something is done: to a plan of commands, or to what cannot be taken back."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from freerouter.errors import CancelledError, UsageError
from freerouter.result import Line, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freerouter.session import Session

WILL = "This will be done:"
WOULD = "This would be done:"
YES = "--yes confirms them."
YES_OR_LOOK = "--yes confirms it, --dry-run only shows it."
NOTHING = "Nothing was changed."


def confirm(
    session: Session, commands: Sequence[Sequence[str]], what: str = "This", fix: str = YES
) -> None:
    """Have commands confirmed that are about to run. Raises where that is denied, or nobody is
    there to be asked.
    """
    from freerouter.wizard.messages import Confirm, Confirmed, Planned

    asker = session.frontend.asker()
    if asker is None:
        raise UsageError(
            f"{what} cannot be confirmed: there is no terminal.",
            "; ".join(shlex.join(words) for words in commands) + ".",
            fix,
        )
    plan = Confirm(tuple(Planned(tuple(words)) for words in commands))
    if not isinstance(asker.confirm(plan), Confirmed):
        raise CancelledError(NOTHING)


def agree(session: Session, steps: Sequence[str], *, yes: bool) -> None:
    """Show the steps and get a yes for them, unless it was given. Raises as `confirm` does."""
    if not yes:
        confirm(session, [step.split() for step in steps], fix=YES_OR_LOOK)
        return
    for line in planned(steps, WILL):
        session.frontend.event(Output(line))


def planned(steps: Sequence[str], head: str) -> list[Line]:
    return [Line(head), *(Line(f"  {shlex.join(step.split())}") for step in steps)]


def obtain(session: Session, question: str, *, otherwise: str) -> None:
    """Raise where the answer is no, or nobody can be asked; `otherwise` does it unasked."""
    from freerouter.wizard.messages import Answer, Question

    asker = session.frontend.asker()
    if asker is None:
        raise UsageError("Nobody can be asked.", question, f"`{otherwise}` does it.")
    if asker.ask(Question("sure", "confirm", question, default=False)) != Answer("sure", True):
        raise CancelledError(NOTHING)
