"""`status`: whether the gateway runs and answers. Reads two small files and asks one question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config.state import fingerprint_of, has_models
from freerouter.config.workspace import shown
from freerouter.process.probe import get, url_of
from freerouter.process.record import read_record
from freerouter.result import Block, Fields, Line, Result
from freerouter.volatile import volatile, volatile_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context
    from freerouter.process.record import GatewayRecord

NOT_RUNNING = 6


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    record = read_record(ctx.workspace)
    where = shown(ctx.workspace.root, ctx.environ)
    if record is None:
        return _stopped(ctx, where, "")
    if not record.identity.alive:
        return _stopped(
            ctx,
            where,
            f"It was process {volatile('int', record.pid)}, which has ended unexpectedly.",
        )
    answers = get(record.host, record.port, "/health/liveliness")[0] == 200  # noqa: PLR2004
    drift = fingerprint_of(ctx.workspace.config_file) != record.fingerprint
    uptime = max(0.0, ctx.now() - record.since)
    url = f"{url_of(record.host, record.port)}/v1"
    show: list[Block] = [
        Line(
            "Gateway running" if answers else "Gateway is there but does not answer",
            _style(answers),
        ),
        Fields(_facts(record, url, uptime, where)),
    ]
    if drift:
        show.append(
            Line("config.yaml has changed since it was started: `freerouter reload`.", "warn")
        )
    if not answers:
        show.append(Line("It may still be starting: `freerouter logs` tells.", err=True))
    data = {
        "state": "running" if answers else "unresponsive",
        "url": url,
        "pid": record.pid,
        "uptime": round(uptime, 1),
        "models": record.models,
        "engine": record.engine,
        "drift": drift,
        "workspace": ctx.workspace.root,
    }
    return Result(data, tuple(show), 0 if answers else NOT_RUNNING)


def _style(answers: bool) -> str:
    return "ok" if answers else "error"


def _facts(
    record: GatewayRecord, url: str, uptime: float, where: str
) -> tuple[tuple[str, str], ...]:
    return (
        ("address", volatile_url(url)),
        ("uptime", volatile("duration", duration(uptime))),
        ("models", str(record.models)),
        ("engine", f"LiteLLM {volatile('version', record.engine)}"),
        ("pid", volatile("int", record.pid)),
        ("workspace", where),
    )


def _stopped(ctx: Context, where: str, why: str) -> Result:
    configured = ctx.workspace.configured
    if not configured:
        fix = "Nothing is configured yet: `freerouter init --wizard`."
    elif not has_models(ctx.workspace):
        fix = "No models fetched yet: `freerouter fetch`."
    else:
        fix = "`freerouter start` starts it."
    show = [Line("Gateway not running", "error")]
    show += [Line(why)] if why else []
    data = {"state": "stopped", "workspace": ctx.workspace.root, "configured": configured}
    return Result(data, (*show, Fields((("workspace", where),)), Line(fix)), NOT_RUNNING)


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
