"""Every call of a provider that a request takes, also those that failed before one went well.

LiteLLM tells of one failure a request. So its router is watched, which makes one attempt after the
other, and the HTTP client below it, which tells whether an attempt left the machine, how often, and
what came back. An attempt that never got that far (nobody was left to ask) is none, and neither is
what LiteLLM asks of anybody else meanwhile (a tokenizer, a token to sign in with).
"""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.usage.spending import Hold

FAILED = 400
ANSWERED = 200
GONE = "ClientGone"
NO_PROVIDERS = ("huggingface.co", "oauth2.googleapis.com", "sts.amazonaws.com")
"""Hosts that answer no model's questions: of tokenizers and of tokens to sign in with."""


NEVER_ARRIVED = ("ConnectError", "ConnectTimeout", "PoolTimeout")


class Call(NamedTuple):
    """One call. `ended` is in seconds since 1970, `latency` in seconds, `status` 0 without one."""

    ended: float
    latency: float
    status: int
    error: str
    deployment: Any


class Sent(NamedTuple):
    """One request over the wire. `ended` is in seconds since 1970."""

    host: str
    ended: float
    latency: float
    status: int
    error: str


class Try:
    """One attempt of the router, while it lasts: with whom, and what went over the wire for it."""

    def __init__(self) -> None:
        self.deployment: Any = None
        self.hold: Hold | None = None
        self.sent: list[Sent] = []
        self._began = time.monotonic()

    def sent_one(self, request: Any, began: float, status: int, error: str) -> None:
        now = time.monotonic()
        self.sent.append(Sent(request.url.host, time.time(), now - began, status, error))

    def calls(self, error: str) -> list[Call]:
        """What it came to. The last call ended as the whole attempt did."""
        sent = [one for one in self.sent if self._asks(one.host)]
        if not sent:
            if self.sent or error or self.deployment is None:
                return []
            # Made up here (a demo's answer), and no call over the network.
            whole = time.monotonic() - self._began
            return [Call(time.time(), whole, ANSWERED, "", self.deployment)]
        *others, (_, ended, latency, status, raised) = sent
        found = [
            Call(when, took, code, name or f"HTTP {code}", self.deployment)
            for _, when, took, code, name in others
        ]
        if not error and not raised:
            # The answer's body is read after its head has come.
            ended, latency = time.time(), latency + max(0.0, time.time() - ended)
        return [*found, Call(ended, latency, status, error or raised, self.deployment)]

    def may_cost(self) -> bool:
        """Whether the provider may want money for it: unless it refused, or was never reached."""
        sent = [one for one in self.sent if self._asks(one.host)]
        if not sent:
            return False
        last = sent[-1]
        return last.status < FAILED if last.status else last.error not in NEVER_ARRIVED

    def _asks(self, host: str) -> bool:
        """Whether that is the deployment's; where LiteLLM knows the address, any that may be."""
        own = host_of(self.deployment)
        return host == own if own else host not in NO_PROVIDERS


def host_of(deployment: Any) -> str:
    """Of the address that one of the router's rows has; "" where it has none."""
    params = deployment.get("litellm_params") if isinstance(deployment, dict) else None
    return urlsplit(str((params or {}).get("api_base") or "")).hostname or ""


trying: ContextVar[Try | None] = ContextVar("trying", default=None)


def watch(
    router: Any,
    client: Any,
    plain: Any,
    note: Callable[[Try, str], None],
    admit: Callable[[Any, Any], Hold | None],
) -> None:
    """Have `note` told of each attempt and its error, in the context of the request.

    `admit` is asked before each, with the deployment and what it is called with: it may hold money
    for it, or raise. `router` is LiteLLM's class, `client` and `plain` are httpx's, with async and
    without.
    """
    make, choose = router.make_call, router._update_kwargs_with_deployment  # noqa: SLF001

    async def make_call(self: Any, *arguments: Any, **options: Any) -> Any:
        attempt = Try()
        token = trying.set(attempt)
        error = ""
        try:
            return await make(self, *arguments, **options)
        except asyncio.CancelledError:
            error = GONE
            raise
        except BaseException as raised:
            error = type(raised).__name__
            raise
        finally:
            trying.reset(token)
            note(attempt, error)

    def update(self: Any, deployment: Any, *arguments: Any, **options: Any) -> Any:
        attempt = trying.get()
        if attempt is not None:
            attempt.deployment = deployment
            given = options.get("kwargs") or (arguments[0] if arguments else {})
            attempt.hold = admit(deployment, given)
        return choose(self, deployment, *arguments, **options)

    router.make_call = make_call
    router._update_kwargs_with_deployment = update  # noqa: SLF001
    client.send = _watched_async(client.send)
    plain.send = _watched(plain.send)


def _watched_async(send: Any) -> Any:
    async def watched(self: Any, request: Any, *arguments: Any, **options: Any) -> Any:
        attempt = trying.get()
        if attempt is None:
            return await send(self, request, *arguments, **options)
        began = time.monotonic()
        try:
            answer = await send(self, request, *arguments, **options)
        except BaseException as raised:
            attempt.sent_one(request, began, 0, type(raised).__name__)
            raise
        attempt.sent_one(request, began, answer.status_code, "")
        return answer

    return watched


def _watched(send: Any) -> Any:
    def watched(self: Any, request: Any, *arguments: Any, **options: Any) -> Any:
        attempt = trying.get()
        if attempt is None:
            return send(self, request, *arguments, **options)
        began = time.monotonic()
        try:
            answer = send(self, request, *arguments, **options)
        except BaseException as raised:
            attempt.sent_one(request, began, 0, type(raised).__name__)
            raise
        attempt.sent_one(request, began, answer.status_code, "")
        return answer

    return watched
