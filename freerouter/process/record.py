"""state/gateway.json: which process is the gateway, where it listens, how it was started."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.state import read_state, write_state
from freerouter.process.identity import Identity

if TYPE_CHECKING:
    from freerouter.config.workspace import Workspace


class GatewayRecord(NamedTuple):
    """As it was started. `since` is seconds since 1970; `models` counts the deployments."""

    pid: int
    started: str
    token: str
    host: str
    port: int
    since: float
    fingerprint: str
    models: int
    engine: str
    control: str = ""
    """The socket at which its supervisor is spoken to."""
    workers: tuple[tuple[int, str], ...] = ()
    """Process ids and start times."""
    key: str = ""
    """The digest of the master key with which it was started."""

    @property
    def identity(self) -> Identity:
        return Identity(self.pid, self.started, self.token)

    @property
    def left_over(self) -> list[Identity]:
        """Workers that are still there, as their supervisor may not be any more."""
        workers = [Identity(pid, started, self.token) for pid, started in self.workers]
        return [worker for worker in workers if worker.alive]


def read_record(workspace: Workspace) -> GatewayRecord | None:
    """The record, or None where there is none or it cannot be understood."""
    data = read_state(workspace.gateway_file)
    if data is None:
        return None
    try:
        return GatewayRecord(
            int(data["pid"]),
            str(data["started"]),
            str(data["token"]),
            str(data["host"]),
            int(data["port"]),
            float(data["since"]),
            str(data["fingerprint"]),
            int(data["models"]),
            str(data["engine"]),
            str(data.get("control", "")),
            tuple((int(pid), str(started)) for pid, started in data.get("workers", ())),
            str(data.get("key", "")),
        )
    except (KeyError, TypeError, ValueError):
        return None


def write_record(workspace: Workspace, record: GatewayRecord) -> None:
    write_state(workspace.gateway_file, record._asdict())


def forget(workspace: Workspace) -> None:
    with contextlib.suppress(OSError):
        os.unlink(workspace.gateway_file)


def running(workspace: Workspace) -> GatewayRecord | None:
    """The record of a gateway that is provably ours and alive; None otherwise."""
    record = read_record(workspace)
    return record if record and record.identity.alive else None
