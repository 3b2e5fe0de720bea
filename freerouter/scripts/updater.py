"""`run --update`: lines that came out differently are written anew; all others stay as they are."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from freerouter.scripts.nodes import AnswerLine, ExitCode, Expect, Question, Step
from freerouter.scripts.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.redact import Redactor
    from freerouter.scripts.nodes import Script
    from freerouter.scripts.player import Played


def updated(
    file: Script,
    played: Iterable[Played],
    bound: Mapping[str, str],
    redact: Redactor,
    places: Mapping[str, str],
) -> str:
    """The file's text. What still matches keeps its pattern; comments are not touched."""
    recorder = Recorder(redact, places)
    recorder.know({n: (kind, bound[n]) for n, kind in _kinds(file).items() if n in bound})
    edits = _Edits(file)
    for one in played:
        edits.step(one, recorder)
    return edits.text()


def _kinds(file: Script) -> dict[str, str]:
    """The kinds of all placeholders of a file."""
    found: dict[str, str] = {}
    for step in file.commands:
        for talk in step.talk:
            if isinstance(talk, Expect):
                found |= talk.pattern.kinds
    return found


class _Edits:
    """Lines that are dropped or put behind another one, by line number."""

    def __init__(self, file: Script) -> None:
        self._lines = file.lines
        self._end = "\r" if file.lines and file.lines[0].endswith("\r") else ""
        self._instead: dict[int, str | None] = {}
        self._behind: dict[int, list[str]] = {}
        self._answered: dict[int, int] = {}

    def step(self, played: Played, recorder: Recorder) -> None:
        """Take in what one command said."""
        talk = played.step.talk
        self._answered = {
            asked.line: answer.line
            for asked, answer in itertools.pairwise(talk)
            if isinstance(asked, Question) and isinstance(answer, AnswerLine)
        }
        last = played.step.line
        for row in played.rows:
            if row.expected is None:
                if not row.holds:
                    new = [recorder.line(item) for item in row.actual]
                    self._behind.setdefault(last, []).extend(new)
                continue
            last = self._answered.get(row.expected.line, row.expected.line)
            if row.holds:
                continue
            if not isinstance(row.expected, Question):
                self._instead[row.expected.line] = None
            elif row.actual:
                self._instead[row.expected.line] = recorder.line(row.actual[0])
        self._code(played, last)

    def _code(self, played: Played, last: int) -> None:
        """The line with the exit code: there only where it is not 0."""
        written = next((t for t in played.step.talk if isinstance(t, ExitCode)), None)
        if written and written.code != played.code:
            self._instead[written.line] = f"= {played.code}" if played.code else None
        elif not written and played.code:
            self._behind.setdefault(_last_line(played.step, last), []).append(f"= {played.code}")

    def text(self) -> str:
        out: list[str] = []
        for number, line in enumerate(self._lines, 1):
            new = self._instead.get(number, line)
            if new is not None:
                out.append(line if new == line else new + self._end)
            out += [more + self._end for more in self._behind.get(number, [])]
        return "\n".join(out)


def _last_line(step: Step, last: int) -> int:
    """Where the talk of a step ends."""
    return max([last, step.line, *(talk.line for talk in step.talk)])
