"""What can come next on a line: commands, options, and names, each with a short description."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from prompt_toolkit.completion import Completer, Completion

from freerouter.config.profiles import profile_names
from freerouter.config.state import read_models, read_pools
from freerouter.errors import FileError, UsageError
from freerouter.parser import GLOBALS
from freerouter.plugins import flow_directories
from freerouter.providers.catalogue_names import known_ids
from freerouter.resources import flow_paths
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    from freerouter.config.workspace import Workspace
    from freerouter.registry import Command, Parameter

MOST = 50


class Candidate(NamedTuple):
    """A word that may stand here, and what it is."""

    text: str
    meta: str = ""


def match(query: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Candidates that hold the query's letters in order, the best first.

    Better: the beginning, then the beginning of a part, then anywhere together, then scattered.
    """
    wanted = query.lower()
    scored = []
    for place, candidate in enumerate(candidates):
        score = _score(wanted, candidate.text.lower())
        if score is not None:
            scored.append((score, len(candidate.text) if wanted else 0, place, candidate))
    return [candidate for *_, candidate in sorted(scored)[:MOST]]


def _score(wanted: str, text: str) -> int | None:
    if text.startswith(wanted):
        return 0
    found = text.find(wanted)
    if found > 0:
        return 2 if text[found - 1].isalnum() else 1
    position = -1
    gaps = 0
    for letter in wanted:
        following = text.find(letter, position + 1)
        if following < 0:
            return None
        gaps += following - position - 1
        position = following
    return 3 + gaps


class Names:
    """Names out of the workspace's files, read again only when the file has changed."""

    def __init__(self, workspace: Callable[[], Workspace]) -> None:
        self._workspace = workspace
        self._stamp: tuple[str, int] = ("", 0)
        self._models: list[Candidate] = []

    def models(self) -> list[Candidate]:
        workspace = self._workspace()
        try:
            stamp = (workspace.models_file, os.stat(workspace.models_file).st_mtime_ns)
        except OSError:
            return []
        if stamp != self._stamp:
            self._stamp = stamp
            self._models = [
                Candidate(r["id"], r["provider"]) for r in read_models(workspace) if r["written"]
            ]
            self._models += self.of("alias")
        return self._models

    def backups(self) -> list[Candidate]:
        from freerouter.config.backups import backups_of

        try:
            found = backups_of(self._workspace())
        except FileError:
            return []
        return [Candidate("latest", "backup"), *(Candidate(b.name, "backup") for b in found)]

    def of(self, kind: str) -> list[Candidate]:
        if kind == "model":
            return self.models()
        if kind == "provider":
            from freerouter.providers.plugged import plugged_records

            return [
                Candidate(name, "provider") for name in sorted({*known_ids(), *plugged_records()})
            ]
        if kind == "profile":
            return [Candidate(name, "profile") for name in profile_names(self._workspace())]
        if kind == "alias":
            return [
                Candidate(pool["name"], ", ".join(pool["members"][:3]))
                for pool in read_pools(self._workspace())
            ]
        if kind == "flow":
            paths = flow_paths(flow_directories(self._workspace().flows))
            return [Candidate(name, "flow") for name in sorted(paths)]
        if kind == "backup":
            return self.backups()
        if kind == "command":
            return [Candidate(c.name, c.summary) for c in REGISTRY.visible]
        return []


def candidates(words: list[str], current: str, names: Names) -> list[Candidate]:
    """What may stand in the place of `current`, after `words`."""
    head = " ".join(words)
    following = [
        Candidate(c.name[len(head) :].strip(), c.summary)
        for c in REGISTRY.visible
        if not head or c.name.startswith(head + " ")
    ]
    if not words:
        return [*following, Candidate("exit", "Leave the shell")]
    try:
        command, used = REGISTRY.find(words)
    except UsageError:
        return following
    return [*following, *_arguments(command, words[used:], current, names)]


def _arguments(
    command: Command, given: list[str], current: str, names: Names
) -> Iterator[Candidate]:
    options = [p for p in (*command.parameters, *GLOBALS) if not p.positional]
    previous = given[-1] if given else ""
    valued = next((p for p in options if previous in p.names), None)
    if valued and valued.kind != "flag":
        yield from _values(valued, names)
        return
    if not current.startswith("-"):
        for parameter in command.parameters:
            if parameter.positional:
                yield from _values(parameter, names)
    yield from (Candidate(p.flag, p.help) for p in options if p.flag not in given)


def _values(parameter: Parameter, names: Names) -> list[Candidate]:
    if parameter.choices:
        return [Candidate(choice, parameter.help) for choice in parameter.choices]
    return names.of(parameter.complete)


class ShellCompleter(Completer):
    """prompt-toolkit's side of it."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt-toolkit's signature
    ) -> Iterable[Completion]:
        before = document.text_before_cursor
        words = before.split()
        current = "" if not before or before[-1].isspace() else words.pop()
        for found in match(current, candidates(words, current, self._names)):
            yield Completion(found.text, -len(current), display_meta=found.meta)
