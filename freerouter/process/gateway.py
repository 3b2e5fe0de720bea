"""Starting, reloading and stopping the gateway. Only a process that is provably ours is signalled.

What runs in between is `freerouter.process.supervisor`.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets as random_source
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.errors import FreeRouterError, GatewayStateError
from freerouter.process.control import ask, control_path, converse
from freerouter.process.identity import Identity, started_at
from freerouter.process.launch import Launch, base_environment, job_of
from freerouter.process.log import tail
from freerouter.process.output import open_log
from freerouter.process.port import listen
from freerouter.process.probe import get, url_of
from freerouter.process.record import GatewayRecord, forget, read_record, running, write_record
from freerouter.result import Progress

if TYPE_CHECKING:
    import socket

    from freerouter.context import Context
    from freerouter.process.control import Message

POLL = 0.05
KILL = 5.0
"""Seconds within which a killed process is gone."""
MARGIN = 5.0
"""Seconds that the supervisor has beyond what it was given."""

_children: list[subprocess.Popen[bytes]] = []
"""Gateways that this very process started: kept so that an ended one is reaped (a long shell)."""


def start(
    ctx: Context, launch: Launch, *, lifeline: int | None = None
) -> tuple[GatewayRecord, bool]:
    """Start it and wait until it answers; False: it ran already. Two starts at once make one.

    The gateway ends with the pipe `lifeline`, where one is given.
    """
    workspace = ctx.workspace
    launch.check()
    with atomic.lock(workspace.state, "gateway.lock"):
        found = running(workspace)
        if found:
            return found, False
        job = job_of(ctx, launch)
        _end_left_over(read_record(workspace))
        with listen(launch.host, launch.port) as listener:
            child, record = _spawn(ctx, launch, job, listener, lifeline)
        try:
            _wait_until_ready(ctx, child, record, launch)
        except BaseException:
            child.kill()
            child.wait()
            _end_left_over(record)
            _tidy(ctx, record)
            raise
        return running(workspace) or record, True


def _spawn(
    ctx: Context,
    launch: Launch,
    job: dict[str, Any],
    listener: socket.socket,
    lifeline: int | None,
) -> tuple[subprocess.Popen[bytes], GatewayRecord]:
    workspace = ctx.workspace
    token = random_source.token_hex(16)
    handed = [listener.fileno()]
    command = [sys.executable, "-m", "freerouter.process.supervisor", "--token", token]
    command += ["--fd", str(handed[0]), "--state", workspace.state, "--engine", launch.engine]
    if lifeline is not None:
        handed.append(lifeline)
        command += ["--lifeline", str(lifeline)]
    try:
        log = open_log(workspace.log_file)
    except OSError as error:
        raise atomic.unwritable(workspace.log_file, error) from None
    try:
        child = subprocess.Popen(
            command,
            env=base_environment(ctx),
            cwd=os.sep,  # a directory that nobody takes away
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=handed,
            start_new_session=True,
        )
    except OSError as error:
        raise FreeRouterError("The gateway could not be started.", f"{error}.") from None
    finally:
        os.close(log)
    _children.append(child)
    record = GatewayRecord(
        child.pid,
        started_at(child.pid),
        token,
        launch.host,
        launch.port,
        job["since"],
        job["fingerprint"],
        launch.models,
        launch.engine,
        control_path(workspace.state, token),
        key=job["key"],
    )
    try:
        write_record(workspace, record)
        _hand_over(child, job)
    except BaseException:
        child.kill()
        child.wait()
        _tidy(ctx, record)
        raise
    return child, record


def _hand_over(child: subprocess.Popen[bytes], job: dict[str, Any]) -> None:
    """The job goes through a pipe: it holds secrets, which neither argv nor a file may have."""
    if child.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
        pipe.write(json.dumps(job).encode())


def _wait_until_ready(
    ctx: Context, child: subprocess.Popen[bytes], record: GatewayRecord, launch: Launch
) -> None:
    """Until the supervisor says so, and an authenticated 200 has come over the real socket."""
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        for answer in converse(record.control, {"do": "wait"}, launch.timeout - waited + MARGIN):
            ctx.emit(Progress("start", "Starting LiteLLM", done=time.monotonic() - began))
            if answer.get("ok"):
                _prove(record, launch)
                ctx.emit(Progress("start", "Gateway ready", "ok"))
                return
            if "error" in answer:
                raise _failed(ctx, answer)
        if child.poll() is not None:
            raise _failed(ctx, {"code": child.returncode})
        if waited > launch.timeout:
            raise _failed(ctx, {"error": _late(launch.timeout)})
        time.sleep(POLL)


def _prove(record: GatewayRecord, launch: Launch) -> None:
    """The socket is ours and only our workers serve it, so a 200 to our key is theirs."""
    status, _ = get(record.host, record.port, "/v1/models", launch.master_key, launch.timeout)
    if status != 200:  # noqa: PLR2004 - HTTP's own number
        raise FreeRouterError(
            f"The gateway answers {status or 'nothing'} to its own key.",
            fix="`freerouter logs` tells more.",
        )


def _late(seconds: float) -> str:
    return f"It was not ready within {seconds:g} s."


def _failed(ctx: Context, answer: Message) -> FreeRouterError:
    code = answer.get("code")
    if code is None:
        return FreeRouterError(
            "The gateway did not start.",
            str(answer.get("error", "")),
            "`freerouter logs` shows how far it came; `--timeout 300` waits longer.",
        )
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return FreeRouterError(
        f"The gateway {how} before it answered.",
        last_lines(ctx),
        "`freerouter logs` shows all of it; `freerouter fetch` writes its config.yaml anew.",
    )


def last_lines(ctx: Context) -> str:
    """The end of the log, for the reason of a failure."""
    lines = "".join(f"\n    {ctx.redact(line)}" for line in tail(ctx.workspace.log_file, 12))
    return f"Its last lines:{lines}\n"


def reload(ctx: Context, launch: Launch) -> Message:
    """Let it go over to the present configuration; the supervisor's status after that.

    Raises where the new one does not come up: then the old one goes on serving.
    """
    with atomic.lock(ctx.workspace.state, "gateway.lock"):
        record = running(ctx.workspace)
        if record is None:
            raise GatewayStateError("The gateway is not running.", fix="`freerouter start`.")
        job = {
            **job_of(ctx, launch._replace(host=record.host, port=record.port)),
            "since": record.since,
        }
        began = time.monotonic()
        request = {"do": "reload", "job": job}
        for answer in converse(record.control, request, launch.timeout + MARGIN):
            ctx.emit(Progress("reload", "Starting new workers", done=time.monotonic() - began))
            if answer.get("ok"):
                ctx.emit(Progress("reload", "New configuration served", "ok"))
                return dict(answer["ok"])
            if "error" in answer:
                raise _kept(ctx, answer)
    raise _kept(ctx, {"error": "The supervisor did not answer."})


def _kept(ctx: Context, answer: Message) -> FreeRouterError:
    if answer.get("busy"):
        return GatewayStateError("The gateway cannot be reloaded now.", str(answer["error"]))
    why = str(answer.get("error", ""))
    if answer.get("code") is not None:
        why = f"{why}\n{last_lines(ctx)}"
    return FreeRouterError(
        "The new configuration did not come up. The gateway goes on with the old one.",
        why,
        "`freerouter diff --running` tells what is different, and `freerouter undo` takes it back. "
        "`freerouter logs` shows all of it; `freerouter doctor` looks for the cause.",
    )


def status_of(record: GatewayRecord, timeout: float = 2.0) -> Message | None:
    """What the supervisor says of itself; None where it does not answer in time."""
    return ask(record.control, {"do": "status"}, timeout) if record.control else None


def stop(ctx: Context, grace: float) -> tuple[str, GatewayRecord | None]:
    """Stop the gateway: ("stopped", "killed", "left over", "gone" or "absent", its record)."""
    workspace = ctx.workspace
    if not os.path.exists(workspace.gateway_file):
        return "absent", None
    with atomic.lock(workspace.state, "gateway.lock"):
        record = read_record(workspace)
        if record is None:
            forget(workspace)
            return "absent", None
        if not record.identity.alive:
            left = _end_left_over(record)
            _tidy(ctx, record)
            return ("left over" if left else "gone"), record
        child = next((c for c in _children if c.pid == record.pid), None)
        outcome = _told_to_stop(record, grace)
        if record.identity.alive:
            _end(record.identity, child, grace if outcome is None else 0.0)
            _end_left_over(record)
            outcome = "killed"
        if child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=KILL)
        _tidy(ctx, record)
        return outcome or "stopped", record


def _told_to_stop(record: GatewayRecord, grace: float) -> str | None:
    """How it ended, in its own words; None where it does not speak."""
    answers = converse(record.control, {"do": "stop", "grace": grace}, grace + MARGIN)
    for answer in answers if record.control else ():
        if answer.get("ok"):
            _wait_for_end(record.identity, None, KILL)
            return str(answer["ok"]["outcome"])
    return None


def _end_left_over(record: GatewayRecord | None) -> bool:
    """Kill workers that have outlived their supervisor; whether there were any."""
    left = record.left_over if record else []
    for worker in left:
        _end(worker, None, 0.0)
    return bool(left)


def _tidy(ctx: Context, record: GatewayRecord) -> None:
    """Take away what a supervisor that was killed has left."""
    forget(ctx.workspace)
    with contextlib.suppress(OSError):
        os.unlink(record.control)
    with contextlib.suppress(OSError):
        for name in os.listdir(ctx.workspace.state):
            if name.startswith("gateway-") and name.endswith(".yaml"):
                os.unlink(os.path.join(ctx.workspace.state, name))


def _end(identity: Identity, child: subprocess.Popen[bytes] | None, grace: float) -> None:
    """SIGTERM, then SIGKILL after `grace` seconds, each only while it is provably ours."""
    if identity.alive and grace > 0:
        _signal(identity, signal.SIGTERM)
        _wait_for_end(identity, child, grace)
    if identity.alive:
        _signal(identity, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        _wait_for_end(identity, child, KILL)


def _signal(identity: Identity, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(identity.pid, number)


def _wait_for_end(
    identity: Identity, child: subprocess.Popen[bytes] | None, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and identity.alive:
        if child is not None:
            child.poll()
        time.sleep(POLL)


def address(record: GatewayRecord) -> str:
    """`http://127.0.0.1:4000`, without a path."""
    return url_of(record.host, record.port)
