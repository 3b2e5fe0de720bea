"""What a running gateway leaves on the disk: its record, its configuration, its log."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.config.workspace import Workspace
from freerouter.errors import FreeRouterError
from freerouter.process.identity import started_at
from freerouter.process.output import keep_open
from freerouter.process.record import GatewayRecord, forget, write_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freerouter.process.pool import Worker


class Traces:
    """The files of one gateway, put back where somebody removes them."""

    def __init__(self, state: str, token: str, engine: str, control: str) -> None:
        self._workspace = Workspace(os.path.dirname(state))
        self._token = token
        self._engine = engine
        self._control = control
        self._written: GatewayRecord | None = None

    def paths(self, generation: int) -> dict[str, str]:
        """Where a worker reads and writes."""
        workspace = self._workspace
        return {
            "path": self.config(generation),
            "log": workspace.log_file,
            "requests": workspace.requests_file,
            "usage": workspace.usage_file,
            "providers": workspace.providers_file,
            "quota": workspace.quota_file,
        }

    def config(self, generation: int) -> str:
        """A copy's path: what is served is not what lies in config.yaml a minute later."""
        return os.path.join(self._workspace.state, f"gateway-{generation}.yaml")

    def write_config(self, text: str, generation: int) -> None:
        """Where it is not there already. Raises FreeRouterError where that cannot be done."""
        path = self.config(generation)
        with contextlib.suppress(OSError, UnicodeDecodeError), open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
        atomic.write_text(path, text)

    def drop_config(self, generation: int) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self.config(generation))

    def keep(self, job: dict[str, Any], workers: Iterable[Worker]) -> None:
        """Write down who we are, where that has changed or is gone. A full disk is tried again."""
        pid = os.getpid()
        record = GatewayRecord(
            pid,
            started_at(pid),
            self._token,
            job["host"],
            job["port"],
            job["since"],
            job["fingerprint"],
            job["models"],
            self._engine,
            self._control,
            tuple((worker.pid, worker.started) for worker in workers),
            job.get("key", ""),
        )
        if record != self._written or not os.path.exists(self._workspace.gateway_file):
            with contextlib.suppress(FreeRouterError):
                write_record(self._workspace, record)
                self._written = record

    def keep_log(self) -> None:
        keep_open(self._workspace.log_file, rotates=True)

    def remove(self, generation: int) -> None:
        """The gateway has ended: nothing of it stays but its log."""
        forget(self._workspace)
        self.drop_config(generation)
        with contextlib.suppress(OSError):
            os.unlink(self._control)
