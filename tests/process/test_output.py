"""What the gateway's processes print: secrets hidden, the log kept open and short."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from freerouter.process.output import RedactedStream
from freerouter.redact import Redactor
from freerouter.rotation import MAX_BYTES

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import os, sys
from freerouter.process import output
path, rotates = sys.argv[1], sys.argv[2] == "rotates"
output.keep_open(path)
for word in sys.stdin:
    output.keep_open(path, rotates=rotates)
    print(word.strip(), flush=True)
    os.write(9, b"done\\n")
"""


class Writer:
    """A process whose output is a log."""

    def __init__(self, path: Path, how: str = "") -> None:
        reading, writing = os.pipe()
        self._done = os.fdopen(reading, "rb")
        program = WRITER.replace("9", str(writing), 1)
        self.child = subprocess.Popen(
            [sys.executable, "-c", program, str(path), how],
            stdin=subprocess.PIPE,
            pass_fds=[writing],
            text=True,
        )
        os.close(writing)

    def say(self, word: str) -> None:
        assert self.child.stdin
        self.child.stdin.write(word + "\n")
        self.child.stdin.flush()
        assert self._done.readline() == b"done\n"

    def end(self) -> None:
        assert self.child.stdin
        self.child.stdin.close()
        self.child.wait()
        self._done.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway.log"


def test_a_secret_is_written_as_its_name() -> None:
    redact = Redactor()
    redact.learn({"MY_KEY": "canary-value"})
    below = io.StringIO()
    stream = RedactedStream(below, redact)
    assert stream.write("key canary-value!") == len("key canary-value!")
    assert below.getvalue() == "key env:MY_KEY!"


FULL = """
import os
from freerouter.process.output import RedactedStream
from freerouter.redact import Redactor
stream = RedactedStream(open("/dev/full", "w"), Redactor())
stream.write("x" * 100_000)
stream.flush()
print("went on", flush=True)
os._exit(0)
"""


def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, check=True)
    assert done.stdout == "went on\n"


def test_a_log_that_was_removed_is_there_again(path: Path) -> None:
    writer = Writer(path)
    writer.say("one")
    path.unlink()
    writer.say("two")
    writer.end()
    assert path.read_text() == "two\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_was_moved_is_begun_anew(path: Path) -> None:
    writer = Writer(path)
    writer.say("one")
    path.rename(path.with_name("moved"))
    writer.say("two")
    writer.end()
    assert path.with_name("moved").read_text() == "one\n"
    assert path.read_text() == "two\n"


def test_a_log_that_is_too_long_is_put_aside_by_who_rotates(path: Path) -> None:
    path.write_bytes(b"x" * (MAX_BYTES + 1))
    other, writer = Writer(path), Writer(path, "rotates")
    writer.say("new")
    other.say("newer")
    writer.end()
    other.end()
    assert path.with_name("gateway.log.1").stat().st_size == MAX_BYTES + 1
    assert path.read_text() == "new\nnewer\n"
