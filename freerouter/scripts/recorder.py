"""What happened, written down as a session that replays: events of the engine, never a screen.

What is volatile becomes a typed placeholder, a directory becomes one of the kind path, and a secret
becomes the variable that holds it. A file in which a secret would stand is refused.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from freerouter.config import atomic
from freerouter.config.workspace import shown
from freerouter.errors import FileError, FreeRouterError
from freerouter.resources import flows_directory
from freerouter.scripts.patterns import escape
from freerouter.scripts.stage import SECRET, Stage
from freerouter.volatile import parts, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.redact import Redactor
    from freerouter.registry import Call
    from freerouter.result import Result
    from freerouter.scripts.nodes import Item
    from freerouter.session import Session

ALWAYS_NEW = ("duration", "float", "date")
"""Kinds of which two that are equal are so by chance."""
USUAL = "~/.config/freerouter"
"""Where things are kept in a fresh home."""
CATALOGUE = "FREEROUTER_CATALOGUE"
"""The variable that leads to other providers than the usual ones."""


def places_of(session: Session) -> dict[str, str]:
    """The directories that are others for somebody else."""
    ctx = session.context()
    places = {"home": ctx.environ.get("HOME", ""), "work": ctx.cwd, "root": ctx.workspace.root}
    places["flows"] = flows_directory()
    return {name: place for name, place in places.items() if len(place) > 1}


class Recording:
    """A recording into a file, made while commands run.

    Where nothing was set up when it began, it is replayed in a fresh home.
    """

    def __init__(self, session: Session, path: str) -> None:
        if os.path.exists(path):
            raise FileError(f"{path} exists already.", fix="Record into a new file.")
        self.path = path
        self._session = session
        ctx = session.context()
        root = ctx.workspace.root
        self._fresh = shown(root, ctx.environ) == USUAL and not os.path.exists(root)
        self._environ = ctx.environ
        self._recorder = Recorder(session.redact, places_of(session), ctx.environ)

    def run(self, call: Call) -> Result:
        """Do a call and keep what came of it. Raises what it raises."""
        session, as_json = self._session, call.output == "json"
        stage, before = Stage(session.redact, session.frontend), session.frontend
        session.frontend, stage.as_json = stage, as_json
        text = shlex.join(call.words)
        self._look_at(call)
        try:
            result = session.run(call)
        except FreeRouterError as error:
            stage.error(error, as_json=as_json)
            self._recorder.command(text, stage.items, error.exit_code)
            raise
        finally:
            session.frontend = before
        stage.result(result, as_json=as_json)
        self._recorder.command(text, stage.items, result.exit_code)
        return result

    def _look_at(self, call: Call) -> None:
        """What the line names that a replay must have as well."""
        given = call.arguments.get("set") or []
        self._recorder.need(text.partition("=env:")[2] for text in given)
        self._recorder.need([call.arguments.get("from_env") or ""])
        if any(p.complete == "path" for p in call.command.parameters):
            self._fresh = False

    def save(self) -> list[str]:
        """Write the file; the variables that a replay needs and this environment has not.

        Raises FileError, and leaves no file, where a secret would stand in it.
        """
        recorder, redact = self._recorder, self._session.redact
        if self._fresh:
            known = (name for name, value in self._environ.items() if redact.name_of(value) == name)
            recorder.need([*known, CATALOGUE])
        try:
            atomic.write_text(self.path, recorder.text(fresh=self._fresh))
        except OSError as error:
            raise FileError(f"Cannot write {self.path}.", f"{error.strerror}.") from None
        return recorder.typed


class Recorder:
    """One session. `places` are directories that are others elsewhere, by the name they get."""

    def __init__(
        self,
        redact: Redactor,
        places: Mapping[str, str],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._redact = redact
        self._places = sorted(places.items(), key=lambda place: -len(place[1]))
        self._environ = environ or {}
        self._lines: list[str] = []
        self._names: dict[tuple[str, str], str] = {}
        self._used: set[str] = set()
        self._needs: list[str] = []
        self._typed: dict[str, str] = {}

    @property
    def typed(self) -> list[str]:
        """The variables that stand for secrets which no variable held."""
        return list(self._typed.values())

    def need(self, names: Iterable[str]) -> None:
        """Variables without which it is not the same; those that are not there are no loss."""
        for name in names:
            if name in self._environ and name not in self._needs:
                self._needs.append(name)

    def command(self, text: str, items: Iterable[Item], code: int) -> None:
        """Add a command with what came of it."""
        self._lines.append(f"> {self._redact(text)}")
        for item in items:
            self._lines.append(self.line(item))
        if code:
            self._lines.append(f"= {code}")

    def know(self, names: Mapping[str, tuple[str, str]]) -> None:
        """Placeholders that there are already: name to kind and value."""
        for name, known in names.items():
            self._names.setdefault(known, name)
            self._used.add(name)

    def line(self, item: Item) -> str:
        """What stands for one event."""
        if item.kind == "?":
            steady = plain(item.text) == item.text
            return f"? {item.id}: {item.text}" if steady else f"? {item.id}"
        if item.kind == "<":
            return f"< {self._answer(item)}".rstrip()
        return f"{item.kind}{self._pattern(item.text)}"

    def text(self, *, fresh: bool = False) -> str:
        """The whole file. Raises FileError where a secret would stand in it."""
        head = ["#!freerouter session 1", *(["@home fresh"] if fresh else [])]
        head += [f"@need env {name}" for name in (*self._needs, *self.typed)]
        text = "\n".join((*head, "", *self._lines)) + "\n"
        if self._redact(text) != text:
            raise FileError("The recording would hold a secret, so it was not written.")
        return text

    def _answer(self, item: Item) -> str:
        if not item.text.startswith(SECRET):
            text = self._redact(item.text)
            self.need([text.removeprefix("env:")])
            return text
        value = item.text.removeprefix(SECRET)
        holding = [name for name, held in self._environ.items() if held == value]
        known = self._redact.name_of(value)
        if not holding:
            return f"env:{self._typed.get(value) or self._new_variable(item.id, value)}"
        name = known if known in holding else holding[0]
        self.need([name])
        return f"env:{name}"

    def _new_variable(self, identity: str, value: str) -> str:
        """A name for a secret that was typed. No provider looks for its key under that name."""
        base = "".join(c if c.isalnum() else "_" for c in identity).upper()
        name, number = base, 1
        while name in self._environ or name in self.typed:
            number += 1
            name = f"{base}_{number}"
        self._typed[value] = name
        return name

    def _pattern(self, text: str) -> str:
        found = "".join(
            self._placeholder(part.kind, part.text) if part.kind else self._literal(part.text)
            for part in parts(text)
        )
        return f" {found}" if found else ""

    def _literal(self, text: str) -> str:
        """Text as it is, but for the directories in it."""
        for name, directory in self._places:
            before, found, after = text.partition(directory)
            if found:
                place = self._placeholder("path", directory, name)
                return f"{self._literal(before)}{place}{self._literal(after)}"
        return escape(text)[1:]

    def _placeholder(self, kind: str, value: str, name: str = "") -> str:
        """`{name:kind}` at the first, `{name}` where the same value stands again."""
        key = (kind, value)
        if key in self._names and kind not in ALWAYS_NEW:
            return f"{{{self._names[key]}}}"
        base, number = name or kind, 1
        while (unused := base if number == 1 else f"{base}{number}") in self._used:
            number += 1
        self._used.add(unused)
        self._names[key] = unused
        return f"{{{unused}:{kind}}}"
