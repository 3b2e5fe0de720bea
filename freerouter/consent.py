"""Asking whether what cannot be taken back shall be done, by whoever answers the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.errors import CancelledError, UsageError
from freerouter.wizard.messages import Answer, Question

if TYPE_CHECKING:
    from freerouter.session import Session


def obtain(session: Session, question: str, *, otherwise: str) -> None:
    """Raise where the answer is no, or nobody can be asked; `otherwise` does it unasked."""
    asker = session.frontend.asker()
    if asker is None:
        raise UsageError("Nobody can be asked.", question, f"`{otherwise}` does it.")
    if asker.ask(Question("sure", "confirm", question, default=False)) != Answer("sure", True):
        raise CancelledError("Nothing was changed.")
