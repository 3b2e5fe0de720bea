"""The gateway's own process: imports LiteLLM, serves it on the socket that it was handed.

Started as `python -m freerouter.process.worker --token T --fd N --engine VERSION`. Its environment
is made by `freerouter.process.gateway`; all that it prints goes to the gateway's log.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
from typing import IO, Any

from freerouter.process import patches
from freerouter.redact import Redactor

SECRET_NAMES = "FREEROUTER_SECRET_NAMES"  # noqa: S105 - names only
"""The variable that lists, separated by commas, which variables hold secrets."""


class RedactedStream:
    """A text stream in which known secrets are written as their names."""

    def __init__(self, stream: IO[str], redact: Redactor) -> None:
        self._stream = stream
        self._redact = redact

    def write(self, text: str) -> int:
        self._stream.write(self._redact(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def hide_secrets() -> None:
    redact = Redactor()
    names = os.environ.pop(SECRET_NAMES, "").split(",")
    redact.learn({name: os.environ[name] for name in names if name in os.environ})
    sys.stdout = RedactedStream(sys.stdout, redact)
    sys.stderr = RedactedStream(sys.stderr, redact)


def log_settings(*, debug: bool) -> dict[str, Any]:
    """Uvicorn's logging, with the time in front of every line."""
    style = {"format": "%(asctime)s %(levelname)s %(message)s"}
    level = "DEBUG" if debug else "INFO"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": style},
        "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            name: {"handlers": ["err"], "level": level, "propagate": False}
            for name in ("uvicorn", "uvicorn.error", "uvicorn.access")
        },
    }


def main(arguments: list[str]) -> None:
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    hide_secrets()
    # Nothing of what is imported is ever garbage; looking for it takes a third of the time.
    gc.disable()
    patched = patches.wanted(options["--engine"])
    if patched:
        patches.before_import()
    import uvicorn
    from litellm.proxy.proxy_server import app

    if patched:
        patches.after_import()
    gc.freeze()
    gc.enable()
    listener = socket.socket(fileno=int(options["--fd"]))
    debug = os.environ.get("FREEROUTER_DEBUG") == "1"
    config = uvicorn.Config(app, log_config=log_settings(debug=debug), server_header=False)
    sys.stderr.write(f"FreeRouter gateway, LiteLLM {options['--engine']}, patched: {patched}\n")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1:])
