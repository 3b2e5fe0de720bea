"""`logs --requests`: what clients asked of the gateway, one line a request."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from freerouter.commands.logs import how_many
from freerouter.process.log import follow, newest_first
from freerouter.result import Block, Line, Output, Result
from freerouter.usage.record import RequestRecord, from_line
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freerouter.context import Context

HEADING = "TIME      CODE     TOOK       IN+OUT      COST  MODEL"
NONE_YET = "No requests yet: they are recorded while the gateway runs."
NONE_LIKE_THAT = "No request is like that."
HOW_TO_RECORD = (
    "Bodies are not recorded. `gateway: {log_bodies: true}` in providers.yaml has them recorded, "
    "after `freerouter reload`."
)
OUT_OF_ORDER = timedelta(seconds=10)
"""Records are written as requests end: how much later than that an older one may stand."""
SECOND_FROM = 9.995
CENT = 0.01


def show_requests(ctx: Context, args: Mapping[str, Any], since: datetime | None) -> Result:
    path = ctx.workspace.requests_file
    found = list(islice(_matching(path, since, errors=args["errors"]), how_many(args, since)))
    records = found[::-1]
    bodies = args["bodies"]
    if not args["follow"]:
        nothing = NONE_LIKE_THAT if any(newest_first(path)) else NONE_YET
        show: list[Block] = [Line(HEADING, "head")] if records else [Line(nothing, "dim")]
        show += [line for record in records for line in lines_of(record, bodies=bodies)]
        if records and bodies and not any(record.request for record in records):
            show.append(Line(HOW_TO_RECORD, "dim", err=True))
        return Result({"requests": [_data(r, bodies=bodies) for r in records]}, tuple(show))
    ctx.emit(Output(Line(HEADING, "head")))
    for record in records:
        _emit(ctx, record, bodies=bodies)
    for line in follow(path):
        new = from_line(line)
        if new and (new.failed or not args["errors"]):
            _emit(ctx, new, bodies=bodies)
    return Result({"requests": []})


def _matching(path: str, since: datetime | None, *, errors: bool) -> Iterator[RequestRecord]:
    """Records newest first, back to those that began before `since`."""
    for line in newest_first(path):
        record = from_line(line)
        if record is None:
            continue
        began = _local(record.time)
        if since and began + timedelta(seconds=record.latency) < since - OUT_OF_ORDER:
            return
        if (record.failed or not errors) and not (since and began < since):
            yield record


def _emit(ctx: Context, record: RequestRecord, *, bodies: bool) -> None:
    first, *more = lines_of(record, bodies=bodies)
    ctx.emit(Output(first, _data(record, bodies=bodies)))
    for line in more:
        ctx.emit(Output(line))


def _data(record: RequestRecord, *, bodies: bool) -> dict[str, Any]:
    return (record if bodies else record._replace(request="", response="")).as_data()


def lines_of(record: RequestRecord, *, bodies: bool = False) -> list[Line]:
    """One line, in 80 columns unless names are long; below it the bodies, where they are wanted."""
    tokens = "-"
    if record.tokens_in is not None or record.tokens_out is not None:
        tokens = f"{record.tokens_in or 0}+{record.tokens_out or 0}"
    parts = (
        volatile("any", f"{_local(record.time):%H:%M:%S}"),
        f"{record.status or '-':>4}",
        volatile("any", f"{_seconds(record.latency):>7}"),
        f"{tokens:>11}",
        f"{_dollars(record.cost):>8}",
        _what(record),
    )
    lines = [Line("  ".join(parts))]
    for mark, body in ((">", record.request), ("<", record.response)):
        if bodies and body:
            lines += [Line(f"  {mark} {line}") for line in body.splitlines()]
    return lines


def _what(record: RequestRecord) -> str:
    """Who answered, and what went wrong: `fast = llama-3.3-70b (groq), 1 retry, Timeout: …`."""
    model = record.alias or record.model or record.dialect
    if record.model and record.model != model:
        model += f" = {record.model}"
    if record.provider:
        model += f" ({record.provider})"
    more = [f"{number} {_noun(number, noun)}" for number, noun in _attempts(record) if number]
    if record.failed:
        more.append(": ".join(part for part in (record.error, record.message) if part))
    return ", ".join((model, *more))


def _attempts(record: RequestRecord) -> tuple[tuple[int, str], ...]:
    return (record.retries, "retry"), (record.fallbacks, "fallback")


def _noun(number: int, noun: str) -> str:
    if number == 1:
        return noun
    return "retries" if noun == "retry" else f"{noun}s"


def _local(time: str) -> datetime:
    """A record's time on this machine's clock."""
    return datetime.fromisoformat(time).astimezone().replace(tzinfo=None)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < SECOND_FROM else f"{seconds:.1f} s"


def _dollars(cost: float | None) -> str:
    if not cost:
        return "-" if cost is None else "$0"
    return f"${cost:.5f}" if cost < CENT else f"${cost:.4f}"
