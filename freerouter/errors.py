"""One tree of errors. Each says what happened, why, what to do next, and carries its exit code."""

from __future__ import annotations

from freerouter.volatile import plain


class FreeRouterError(Exception):
    """Something the user should know: `what`, `why` (may be empty), `fix` (may be empty)."""

    exit_code = 1

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return plain(" ".join(part for part in (self.what, self.why, self.fix) if part))

    def as_data(self) -> dict[str, object]:
        """The shape that `--json` prints under `error`."""
        return {
            "what": plain(self.what),
            "why": plain(self.why),
            "fix": plain(self.fix),
            "kind": type(self).__name__,
            "exit_code": self.exit_code,
        }


class UsageError(FreeRouterError):
    """A command line, script or answer that cannot be understood."""

    exit_code = 2


class FileError(FreeRouterError):
    """A file that cannot be read, parsed or written."""

    exit_code = 2


class NotConfiguredError(FreeRouterError):
    """Something must be set up first."""

    exit_code = 3


class NotFoundError(FreeRouterError):
    """A provider, model, file or question that is not there."""

    exit_code = 4


class ProviderError(FreeRouterError):
    """The network or a provider failed. `state` is the verdict that it leads to.

    `retry` is None for what will not pass, else the seconds after which it may have passed.
    """

    exit_code = 5

    def __init__(
        self,
        what: str,
        why: str = "",
        fix: str = "",
        *,
        state: str = "unknown",
        retry: float | None = None,
    ) -> None:
        super().__init__(what, why, fix)
        self.state = state
        self.retry = retry


class PluginError(FreeRouterError):
    """A package that adds something to FreeRouter is broken."""


class GatewayStateError(FreeRouterError):
    """The gateway is not in the state that the command needs."""

    exit_code = 6


class CancelledError(FreeRouterError):
    """The user stopped it. Nothing more happens."""

    exit_code = 130

    def __init__(self, what: str = "Cancelled.", why: str = "", fix: str = "") -> None:
        super().__init__(what, why, fix)
