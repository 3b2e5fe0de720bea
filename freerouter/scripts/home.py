"""`@home fresh`: a user of its own, with nothing set up, who leaves nothing behind.

`@file` puts something into that home, and nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from typing import TYPE_CHECKING

from freerouter.config.providers_file import USUAL_PORT
from freerouter.config.workspace import Workspace
from freerouter.errors import FileError, FreeRouterError, UsageError
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
    top = ""
    try:
        top = tempfile.mkdtemp(prefix="freerouter-")
        home, work = os.path.join(top, "home"), os.path.join(top, "work")
        os.mkdir(home, 0o700)
        os.mkdir(work)
        made = {name: environ[name] for name in KEPT if name in environ}
        made |= {"HOME": home, USUAL_PORT: str(_free_port())}
    except OSError as error:
        shutil.rmtree(top, ignore_errors=True)
        raise FileError("A fresh home cannot be made.", f"{error.strerror}.") from None
    try:
        yield made, work
    finally:
        try:
            _stop_gateways(top, Session(Silent(), made, work).context())
        finally:
            shutil.rmtree(top, ignore_errors=True)


def put_file(arguments: str, script: str, environ: Mapping[str, str], cwd: str) -> None:
    """`@file PATH FROM`: copy FROM, which lies beside the script, to PATH.

    PATH begins with `~/` for the home directory, or it is one of the directory to work in.
    Only this user may read the copy. Raises UsageError for a path that leads elsewhere.
    """
    path, source = arguments.split(None, 1)
    in_home = path.startswith("~/")
    if not _leads_down(path.removeprefix("~/")):
        raise UsageError(
            f"{path} is no file of the fresh home.",
            fix="`~/.config/freerouter/providers.yaml` is one, `config/providers.yaml` another.",
        )
    if not _leads_down(source):
        raise UsageError(f"{source} does not lie beside the script.", fix="Put it there.")
    target = os.path.join(environ["HOME"] if in_home else cwd, path.removeprefix("~/"))
    try:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        shutil.copyfile(os.path.join(os.path.dirname(script), source), target)
        os.chmod(target, 0o600)
    except OSError as error:
        raise FileError(f"{source} cannot be copied to {path}.", f"{error.strerror}.") from None


def _leads_down(path: str) -> bool:
    """Whether it stays below wherever it is put."""
    parts = path.replace(os.sep, "/").split("/")
    return not (os.path.isabs(path) or path.startswith("~") or {"", ".", ".."} & set(parts))


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
