"""Which models are proven to answer, or fail: by a call of `check`, or by the gateway's traffic.

state/proven.json holds, by `provider/model`, `{at, latency, stream, tools, by}`, state/failing.json
`{at, why, by}`; times are seconds since 1970. A request of the gateway's log counts as much. The
last call decides.
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
OF_THE_CLIENT = (400, 413, 422, 499)
"""Failures that say nothing of the model: the request was wrong, or its client hung up."""
Facts = dict[str, dict[str, Any]]


def read_calls(workspace: Workspace) -> tuple[Facts, Facts]:
    """Proven models and failing ones, by `provider/model`; none is both."""
    proven, failing = read_proven(workspace), _kept(workspace.failing_file)
    for name, fact in _traffic(workspace.requests_file, well=False):
        if name not in failing or fact["at"] > failing[name]["at"]:
            failing[name] = fact
    for name in proven.keys() & failing.keys():
        worse = failing if proven[name]["at"] >= failing[name]["at"] else proven
        del worse[name]
    return proven, failing


def write_failing(
    workspace: Workspace, new: Mapping[str, Mapping[str, Any]], mended: Iterable[str]
) -> None:
    """Keep why calls failed, by `provider/model`, and forget those that have answered since."""
    before = _kept(workspace.failing_file)
    gone = {*mended}
    failing = {name: fact for name, fact in before.items() if name not in gone} | {**new}
    if failing != before:
        write_state(workspace.failing_file, failing)


def read_proven(workspace: Workspace) -> Facts:
    """By `provider/model`, what is known of its last answer, wherever that came from."""
    proven = _kept(workspace.proven_file)
    for name, fact in _traffic(workspace.requests_file, well=True):
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


def _kept(path: str) -> Facts:
    found = read_state(path) or {}
    return {name: fact for name, fact in found.items() if _is_whole(fact)}


def _is_whole(fact: Any) -> bool:
    if not isinstance(fact, dict):
        return False
    at = fact.get("at")
    return isinstance(at, int | float) and not isinstance(at, bool) and 0 <= at < 2**40


def _traffic(path: str, *, well: bool) -> Iterable[tuple[str, dict[str, Any]]]:
    """The newest request of each model at the log's end that was answered, or that failed."""
    seen: set[str] = set()
    for line in reversed(_tail(path)):
        if (b'"status":200' in line or b'"status": 200' in line) != well:
            continue
        try:
            told = json.loads(line)
            name = f"{told['provider']}/{told['model']}"
            if name in seen:
                continue
            at = _seconds(told["time"])
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if not (told["provider"] and told["model"]) or (told["status"] == ANSWERED) != well:
            continue
        if told["status"] in OF_THE_CLIENT:
            continue
        seen.add(name)
        yield name, _answer(told, at) if well else _failure(told, at)


def _answer(told: Mapping[str, Any], at: float) -> dict[str, Any]:
    latency = told.get("latency")
    return {
        "at": at,
        "latency": latency if isinstance(latency, int | float) else None,
        "stream": True if told.get("stream") is True else None,
        "by": "traffic",
    }


def _failure(told: Mapping[str, Any], at: float) -> dict[str, Any]:
    status = told["status"] or ""
    return {"at": at, "why": f"{status} {told.get('message') or ''}".strip(), "by": "traffic"}


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
