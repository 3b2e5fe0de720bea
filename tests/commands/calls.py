"""Calls whose whole result is looked at, which the command line does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config.kept_models import by_kind
from freerouter.config.providers_file import load_providers
from freerouter.config.state import read_models, read_state, write_state
from freerouter.config.workspace import find_workspace
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

    from freerouter.config.providers_file import ProvidersFile
    from freerouter.config.workspace import Workspace
    from freerouter.result import Event, Result


class Quiet:
    """A front end that shows nothing and cannot be asked."""

    def event(self, event: Event) -> None:
        return

    def secret(self, prompt: str) -> str | None:
        return None

    def asker(self) -> None:
        return None


def result(*words: str, secret: str | None = None) -> Result:
    session = Session(Quiet())
    return session.run(session.parse(list(words)), secret)


def workspace(world: World) -> Workspace:
    return find_workspace({"HOME": str(world.home)}, str(world.cwd))


def change_models(world: World, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the rows of the last fetch, as if the providers had told something else."""
    path = workspace(world).models_file
    rows = read_models(workspace(world))
    for row in rows:
        change(row)
    write_state(path, {**(read_state(path) or {}), "models": by_kind(rows)._asdict()})


def providers_file(world: World) -> ProvidersFile:
    return load_providers(workspace(world))
