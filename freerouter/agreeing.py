"""Commands that say what they are about to do, and do it after a yes: the plan and the question."""

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


def agree(session: Session, steps: Sequence[str], *, yes: bool) -> None:
    """Show the steps and get a yes for them. Raises where there is none, or nobody to ask."""
    if yes:
        for line in planned(steps, WILL):
            session.frontend.event(Output(line))
        return
    from freerouter.wizard.messages import Confirm, Confirmed, Planned

    asker = session.frontend.asker()
    if asker is None:
        raise UsageError(
            "This cannot be confirmed: there is no terminal.",
            "; ".join(steps) + ".",
            "--yes confirms it, --dry-run only shows it.",
        )
    plan = Confirm(tuple(Planned(tuple(step.split())) for step in steps))
    if not isinstance(asker.confirm(plan), Confirmed):
        raise CancelledError("Nothing was changed.")


def planned(steps: Sequence[str], head: str) -> list[Line]:
    return [Line(head), *(Line(f"  {shlex.join(step.split())}") for step in steps)]
