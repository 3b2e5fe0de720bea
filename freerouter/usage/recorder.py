"""Records every request of a client, from inside LiteLLM's own process.

`install` puts a layer around LiteLLM's application, which sees what the client sees, and listens to
what LiteLLM tells its router, which is tokens and cost; the router is watched for every call that
it makes (`attempts.py`). What came of it is handed on to whoever keeps the books (`books.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.usage.attempts import watch
from freerouter.usage.doors import DOORS, QUOTA, Shut, shut
from freerouter.usage.exchange import Exchange
from freerouter.usage.quotas import tells_limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from freerouter.usage.attempts import Try
    from freerouter.usage.books import Keeper
    from freerouter.usage.budgets import Budgets
    from freerouter.usage.quotas import Quotas
    from freerouter.usage.spending import Hold

SWITCH = "FREEROUTER_RECORDER"
"""The variable which, as `off`, has nothing recorded: to measure what that costs."""
BODIES = "FREEROUTER_LOG_BODIES"
"""The variable which, as 1, has bodies recorded."""
WARM_UP = "freerouter-warm-up"
"""The model that a new worker asks itself for: no client did."""
MODEL_INFO = ("freerouter_provider", "id", "input_cost_per_token")
"""What a record is made of, of a deployment's."""
LATEST = 20.0
"""Seconds after an answer that LiteLLM may take to tell its tokens and cost."""
PAUSE = 0.75
"""Seconds in which requests gather that are handed on together, in less than half of the time. A
lone one is handed on at once.
"""
MOST = 64
"""Requests handed on in one go: whoever is served meanwhile waits for that."""

serving: ContextVar[Exchange | None] = ContextVar("serving", default=None)


class LastError(NamedTuple):
    """`time` is ISO, UTC."""

    time: str
    status: int
    message: str
    alias: str


class Recorder:
    """`snapshot` may be called from any thread."""

    def __init__(self, keeper: Keeper, redact: Callable[[str], str], quotas: Quotas) -> None:
        self._keeper = keeper
        self._redact = redact
        self._quotas = quotas
        self._last_error: LastError | None = None
        self._waiting: dict[Exchange, None] = {}
        """In the order in which they ended."""
        self._late_timer: asyncio.TimerHandle | None = None
        self._settled: list[Exchange] = []
        self._handed_on = 0.0
        self._hand_on_timer: asyncio.TimerHandle | None = None

    def snapshot(self) -> dict[str, Any]:
        """The last error, and how many records went unwritten."""
        error = self._last_error
        return {"last_error": error and error._asdict(), "lost": self._keeper.lost}

    def close(self) -> None:
        """Write what there is, complete or not. Nothing is recorded afterwards."""
        self._settled += self._waiting
        self._waiting.clear()
        self._hand_on()
        self._keeper.close()
        self._quotas.close()

    def end(self, exchange: Exchange) -> None:
        """The client has its answer, or is gone."""
        exchange.end()
        if exchange.alias == WARM_UP:
            return
        if exchange.failed:
            record = exchange.record(self._redact)
            self._last_error = LastError(
                record.time, record.status, record.message or record.error, record.alias
            )
        self._waiting[exchange] = None
        if not exchange.expects_more:
            self._settle(exchange)
        elif self._late_timer is None:
            self._late_timer = asyncio.get_running_loop().call_later(LATEST, self._settle_late)

    def told(self, exchange: Exchange, payload: dict[str, Any], *, failed: bool) -> None:
        """LiteLLM tells how it went. Of several attempts, the one that went well counts."""
        if failed:
            exchange.failure = payload
        elif not exchange.told or payload.get("total_tokens"):
            exchange.told = payload
        if not exchange.expects_more:
            self._settle(exchange)

    def _settle_late(self) -> None:
        """One timer for all: each would hold on to its request long after it was written."""
        self._late_timer = None
        for exchange in tuple(self._waiting):
            left = exchange.ended + LATEST - time.monotonic()
            if left > 0:
                loop = asyncio.get_running_loop()
                self._late_timer = loop.call_later(left, self._settle_late)
                break
            self._settle(exchange)

    def _settle(self, exchange: Exchange) -> None:
        """What is waited for is here, or nobody waits for it any longer."""
        if exchange not in self._waiting:
            return
        del self._waiting[exchange]
        self._settled.append(exchange)
        if self._hand_on_timer is None:
            wait = max(0.0, self._handed_on + PAUSE - time.monotonic())
            self._hand_on_timer = asyncio.get_running_loop().call_later(wait, self._hand_on)
        elif len(self._settled) >= MOST:
            self._hand_on()

    def _hand_on(self) -> None:
        if self._hand_on_timer:
            self._hand_on_timer.cancel()
            self._hand_on_timer = None
        self._handed_on = time.monotonic()
        settled, self._settled = self._settled, []
        if settled:
            self._keeper.put(settled)


class Layer:
    """An ASGI application around another one. Only what a client asks of a model is recorded."""

    def __init__(self, app: Any, recorder: Recorder, *, bodies: bool) -> None:
        self._app = app
        self._recorder = recorder
        self._bodies = bodies

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._closing(send))
            return
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, bodies=self._bodies)

        async def receive_and_note() -> Any:
            message = await receive()
            exchange.received(message)
            return message

        def send_and_note(message: Any) -> Awaitable[None]:
            exchange.answered(message)
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *exchange.more_headers()]}
            sent: Awaitable[None] = send(message)
            return sent

        token = serving.set(exchange)
        try:
            await self._app(scope, receive_and_note, send_and_note)
        finally:
            serving.reset(token)
            self._recorder.end(exchange)

    def _closing(self, send: Any) -> Any:
        """Uvicorn ends by signal, so that nothing of Python's own is called at the end."""

        async def send_and_close(message: Any) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                self._recorder.close()
            await send(message)

        return send_and_close


class OfRequests:
    """The purse of the requests that are served: what is held for one is noted with it."""

    def __init__(self, budgets: Budgets, refusal: Callable[[Shut, Any], Exception]) -> None:
        self._budgets = budgets
        self._refusal = refusal

    def admit(self, deployment: Any, given: Any) -> Hold | None:
        exchange = serving.get()
        if exchange is None:
            return None  # as with the quotas
        if not self._budgets.any_for(deployment):
            return None
        found = self._budgets.admit(deployment, given, exchange.size)
        if isinstance(found, Shut):
            raise self._refusal(found, deployment)
        return found

    def done(self, held: Hold, *, may_cost: bool) -> None:
        exchange = serving.get()
        if exchange is not None:
            exchange.holds.append((held, may_cost))


class Doorkeeper:
    """Asks the doors before a call goes out, and tells the quotas what came of it.

    `refusal` makes the error that stands for a call which was not made.
    """

    def __init__(self, quotas: Quotas, refusal: Callable[[Shut, Any], Exception]) -> None:
        self._quotas = quotas
        self._refusal = refusal

    def enter(self, deployment: Any) -> Any:
        if serving.get() is None:
            return None  # what a worker asks itself, out of its own pocket
        found = shut(deployment) or self._quotas.enter(deployment)
        if isinstance(found, Shut):
            raise self._refusal(found, deployment)
        return found

    def leave(self, deployment: Any, entered: Any, made: int) -> None:
        self._quotas.leave(deployment, entered, made)

    def listens(self, _deployment: Any, status: int, headers: Any) -> bool:
        return status == QUOTA or tells_limits(headers.raw)

    def heard(self, deployment: Any, answer: Any) -> None:
        status = answer.status_code
        with contextlib.suppress(Exception):  # whatever a provider says, its answer is passed on
            body = answer.text if status == QUOTA else ""
            self._quotas.heard(deployment, status, answer.headers, body)


def install(
    keeper: Keeper, redact: Callable[[str], str], quotas: Quotas, budgets: Budgets
) -> Recorder:
    """Begin to record, and to keep to the quotas and the budgets.

    In the process that serves, after LiteLLM was imported.
    """
    import httpx
    import litellm
    from litellm.proxy.proxy_server import app
    from litellm.router import Router
    from starlette.middleware import Middleware

    recorder = Recorder(keeper, redact, quotas)
    DOORS.append(budgets.door)
    if not is_on():
        return recorder

    def tell(kwargs: Any, *, failed: bool) -> None:
        exchange = serving.get()
        payload = kwargs.get("standard_logging_object")
        info = (kwargs.get("litellm_params") or {}).get("model_info")
        if payload and info and not failed:
            quotas.spent(str(info.get("id")), payload.get("total_tokens") or 0)
        if exchange is not None and payload:
            recorder.told(exchange, _needed(payload, info), failed=failed)

    def note(attempt: Try) -> None:
        exchange = serving.get()
        if exchange is not None:
            exchange.tries.append(attempt)

    class Refused(litellm.RateLimitError):  # type: ignore[misc] # LiteLLM has no types here
        """A call that was not made; whoever goes on to another deployment reads `shut`."""

        def __init__(self, shut: Shut, row: Any) -> None:
            model = str(row.get("model_name"))
            super().__init__(message=shut.reason, model=model, llm_provider="")
            self.shut = shut
            self.status_code = shut.status
            self.failed_deployment_id = str((row.get("model_info") or {}).get("id"))

    DOORS.append(quotas.door)
    guard, purse = Doorkeeper(quotas, Refused), OfRequests(budgets, Refused)
    watch(Router, httpx.AsyncClient, httpx.Client, note, guard, purse=purse)
    _overhear(Router, tell)
    bodies = os.environ.get(BODIES) == "1"
    app.user_middleware.insert(0, Middleware(Layer, recorder=recorder, bodies=bodies))
    return recorder


def _overhear(router: Any, tell: Callable[..., None]) -> None:
    """Have `tell` told what LiteLLM tells its router of each call: a callback of our own beside it
    would hear the same, and be one more that LiteLLM looks after at every request.
    """

    def overheard(callback: Any, *, failed: bool) -> Any:
        @functools.wraps(callback)
        async def told(self: Any, kwargs: Any, *more: Any, **named: Any) -> None:
            try:
                tell(kwargs, failed=failed)
            finally:
                await callback(self, kwargs, *more, **named)

        return told

    good, bad = router.deployment_callback_on_success, router.async_deployment_callback_on_failure
    router.deployment_callback_on_success = overheard(good, failed=False)
    router.async_deployment_callback_on_failure = overheard(bad, failed=True)


def is_on() -> bool:
    return os.environ.get(SWITCH) != "off"


def _needed(payload: Any, info: Any) -> dict[str, Any]:
    """What a record is made of: not the messages, so that they are not held on to."""
    told, info, error = payload.get, info or {}, payload.get("error_information") or {}
    model_info = {name: info[name] for name in MODEL_INFO if name in info}
    return {
        "model_group": told("model_group"),
        "model": told("model"),
        "custom_llm_provider": told("custom_llm_provider"),
        "prompt_tokens": told("prompt_tokens"),
        "completion_tokens": told("completion_tokens"),
        "total_tokens": told("total_tokens"),
        "response_cost": told("response_cost"),
        "endTime": told("endTime"),
        "model_info": model_info,
        "error_information": {
            "error_class": error.get("error_class"),
            "error_message": error.get("error_message"),
        },
    }
