"""Which models are proven to answer: by a call of `check`, or by the gateway's real traffic.

state/proven.json holds, by `provider/model`, `{at, latency, stream, tools, by}`; times are seconds
since 1970. A request of the gateway's log that was answered with 200 counts as much.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from freerouter.config.state import read_state, write_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.config.workspace import Workspace

TAIL = 128 * 1024
"""Bytes of the request log that are looked at, the newest: `list` cannot wait for all of it."""
ANSWERED = 200


def read_proven(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """By `provider/model`, what is known of its last answer, wherever that came from."""
    proven = _kept(workspace)
    for name, fact in _traffic(workspace.requests_file):
        known = proven.get(name)
        if known is None:
            proven[name] = fact
        elif fact["at"] > known["at"]:
            proven[name] = {**known, **{k: v for k, v in fact.items() if v is not None}}
    return proven


def write_proven(
    workspace: Workspace, new: Mapping[str, Mapping[str, Any]], gone: Iterable[str] = ()
) -> None:
    """Keep what was found out, with what the traffic proves, and forget models that are gone."""
    proven = read_proven(workspace)
    for name, fact in new.items():
        known = {k: v for k, v in proven.get(name, {}).items() if k in ("stream", "tools")}
        proven[name] = {**known, **{k: v for k, v in fact.items() if v is not None}}
    for name in gone:
        proven.pop(name, None)
    write_state(workspace.proven_file, proven)


def day_of(fact: Mapping[str, Any] | None) -> str:
    """The day of a proof, in UTC; "" where there is none."""
    if not fact:
        return ""
    import time

    return time.strftime("%Y-%m-%d", time.gmtime(fact["at"]))


def _kept(workspace: Workspace) -> dict[str, dict[str, Any]]:
    found = read_state(workspace.proven_file) or {}
    return {name: fact for name, fact in found.items() if _is_whole(fact)}


def _is_whole(fact: Any) -> bool:
    if not isinstance(fact, dict):
        return False
    at = fact.get("at")
    return isinstance(at, int | float) and not isinstance(at, bool) and 0 <= at < 2**40


def _traffic(path: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """The newest answered request of each model at the log's end; what is none is passed over."""
    seen: set[str] = set()
    for line in reversed(_tail(path)):
        if b'"status":200' not in line and b'"status": 200' not in line:
            continue
        try:
            told = json.loads(line)
            name = f"{told['provider']}/{told['model']}"
            if name in seen:
                continue
            at = _seconds(told["time"])
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if not (told["provider"] and told["model"]) or told["status"] != ANSWERED:
            continue
        seen.add(name)
        latency = told.get("latency")
        yield (
            name,
            {
                "at": at,
                "latency": latency if isinstance(latency, int | float) else None,
                "stream": True if told.get("stream") is True else None,
                "by": "traffic",
            },
        )


def _seconds(time: str) -> float:
    from datetime import datetime, timezone

    moment = datetime.fromisoformat(time.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _tail(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            lines = file.read(TAIL).splitlines()
    except OSError:
        return []
    return lines[1:] if size > TAIL else lines
