"""Every session in `transcripts/` is a test: it is replayed, and must come out the same."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.scripts.home import fresh_home
from freerouter.scripts.player import Player
from freerouter.scripts.precheck import check
from freerouter.scripts.runner import read_script
from freerouter.scripts.stage import Silent
from freerouter.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> Transcript | None:
    """One test a `.frs` file."""
    if file_path.suffix != ".frs":
        return None
    collected: Transcript = Transcript.from_parent(parent, path=file_path)
    return collected


class Transcript(pytest.File):
    """A file with one recorded session."""

    def collect(self) -> Iterator[pytest.Item]:
        yield Replay.from_parent(self, name=self.path.stem)


class Different(Exception):  # noqa: N818 - what it says is the whole report
    """The session came out otherwise."""


class Replay(pytest.Item):
    """Replaying one session, in a HOME of its own."""

    def runtest(self) -> None:
        with fresh_home(os.environ) as (environ, cwd):
            session = Session(Silent(), environ, cwd)
            file = read_script(str(self.path))
            check(file, session, {})
            outcome = Player(file, session, {}).play()
        if outcome.skipped:
            pytest.skip(outcome.skipped)
        if outcome.code:
            raise Different("\n".join(p.failure for p in outcome.played if p.failure))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Different):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"transcript {self.name}"
