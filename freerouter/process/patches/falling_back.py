"""Who is asked next where a model could not answer, and what a client is told at the end.

LiteLLM goes on to the next deployment of a group by itself. But it asks some of them twice, ends
with whatever the last one said, hides for how long to wait, never asks those that rest, even where
nobody else is left, and does not go on where a prompt is too long. Where it asks the same one
again, it waits first for as long as that one says.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from freerouter.process.patches.target import Patch
from freerouter.usage import doors
from freerouter.usage.doors import Shut
from freerouter.usage.outcome import (
    CUT,
    LIMIT,
    NO_BUDGET,
    SERVER,
    TOO_LARGE,
    Attempt,
    ending_of,
    member_of,
    shut_out,
)
from freerouter.usage.recorder import serving
from freerouter.usage.rests import Rests
from freerouter.usage.walk import Walk, order_of

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_PAUSE = 0.3
"""Seconds until one and the same deployment is asked again."""
GROUP = "x-litellm-model-group"
RESTS = Rests()


class NoBudgetError(Exception):
    """In OpenAI's words. LiteLLM has no class of its own for 402."""

    status_code = NO_BUDGET
    type = "insufficient_quota"

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def walk_of(router: Any, model: Any) -> Walk | None:
    """The walk that a request is on, or the one that it begins."""
    exchange = serving.get()
    if exchange is None or not isinstance(model, str):
        return None
    if exchange.walk is not None and exchange.walk.belongs(model):
        return exchange.walk
    rows = router.get_model_list(model_name=model) or ()
    if not rows and (row := router.get_model_info(id=model)):
        rows = [row]  # asked for by the name of its deployment
    if not rows or any(not (row.get("model_info") or {}).get("id") for row in rows):
        return None
    exchange.walk = Walk(model, rows)
    return exchange.walk


async def resting(router: Any, walk: Walk) -> dict[str, Attempt]:
    """Those of the group that rest, and for how long yet."""
    from litellm.router_utils import cooldown_handlers as cooling

    found = await cooling.async_get_cooldown_deployments_with_debug_info(router, None)
    now = time.time()
    return {
        name: Attempt(
            member_of(name, walk.alias),
            int(kept["status_code"]) if str(kept["status_code"]).isdigit() else SERVER,
            max(kept["timestamp"] + kept["cooldown_time"] - now, 0.0),
            rested=True,
        )
        for name, kept in found or ()
        if name in walk.rows
    }


def note(router: Any, walk: Walk, name: str, error: Exception) -> None:
    """Put a failure down, and give who failed a rest, where others can do its work."""
    import litellm

    cause = unwrapped(error)
    if isinstance(shut := getattr(cause, "shut", None), Shut):
        walk.bar(name, shut)
        return
    found = getattr(cause, "status_code", None)
    status = CUT if is_cut(cause) else found if isinstance(found, int) else SERVER
    too_long = isinstance(cause, litellm.ContextWindowExceededError) or status == TOO_LARGE
    attempt = walk.fail(name, status, retry_after_of(cause), too_long=too_long)
    seconds = RESTS.after(name, status, attempt.retry_after, time.time())
    if seconds and len(walk.rows) > 1 and not router.disable_cooldowns:
        router.cooldown_cache.add_deployment_to_cooldown(
            model_id=name,
            original_exception=cause,
            exception_status=status,
            cooldown_time=seconds,
        )


def is_cut(error: Exception) -> bool:
    """Whether there was no connection, or it ended before the answer did."""
    import litellm

    return isinstance(error, litellm.APIConnectionError) or "Connection error." in str(error)


def unwrapped(error: Exception) -> Exception:
    """What went wrong in a stream, without LiteLLM's wrapping."""
    inner = getattr(error, "original_exception", None)
    return inner if isinstance(inner, Exception) else error


def retry_after_of(error: Exception) -> float | None:
    """Seconds that a provider asks to wait."""
    import litellm

    headers = getattr(error, "litellm_response_headers", None)
    if headers is None:
        headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        return None
    seconds = litellm.utils._get_retry_after_from_exception_header(response_headers=headers)
    return float(seconds) if seconds is not None and seconds > 0 else None


def who_failed(error: Exception, kwargs: Mapping[str, Any]) -> str:
    """The deployment that was asked; "" where all rested, so that none was."""
    from litellm.router_utils.fallback_event_handlers import routed_deployment_id
    from litellm.types.router import RouterRateLimitError

    for one in (unwrapped(error), error):
        found = getattr(one, "failed_deployment_id", None)
        if isinstance(found, str):
            return found
    return "" if isinstance(error, RouterRateLimitError) else routed_deployment_id(kwargs) or ""


async def ask(router: Any, walk: Walk, name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """The same request to one deployment. What a client sees of it is the group."""
    from litellm.router_utils import add_retry_fallback_headers as headers

    bucket = "litellm_metadata" if "litellm_metadata" in kwargs else "metadata"
    metadata = {**(kwargs.get(bucket) or {}), "model_group": walk.group}
    given = {**kwargs, "model": name, "num_retries": 0, bucket: metadata}
    walk.asking = name
    try:
        response = await router.async_function_with_fallbacks(*args, **given)
    finally:
        walk.asking = ""
    count = len(walk.tried)
    response = headers.add_fallback_headers_to_response(response, attempted_fallbacks=count)
    return headers._add_headers_to_response(response, {GROUP: walk.group})


async def end(router: Any, walk: Walk) -> Exception | None:
    """What is told where nobody could answer; None where it is what the last one said."""
    import litellm

    ending = ending_of(walk.group, walk.attempts(await resting(router, walk)))
    exchange = serving.get()
    if exchange is not None:
        exchange.retry_after = ending.retry_after
    if not ending.status or (len(walk.rows) == 1 and not walk.shut):
        return None
    if ending.status == NO_BUDGET:
        return NoBudgetError(ending.message)
    kind = litellm.RateLimitError if ending.status == LIMIT else litellm.ServiceUnavailableError
    error: Exception = kind(message=ending.message, model=walk.group, llm_provider="")
    return error


def open_ones(rows: list[Any]) -> list[Any]:
    """Those of a group that may be asked now; noted are those in whose place another is."""
    found = [(row, doors.shut(row)) for row in rows]
    left = [row for row, shut in found if shut is None]
    exchange = serving.get()
    if exchange is not None and left:
        last, now = min(map(order_of, left)), time.time()
        for row, shut in found:
            if shut and order_of(row) <= last:
                info = row.get("model_info") or {}
                member = member_of(str(info.get("id")), info.get("freerouter_alias", ""))
                exchange.shut.append(shut_out(member, shut, now))
    return left


def ask_only_who_is_open() -> None:
    from litellm.anthropic_interface.exceptions import ANTHROPIC_ERROR_TYPE_MAP
    from litellm.router import Router

    ANTHROPIC_ERROR_TYPE_MAP.setdefault(NO_BUDGET, "billing_error")

    narrow = Router.async_callback_filter_deployments

    async def filter_deployments(self: Any, **given: Any) -> Any:
        rows = given["healthy_deployments"]
        if any(doors.shut(row) for row in rows):
            given["healthy_deployments"] = open_ones(rows)
        return await narrow(self, **given)

    Router.async_callback_filter_deployments = filter_deployments


def go_on_to_who_can_answer() -> None:
    from litellm.router import Router

    fall_back = Router.async_function_with_fallbacks_common_utils
    can_fall_back = Router._anthropic_messages_stream_can_fall_back
    pause = Router._time_to_sleep_before_retry

    async def common_utils(self: Any, e: Exception, *places: Any, **given: Any) -> Any:
        given |= zip(PLACES, places, strict=False)
        asked, off = given["kwargs"].get("model"), given["disable_fallbacks"]
        walk = None if off else walk_of(self, asked)
        if walk is None:
            return await fall_back(self, e, **given)
        if asked == walk.asking:
            raise e  # whoever asks it goes on
        name = asked if asked in walk.rows else who_failed(e, given["kwargs"])
        if name in walk.rows:
            note(self, walk, name, e)
        error = e
        following = walk.following(await resting(self, walk))
        while following is not None:
            try:
                return await ask(self, walk, following, given["args"], given["kwargs"])
            except Exception as failure:  # noqa: BLE001 - whatever it was, another is asked
                error = failure
                note(self, walk, following, failure)
            following = walk.following(await resting(self, walk))
        ending = await end(self, walk)
        if given["fallbacks"] or (len(walk.rows) == 1 and ending is None):
            return await fall_back(self, error, **given)
        raise ending or unwrapped(error)

    def stream_can_fall_back(self: Any, model_group: str, kwargs: Any) -> bool:
        exchange = serving.get()
        walk = exchange.walk if exchange is not None else None
        if walk is not None and model_group in walk.rows:
            return len(walk.tried) + 1 < len(walk.rows)
        return bool(can_fall_back(self, model_group, kwargs))

    def time_to_sleep_before_retry(self: Any, *given: Any, **named: Any) -> float:
        return float(min(pause(self, *given, **named), LONGEST_PAUSE))

    Router.async_function_with_fallbacks_common_utils = common_utils
    Router._anthropic_messages_stream_can_fall_back = stream_can_fall_back
    Router._time_to_sleep_before_retry = time_to_sleep_before_retry


PLACES = (
    "disable_fallbacks",
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "model_group",
    "args",
    "kwargs",
    "include_fallback_errors",
)
"""What the function that is replaced is given after the error, in its order."""
ROUTER = "litellm.router:Router"
PATCHES = (
    Patch(
        "another model is asked where one cannot answer",
        {
            f"{ROUTER}.async_function_with_fallbacks_common_utils": "58fd95e6fbbc",
            f"{ROUTER}.async_function_with_fallbacks": "1e7d7887f85a",
            f"{ROUTER}.async_function_with_retries": "b5c9bc2c9424",
            f"{ROUTER}._anthropic_messages_stream_can_fall_back": "b04cc89aa179",
            f"{ROUTER}._time_to_sleep_before_retry": "9cf150ef0471",
        },
        go_on_to_who_can_answer,
    ),
    Patch(
        "who has nothing left is not chosen",
        {f"{ROUTER}.async_callback_filter_deployments": "c85e82c2545d"},
        ask_only_who_is_open,
    ),
)
