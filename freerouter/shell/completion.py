"""What can come next on a line: commands, options, and names, each with a short description.

Whatever is offered comes out of the last snapshot. Only names of files are looked for while
somebody types, in a thread.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prompt_toolkit.completion import Completer, Completion

from freerouter.errors import UsageError
from freerouter.frontends.cells import one_line
from freerouter.matching import positions_in
from freerouter.parser import GLOBALS
from freerouter.registry import Need
from freerouter.shell.candidates import MOST, Candidate, grouped
from freerouter.shell.words import WORDS
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping

    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from freerouter.registry import Command, Parameter
    from freerouter.shell.snapshot import Snapshot

MOST_FILES = 1000
PATH = "path"


class Line:
    """A line as far as it was typed: the words before the one that is being typed, and that one."""

    def __init__(self, before: str) -> None:
        words = before.split()
        self.current = "" if not before or before[-1].isspace() else words.pop()
        self.words = words
        self.command: Command | None = None
        self.given: list[str] = []
        try:
            self.command, used = REGISTRY.find(words)
            self.given = words[used:]
        except UsageError:
            pass
        self.option = self._option()

    def _option(self) -> Parameter | None:
        """The option whose value is being typed."""
        name, equals, value = self.current.partition("=")
        for parameter in self.options if self.command else ():
            if parameter.kind == "flag":
                continue
            if equals and name == parameter.flag:
                self.current = value
                return parameter
            if self.given and self.given[-1] in parameter.names:
                return parameter
        return None

    @property
    def options(self) -> list[Parameter]:
        own = self.command.parameters if self.command else ()
        return [p for p in (*own, *GLOBALS) if not p.positional]

    @property
    def wanted(self) -> list[Parameter]:
        """Whose values may stand here."""
        if self.option:
            return [self.option]
        if not self.command or self.current.startswith("-"):
            return []
        return [p for p in self.command.parameters if p.positional]

    @property
    def wants_path(self) -> bool:
        return any(p.complete == PATH for p in self.wanted)


def completions(line: Line, now: Snapshot, recent: Mapping[str, int]) -> list[Candidate]:
    """What may stand in the place of the word that is being typed, the best first."""
    recent = recent if line.current else {}
    found = [] if line.option else _ranked(_commands(line, now), line, recent)
    for parameter in line.wanted:
        found += _values(parameter, line, now, recent)
    if line.command and not line.option and (not (line.current and line.wanted)):
        left = [Candidate(p.flag, p.help) for p in line.options if p.flag not in line.given]
        found += _ranked(left, line, recent)
    return found[:MOST] if line.current else found


def _ranked(found: list[Candidate], line: Line, recent: Mapping[str, int]) -> list[Candidate]:
    return grouped(found, recent).find(line.current, MOST if line.current else 0)


def _commands(line: Line, now: Snapshot) -> list[Candidate]:
    """Commands, or the second words of those that begin like this."""
    head = " ".join(line.words)
    found = [
        Candidate(
            command.name[len(head) :].strip(),
            command.summary,
            next((now.cannot[need] for need in command.needs if need in now.cannot), ""),
        )
        for command in REGISTRY.visible
        if not head or command.name.startswith(head + " ")
    ]
    if head:
        return found
    return [*found, *(Candidate(word, what) for word, what in WORDS.items())]


def _values(
    parameter: Parameter, line: Line, now: Snapshot, recent: Mapping[str, int]
) -> list[Candidate]:
    kind = parameter.complete
    few: list[Candidate] = []
    if parameter.choices:
        few = [Candidate(choice, parameter.help) for choice in parameter.choices]
    elif kind == PATH:
        few = _files(line.current)
    elif kind == "command":
        few = [Candidate(c.name, c.summary) for c in REGISTRY.visible]
    if few:
        return _ranked(few, line, recent)
    if kind == "model" and line.command and Need.GATEWAY in line.command.needs:
        kind = "served"
    group = now.groups.get(kind)
    return group.find(line.current) if group else []


def _files(current: str) -> list[Candidate]:
    """Files and directories that go on from what was typed; `~` is the home directory."""
    where, _, name = current.rpartition("/")
    directory = os.path.expanduser(f"{where}/") if "/" in current else "."
    found = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.startswith(".") and not name.startswith("."):
                    continue
                prefix = f"{where}/" if "/" in current else ""
                kind = ("/", "directory") if entry.is_dir() else ("", "file")
                found.append(Candidate(prefix + entry.name + kind[0], kind[1]))
                if len(found) == MOST_FILES:
                    break
    except OSError:
        return []
    return sorted(found)


class ShellCompleter(Completer):
    """prompt-toolkit's side of it: letters that were found stand out, what cannot be is grey."""

    def __init__(
        self,
        now: Callable[[], Snapshot],
        recent: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._now = now
        self._recent = recent

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt-toolkit's signature
    ) -> Iterable[Completion]:
        yield from self._drawn(Line(document.text_before_cursor))

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Where files are looked for, a slow disk must not stop the typing."""
        line = Line(document.text_before_cursor)
        if not line.wants_path:
            for one in self.get_completions(document, complete_event):
                yield one
            return
        import asyncio

        loop = asyncio.get_running_loop()
        for one in await loop.run_in_executor(None, lambda: [*self._drawn(line)]):
            yield one

    def _drawn(self, line: Line) -> Iterator[Completion]:
        offered = completions(line, self._now(), self._recent())
        matched = positions_in(line.current, [found.text for found in offered])
        for found, places in zip(offered, matched, strict=True):
            shown = one_line(found.text)
            seen = found if shown == found.text else found._replace(text=shown)
            yield Completion(
                found.text,
                -len(line.current),
                display=_highlighted(seen, places if seen is found else []),
                display_meta=one_line(found.cannot or found.meta),
            )


def _highlighted(found: Candidate, places: list[int]) -> StyleAndTextTuples:
    """The word in pieces: the letters that were found, and the others."""
    style = "class:cannot" if found.cannot else ""
    matched = f"{style} class:found".lstrip()
    pieces: StyleAndTextTuples = []
    text, done = found.text, 0
    for begin, end in _runs(places):
        if begin > done:
            pieces.append((style, text[done:begin]))
        pieces.append((matched, text[begin:end]))
        done = end
    if done < len(text):
        pieces.append((style, text[done:]))
    return pieces


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """Places that stand together, as beginnings and ends."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs
