"""What is being recorded in the shell, if anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.errors import UsageError
from freerouter.frontends.command_line import saved
from freerouter.result import Result

if TYPE_CHECKING:
    from freerouter.frontends.console import Console
    from freerouter.scripts.recorder import Recording
    from freerouter.session import Session


class Tape:
    """`record on FILE` and `record off`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.recording: Recording | None = None

    @property
    def path(self) -> str:
        """The file that is recorded into; "" where none is."""
        return self.recording.path if self.recording else ""

    def order(self, words: list[str], console: Console) -> int:
        """`record on FILE`, `record FILE` or `record off`."""
        if words == ["off"]:
            if self.recording is None:
                raise UsageError("Nothing is being recorded.", fix="`record on FILE` begins.")
            return self.end(console)
        self.begin(words[-1])
        print(f"Recording into {words[-1]}: `record off` ends it.")
        return 0

    def begin(self, path: str) -> None:
        from freerouter.scripts.recorder import Recording

        if self.recording is not None:
            raise UsageError(f"{self.recording.path} is being recorded already.")
        self.recording = Recording(self._session, path)

    def end(self, console: Console) -> int:
        """Write the file, if there is one to write."""
        if self.recording is None:
            return 0
        recording, self.recording = self.recording, None
        console.show(Result({}, tuple(saved(recording))))
        return 0
