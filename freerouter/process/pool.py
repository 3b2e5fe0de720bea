"""The workers as their supervisor sees them: made, listened to, asked to go, and killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from freerouter.process.control import Channel, pair
from freerouter.process.identity import started_at

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

    from freerouter.process.control import Message

STARTING, SERVING, DRAINING = "starting", "serving", "draining"


class Worker:
    """One process that serves. `generation` says which configuration it has."""

    def __init__(self, pid: int, channel: Channel, generation: int, hung: float) -> None:
        self.pid = pid
        self.started = started_at(pid)
        self.channel = channel
        self.generation = generation
        self.hung = hung
        self.state = STARTING
        self.since = time.monotonic()
        self.beat = self.since
        self.facts: Message = {}
        self.give_up = float("inf")
        """When it is killed, should it still be there."""
        self.child: subprocess.Popen[bytes] | None = None
        """How it was started, where it was not forked."""

    def exit_code(self) -> int | None:
        """How it ended (negative: by which signal); None while it runs."""
        if self.child is not None:
            return self.child.poll()
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return -signal.SIGKILL
        return os.waitstatus_to_exitcode(status) if pid else None

    def drain(self, limit: float, *, linger: bool) -> None:
        """Ask it to finish what it has begun, and to go. `linger` waits for idle connections."""
        self.state = DRAINING
        self.give_up = time.monotonic() + limit
        self.channel.send({"do": "drain", "linger": linger}, wait=False)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """It is a child that was not waited for yet, so its pid is nobody else's."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    @property
    def last_error(self) -> Message | None:
        """time, status, message and alias, as the worker told it last."""
        return self.facts.get("last_error")

    def as_data(self) -> Message:
        return {
            "pid": self.pid,
            "state": self.state,
            "uptime": round(time.monotonic() - self.since, 1),
            "in_flight": self.facts.get("in_flight"),
        }


def latest(errors: Iterable[Message | None]) -> Message | None:
    """Of what several workers told; None where none of them told of an error."""
    return max(filter(None, errors), key=lambda error: str(error.get("time", "")), default=None)


def fork(
    job: dict[str, Any],
    generation: int,
    serve: Callable[[dict[str, Any], Channel], None],
    forget: Callable[[], None],
) -> Worker:
    """A worker that has everything imported already. `forget` closes what is the supervisor's."""
    ours, theirs = pair()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        theirs.connection.close()
        return Worker(pid, ours, generation, job["hung"])
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        ours.connection.close()
        forget()
        serve(job, theirs)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - the outermost door of a process
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def spawn(
    job: dict[str, Any], generation: int, listener: socket.socket, words: list[str]
) -> Worker:
    """A worker that imports everything itself, where there is no safe fork."""
    ours, theirs = pair()
    handed = [listener.fileno(), theirs.fileno()]
    command = [sys.executable, "-m", "freerouter.process.worker", *words]
    command += ["--fd", str(handed[0]), "--channel", str(handed[1])]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, env=dict(os.environ), pass_fds=handed
    )
    theirs.connection.close()
    worker = Worker(child.pid, ours, generation, job["hung"])
    worker.child = child
    ours.send(job)
    return worker
