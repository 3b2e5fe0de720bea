"""`backup` and `backups`, and finding the one that somebody means."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.commands.differences import data_of, summary
from freerouter.config import atomic
from freerouter.config.backups import CONFIG, FILE, PROVIDERS, back_up, backups_of, present
from freerouter.config.compare import compare
from freerouter.config.hiding import as_text, hide, secrets_in, secrets_of, stored_secrets
from freerouter.config.workspace import shown
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError, NotFoundError
from freerouter.result import Line, Result, Table
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

LATEST = "latest"


class Found(NamedTuple):
    """A state that can be compared or brought back. `name` is what it is called to the user.

    The texts of a file that is no backup of ours may hold secrets: `foreign`.
    """

    name: str
    texts: Mapping[str, str]
    foreign: bool = False


def make(ctx: Context, args: Mapping[str, Any]) -> Result:
    """Keep what there is now, unless the latest backup is just that."""
    workspace = ctx.workspace
    known = {backup.name for backup in backups_of(workspace)}
    with atomic.lock(workspace.root):
        name = back_up(workspace, ctx.now())
    made = name not in known
    where = shown(workspace.backups, ctx.environ)
    text = (
        f"Kept as {marked(name)} in {where}." if made else f"Nothing has changed: {marked(name)}."
    )
    return Result({"backup": marked(name), "made": made}, (Line(text, "ok" if made else "dim"),))


def list_all(ctx: Context, args: Mapping[str, Any]) -> Result:
    """The newest first, each with what came after it: up to the next one, or up to now."""
    workspace = ctx.workspace
    after = present(workspace)
    rows, data = [], []
    for number, backup in enumerate(backups_of(workspace), 1):
        texts = shown_of(ctx, Found(backup.name, backup.read())).texts
        found = compare(texts, after)
        what = ("undo: " if backup.replaced else "") + (summary(found) or "nothing")
        rows.append((str(number), backup.name, ", ".join(backup.files), what))
        data.append(
            {
                "number": number,
                "name": marked(backup.name),
                "files": list(backup.files),
                "undo": bool(backup.replaced),
                "after": {**data_of(found), "summary": what},
            }
        )
        after = {**after, **texts}
    if not rows:
        return Result({"backups": []}, (Line("There are no backups yet.", "dim"),))
    table = Table(("#", "BACKUP", "FILES", "CHANGED AFTER IT"), tuple(rows), (0,))
    return Result({"backups": data}, (table,))


def marked(name: str) -> str:
    """A backup's name, which differs from run to run."""
    return volatile("word", name) if name else name


def find(ctx: Context, word: str) -> Found:
    """The backup that is meant by a name, a number, `latest` or a path."""
    found = backups_of(ctx.workspace)
    match = FILE.fullmatch(os.path.basename(word))
    stamp = word if match is None or os.sep in word else word.partition(".backup.")[2]
    for number, backup in enumerate(found, 1):
        if stamp == backup.name or word == str(number) or (word == LATEST and number == 1):
            texts = backup.read()
            only = {match[1]: texts[match[1]]} if match and match[1] in texts else texts
            return Found(marked(backup.name), only)
    path = _path(ctx, word)
    if path is None:
        count = len(found)
        raise NotFoundError(
            f'There is no backup "{word}".' if found else "There are no backups yet.",
            fix=f"`backups` lists them: 1 to {count}." if found else "`backup` makes one.",
        )
    return _file(ctx, path)


def shown_of(ctx: Context, found: Found) -> Found:
    """The same without secrets: files of other programs hold them, and backups of earlier versions
    may.
    """
    secrets = stored_secrets(ctx.workspace, {})
    if PROVIDERS in found.texts:
        secrets |= secrets_of(found.texts[PROVIDERS].encode("utf-8", "surrogateescape"))
    if found.foreign or PROVIDERS not in found.texts:
        secrets |= {s for text in found.texts.values() for s in secrets_in(text)}
    texts = {name: hide(text, secrets) for name, text in found.texts.items()}
    return found._replace(texts=texts)


def _path(ctx: Context, word: str) -> str | None:
    """A file by its path, or by its name beside providers.yaml, where the original put them."""
    for directory in (ctx.cwd, ctx.workspace.root):
        path = os.path.join(directory, os.path.expanduser(word))
        if os.path.isfile(path):
            return path
    return None


def _file(ctx: Context, path: str) -> Found:
    name = shown(path, ctx.environ)
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        raise FileError(f"Cannot read {name}.", f"{error.strerror}.") from None
    data = parse_yaml(raw, name).data
    keys = data.keys() if isinstance(data, dict) else ()
    for kind, key in ((CONFIG, "model_list"), (PROVIDERS, "providers")):
        if key in keys:
            return Found(name, {kind: as_text(raw).removeprefix("\ufeff")}, foreign=True)
    raise FileError(
        f"{name} is neither a providers.yaml nor a config.yaml.",
        "It has no `providers:` and no `model_list:`.",
    )
