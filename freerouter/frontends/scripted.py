"""A flow answered from a script: `? id` and `< answer`, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import CancelledError, UsageError
from freerouter.result import Line, Output
from freerouter.wizard.messages import (
    APPLY,
    APPLY_MESSAGE,
    HIDDEN,
    Answer,
    Back,
    Change,
    Confirmed,
    Skip,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.result import Event
    from freerouter.session import FrontEnd
    from freerouter.wizard.messages import Confirm, Planned, Question
    from freerouter.wizard.messages import Event as WizardEvent


class UnfitError(UsageError):
    """What the script says is no answer to what is asked."""


class Said(NamedTuple):
    """One answer of the script. `place` is its `file:line`."""

    id: str
    text: str
    place: str = ""


class Script:
    """A front end that shows what another one shows, and answers from a list.

    A secret may stand in the script itself only where its providers are `faked`.
    """

    def __init__(
        self,
        said: list[Said],
        through: FrontEnd,
        environ: Mapping[str, str],
        learn: Callable[[dict[str, str]], None],
        *,
        faked: bool = False,
    ) -> None:
        self._said = list(said)
        self._last: Said | None = None
        self._through = through
        self._environ = environ
        self._learn = learn
        self._faked = faked
        self.helped: Callable[[Question], None] = lambda _question: None
        """Told when help was shown, and the question is asked again."""

    @property
    def left(self) -> list[Said]:
        """Answers that nobody asked for."""
        return self._said

    def event(self, event: Event) -> None:
        self._through.event(event)

    def secret(self, prompt: str) -> str | None:
        if not self._said or self._said[0].id != HIDDEN:
            return self._through.secret(prompt)
        said = self._next(HIDDEN, prompt)
        self._refuse_literal(said)
        return self._value(said)

    def asker(self) -> Script:
        return self

    def ask(self, question: Question) -> WizardEvent:
        if question.problem:
            self.show(question.problem, err=True)
            self._refuse_the_last(question)
        said = self._next(question.id, question.message)
        text = said.text
        if text == "^back":
            return Back()
        if text == "^skip":
            return Skip()
        if text == "^default":
            return Answer(question.id, question.default, "script")
        if text == "^help":
            self.show(question.help)
            self.helped(question)
            return self.ask(question)
        if question.type == "secret":
            self._refuse_literal(said)
        return Answer(question.id, self._value(said), "script")

    def show(self, text: str, *, err: bool = False) -> None:
        self._through.event(Output(Line(text, err=err)))

    def confirm(self, request: Confirm) -> WizardEvent:
        self._plan(request.plan)
        text = self._next(APPLY, APPLY_MESSAGE).text
        if text == "^back":
            return Back()
        if text.startswith("^change "):
            return Change(text.removeprefix("^change ").strip())
        if text.lower() in ("yes", "y", "true", "^default"):
            return Confirmed()
        raise CancelledError("Nothing was changed.")

    def _plan(self, plan: tuple[Planned, ...]) -> None:
        import shlex

        self.show("This will be done:")
        for planned in plan:
            self.show(f"  {shlex.join(planned.words)}")

    def _next(self, identity: str, message: str) -> Said:
        if not self._said:
            raise UnfitError(
                f"The script has no answer to {identity}.", message, f"Add `? {identity}`."
            )
        said = self._last = self._said.pop(0)
        if said.text == "^cancel":
            raise CancelledError("Nothing was changed.")
        if said.id != identity:
            raise UnfitError(
                f"{said.place}: the script answers {said.id}, but {identity} is asked.", message
            )
        return said

    def _refuse_the_last(self, question: Question) -> None:
        """It is asked again, and the script has nothing more to say."""
        if self._last and self._last.id == question.id and not self._said:
            raise UnfitError(
                f"{self._last.place}: this is no answer to {question.id}.",
                fix=f"Below it, `? {question.id}` and another answer would be the next try.",
            )

    def _refuse_literal(self, said: Said) -> None:
        """A secret in the script itself is one of a faked provider's, or refused."""
        if not said.text or said.text.startswith("env:"):
            return
        if not self._faked:
            raise UnfitError(
                f"{said.place}: {said.id} is a secret, and secrets never stand in a script.",
                fix="`< env:NAME`, where NAME is the variable that holds it.",
            )
        self._learn({f"{said.id} of the script": said.text})

    def _value(self, said: Said) -> str:
        if not said.text.startswith("env:"):
            return said.text
        name = said.text[4:]
        value = self._environ.get(name)
        if not value:
            raise UnfitError(f"{said.place}: {said.id} is to come from {name}, which is not set.")
        self._learn({name: value})
        return value
