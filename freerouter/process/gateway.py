"""Starting and stopping the gateway. Only a process that is provably ours is ever signalled."""

from __future__ import annotations

import contextlib
import os
import secrets as random_source
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config import atomic
from freerouter.config.state import fingerprint_of
from freerouter.errors import FileError, FreeRouterError, UsageError
from freerouter.process.identity import Identity, started_at
from freerouter.process.log import rotate, tail
from freerouter.process.port import is_loopback, listen
from freerouter.process.probe import get, url_of
from freerouter.process.record import GatewayRecord, forget, read_record, running, write_record
from freerouter.process.worker import SECRET_NAMES
from freerouter.result import Progress

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from freerouter.context import Context

STRONG = 24
"""Shortest master key, in characters, with which anything but loopback may be listened on."""
POLL = 0.05
PATIENCE = 2.0
"""Seconds that one question for readiness waits before the child is looked at again."""
PASSED_ON = (
    "PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TMPDIR", "TEMP", "TMP", "TZ",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "SYSTEMROOT", "LD_LIBRARY_PATH",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "VIRTUAL_ENV", "PYTHONPATH", "FREEROUTER_ENGINE_PATCHES",
)  # fmt: skip
"""The user's variables that the engine gets. LiteLLM reads many more, which would beat ours."""


_children: list[subprocess.Popen[bytes]] = []
"""Gateways that this very process started: kept so that an ended one is reaped (a long shell)."""


class Launch(NamedTuple):
    """What a gateway is started with. `values` are the secrets that config.yaml names."""

    host: str
    port: int
    master_key: str
    values: Mapping[str, str]
    engine: str
    models: int
    debug: bool = False
    timeout: float = 120.0


def start(ctx: Context, launch: Launch) -> tuple[GatewayRecord, bool]:
    """Start it and wait until it answers; False: it ran already. Two starts at once make one."""
    workspace = ctx.workspace
    if not is_loopback(launch.host) and len(launch.master_key) < STRONG:
        raise UsageError(
            f"The gateway's key is too short to listen on {launch.host}.",
            "Anyone on the network could guess it.",
            "Remove LITELLM_MASTER_KEY: a strong one is made for you. Or listen on 127.0.0.1.",
        )
    with atomic.lock(workspace.state, "gateway.lock"):
        found = running(workspace)
        if found:
            return found, False
        listener = listen(launch.host, launch.port)
        with listener:
            child, record = _spawn(ctx, launch, listener)
        try:
            _wait_until_ready(ctx, child, record, launch)
        except BaseException:
            _end(record.identity, child, grace=0.0)
            forget(workspace)
            raise
    return record, True


def _spawn(
    ctx: Context, launch: Launch, listener: socket.socket
) -> tuple[subprocess.Popen[bytes], GatewayRecord]:
    workspace = ctx.workspace
    token = random_source.token_hex(16)
    rotate(workspace.log_file)
    command = [sys.executable, "-m", "freerouter.process.worker", "--token", token]
    command += ["--fd", str(listener.fileno()), "--engine", launch.engine]
    try:
        log = os.open(workspace.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise atomic.unwritable(workspace.log_file, error) from None
    try:
        child = subprocess.Popen(
            command,
            env=child_environment(ctx, launch),
            cwd=workspace.state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
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
        ctx.now(),
        fingerprint_of(workspace.config_file),
        launch.models,
        launch.engine,
    )
    try:
        write_record(workspace, record)
    except FileError:
        child.kill()
        child.wait()
        raise
    return child, record


def child_environment(ctx: Context, launch: Launch) -> dict[str, str]:
    """Made from nothing: what LiteLLM would pick up from the user's shell does not get in."""
    kept = {name: ctx.environ[name] for name in PASSED_ON if name in ctx.environ}
    direct = [kept.get("NO_PROXY") or kept.get("no_proxy") or "", "localhost,127.0.0.1,::1"]
    kept["NO_PROXY"] = kept["no_proxy"] = ",".join(part for part in direct if part)
    secrets = {**launch.values, "LITELLM_MASTER_KEY": launch.master_key}
    settings = {
        "CONFIG_FILE_PATH": ctx.workspace.config_file,
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "DEBUG" if launch.debug else "WARNING",
        "LITELLM_TELEMETRY": "False",
        "DISABLE_ADMIN_UI": "True",
        "NO_DOCS": "True",
        "NO_REDOC": "True",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
        "FREEROUTER_DEBUG": "1" if launch.debug else "0",
        SECRET_NAMES: ",".join(secrets),
    }
    return {**kept, **settings, **secrets}


def _wait_until_ready(
    ctx: Context, child: subprocess.Popen[bytes], record: GatewayRecord, launch: Launch
) -> None:
    """The socket is ours and only the child serves it, so an authenticated 200 is the child's."""
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        ctx.emit(Progress("start", f"Starting LiteLLM {launch.engine}", done=waited))
        # The question waits in the socket's queue until the child serves it; were the child to
        # die, the socket would close and the question fail at once.
        patience = min(PATIENCE, launch.timeout)
        status, _ = get(record.host, record.port, "/v1/models", launch.master_key, patience)
        if status == 200:  # noqa: PLR2004 - HTTP's own number
            ctx.emit(Progress("start", "Gateway ready", "ok"))
            return
        if child.poll() is not None:
            raise _died(ctx, child.returncode)
        if waited > launch.timeout:
            raise FreeRouterError(
                f"The gateway did not answer within {launch.timeout:g} s; it was stopped.",
                fix="`freerouter logs` shows how far it came; `start --timeout 300` waits longer.",
            )
        time.sleep(POLL)


def _died(ctx: Context, code: int) -> FreeRouterError:
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    lines = "".join(f"\n    {ctx.redact(line)}" for line in tail(ctx.workspace.log_file, 12))
    return FreeRouterError(
        f"The gateway {how} before it answered.",
        f"Its last lines:{lines}\n",
        "`freerouter logs` shows all of it; `freerouter fetch` writes its config.yaml anew.",
    )


def stop(ctx: Context, grace: float) -> tuple[str, GatewayRecord | None]:
    """Stop the gateway: ("stopped" | "killed" | "gone" | "absent", its record)."""
    workspace = ctx.workspace
    if not os.path.exists(workspace.gateway_file):
        return "absent", None
    with atomic.lock(workspace.state, "gateway.lock"):
        record = read_record(workspace)
        if record is None:
            forget(workspace)
            return "absent", None
        if not record.identity.alive:
            forget(workspace)
            return "gone", record
        child = next((c for c in _children if c.pid == record.pid), None)
        outcome = _end(record.identity, child, grace)
        forget(workspace)
        return outcome, record


def _end(identity: Identity, child: subprocess.Popen[bytes] | None, grace: float) -> str:
    """SIGTERM, then SIGKILL after `grace` seconds, each only while it is provably ours."""
    outcome = "stopped"
    if identity.alive and grace > 0:
        _signal(identity, signal.SIGTERM)
        _wait_for_end(identity, child, grace)
    if identity.alive:
        outcome = "killed" if grace > 0 else "stopped"
        _signal(identity, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        _wait_for_end(identity, child, 5.0)
    if child is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=5.0)
    return outcome


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
