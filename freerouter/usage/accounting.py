"""An exchange as the ledger keeps it: the request, and every call that it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.usage.entry import FAILED, Attempt, Entry, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.usage.exchange import Exchange
    from freerouter.usage.record import RequestRecord
    from freerouter.usage.spending import Hold

MICRO = 1_000_000
NANO = 1_000_000_000


def entry_of(exchange: Exchange, record: RequestRecord, redact: Callable[[str], str]) -> Entry:
    """`record` is what was made of the same exchange."""
    common = Way(
        alias=record.alias, client=record.client, dialect=record.dialect, stream=record.stream
    )
    attempts = [
        Attempt(
            round(call.ended * 1000),
            _asked(common, call.deployment, redact)._replace(status=call.status, error=call.error),
            _micros(call.latency),
        )
        for call in exchange.calls
    ]
    if attempts and _broke(exchange, record):
        last = attempts[-1]
        attempts[-1] = last._replace(way=last.way._replace(error=record.error))
    return Entry(
        at=round((exchange.time + record.latency) * 1000),
        way=_way_of(exchange, record, common, attempts, redact),
        latency=_micros(record.latency),
        first_token=None if record.first_token is None else _micros(record.first_token),
        tokens_in=record.tokens_in,
        tokens_out=record.tokens_out,
        cost=None if record.cost is None else round(record.cost * NANO),
        retries=record.retries,
        fallbacks=record.fallbacks,
        attempts=tuple(attempts),
        holds=_holds(exchange, known=record.cost is not None),
    )


def _holds(exchange: Exchange, *, known: bool) -> tuple[tuple[Hold, bool], ...]:
    """The last one whose call may have cost something is that of the cost, where it is known."""
    found = list(exchange.holds)
    for number in reversed(range(len(found) if known else 0)):
        held, counts = found[number]
        if counts:
            found[number] = (held, False)
            break
    return tuple(found)


def _way_of(
    exchange: Exchange,
    record: RequestRecord,
    common: Way,
    attempts: list[Attempt],
    redact: Callable[[str], str],
) -> Way:
    """Of the request: by whom it was answered, or who was asked last."""
    told: Mapping[str, Any] = exchange.told or exchange.failure
    info: Mapping[str, Any] = told.get("model_info") or {}
    way = common._replace(
        provider=record.provider,
        model=record.model,
        deployment=redact(str(info.get("id") or "")),
        status=record.status,
        error=record.error,
    )
    if attempts and not (way.provider and way.deployment):
        last = attempts[-1].way
        way = way._replace(provider=last.provider, model=last.model, deployment=last.deployment)
    return way


def _broke(exchange: Exchange, record: RequestRecord) -> bool:
    """Whether the answer of the last call began well and ended badly, the client still there."""
    return record.failed and 0 < record.status < FAILED and not exchange.gone


def _asked(way: Way, deployment: Any, redact: Callable[[str], str]) -> Way:
    """The way with provider, model and deployment of one of the router's."""
    if not isinstance(deployment, dict):
        return way
    info: Mapping[str, Any] = deployment.get("model_info") or {}
    params: Mapping[str, Any] = deployment.get("litellm_params") or {}
    prefix, _, model = str(params.get("model") or "").partition("/")
    provider = info.get("freerouter_provider") or params.get("custom_llm_provider") or prefix
    return way._replace(
        provider=redact(str(provider)),
        model=redact(model or prefix),
        deployment=redact(str(info.get("id") or "")),
    )


def _micros(seconds: float) -> int:
    return round(seconds * MICRO)
