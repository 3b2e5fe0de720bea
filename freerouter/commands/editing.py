"""`config edit`, apart from the editor: the copy, what is wrong with it, and taking it over."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from freerouter.commands.validate import Target, examine
from freerouter.commands.writing import is_current, reload_hint
from freerouter.config import atomic
from freerouter.config.backups import back_up
from freerouter.config.providers_file import read_providers
from freerouter.config.secrets import load_secrets
from freerouter.config.state import has_models
from freerouter.config.validation.reading import PROVIDERS
from freerouter.config.workspace import shown
from freerouter.config.yaml_file import hidden, read_yaml
from freerouter.errors import CancelledError, FileError, FreeRouterError, NotFoundError
from freerouter.process.record import running
from freerouter.result import Block, Line, Result

if TYPE_CHECKING:
    from freerouter.config.validation.findings import Finding
    from freerouter.context import Context

BASE = "providers.edit"
"""What copies are called; they lie beside the file, where editors find its schema."""
NOT_THE_FILE = ("unset-variable", "unresolved-provider")
"""Rules on what lies outside of the file, and may follow it: a key that is stored later, say."""

GRAVE = ("secret-in-clear",)
"""What is only warned of elsewhere: a key that is being written into the file now."""


class Edit(NamedTuple):
    """A copy in the making. `before` is the file as it was when it was begun."""

    path: str
    before: bytes


def begin(ctx: Context, resumed: str | None) -> Edit:
    """Make the copy, or go on with one that was kept."""
    root = ctx.workspace.root
    before = _bytes(ctx.workspace.providers_file)
    content = before
    if resumed:
        path = os.path.join(ctx.cwd, os.path.expanduser(resumed))
        if not os.path.isfile(path):
            raise NotFoundError(f"There is no file {resumed}.")
        content = _bytes(path)
        if os.path.dirname(os.path.realpath(path)) == os.path.realpath(root) and _is_copy(path):
            return Edit(path, before)
    path, number = os.path.join(root, f"{BASE}.yaml"), 1
    while os.path.lexists(path):
        number += 1
        path = os.path.join(root, f"{BASE}-{number}.yaml")
    atomic.write_bytes(path, content)
    return Edit(path, before)


def _is_copy(path: str) -> bool:
    return os.path.basename(path).startswith(BASE)


def is_same(edit: Edit) -> bool:
    return _bytes(edit.path) == edit.before


def drop(edit: Edit) -> None:
    with contextlib.suppress(OSError):
        os.unlink(edit.path)


def faults(ctx: Context, edit: Edit) -> tuple[list[Finding], bool]:
    """What is wrong with the copy, and whether that keeps it from being taken over.

    What was wrong before does not, where the copy can be read; nor does what lies outside of it.
    """
    secrets = load_secrets(ctx)
    name = shown(edit.path, ctx.environ)
    findings = examine(ctx, Target(edit.path, name, PROVIDERS, own=True), secrets)[1]
    try:
        read_providers(read_yaml(edit.path))
    except FreeRouterError:
        return _shown(findings), True
    path = ctx.workspace.providers_file
    was = examine(ctx, Target(path, path, PROVIDERS, own=True), secrets)[1]
    known = {(f.rule, f.what) for f in was}
    grave = [f for f in findings if f.is_error or f.rule in GRAVE]
    new = [f for f in grave if f.rule not in NOT_THE_FILE]
    return _shown(findings), any((f.rule, f.what) not in known for f in new)


def _shown(findings: list[Finding]) -> list[Finding]:
    return [f._replace(what=hidden(f.what), fix=hidden(f.fix)) for f in findings]


def accept(ctx: Context, edit: Edit) -> Result:
    """Put the copy in the file's place, if that is still what it was."""
    workspace = ctx.workspace
    new = _bytes(edit.path)
    with atomic.lock(workspace.root):
        if _bytes(workspace.providers_file) != edit.before:
            raise FreeRouterError(
                "providers.yaml was changed by something else meanwhile, and was left as it is.",
                f"Your edit is kept as {shown(edit.path, ctx.environ)}.",
                f"`config edit {shown(edit.path, ctx.environ)}` goes on with it.",
            )
        back_up(workspace, ctx.now())
        atomic.write_bytes(workspace.providers_file, new)
    drop(edit)
    show: list[Block] = [Line("providers.yaml is changed; `undo` takes that back.", "ok")]
    return Result({"changed": True}, (*show, *_next(ctx)), undo=(("undo",),))


def _next(ctx: Context) -> list[Line]:
    if not has_models(ctx.workspace) or not is_current(ctx):
        after = ", then `reload`" if running(ctx.workspace) else ""
        return [Line(f"Next: `fetch`{after}.")]
    if running(ctx.workspace):
        return reload_hint(ctx) or [Line("Next: `reload` brings it to the gateway.")]
    return [Line("Next: `start`.")]


def kept(ctx: Context, edit: Edit, what: str = "Nothing was changed.") -> CancelledError:
    """The words for an edit that is not taken over; it stays where it is."""
    where = shown(edit.path, ctx.environ)
    with contextlib.suppress(OSError):  # an editor may have made it anew, for all to read
        os.chmod(edit.path, 0o600)
    return CancelledError(
        what, f"Your edit is kept as {where}.", f"`config edit {where}` goes on with it."
    )


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise FileError(f"Cannot read {path}.", f"{error.strerror}.") from None
