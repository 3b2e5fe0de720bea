"""`@home fresh`: a user of its own, with nothing set up, who leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from typing import TYPE_CHECKING

from freerouter.config.workspace import Workspace
from freerouter.errors import FreeRouterError
from freerouter.scripts.stage import Silent
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.context import Context

TO_FINISH = 2.0
"""Seconds that requests may take when a gateway is left running."""
KEPT = ("PATH", "LANG", "LC_ALL", "TERM", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")
"""What a program needs of its environment; nothing that says anything of the user."""


@contextlib.contextmanager
def fresh_home(environ: Mapping[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    """An environment and a directory to work in. A gateway that still runs is stopped."""
    top = tempfile.mkdtemp(prefix="freerouter-")
    home, work = os.path.join(top, "home"), os.path.join(top, "work")
    os.mkdir(home, 0o700)
    os.mkdir(work)
    made = {name: environ[name] for name in KEPT if name in environ}
    made |= {"HOME": home, "LITELLM_PORT": str(_free_port())}
    try:
        yield made, work
    finally:
        _stop_gateways(top, Session(Silent(), made, work).context())
        shutil.rmtree(top, ignore_errors=True)


def _stop_gateways(top: str, ctx: Context) -> None:
    """Stop those of every workspace: the user's, the project's and the profiles'."""
    for root, directories, _files in os.walk(top):
        workspace = Workspace(root)
        if "state" in directories and os.path.isfile(workspace.gateway_file):
            from freerouter.process.gateway import stop

            with contextlib.suppress(FreeRouterError):
                stop(ctx.move(workspace), TO_FINISH)


def _free_port() -> int:
    """Where the gateway listens: other users' may be on the usual port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
