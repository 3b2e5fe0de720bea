"""Running calls: needs checked, module imported, secret asked for, errors kept typed.

Every front end uses this one path, so a command does the same from argv, shell, script and flow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from freerouter.context import Context, make_context
from freerouter.errors import UsageError
from freerouter.needs import check_needs
from freerouter.parser import parse, split_line
from freerouter.registry import Call, load
from freerouter.verbs import FLOW_OPTIONS, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.result import Event, Result
    from freerouter.wizard.messages import Confirm, Question
    from freerouter.wizard.messages import Event as WizardEvent


class Asker(Protocol):
    """Answers a flow's questions. Raises CancelledError or KeyboardInterrupt to give up."""

    def ask(self, question: Question) -> WizardEvent: ...

    def show(self, text: str) -> None: ...

    def confirm(self, request: Confirm) -> WizardEvent: ...


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
        """Do one call, or open the flow it stands for. Raises FreeRouterError; never prints."""
        if not self._opens_flow(call):
            return self.command(call, secret)
        from freerouter.flows import open_flow

        check_needs(self.context(call.profile), call.command.needs)
        return self._in_profile(call, lambda: open_flow(self, call.command.flow, call.arguments))

    def command(self, call: Call, secret: str | None = None) -> Result:
        """Do one call itself, never a flow in its place."""
        ctx = self.context(call.profile)
        check_needs(ctx, call.command.needs)
        function: Any = load(call.command)
        if call.command.of_session:
            return self._in_profile(call, lambda: function(self, call.arguments))
        if secret is None and _wants_secret(call):
            secret = self.frontend.secret(call.command.secret_input.format(**call.arguments))
        return cast("Result", function(ctx._replace(secret=secret), call.arguments))

    def source(self, kind: str, name: str) -> str | None:
        """What the environment or the keyring holds under a name, for a flow to offer."""
        if kind == "environment":
            return self.context().environ.get(name)
        from freerouter.config.keyring import stored

        found = stored(name)
        self.redact.learn({name: found} if found else {})
        return found

    def _opens_flow(self, call: Call) -> bool:
        """Whether the command was asked to ask: by an option, or by giving it nothing to do."""
        command, arguments = call.command, call.arguments
        if not command.flow:
            return False
        if "wizard" in arguments:
            return _wants_wizard(call)
        for parameter in command.parameters:
            own = parameter not in FLOW_OPTIONS
            if own and arguments[parameter.name] != ([] if parameter.many else parameter.default):
                return False
        if any(arguments.get(option.name) for option in FLOW_OPTIONS):
            return True
        return call.output != "json" and self.frontend.asker() is not None

    def _in_profile(self, call: Call, act: Any) -> Result:
        """The commands of a flow belong to the profile that it was called for."""
        before, self.profile = self.profile, call.profile or self.profile
        try:
            return cast("Result", act())
        finally:
            self.profile = before


def _wants_wizard(call: Call) -> bool:
    """Without --wizard an option of the wizard would do nothing, or do what it should not."""
    if call.arguments["wizard"]:
        return True
    for option in FLOW_OPTIONS:
        if call.arguments.get(option.name):
            raise UsageError(
                f"{option.flag} belongs to the wizard.",
                fix=f"{call.command.name} --wizard {option.flag}",
            )
    return False


def _wants_secret(call: Call) -> bool:
    return (
        bool(call.command.secret_input)
        and call.arguments.get("ask", True)
        and not call.arguments.get("from_env")
    )
