"""An exchange as the ledger keeps it: the request, and every call that it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.usage.entry import FAILED, Attempt, Entry, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.usage.exchange import Exchange
    from freerouter.usage.record import RequestRecord
    from freerouter.usage.spending import Hold

    Asked = tuple[str, str, str]
    """Provider, model and deployment."""

MICRO = 1_000_000
NANO = 1_000_000_000


def entry_of(exchange: Exchange, record: RequestRecord, redact: Callable[[str], str]) -> Entry:
    """`record` is what was made of the same exchange."""

    def way(asked: Asked, status: int, error: str) -> Way:
        who = record.client, record.dialect, record.stream
        return Way(record.alias, *asked, *who, status, error)

    calls = exchange.calls
    asked = [_asked(call.deployment, redact) for call in calls]
    errors = [call.error for call in calls]
    if errors and _broke(exchange, record):
        errors[-1] = record.error
    return Entry(
        at=round((exchange.time + record.latency) * 1000),
        way=way(_answered(exchange, record, asked, redact), record.status, record.error),
        latency=_micros(record.latency),
        first_token=None if record.first_token is None else _micros(record.first_token),
        tokens_in=record.tokens_in,
        tokens_out=record.tokens_out,
        cost=None if record.cost is None else round(record.cost * NANO),
        retries=record.retries,
        fallbacks=record.fallbacks,
        attempts=tuple(
            Attempt(round(call.ended * 1000), way(who, call.status, error), _micros(call.latency))
            for call, who, error in zip(calls, asked, errors, strict=True)
        ),
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


def _answered(
    exchange: Exchange, record: RequestRecord, asked: list[Asked], redact: Callable[[str], str]
) -> Asked:
    """By whom the request was answered, or who was asked last."""
    told: Mapping[str, Any] = exchange.told or exchange.failure
    deployment = redact(str((told.get("model_info") or {}).get("id") or ""))
    if asked and not (record.provider and deployment):
        return asked[-1]
    return record.provider, record.model, deployment


def _broke(exchange: Exchange, record: RequestRecord) -> bool:
    """Whether the answer of the last call began well and ended badly, the client still there."""
    return record.failed and 0 < record.status < FAILED and not exchange.gone


def _asked(deployment: Any, redact: Callable[[str], str]) -> Asked:
    """Of one of the router's rows."""
    if not isinstance(deployment, dict):
        return "", "", ""
    info: Mapping[str, Any] = deployment.get("model_info") or {}
    params: Mapping[str, Any] = deployment.get("litellm_params") or {}
    prefix, _, model = str(params.get("model") or "").partition("/")
    provider = info.get("freerouter_provider") or params.get("custom_llm_provider") or prefix
    return redact(str(provider)), redact(model or prefix), redact(str(info.get("id") or ""))


def _micros(seconds: float) -> int:
    return round(seconds * MICRO)
