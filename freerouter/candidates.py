"""What can come next on a line: commands, options, and names, each with a short description.

The prompt and the system's shells offer the same. Nothing here may take long to import.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.profiles import profile_names
from freerouter.config.state import read_models, read_pools
from freerouter.entry_points import entry_points
from freerouter.errors import FileError, UsageError
from freerouter.parser import GLOBALS
from freerouter.plugins import flow_directories
from freerouter.providers.catalogue_names import known_ids
from freerouter.resources import flow_paths
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from freerouter.config.workspace import Workspace
    from freerouter.registry import Command, Parameter


class Candidate(NamedTuple):
    """A word that may stand here, and what it is."""

    text: str
    meta: str = ""


PATH = Candidate("", "path")
"""Stands for the names of files, which a system's shell knows better."""


class Names:
    """Names out of the workspace's files, read again only when the file has changed."""

    def __init__(self, workspace: Callable[[], Workspace], *, paths: bool = False) -> None:
        """With `paths`, PATH is told where the name of a file is wanted."""
        self._workspace = workspace
        self._paths = paths
        self._stamp: tuple[str, int] = ("", 0)
        self._models: list[Candidate] = []
        self._providers: dict[str, int] = {}

    def models(self) -> list[Candidate]:
        """What the gateway has been given to serve, aliases included."""
        self._read()
        return self._models

    def providers(self) -> list[Candidate]:
        """Those whose models are known first, then all others."""
        self._read()
        others = known_ids() - self._providers.keys()
        if entry_points("provider"):
            from freerouter.providers.plugged import plugged_records

            others |= plugged_records().keys() - self._providers.keys()
        here = [Candidate(name, "in use") for name in sorted(self._providers)]
        return [*here, *(Candidate(name, "provider") for name in sorted(others))]

    def _read(self) -> None:
        workspace = self._workspace()
        try:
            stamp = (workspace.models_file, os.stat(workspace.models_file).st_mtime_ns)
        except OSError:
            self._stamp, self._models, self._providers = ("", 0), [], {}
            return
        if stamp == self._stamp:
            return
        rows = read_models(workspace)
        self._stamp = stamp
        self._models = [Candidate(r["id"], r["provider"]) for r in rows if r["written"]]
        self._models += self._aliases()
        self._providers = dict.fromkeys((r["provider"] for r in rows), 1)

    def _aliases(self) -> list[Candidate]:
        pools = read_pools(self._workspace())
        return [Candidate(pool["name"], ", ".join(pool["members"][:3])) for pool in pools]

    def _profiles(self) -> list[Candidate]:
        return [Candidate(name, "profile") for name in profile_names(self._workspace())]

    def _backups(self) -> list[Candidate]:
        from freerouter.config.backups import backups_of

        try:
            found = backups_of(self._workspace())
        except FileError:
            return []
        return [Candidate("latest", "backup"), *(Candidate(b.name, "backup") for b in found)]

    def of(self, kind: str) -> list[Candidate]:
        if kind == "flow":
            paths = flow_paths(flow_directories(self._workspace().flows))
            return [Candidate(name, "flow") for name in sorted(paths)]
        if kind == "command":
            return [Candidate(c.name, c.summary) for c in REGISTRY.visible]
        if kind == "path":
            return [PATH] if self._paths else []
        known = {
            "model": self.models,
            "provider": self.providers,
            "alias": self._aliases,
            "profile": self._profiles,
            "backup": self._backups,
            "setting": settings,
        }
        return known[kind]() if kind in known else []


def settings() -> list[Candidate]:
    """The settings that have a name of their own."""
    from freerouter.config.providers_schema import DESCRIPTIONS
    from freerouter.config.settings import known_names

    return [
        Candidate(name, DESCRIPTIONS.get(name.rpartition(".")[2], "")) for name in known_names()
    ]


def next_words(words: list[str], current: str, names: Names) -> list[Candidate]:
    """The same one word at a time, as a system's shell wants it: what begins with `current`."""
    rest = _without_globals(words)
    if rest is None:
        found = _values(next(p for p in GLOBALS if words[-1] in p.names), names)
    else:
        found = _next_words(rest, current, names)
    wanted = [one for one in found if one == PATH or one.text.startswith(current)]
    if current.startswith("-"):
        return wanted
    return [one for one in wanted if not one.text.startswith("-")] or wanted


def _next_words(words: list[str], current: str, names: Names) -> list[Candidate]:
    commands = [Candidate(c.name, c.summary) for c in REGISTRY.visible]
    if not words and current.startswith("-"):
        return _options(GLOBALS, [], current, names)
    following = _one_word(commands, words)
    try:
        command, used = REGISTRY.find(words)
    except UsageError:
        return following
    given = words[used:]
    if any(p.complete == "command" for p in command.parameters) and not current.startswith("-"):
        return _one_word(commands, given)
    return [*following, *_arguments(command, given, current, names)]


def _without_globals(words: list[str]) -> list[str] | None:
    """Without options before the command; None where the last one still wants its value."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = next((p for p in GLOBALS if rest[0] in p.names), None)
        del rest[0]
        if option and option.kind != "flag":
            if not rest:
                return None
            del rest[0]
    return rest


def _one_word(commands: list[Candidate], words: list[str]) -> list[Candidate]:
    """The word that follows in commands which begin so. Where several do, all are told."""
    groups: dict[str, list[Candidate]] = {}
    for command in commands:
        parts = command.text.split()
        if parts[: len(words)] == words and len(parts) > len(words):
            rest = Candidate(" ".join(parts[len(words) + 1 :]), command.meta)
            groups.setdefault(parts[len(words)], []).append(rest)
    return [Candidate(word, _told(rest)) for word, rest in groups.items()]


def _told(rest: list[Candidate]) -> str:
    """What a command is about; of several that begin alike, how they go on."""
    return rest[0].meta if len(rest) == 1 else ", ".join(one.text for one in rest if one.text)


def _arguments(
    command: Command, given: list[str], current: str, names: Names
) -> Iterator[Candidate]:
    options = [p for p in (*command.parameters, *GLOBALS) if not p.positional]
    previous = given[-1] if given else ""
    valued = next((p for p in options if previous in p.names), None)
    if valued and valued.kind != "flag":
        yield from _values(valued, names)
        return
    placed = _placed(given, options)
    if not current.startswith("-"):
        for parameter in _wanted(command, len(placed)):
            taken = set(placed) if parameter.many else set()
            yield from (c for c in _values(parameter, names) if c.text not in taken)
    yield from _options(options, given, current, names)


def _wanted(command: Command, placed: int) -> list[Parameter]:
    """The positional parameter whose turn it is."""
    positional = [p for p in command.parameters if p.positional]
    return [p for n, p in enumerate(positional) if n == placed or (p.many and n < placed)]


def _placed(given: list[str], options: Iterable[Parameter]) -> list[str]:
    """Words that are no options and no values of options."""
    valued = {name for p in options if p.kind != "flag" for name in p.names}
    found = []
    for before, word in zip(["", *given], given, strict=False):
        if not word.startswith("-") and before not in valued:
            found.append(word)
    return found


def _options(
    options: Iterable[Parameter], given: list[str], current: str, names: Names
) -> list[Candidate]:
    """Options that are not given yet; behind `--name=`, its values."""
    flag, equals, _ = current.partition("=")
    if equals:
        return [
            Candidate(f"{flag}={value.text}", value.meta)
            for p in options
            if flag == p.flag and p.kind != "flag"
            for value in _values(p, names)
            if value != PATH
        ]
    used = {word.partition("=")[0] for word in given}
    return [Candidate(p.flag, p.help) for p in options if p.many or used.isdisjoint(p.names)]


def _values(parameter: Parameter, names: Names) -> list[Candidate]:
    if parameter.choices:
        return [Candidate(choice, parameter.help) for choice in parameter.choices]
    return names.of(parameter.complete)
