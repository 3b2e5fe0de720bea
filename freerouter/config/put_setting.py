"""Writing one setting of providers.yaml: checked first, comments and order kept, backed up."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config import atomic
from freerouter.config.backups import back_up
from freerouter.config.providers_file import ENTRY, OPTIONS, TOP, read_providers
from freerouter.config.rewrite import rewritten
from freerouter.config.settings import PROVIDERS, SECTIONS, WORDS, dotted, path_for
from freerouter.config.splice import Lines
from freerouter.config.yaml_file import Document, at, decode, dump_yaml, parse_yaml
from freerouter.errors import FileError, UsageError

if TYPE_CHECKING:
    from freerouter.config.settings import Kinds, Path
    from freerouter.config.workspace import Workspace


def typed(word: str, name: str) -> Any:
    """A value as YAML reads it; where only text will do, as it is written."""
    if not word.strip():
        return word
    try:
        value = parse_yaml(word.encode(), name).data
    except FileError:
        value = word
    kinds = _kinds(name)
    text = kinds in (str, (str,)) and not isinstance(value, str)
    return word if text and not isinstance(value, dict | list) else value


def _kinds(name: str) -> Kinds | None:
    section, _, key = name.partition(".")
    if section in SECTIONS:
        return SECTIONS[section].get(key)
    if section == PROVIDERS:
        last = name.rpartition(".")[2]
        return OPTIONS.get(last) if ".options." in name else ENTRY.get(last)
    return TOP.get(name)


class Put(NamedTuple):
    """A setting's value before, and whether the file has changed."""

    before: Any
    changed: bool
    text: str = ""
    """The file as it was."""


def put(workspace: Workspace, name: str, value: Any, now: float) -> Put:
    """Write a setting, or with None take it out. Comments and the order of the rest stay.

    Raises before anything is written: where the file cannot be read, where there is no such
    setting, and where its value will not do.
    """
    path = workspace.providers_file
    with atomic.lock(workspace.root):
        with open(path, "rb") as opened:
            text = decode(opened.read(), path)
        document = parse_yaml(text.encode(), path)
        file = read_providers(document)
        place = path_for(name, document, file)
        before = at(document.data, place)
        if before == value and type(before) is type(value):
            return Put(before, changed=False, text=text)
        wanted, shared = _alone(document.data), copy.deepcopy(document.data)
        _place(wanted, place, value)
        _place(shared, place, value)
        if shared != wanted:
            raise UsageError(
                f"{name} is written by a YAML anchor that other settings share.",
                "They would change with it, so nothing was changed.",
                "`config edit` opens the file.",
            )
        _check(name, wanted)
        new = _with_section(text, place, wanted) or rewritten(text, wanted)
        read_providers(parse_yaml(new.encode(), path))
        back_up(workspace, now)
        atomic.write_text(path, new)
    return Put(before, changed=True, text=text)


def _alone(data: Any) -> Any:
    """A copy in which nothing is shared that the file has written once, as an anchor."""
    if isinstance(data, dict):
        return {key: _alone(value) for key, value in data.items()}
    return [_alone(value) for value in data] if isinstance(data, list) else data


def _with_section(text: str, place: Path, wanted: Any) -> str | None:
    """The text with a section of its own at the end, where the setting begins one."""
    top = place[0]
    lines = Lines(text)
    if lines.node((top,)) is not None or top not in wanted:
        return None
    new = lines.with_more(dump_yaml({top: wanted[top]}).splitlines())
    try:
        same = parse_yaml(new.encode(), "").data == wanted
    except FileError:  # a file between brackets, say
        return None
    return new if same else None


def _check(name: str, wanted: Any) -> None:
    """Raise for what the file would be refused for, as a fault of the value and not of a line."""
    try:
        read_providers(Document(name, wanted, None))
    except FileError as error:
        fix = error.fix or _words(name)
        raise UsageError(error.what, "Nothing was changed.", fix) from None


def _words(name: str) -> str:
    return f"One of: {', '.join(WORDS[name])}." if name in WORDS else ""


def _place(data: Any, path: Path, value: Any) -> None:
    """Put a value there, or take out what stands there, and maps that are left empty."""
    here = data
    for step in path[:-1]:
        if isinstance(here, dict) and not isinstance(here.get(step), dict | list):
            if here.get(step) is not None:
                raise UsageError(
                    f"{dotted(path)} cannot be set: {step} is a value, and holds no settings."
                )
            here[step] = {}
        here = here[step]
    if value is not None:
        here[path[-1]] = value
        return
    if isinstance(here, list):
        del here[int(path[-1])]
        return
    here.pop(path[-1], None)
    if not here and len(path) > 1 and isinstance(path[-2], str):
        _place(data, path[:-1], None)
