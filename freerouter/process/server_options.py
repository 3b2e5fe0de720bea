"""How uvicorn serves the gateway: what a worker passes to `uvicorn.Config`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

KEPT_ALIVE = 75
"""Seconds that an idle connection stays open: longer than clients' pools keep theirs."""


def server_options(*, debug: bool = False) -> dict[str, Any]:
    """With httptools and uvloop where they are installed: both come with the extra `gateway`.

    Access lines name no model and cost a twentieth of a request: the request log takes their
    place, and they are written with `--debug` only.
    """
    return {
        "http": "httptools" if find_spec("httptools") else "h11",
        "loop": "uvloop" if find_spec("uvloop") else "asyncio",
        "access_log": debug,
        "server_header": False,
        "timeout_keep_alive": KEPT_ALIVE,
    }
