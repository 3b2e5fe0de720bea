"""What a command is given besides its arguments: the workspace, and what a test must be able to
replace. Time, environment and input come from here, never from the globals.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.workspace import Workspace, find_workspace
from freerouter.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.result import Event


def _ignore(_event: Event) -> None:
    return None


class Context(NamedTuple):
    """One command's surroundings. `secret` is a hidden answer (a key); it never came from argv."""

    workspace: Workspace
    environ: Mapping[str, str]
    cwd: str
    redact: Redactor
    emit: Callable[[Event], None] = _ignore
    secret: str | None = None
    now: Callable[[], float] = time.time

    def move(self, workspace: Workspace) -> Context:
        return self._replace(workspace=workspace)


def make_context(
    environ: Mapping[str, str] | None = None, cwd: str | None = None, profile: str = ""
) -> Context:
    """The context of this process, or of the environment and directory given."""
    environ = os.environ if environ is None else environ
    cwd = cwd or os.getcwd()
    return Context(find_workspace(environ, cwd, profile), environ, cwd, Redactor())
