"""`doctor` on the gateway: its engine, its port, and whether it answers those that it should."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from freerouter.commands.doctor_budgets import check_budgets
from freerouter.commands.doctor_facts import finding, from_error
from freerouter.commands.doctor_quota import check_quota
from freerouter.config.secrets import MASTER_KEY, STRONG_KEY_LENGTH, weak_key_fix
from freerouter.config.state import has_models, read_pools
from freerouter.errors import FreeRouterError, NotConfiguredError, UsageError
from freerouter.process.engine import PINNED, find_engine, install_command
from freerouter.process.gateway import status_of
from freerouter.process.launch import STRONG
from freerouter.process.port import is_loopback, listen, next_free
from freerouter.process.probe import get, url_of
from freerouter.process.record import read_record
from freerouter.result import counted
from freerouter.volatile import volatile, volatile_url

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from freerouter.commands.doctor_facts import Facts, Finding
    from freerouter.process.control import Message
    from freerouter.process.record import GatewayRecord

SECONDS = 5.0
RELOAD = ("reload",)
WRONG_KEY = "sk-this-key-opens-nothing"
OK = 200


def check_engine(facts: Facts) -> Iterator[Finding]:
    try:
        engine = find_engine()
    except NotConfiguredError as error:
        yield from_error("engine.usable", error)
        return
    if engine.pinned:
        yield finding(
            "engine.usable", "ok", f"LiteLLM {volatile('version', engine.version)} is installed."
        )
        return
    yield finding(
        "engine.usable",
        "warn",
        f"LiteLLM {engine.version} is installed; FreeRouter is made for {PINNED}.",
        "It may work, and starts more slowly.",
        fix=f"Replace it: {install_command()}",
    )


def check_port(facts: Facts) -> Iterator[Finding]:
    name = "port.free"
    if facts.record:
        where = url_of(facts.record.host, facts.record.port)
        yield finding(name, "ok", f"The gateway itself listens at {where}.")
    elif facts.file is None:
        yield finding(name, "skipped", "Which one it is, a valid providers.yaml says.")
    else:
        host, port = facts.file.address(facts.ctx.environ)
        fault = _port_fault(facts)
        yield fault or finding(name, "ok", f"Port {volatile('port', port)} on {host} is free.")


def _port_fault(facts: Facts) -> Finding | None:
    """Why the gateway could not listen: found out by listening for a moment."""
    if facts.file is None:
        return None
    host, port = facts.file.address(facts.ctx.environ)
    try:
        listen(host, port).close()
    except UsageError as error:
        return from_error("port.free", error)
    except FreeRouterError as error:
        free = next_free(host, port)
        command = ("start", "--port", str(free)) if free else ()
        return from_error("port.free", error, command)
    return None


def check_gateway(facts: Facts) -> Iterator[Finding]:
    yield from _master_key(facts)
    yield from check_quota(facts)
    yield from check_budgets(facts)
    if facts.record is None:
        yield from _not_running(facts)
        return
    record = facts.record
    key = _own_key(facts) or ""
    began = time.monotonic()
    status, body = get(record.host, record.port, "/v1/models", key, SECONDS)
    took = time.monotonic() - began
    url = url_of(record.host, record.port)
    yield finding(
        "gateway.running",
        "ok",
        f"It runs at {volatile_url(url)}, as process {volatile('int', record.pid)}.",
    )
    aliases = {pool["name"] for pool in read_pools(facts.ctx.workspace)}
    yield _answer(status, body, took, aliases)
    if status:
        yield _refusal(record)
    if record.control:
        yield _supervisor(status_of(record, SECONDS))


def _supervisor(said: Message | None) -> Finding:
    """Whether it speaks, and how often it had to replace a worker."""
    name = "gateway.workers"
    if said is None:
        what = "Its supervisor does not answer."
        why = "A worker that crashed would not be replaced, and `reload` will not work."
        return finding(name, "error", what, why, fix="`freerouter stop`, then `freerouter start`.")
    serving = sum(worker["state"] == "serving" for worker in said["workers"])
    if serving < said["wanted"]:
        what = f"{serving} of {counted(said['wanted'], 'worker')} serve."
        return finding(name, "warn", what, "Another one is starting.", fix="`freerouter logs`.")
    if said["restarts"]:
        what = f"A worker ended unasked and was replaced, {counted(said['restarts'], 'time')}."
        return finding(name, "warn", what, fix="`freerouter logs` says how it ended.")
    return finding(name, "ok", f"{counted(serving, 'worker')}, none of which ever crashed.")


def _own_key(facts: Facts) -> str | None:
    """None also where it cannot be had: `_master_key` tells of that."""
    try:
        return facts.secrets.get(MASTER_KEY) if facts.secrets else None
    except FreeRouterError:
        return None


def _master_key(facts: Facts) -> Iterator[Finding]:
    """A weak key stops `fetch` and `start`; none yet is no fault, one is made."""
    try:
        key = facts.secrets.get(MASTER_KEY) if facts.secrets else None
    except FreeRouterError as error:
        yield from_error("gateway.key", error)
        return
    if key is None:
        return
    host = facts.file.address(facts.ctx.environ)[0] if facts.file else "localhost"
    if len(key) >= (STRONG_KEY_LENGTH if is_loopback(host) else STRONG):
        return
    assert facts.secrets  # noqa: S101 - or there were no key
    own = facts.secrets.origin(MASTER_KEY) != "environment"
    yield finding(
        "gateway.key",
        "error",
        f"The gateway's key in {MASTER_KEY} is too weak ({len(key)} characters).",
        f"It is to listen on {host}.",
        fix="" if own else weak_key_fix(facts.secrets),
        command=("keys", "rotate", "master") if own else (),
    )


def _not_running(facts: Facts) -> Iterator[Finding]:
    workspace = facts.ctx.workspace
    record = read_record(workspace)
    if record is None and os.path.exists(workspace.gateway_file):
        yield finding(
            "gateway.record",
            "warn",
            "What was noted of the gateway cannot be read.",
            "If it still runs, FreeRouter does not know it any more.",
            command=("stop",),
        )
    if not workspace.configured:
        yield finding("gateway.running", "skipped", "There is nothing to start yet.")
        return
    fault = _port_fault(facts)
    start = fault.command if fault else ("start",)
    yield finding(
        "gateway.running",
        "warn",
        "It is not running.",
        f"It was process {volatile('int', record.pid)}, which has ended unexpectedly."
        if record
        else "",
        fix="" if has_models(workspace) else "It can be started once there is a config.yaml.",
        command=start if has_models(workspace) else (),
    )


def _answer(status: int, body: bytes, took: float, aliases: Collection[str]) -> Finding:
    name = "gateway.answers"
    logs = "`freerouter logs` tells more."
    if not status:
        what = f"It does not answer within {SECONDS:g} s."
        return finding(name, "error", what, "It may still be starting.", fix=logs, command=RELOAD)
    if status != OK:
        what = f"It answers {status} to its own key."
        why = "It was started with another key, or it is failing."
        return finding(name, "error", what, why, fix=logs, command=RELOAD)
    models = _count(body, aliases)
    if not models:
        what = "It answers, but serves no model."
        return finding(name, "error", what, fix=logs, command=RELOAD)
    lasted = volatile("duration", f"{took * 1000:.0f} ms")
    return finding(name, "ok", f"It answers in {lasted} and serves {counted(models, 'model')}.")


def _count(body: bytes, aliases: Collection[str]) -> int:
    """How many models it lists, names that stand for several excepted."""
    try:
        rows = json.loads(body)["data"]
    except (ValueError, KeyError, TypeError):
        return 0
    if not isinstance(rows, list):
        return 0
    ids = [row.get("id") if isinstance(row, dict) else None for row in rows]
    return sum(name not in aliases for name in ids) or len(ids)


def _refusal(record: GatewayRecord) -> Finding:
    name = "gateway.refuses"
    status, _ = get(record.host, record.port, "/v1/models", WRONG_KEY, SECONDS)
    if status == OK:
        why = "Anyone who can reach its port can use your keys."
        return finding(name, "error", "It answers to any key.", why, command=RELOAD)
    if not status:
        return finding(name, "skipped", "It did not say what it thinks of a wrong key.")
    return finding(name, "ok", "It refuses a wrong key.")
