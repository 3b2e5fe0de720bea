"""Keys at random in a real terminal: no traceback, the shell stays, and no line is lost.

`RANDOM_TYPING_MINUTES=30 pytest -s tests/shell/test_hostile_typing.py` goes on for so long;
`RANDOM_TYPING_SEED` begins elsewhere. Without them it is over after a few rounds.
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

if TYPE_CHECKING:
    from conftest import World

MINUTES = float(os.environ.get("RANDOM_TYPING_MINUTES", "0"))
SEED = int(os.environ.get("RANDOM_TYPING_SEED", "1"))
ROUNDS = 6
TRIES = 8
PROMPT = r"freerouter( \[\d+\])?>"
KEY = "gsk_0123456789abcdef0123456789"
LETTERS = [*"abcdefghilmnoprstuwy -=?\"'`#~/.:!%${}\\é√日🙂", "\u0301", "\u202e", "\x7f"]
CONTROLS = [
    *("\t", "\r", "\n", "\x03", "\x01", "\x05", "\x0b", "\x0c", "\x0e", "\x10", "\x12", "\x14"),
    *("\x15", "\x17", "\x18", "\x19", "\x1b", "\x1f", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"),
    *("\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[3~", "\x1b[Z", "\x1bOP", "\x1bOQ", "\x1b."),
    *(
        "\x1bf",
        "\x1bb",
        "\x1b\x7f",
        "\x1b[200~",
        "\x1b[201~",
        "\x1b[99;99R",
        "\x9b",
        "\x00",
        "\x04",
    ),
]
WORDS = [
    *("list", "status", "keys set groq", "providers add", "select", "help", "how do I add groq"),
    *("what next", "why", "set editing vi", "set editing emacs", "set toolbar off", "logs -f"),
    *(
        "set toolbar on",
        "init --wizard",
        "flow add-provider",
        "doctor --offline",
        "undo",
        "backups",
    ),
    *("alias add x demo", "metrics --live", "record on r.frs", "record off", "validate", "?", " ?"),
    *("list --search ", "--json", "--provider ", "!ls", "profile new p", "import ", "diff", "env"),
    *("restore latest", "backup", "ask hello", "chat", "exit", f"keys set groq {KEY}"),
    *("\x1b[200~list\nstatus\n\x1b[201~\r", f"\x1b[200~ask {KEY}\x1b[201~\r", "\r", "y\r", "n\r"),
]


class Typist:
    """Somebody at a terminal, and everything that came back."""

    def __init__(self, world: World, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - what is typed, nothing secret
        self.world = world
        self.seen: list[str] = []
        self.keys = 0
        self.typed: list[str] = []
        """Since the last mark."""
        self.begun = 0
        self.child = self.begin()

    def begin(self) -> Any:
        self.begun += 1
        child = pexpect.spawn(
            sys.executable,
            ["-m", "freerouter"],
            env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
            cwd=str(self.world.cwd),
            dimensions=(24, 80),
            encoding="utf-8",
            codec_errors="replace",
            timeout=120,
        )
        child.delaybeforesend = None
        child.expect(PROMPT)
        return child

    def burst(self) -> None:
        """Some forty keys: letters, words of ours, keys that move and interrupt."""
        self.typed.clear()
        for _ in range(40):
            kind = self.chance.random()
            pool = LETTERS if kind < 0.5 else CONTROLS if kind < 0.8 else WORDS
            self.send(self.chance.choice(pool))
            if self.chance.random() < 0.15:
                self.drain(self.chance.choice((0.0, 0.05, 0.3)))
        if self.chance.random() < 0.3:
            size = self.chance.choice(((24, 80), (24, 40), (50, 200), (3, 12), (24, 80)))
            self.child.setwinsize(*size)

    def send(self, text: str) -> None:
        if not self.child.isalive():  # Ctrl-D and `exit` leave
            self.leave()
            self.child = self.begin()
        try:
            self.child.send(text)
            self.keys += len(text)
            self.typed.append(text)
        except OSError:
            return

    def drain(self, seconds: float) -> None:
        """Take what has been drawn, so that the terminal never blocks the shell."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.seen.append(self.child.read_nonblocking(65536, timeout=0.02))
            except pexpect.TIMEOUT:
                if time.monotonic() >= until:
                    return
            except pexpect.EOF:
                return

    def mark(self, line: str) -> None:
        """Get back to the prompt, whatever is open, and run a line that says that it ran."""
        before = "".join(self.seen)
        for _ in range(TRIES):
            self.child.setwinsize(24, 80)
            self.send("\x1b[201~\x03\x03")
            self.drain(0.5)
            self.send(f"{line}\r")
            try:
                # The line alone, and its own answer: more may have been typed before.
                self.child.expect(rf"{line}\x1b[^>]*No model matches", timeout=15)
            except (pexpect.TIMEOUT, pexpect.EOF):
                self.seen.append(str(self.child.before))
                continue
            self.seen.append(f"{self.child.before}{self.child.after}")
            return
        after = "".join(self.seen)[len(before) :]
        typed = "".join(self.typed)
        pytest.fail(f"not back after {typed!r}: {before[-4000:]!r}\nthen {after[:4000]!r}")

    def leave(self) -> None:
        self.drain(0.2)
        self.child.close(force=True)


def history_of(world: World) -> list[str]:
    text = (world.workspace / "state" / "history").read_text(encoding="utf-8", errors="replace")
    return [line[1:] for line in text.splitlines() if line.startswith("+")]


def test_whatever_is_typed_at_a_terminal_nothing_breaks_and_nothing_is_lost(
    world: World, free_port: int
) -> None:
    providers = f"gateway: {{port: {free_port}}}\nproviders:\n  - type: demo\n"
    world.providers(providers)
    assert world.cli("fetch").code == 0
    typist = Typist(world, SEED)
    marks: list[str] = []
    until = time.monotonic() + MINUTES * 60
    try:
        while len(marks) < ROUNDS or time.monotonic() < until:
            typist.burst()
            world.providers(providers)  # whatever was done to it
            marks.append(f"list --search zz{len(marks)}q")
            typist.mark(marks[-1])
            said = "".join(typist.seen)
            told = re.search(r"(Traceback|fault in FreeRouter|Unhandled exception)", said)
            assert not told, said[max(0, told.start() - 1500) : told.start() + 3000]
            typist.seen = [said[-100:]]
    finally:
        typist.leave()
        world.cli("stop", "--timeout", "1")  # a gateway may have been started by chance
    summary = f"seed {SEED}: {len(marks)} rounds, {typist.keys} keys, {typist.begun} shells"
    sys.stdout.write(f"\n{summary}\n")
    kept = [line for line in history_of(world) if line in marks]
    assert list(dict.fromkeys(kept)) == marks
    assert KEY not in "".join(world.written().values())
