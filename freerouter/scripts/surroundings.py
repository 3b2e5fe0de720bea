"""Where the commands of a script run, and what its directives change of that."""

from __future__ import annotations

import contextlib
import tempfile
import time
from typing import TYPE_CHECKING, final

from freerouter.durations import seconds
from freerouter.errors import FreeRouterError, GatewayStateError
from freerouter.process.engine import find_engine
from freerouter.scripts.grammar import expand
from freerouter.scripts.home import fresh_home, put_file
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.scripts.nodes import Directive, Script

POLL = 0.1
"""Seconds between two looks at the gateway."""


class Skipped(Exception):  # noqa: N818 - no error: what the script needs is not there
    """A `@need` that is not met."""


@final
class Surroundings:
    """The session of a script's commands, from entering to leaving.

    Leaving takes away what directives brought: servers, directories, a gateway that still runs.
    """

    def __init__(self, file: Script, session: Session, values: Mapping[str, str]) -> None:
        self.session = session
        self.faked = False
        self.homeless = False
        """Whether a fresh home was wanted and is not there: what follows must not run elsewhere."""
        self._file = file
        self._fixed = frozenset(values)
        self._values = dict(values)
        self._outside = session.context().environ
        self._added: dict[str, str] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Surroundings:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def variables(self) -> Mapping[str, str]:
        """What a script may name: also what is set outside its fresh home."""
        return {**self._outside, **self.session.context().environ, **self._values}

    def obey(self, directive: Directive) -> None:
        """Do what it says. Raises Skipped, and FreeRouterError where it cannot be done."""
        words = directive.arguments.split()
        if directive.name == "set":
            name, _, value = directive.arguments.partition(" ")
            self._set(name, expand(value.strip(), self.variables))
        elif directive.name == "need":
            self._need(words)
        elif directive.name == "home":
            self._move_out()
        elif directive.name == "file":
            self._file_in(directive)
        elif directive.name == "fake":
            self._fake(words[-1])
        elif directive.name == "wait":
            self._wait(seconds(words[0]), words[-1])

    def _set(self, name: str, value: str) -> None:
        if name not in self._fixed:
            self._values[name] = value
        self._with(**{name: self._values[name]})

    def _with(self, **more: str) -> None:
        """Go on in the same place, with more variables in the environment."""
        ctx = self.session.context()
        self._added.update(more)
        self._enter({**ctx.environ, **more}, ctx.cwd, self.session.profile)

    def _enter(self, environ: Mapping[str, str], cwd: str, profile: str = "") -> None:
        """Go on in another place. What is a secret stays one."""
        redact = self.session.redact
        self.session = Session(self.session.frontend, environ, cwd, profile)
        self.session.redact = redact

    def _move_out(self) -> None:
        self.homeless = True
        made = fresh_home(self.session.context().environ)
        environ, cwd = self._stack.enter_context(made)
        self._enter({**self._added, **environ}, cwd)
        self.homeless = False

    def _file_in(self, directive: Directive) -> None:
        ctx = self.session.context()
        put_file(directive.arguments, self._file.name, ctx.environ, ctx.cwd)

    def _need(self, words: list[str]) -> None:
        if words[0] == "engine":
            try:
                find_engine()
            except FreeRouterError as error:
                raise Skipped(str(error)) from None
            return
        name = words[-1]
        value = self.variables.get(name)
        if not value:
            raise Skipped(f"{name} is not set.")
        self._with(**{name: value})

    def _fake(self, path: str) -> None:
        from freerouter.fakes.running import fake_providers, variables_of

        directory = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="freerouter-"))
        fakes = self._stack.enter_context(fake_providers(self._file.beside(path), directory))
        for name, value in variables_of(fakes.urls).items():
            self._values[name] = self._values[name] if name in self._fixed else value
        self.faked = True
        self._with(FREEROUTER_CATALOGUE=directory)

    def _wait(self, limit: float, wanted: str) -> None:
        """Until the gateway is as wanted: asked at least once."""
        until = time.monotonic() + limit
        status = self.session.parse(["status"])
        while (self.session.command(status).exit_code == 0) != (wanted == "ready"):
            if time.monotonic() >= until:
                raise GatewayStateError(f"the gateway was not {wanted} in time.")
            time.sleep(POLL)
