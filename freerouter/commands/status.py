"""`status`: whether the gateway runs and answers. Reads small files and asks two questions."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Any

from freerouter.commands.serving import running_config
from freerouter.commands.spent import budget_rows, saved_lately
from freerouter.config.key_notes import noted_digest
from freerouter.config.secrets import KEYRING, MASTER_KEY, load_secrets
from freerouter.config.state import asked_for, digest_of, fingerprint_of, has_models
from freerouter.config.workspace import shown
from freerouter.config.written_names import Named, aliases_in, read_config
from freerouter.errors import FreeRouterError
from freerouter.process.control import ask
from freerouter.process.probe import get, url_of
from freerouter.process.record import read_record
from freerouter.redact import digest
from freerouter.result import Block, Fields, Line, Result, counted
from freerouter.usage.quota_warnings import warnings
from freerouter.volatile import volatile, volatile_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.process.control import Message
    from freerouter.process.record import GatewayRecord

NOT_RUNNING = 6
POLL = 0.2
PATIENCE = 2.0
HOUR = 3600
MOST_ALIASES = 12
"""So many are named; --json names all of them."""


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    until = time.monotonic()
    if args["wait"]:
        from freerouter.durations import seconds

        until += seconds(args["wait"])
    while (result := _look(ctx)).exit_code and time.monotonic() < until:
        time.sleep(POLL)
    return result


def _look(ctx: Context) -> Result:
    record = read_record(ctx.workspace)
    if record is None:
        return _stopped(ctx, "")
    if not record.identity.alive:
        what = f"It was process {volatile('int', record.pid)}, which has ended unexpectedly."
        if record.left_over:
            what += " Its workers finish what they have begun."
        return _stopped(ctx, what)
    answers = get(record.host, record.port, "/health/liveliness", "", PATIENCE)[0] == 200  # noqa: PLR2004
    said = ask(record.control, {"do": "status"}, PATIENCE) if record.control else None
    result = _running(ctx, record, said or {}, answers=answers)
    if record.control and said is None:
        line = Line("Its supervisor does not answer: `freerouter logs` tells.", "warn", err=True)
        return result._replace(show=(*result.show, line))
    return result


def _running(ctx: Context, record: GatewayRecord, said: Message, *, answers: bool) -> Result:
    workers = said.get("workers", [])
    drift = _drift(ctx, record)
    memory = _memory(record.pid)
    uptime = max(0.0, ctx.now() - record.since)
    url = f"{url_of(record.host, record.port)}/v1"
    state = _state(said, answers=answers)
    aliases = aliases_in(read_config(running_config(ctx.workspace, said)))
    pairs = [
        ("address", volatile_url(url)),
        ("uptime", volatile("duration", duration(uptime))),
        ("models", str(record.models)),
        *([("aliases", _named(aliases))] if aliases else []),
        ("engine", f"LiteLLM {volatile('version', record.engine)}"),
        ("pid", volatile("int", record.pid)),
    ]
    if workers:
        pairs.append(("workers", _told_of(workers)))
    if memory:
        pairs.append(("memory", f"{volatile('int', memory // 1_000_000)} MB"))
    today, lately = _requests(ctx)
    counts = [("today", today), ("in the last hour", lately)]
    if told := [
        f"{volatile('int', number)} {when}" for when, number in counts if number is not None
    ]:
        pairs.append(("requests", ", ".join(told)))
    pairs.append(("workspace", shown(ctx.workspace.root, ctx.environ)))
    show: list[Block] = [Line(_HEADS[state], "ok" if answers else "error"), Fields(tuple(pairs))]
    show += _warnings(said, drift)
    scarce = warnings(ctx.workspace.quota_file, ctx.now())
    show += [Line(f"{one.told(ctx.now())}: `freerouter quota`.", "warn") for one in scarce]
    if not answers:
        show.append(Line("It may still be starting: `freerouter logs` tells.", err=True))
    data = {
        "state": state,
        "url": url,
        "pid": record.pid,
        "uptime": round(uptime, 1),
        "models": record.models,
        "aliases": [{"name": one.name, "members": len(one.members)} for one in aliases],
        "engine": record.engine,
        "drift": any(drift.values()),
        "changed": [name for name, changed in drift.items() if changed],
        "workers": workers,
        "restarts": said.get("restarts", 0),
        "memory": memory,
        "requests_today": today,
        "requests_last_hour": lately,
        "last_error": said.get("last_error"),
        "quota": [one.as_data() for one in scarce],
        "workspace": ctx.workspace.root,
    }
    money, more = _money(ctx)
    return Result({**data, **more}, (*show, *money), 0 if answers else NOT_RUNNING)


def _money(ctx: Context) -> tuple[list[Line], dict[str, Any]]:
    """How the budgets stand, and what is saved: where there are some, and something to compare."""
    rows = budget_rows(ctx)
    styles = {"ok": "", "runs_out": "warn"}
    lines = [Line(f"Budget: {row['text']}", styles.get(row["state"], "error")) for row in rows]
    saved = saved_lately(ctx)
    if saved:
        lines.append(Line(f"In 24 hours: {saved['text']}.", "ok"))
    return lines, {**({"budgets": rows} if rows else {}), **({"compared": saved} if saved else {})}


_HEADS = {
    "running": "Gateway running",
    "reloading": "Gateway running, and going over to a new configuration",
    "stopping": "Gateway is stopping",
    "starting": "Gateway is starting",
    "unresponsive": "Gateway is there but does not answer",
}


def _state(said: Message, *, answers: bool) -> str:
    told = str(said.get("state", ""))
    if told in ("reloading", "stopping"):
        return told
    if answers:
        return "running"
    return "starting" if told == "starting" else "unresponsive"


def _named(aliases: list[Named]) -> str:
    """`work (3 models), auto (2), quick (1)`."""
    first, *rest = aliases
    parts = [f"{first.name} ({counted(len(first.members), 'model')})"]
    parts += [f"{one.name} ({len(one.members)})" for one in rest[: MOST_ALIASES - 1]]
    more = len(aliases) - len(parts)
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")


def _told_of(workers: list[Message]) -> str:
    """`1 serving (3 requests), 1 draining`."""
    parts = []
    for state in ("serving", "starting", "draining"):
        those = [worker for worker in workers if worker["state"] == state]
        if those:
            busy = sum(worker["in_flight"] or 0 for worker in those)
            parts.append(
                f"{len(those)} {state}" + (f" ({counted(busy, 'request')})" if busy else "")
            )
    return ", ".join(parts)


def _drift(ctx: Context, record: GatewayRecord) -> dict[str, bool]:
    """Which file has gone on without the next one: what is wanted, generated and running."""
    workspace = ctx.workspace
    generated = fingerprint_of(workspace.config_file)
    wanted = asked_for(workspace)
    edited = bool(wanted) and digest_of(workspace.providers_file) != wanted
    if edited:
        from freerouter.commands.writing import is_current

        edited = not is_current(ctx)
    return {
        "providers.yaml": edited,
        "config.yaml": generated != record.fingerprint,
        "master key": _has_other_key(ctx, record),
    }


def _has_other_key(ctx: Context, record: GatewayRecord) -> bool:
    """Whether the gateway was started with another key than clients are told of now."""
    if not record.key:
        return False
    try:
        secrets = load_secrets(ctx)
        if secrets.origin(MASTER_KEY) == KEYRING:  # which may ask somebody to unlock it
            return noted_digest(ctx.workspace, MASTER_KEY) not in ("", record.key)
        key = secrets.get(MASTER_KEY)
    except FreeRouterError:  # what cannot be read is told by others
        return False
    return key is not None and digest(key) != record.key


def _warnings(said: Message, drift: Mapping[str, bool]) -> list[Block]:
    show: list[Block] = []
    if drift["config.yaml"]:
        what = "config.yaml has changed since it was started: `freerouter reload`."
        show.append(Line(what, "warn"))
    if drift["master key"]:
        what = "It still takes the gateway's old key, and not the one of now: `freerouter reload`."
        show.append(Line(what, "warn"))
    if drift["providers.yaml"]:
        what = (
            "providers.yaml asks for something else than config.yaml has: `freerouter reload -r`."
        )
        show.append(Line(what, "warn"))
    restarts = said.get("restarts", 0)
    if restarts:
        what = f"A worker ended unasked and was replaced, {counted(restarts, 'time')} so far"
        show.append(Line(f"{what}: `freerouter logs`.", "warn"))
    missing = said.get("wanted", 1) - sum(w["state"] == "serving" for w in said.get("workers", []))
    if said.get("state") == "serving" and missing > 0:
        show.append(Line(f"{counted(missing, 'worker')} to come back.", "warn"))
    error = said.get("last_error")
    if error:
        where = ", ".join(error[name] for name in ("alias", "time") if error.get(name))
        status = error.get("status") or ""
        show.append(Line(f"Last error: {status} {error.get('message', '')} ({where})", "dim"))
    return show


def _requests(ctx: Context) -> tuple[int | None, int | None]:
    """Of the local day and of the last hour, also those before a restart; None where usage.db
    cannot be read.
    """
    path, now = ctx.workspace.usage_file, ctx.now()
    if not os.path.exists(path):
        return 0, 0
    from freerouter.usage.reading import requests_since, requests_today

    try:
        return requests_today(path, now), requests_since(path, now - HOUR)
    except FreeRouterError:
        return None, None


def _memory(pid: int) -> int:
    """Bytes of a process and of all that it began, what is shared counted once; 0 where the system
    does not tell.
    """
    own, children = 0, ""
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            own = next((int(line.split()[1]) for line in file if line.startswith("Pss:")), 0)
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read()
    return own * 1024 + sum(_memory(int(child)) for child in children.split())


def _stopped(ctx: Context, why: str) -> Result:
    configured = ctx.workspace.configured
    if not configured:
        fix = "Nothing is configured yet: `freerouter init --wizard`."
    elif not has_models(ctx.workspace):
        fix = "No models fetched yet: `freerouter fetch`."
    else:
        fix = "`freerouter start` starts it."
    show: list[Block] = [Line("Gateway not running", "error")]
    show += [Line(why)] if why else []
    data = {"state": "stopped", "workspace": ctx.workspace.root, "configured": configured}
    where = shown(ctx.workspace.root, ctx.environ)
    money, more = _money(ctx)
    show += [Fields((("workspace", where),)), Line(fix), *money]
    return Result({**data, **more}, tuple(show), NOT_RUNNING)


def duration(seconds: float) -> str:
    """`2d 3h`, `5h 12m`, `3m 20s`, `8s`."""
    whole = int(seconds)
    parts = [
        (whole // 86400, "d"),
        (whole // 3600 % 24, "h"),
        (whole // 60 % 60, "m"),
        (whole % 60, "s"),
    ]
    while len(parts) > 1 and parts[0][0] == 0:
        parts.pop(0)
    return " ".join(f"{n}{unit}" for n, unit in parts[:2])
