"""The gateway's supervisor: owns the listening socket, and sees to it that somebody serves it.

Started as `python -m freerouter.process.supervisor --token T --fd N --state DIR --engine VERSION`,
with its first job on standard input. It imports LiteLLM once and forks a worker for each job. What
it can be asked over its control socket: wait, status, reload, stop. docs/architecture.md draws its
states.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import FreeRouterError
from freerouter.process import pool
from freerouter.process.control import Channel, control_path
from freerouter.process.desk import Desk
from freerouter.process.output import hide_secrets, say
from freerouter.process.pool import DRAINING, SERVING, STARTING, Worker, latest
from freerouter.process.traces import Traces

if TYPE_CHECKING:
    from freerouter.process.control import Message

Job = dict[str, Any]
TICK = 0.05
HOUSEKEEPING = 1.0
LAST_WORDS = 2.0
"""Seconds that a hung worker has to write down where it hangs."""
DRAIN = 3600.0
"""Seconds that requests may take which an old worker still answers."""
GRACE = 30.0
"""The same when the whole gateway is told to end by a signal."""
CALM = 5.0
"""A worker that lasted so long was well: the next pause before a restart is none again."""
SLOWEST = 30.0
"""The longest pause before a restart."""


class Options(NamedTuple):
    """The command line. `lifeline` is a pipe whose end ends the gateway too; -1: there is none."""

    token: str
    fd: int
    state: str
    engine: str
    lifeline: int = -1


class Change(NamedTuple):
    """A job that is not served yet, with its workers and with who waits for it."""

    job: Job
    generation: int
    workers: list[Worker]
    until: float
    first: bool


class Supervisor:
    """One gateway. `run` returns the exit code."""

    def __init__(self, options: Options, listener: socket.socket) -> None:
        self._options = options
        self._listener = listener
        path = control_path(options.state, options.token)
        self._selector = selectors.DefaultSelector()
        self._desk = Desk(path, self._selector, self._answer, self._left)
        self._traces = Traces(options.state, options.token, options.engine, path)
        self._job: Job | None = None
        self._generation = 0
        self._change: Change | None = None
        self._workers: list[Worker] = []
        self._due: list[float] = []
        self._failures = 0
        self._restarts = 0
        self._last_error: Message | None = None
        self._stopping = False
        self._killed = False
        self._signalled = False
        self._code: int | None = None
        self._outcome = 0
        self._learnt: list[str] = []
        self._ticked = self._cleaned = time.monotonic()

    def run(self, job: Job) -> int:
        if self._options.lifeline >= 0:
            self._selector.register(self._options.lifeline, selectors.EVENT_READ, self._cut_off)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self._begin(job)
        while self._code is None:
            try:
                for key, _ in self._selector.select(TICK):
                    key.data()
                self._tick()
            except Exception:  # noqa: BLE001 - the outermost door: the gateway outlives a fault here
                say(traceback.format_exc())
                time.sleep(TICK)
        self._selector.close()
        return self._code

    def _answer(self, client: Channel, request: Message) -> None:
        what = request.get("do")
        if what == "status":
            client.send(self._status())
        elif what == "stop":
            self._stop(float(request.get("grace", GRACE)))
            self._desk.waiting.add(client)
        elif what == "wait" and self._change:
            self._desk.waiting.add(client)
        elif what == "wait":
            client.send({"ok": self._status()})
        elif what == "reload" and (self._change or self._stopping):
            busy = "It is stopping." if self._stopping else "It is reloading already."
            client.send({"error": busy, "busy": True})
        elif what == "reload":
            self._desk.waiting.add(client)
            self._begin(request["job"])
        else:
            client.send({"error": "There is no such request."})

    def _left(self, _client: Channel) -> None:
        """Whoever waited for a change has given up: so does the change, if it is not the first."""
        if self._change and not self._change.first and not self._desk.waiting:
            self._give_up("Nobody waits for it any more.")

    def _status(self) -> Message:
        state = "stopping" if self._stopping else "serving" if self._job else "starting"
        job = self._job or (self._change.job if self._change else {})
        errors = [self._last_error, *(worker.last_error for worker in self._workers)]
        return {
            "state": "reloading" if self._change and self._job else state,
            "generation": self._generation,
            "fingerprint": job.get("fingerprint", ""),
            "models": job.get("models", 0),
            "workers": [worker.as_data() for worker in self._all()],
            "wanted": job.get("workers", 1),
            "restarts": self._restarts,
            "last_error": latest(errors),
        }

    def _begin(self, job: Job) -> None:
        """Start workers for a new job; the old ones go on serving until these are ready."""
        number = self._generation + 1
        self._change = Change(job, number, [], time.monotonic() + job["timeout"], not self._job)
        try:
            self._traces.write_config(job["config"], number)
            for _ in range(job["workers"]):
                self._change.workers.append(self._make(job, number))
        except (OSError, FreeRouterError) as error:
            self._give_up(_reason(error))

    def _make(self, job: Job, generation: int) -> Worker:
        words = ["--token", self._options.token, "--engine", self._options.engine]
        job = {**job, **self._traces.paths(generation), "first": self._job is None}
        if job["fork"] and hasattr(os, "fork"):
            worker = pool.fork(job, generation, self._serve, self._forget)
        else:
            worker = pool.spawn(job, generation, self._listener, words)
        self._selector.register(worker.channel, selectors.EVENT_READ, lambda: self._listen(worker))
        say(f"worker {worker.pid} starts with configuration {generation}")
        return worker

    def _serve(self, job: Job, channel: Channel) -> None:
        from freerouter.process.worker import serve

        serve(job, self._listener, channel)

    def _forget(self) -> None:
        """In a forked worker: close what is the supervisor's alone."""
        self._selector.close()
        self._desk.forget()
        if self._options.lifeline >= 0:
            os.close(self._options.lifeline)
        for worker in self._all():
            worker.channel.connection.close()

    def _listen(self, worker: Worker) -> None:
        for message in worker.channel.receive():
            worker.beat = time.monotonic()
            worker.facts = message.get("facts", worker.facts)
            self._learnt += message.get("imported", ())
            if message.get("ready") and worker.state == STARTING:
                worker.state = SERVING
                say(f"worker {worker.pid} is ready")
        if worker.channel.closed:
            self._selector.unregister(worker.channel)
            worker.channel.close()

    def _promote(self, change: Change) -> None:
        """The new workers serve: from here on their job is the gateway's."""
        old, self._workers = self._workers, [*self._workers, *change.workers]
        for worker in old:
            if worker.state != DRAINING:
                worker.drain(DRAIN, linger=True)
        before = self._generation
        self._job, self._generation, self._change = change.job, change.generation, None
        self._due.clear()
        self._failures = 0
        self._keep()
        say(f"serving configuration {self._generation}")
        self._traces.drop_config(before)
        self._desk.tell({"ok": self._status()})

    def _give_up(self, why: str, code: int | None = None) -> None:
        """The change cannot be made: its workers go, and what served before goes on."""
        change, self._change = self._change, None
        if change is None:
            return
        for worker in change.workers:
            worker.kill()
            self._workers.append(worker)
            worker.state = DRAINING
        say(f"configuration {change.generation} was given up: {why}")
        self._traces.drop_config(change.generation)
        self._generation = change.generation if self._job is None else self._generation
        self._desk.tell({"error": why, "code": code})
        if self._job is None:
            self._stop(0.0)
            self._outcome = 1

    def _learn(self) -> None:
        """Import what the workers had to: the next ones have it from the beginning."""
        names, self._learnt = self._learnt, []
        if names and self._job and self._job["fork"]:
            from freerouter.process.worker import import_more

            import_more(names)

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._ticked > HOUSEKEEPING * 2:
            # The machine slept, or this process was held: nobody is late.
            for worker in self._all():
                worker.beat = now
        self._ticked = now
        if self._signalled:
            self._signalled = False
            self._stop(GRACE)
        for worker in self._all():
            self._look_after(worker, now)
        change = self._change
        if change and all(worker.state == SERVING for worker in change.workers):
            self._promote(change)
        elif change and now > change.until:
            self._give_up(f"It was not ready within {change.job['timeout']:g} s.")
        while self._due and self._due[0] <= now and self._job and not self._stopping:
            self._due.pop(0)
            self._restart(self._job)
        if now - self._cleaned > HOUSEKEEPING:
            self._cleaned = now
            self._keep()
            if not self._change:
                self._learn()
        if self._stopping and not self._all():
            self._leave()

    def _all(self) -> list[Worker]:
        return [*self._workers, *(self._change.workers if self._change else ())]

    def _look_after(self, worker: Worker, now: float) -> None:
        code = worker.exit_code()
        if code is not None:
            self._ended(worker, code, now)
        elif now > worker.give_up:
            worker.kill()
            self._killed = True
        elif worker.state == SERVING and now - worker.beat > worker.hung:
            say(f"worker {worker.pid} gives no sign of life for {worker.hung:g} s, and is ended")
            worker.kill(signal.SIGABRT)
            worker.state, worker.give_up = DRAINING, now + LAST_WORDS
            self._plan_restart(worker, now)
            self._keep()

    def _ended(self, worker: Worker, code: int, now: float) -> None:
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        if not worker.channel.closed:
            self._listen(worker)
        if self._change and worker in self._change.workers:
            self._change.workers.remove(worker)
            self._give_up(f"It ended {how} before it was ready.", code)
            return
        self._workers.remove(worker)
        self._last_error = latest([self._last_error, worker.last_error])
        if worker.state == DRAINING or self._stopping:
            say(f"worker {worker.pid} has ended")
            return
        say(f"worker {worker.pid} ended {how}, unasked")
        self._plan_restart(worker, now)
        self._keep()

    def _plan_restart(self, worker: Worker, now: float) -> None:
        """At once after a long good time, then after 1, 2, 4 … seconds."""
        lasted = now - worker.since
        self._failures = 1 if lasted > CALM else self._failures + 1
        pause = 0.0 if self._failures == 1 else min(SLOWEST, 2.0 ** (self._failures - 2))
        say(f"another one starts in {pause:g} s")
        self._due.append(now + pause)
        self._due.sort()

    def _restart(self, job: Job) -> None:
        self._restarts += 1
        try:
            self._traces.write_config(job["config"], self._generation)
            self._workers.append(self._make(job, self._generation))
        except (OSError, FreeRouterError) as error:
            say(f"no worker could be started: {_reason(error)}")
            self._due.append(time.monotonic() + SLOWEST)
        self._keep()

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._signalled = True

    def _cut_off(self) -> None:
        self._selector.unregister(self._options.lifeline)
        os.close(self._options.lifeline)
        self._options = self._options._replace(lifeline=-1)
        self._stop(GRACE)

    def _stop(self, grace: float) -> None:
        """Nothing more is accepted; what is in flight may take `grace` seconds."""
        if not self._stopping:
            self._stopping = True
            self._give_up("The gateway is being stopped.")
            self._due.clear()
            self._listener.close()
        until = time.monotonic() + grace
        for worker in self._workers:
            worker.drain(grace, linger=False)
            worker.give_up = min(worker.give_up, until)

    def _leave(self) -> None:
        self._traces.remove(self._generation)
        say("the gateway has ended")
        self._desk.tell({"ok": {"outcome": "killed" if self._killed else "stopped"}})
        self._code = self._outcome

    def _keep(self) -> None:
        """Put back what was removed, and write down what has changed."""
        self._traces.keep_log()
        if self._job and not self._stopping:
            self._traces.keep(self._job, self._workers)
            self._desk.keep()


def _reason(error: OSError | FreeRouterError) -> str:
    return f"{error.strerror}." if isinstance(error, OSError) else f"{error.what} {error.why}"


def main(arguments: list[str]) -> int:
    named = dict(zip(arguments[::2], arguments[1::2], strict=True))
    options = Options(
        named["--token"],
        int(named["--fd"]),
        named["--state"],
        named["--engine"],
        int(named.get("--lifeline", -1)),
    )
    job = json.loads(sys.stdin.buffer.read())
    hide_secrets(job)
    listener = socket.socket(fileno=options.fd)
    _allow_connections()
    # Whoever waits for the gateway can say so while LiteLLM is imported.
    supervisor = Supervisor(options, listener)
    if job["fork"]:
        from freerouter.process.worker import import_engine

        patched = import_engine(options.engine)
        say(f"LiteLLM {options.engine} imported, patched: {patched}")
    return supervisor.run(job)


def _allow_connections() -> None:
    """As many open files as the system lets this user have: each connection is one."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
