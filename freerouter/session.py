"""Running calls: needs checked, module imported, secret asked for, errors kept typed.

Every front end uses this one path, so a command does the same from argv, shell, script and flow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from freerouter.context import Context, make_context
from freerouter.errors import UsageError
from freerouter.needs import check_needs
from freerouter.parser import parse, split_line
from freerouter.registry import Call, load
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.result import Event, Result
    from freerouter.wizard.messages import Event as WizardEvent
    from freerouter.wizard.messages import Planned, Question


class Asker(Protocol):
    """Answers a flow's questions. Raises CancelledError or KeyboardInterrupt to give up."""

    def ask(self, question: Question) -> WizardEvent: ...

    def show(self, text: str) -> None: ...

    def confirm(self, plan: tuple[Planned, ...]) -> bool: ...


class FrontEnd(Protocol):
    """What a session needs of whoever talks to the user."""

    def event(self, event: Event) -> None:
        """Show progress or a block, at once."""

    def secret(self, prompt: str) -> str | None:
        """A hidden answer, or None where nobody can be asked."""

    def asker(self) -> Asker | None:
        """Who answers a flow's questions; None where nobody can be asked."""


class Session:
    """One user's run of FreeRouter: calls share the environment, the redactor and the front end."""

    def __init__(
        self,
        frontend: FrontEnd,
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,
        profile: str = "",
    ) -> None:
        self.frontend = frontend
        self.profile = profile
        self._environ = environ
        self._cwd = cwd
        self.redact = make_context(environ, cwd).redact

    def context(self, profile: str = "") -> Context:
        """A fresh context: the workspace is looked for again, since a command may have made one."""
        ctx = make_context(self._environ, self._cwd, profile or self.profile)
        return ctx._replace(redact=self.redact, emit=self.frontend.event)

    def parse(self, words: str | list[str]) -> Call:
        return parse(split_line(words) if isinstance(words, str) else words, REGISTRY)

    def run(self, call: Call, secret: str | None = None) -> Result:
        """Do one call. Raises FreeRouterError; never prints."""
        ctx = self.context(call.profile)
        if call.command.name == "init" and call.arguments.get("wizard"):
            return self._wizard("onboarding", call)
        check_needs(ctx, call.command.needs)
        if secret is None and _wants_secret(call):
            secret = self.frontend.secret(call.command.secret_input.format(**call.arguments))
        return load(call.command)(ctx._replace(secret=secret), call.arguments)

    def _wizard(self, flow: str, call: Call) -> Result:
        """Run a flow; the commands of its plan belong to the profile that it was called for."""
        from freerouter.wizard.driver import run_flow

        before, self.profile = self.profile, call.profile or self.profile
        try:
            given = _pairs(call.arguments["set"])
            return run_flow(self, flow, given, defaults=call.arguments["yes"])
        finally:
            self.profile = before


def _wants_secret(call: Call) -> bool:
    return bool(call.command.secret_input) and call.arguments.get("ask", True)


def _pairs(items: list[str]) -> dict[str, str]:
    pairs = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UsageError(
                f'--set takes id=value, not "{item}".', fix="--set providers=demo, say."
            )
        pairs[name] = value
    return pairs
