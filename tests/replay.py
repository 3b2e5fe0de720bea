"""Every session in `transcripts/` is a test: it is replayed, and must come out the same.

One that asks is replayed through the other front ends too, and must give the same events.
"""

from __future__ import annotations

import os
import re
from difflib import unified_diff
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from by_frontends import FRONT_ENDS, CannotSay

from freerouter.frontends.scripted import Script
from freerouter.scripts.home import fresh_home
from freerouter.scripts.nodes import Directive, Expect, Question
from freerouter.scripts.player import Player
from freerouter.scripts.precheck import check
from freerouter.scripts.recorder import Recorder
from freerouter.scripts.runner import read_script
from freerouter.scripts.stage import Silent
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from freerouter.scripts.nodes import Script as File
    from freerouter.scripts.player import Outcome

ITSELF = "script"


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> Transcript | None:
    """One test a `.frs` file, and one for each other front end that applies."""
    if file_path.suffix != ".frs":
        return None
    collected: Transcript = Transcript.from_parent(parent, path=file_path)
    return collected


class Ended(NamedTuple):
    """How a session went, and what a recording of it says."""

    outcome: Outcome
    recorded: str = ""


class Transcript(pytest.File):
    """A file with one recorded session. It is played once through each front end."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._ended: dict[str, Ended] = {}

    def collect(self) -> Iterator[pytest.Item]:
        file = read_script(str(self.path))
        yield Replay.from_parent(self, name=self.path.stem, frontend=ITSELF)
        if asks(file) and not starts(file):
            for name in FRONT_ENDS:
                title = f"{self.path.stem} by {name}"
                yield Replay.from_parent(self, name=title, frontend=name)

    def ended(self, frontend: str) -> Ended:
        if frontend not in self._ended:
            answers = FRONT_ENDS.get(frontend, Script)
            self._ended[frontend] = play(read_script(str(self.path)), os.environ, answers)
        return self._ended[frontend]


def asks(file: File) -> bool:
    return any(isinstance(said, Question) for step in file.commands for said in step.talk)


def starts(file: File) -> bool:
    """Whether the real gateway is started, which takes seconds: then the session says so."""
    return any(
        isinstance(said, Expect) and "Gateway ready" in said.pattern.text
        for step in file.commands
        for said in step.talk
    )


def play(file: File, outside: Mapping[str, str], answers: type[Script] = Script) -> Ended:
    """Play a session in a HOME of its own, with those variables from outside that it needs."""
    with fresh_home(outside) as (environ, cwd):
        values = {name: outside[name] for name in needed(file) - set(environ) if name in outside}
        session = Session(Silent(), environ, cwd)
        check(file, session, values)
        player = Player(file, session, values, answers=answers)
        outcome = player.play()
        recorder = Recorder(player.redact, player.places)
        for played in outcome.played:
            recorder.command(played.command, played.items, played.code)
    return Ended(outcome, recorder.text())


def needed(file: File) -> set[str]:
    """The variables that a session is skipped without."""
    return {
        node.arguments.split()[1]
        for node in file.steps
        if isinstance(node, Directive) and node.name == "need" and node.arguments != "engine"
    }


TIMES = re.compile(r"\b\d{8}_\d{6}\b|\b\d+(?:\.\d+)? (?:ms|s|min)\b")
"""Backups, which are named by the time, and durations: in tables they have no marks."""


def _steady(recorded: str) -> list[str]:
    return TIMES.sub("…", recorded).splitlines()


class Different(Exception):  # noqa: N818 - what it says is the whole report
    """The session came out otherwise."""


class Replay(pytest.Item):
    """Replaying one session through one front end."""

    parent: Transcript

    def __init__(self, frontend: str, **more: Any) -> None:
        super().__init__(**more)
        self._frontend = frontend
        if starts(read_script(str(self.path))):
            self.add_marker("gateway")

    def runtest(self) -> None:
        try:
            ended = self.parent.ended(self._frontend)
        except CannotSay as answer:
            pytest.skip(f"nobody can answer that by {self._frontend}: {answer}")
        outcome = ended.outcome
        if outcome.skipped:
            pytest.skip(outcome.skipped)
        if outcome.code:
            raise Different("\n".join(p.failure for p in outcome.played if p.failure))
        if self._frontend != ITSELF:
            self._compare(ended)

    def _compare(self, ended: Ended) -> None:
        """The same events, so the same recording."""
        usual = self.parent.ended(ITSELF).recorded
        lines = (_steady(usual), _steady(ended.recorded))
        different = list(unified_diff(*lines, ITSELF, self._frontend, lineterm=""))
        if different:
            raise Different("\n".join(different))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Different):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"transcript {self.name}"
