"""Every call of a provider that a request takes, also those that failed before one went well.

LiteLLM tells of one failure a request. So its router is watched, which makes one attempt after the
other, and the HTTP client below it, which tells whether an attempt left the machine, how often, and
what came back. An attempt that never got that far (nobody was left to ask) is none, and neither is
what LiteLLM asks of anybody else meanwhile (a tokenizer, a token to sign in with).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from freerouter.usage.spending import Hold

FAILED = 400
ANSWERED = 200
LIMIT = 429
GONE = "ClientGone"
NO_PROVIDERS = ("huggingface.co", "oauth2.googleapis.com", "sts.amazonaws.com")
"""Hosts that answer no model's questions: of tokenizers and of tokens to sign in with."""
NAMES = {
    "litellm_params": ("api_base", "custom_llm_provider", "model"),
    "model_info": ("freerouter_provider", "id"),
}
"""What tells who a deployment is."""
NEVER_LEFT = ("ConnectError", "ConnectTimeout", "PoolTimeout")
"""What goes wrong before a provider has heard anything."""


class Guard(Protocol):
    """Who is asked before a call goes out, and told what came of it."""

    def enter(self, deployment: Any) -> Any:
        """What `leave` is given then. Raises where the call may not be made."""

    def leave(self, deployment: Any, entered: Any, made: int) -> None:
        """How many calls left the machine."""

    def listens(self, deployment: Any, status: int, headers: Any) -> bool:
        """Whether it wants to hear an answer; then the body of a refusal is read for it."""

    def heard(self, deployment: Any, answer: Any) -> None:
        """An answer of httpx's."""


class Purse(Protocol):
    """Who holds the money for a call that costs."""

    def admit(self, deployment: Any, given: Any) -> Hold | None:
        """Before it is made; `given` is what LiteLLM is asked with. Raises where there is none."""

    def done(self, held: Hold, *, may_cost: bool) -> None:
        """It is over; whether the provider may want money for it."""


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

    @property
    def heard(self) -> bool:
        """Whether the other side may have heard of it."""
        return bool(self.status) or self.error not in NEVER_LEFT


class Try:
    """One attempt of the router, while it lasts: with whom, and what went over the wire for it.

    What it came to is asked when it is over, and worked out only then.
    """

    def __init__(self) -> None:
        self.deployment: Any = None
        self.entered: Any = None
        """What the guard gave for it."""
        self.hold: Hold | None = None
        self._sent: list[Sent] = []
        self._began = time.monotonic()
        self._error = ""
        self._ended = self._took = 0.0

    def sent_one(self, request: Any, began: float, status: int, error: str) -> None:
        took = time.monotonic() - began
        self._sent.append(Sent(request.url.host, time.time(), took, status, error))

    def over(self, error: str) -> None:
        """`error` is the class of what it ended with, "" where that was an answer."""
        self._error, self._ended = error, time.time()
        self._took = time.monotonic() - self._began

    @property
    def made(self) -> int:
        """How many calls a provider may have heard of."""
        simple = not self._error and len(self._sent) <= 1
        if simple and all(one.status for one in self._sent):
            return 1
        sent = self._to_its_host()
        return sum(one.heard for one in sent) if sent or self._error else 1

    @property
    def may_cost(self) -> bool:
        """Whether the provider may want money for it: unless it refused, or was never reached."""
        sent = self._to_its_host()
        return bool(sent) and sent[-1].heard and sent[-1].status < FAILED

    @property
    def calls(self) -> list[Call]:
        """What it came to. The last call ended as the whole attempt did."""
        sent, error = self._to_its_host(), self._error
        if not sent:
            if self._sent or error or self.deployment is None:
                return []
            # Made up here (a demo's answer), and no call over the network.
            return [Call(self._ended, self._took, ANSWERED, "", self.deployment)]
        *others, (_, ended, latency, status, raised) = sent
        found = [
            Call(when, took, code, name or f"HTTP {code}", self.deployment)
            for _, when, took, code, name in others
        ]
        if not error and not raised:
            # The answer's body is read after its head has come.
            ended, latency = self._ended, latency + max(0.0, self._ended - ended)
        return [*found, Call(ended, latency, status, error or raised, self.deployment)]

    def _to_its_host(self) -> list[Sent]:
        """What went to the deployment's own host, as far as that is known."""
        own = host_of(self.deployment) if self._sent else ""
        return [one for one in self._sent if (one.host == own if own else _may_be_one(one.host))]

    def __getstate__(self) -> dict[str, Any]:
        """What `calls` is made of, without the deployment's key."""
        return {**self.__dict__, "deployment": _named(self.deployment), "entered": None}


def _named(deployment: Any) -> Any:
    """Of one of the router's rows what tells who that is."""
    if not isinstance(deployment, dict):
        return None if deployment is None else {}
    return {
        part: {name: given[name] for name in names if name in given}
        for part, names in NAMES.items()
        if (given := deployment.get(part))
    }


def host_of(deployment: Any) -> str:
    """Of the address that one of the router's rows has; "" where only LiteLLM knows it."""
    params = deployment.get("litellm_params") if isinstance(deployment, dict) else None
    return _host_in(str((params or {}).get("api_base") or ""))


@lru_cache(maxsize=1024)
def _host_in(base: str) -> str:
    return urlsplit(base).hostname or ""


def _may_be_one(host: str) -> bool:
    return host not in NO_PROVIDERS


trying: ContextVar[Try | None] = ContextVar("trying", default=None)


def watch(
    router: Any,
    client: Any,
    plain: Any,
    note: Callable[[Try], None],
    guard: Guard | None = None,
    *,
    purse: Purse | None = None,
) -> None:
    """Have `note` told of each attempt when it is over, in the context of the request.

    `router` is LiteLLM's class, `client` and `plain` are httpx's, with async and without.
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
            attempt.over(error)
            if guard and attempt.entered is not None:
                guard.leave(attempt.deployment, attempt.entered, attempt.made)
            if purse and attempt.hold is not None:
                purse.done(attempt.hold, may_cost=attempt.may_cost)
            note(attempt)

    def update(self: Any, deployment: Any, *arguments: Any, **options: Any) -> Any:
        attempt = trying.get()
        if attempt is not None:
            attempt.deployment = deployment
            if purse:
                given: Any = options.get("kwargs") or next(iter(arguments), {})
                attempt.hold = purse.admit(deployment, given)
            if guard:
                attempt.entered = guard.enter(deployment)
        return choose(self, deployment, *arguments, **options)

    router.make_call = make_call
    router._update_kwargs_with_deployment = update  # noqa: SLF001
    client.send = _watched_async(client.send, guard)
    plain.send = _watched(plain.send)


def _watched_async(send: Any, guard: Guard | None) -> Any:
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
        if guard and guard.listens(attempt.deployment, answer.status_code, answer.headers):
            if answer.status_code == LIMIT:
                with contextlib.suppress(Exception):  # whoever reads it next meets the same
                    await answer.aread()
            guard.heard(attempt.deployment, answer)
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
