"""One request while it is served: what the client saw of it, and what LiteLLM told about it.

The first comes from the messages of ASGI that pass by, the second from LiteLLM's callbacks, which
may come after the answer. `record` puts both together, also in another process: once it has ended,
an exchange can be pickled, as what a record is made of and nothing else.
"""

from __future__ import annotations

import gzip
import json
import time
from datetime import datetime, timezone
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from freerouter.usage.outcome import NO_DATABASE, UNKNOWN_KEY, member_of, passed_over
from freerouter.usage.record import CLIENT_GONE, RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freerouter.usage.attempts import Call, Try
    from freerouter.usage.outcome import Attempt
    from freerouter.usage.spending import Hold
    from freerouter.usage.walk import Walk

DIALECTS = {
    "/messages/count_tokens": "count_tokens",
    "/chat/completions": "chat",
    "/completions": "text",
    "/messages": "messages",
    "/responses": "responses",
    "/embeddings": "embeddings",
}
"""By the end of the path; the longer ends stand first."""
LONGEST_BODY = 64 * 1024
"""Bytes of a body that are recorded, where bodies are; and of an answer that tells an error."""
LONGEST_MESSAGE = 160
LONGEST_CLIENT = 40
"""Of the first word of a client's description of itself: `claude-cli/2.0`."""
CUTS = ("\n", "{", "[", "Traceback", " Passed model=")
"""Where a message may begin to repeat what the client sent: it is kept up to there."""
FAILED = 400
KEPT = frozenset((
    b"content-encoding", b"content-type", b"retry-after",
    b"x-litellm-attempted-fallbacks", b"x-litellm-attempted-retries",
    b"x-litellm-call-id", b"x-litellm-model-id",
))  # fmt: skip
"""Headers of an answer that tell something."""
NOTHING: Mapping[Any, Any] = MappingProxyType({})
SERVED_BY = b"x-freerouter-served-by"
PASSED_OVER = b"x-freerouter-passed-over"


class Exchange:
    """`begun` by a client; `told` holds what LiteLLM said of its outcome."""

    ended = 0.0
    answered_at = 0.0
    first_token: float | None = None
    status = 0
    headers: Mapping[bytes, bytes] = NOTHING
    stream = False
    whole = False
    gone = False
    told: Mapping[str, Any] = NOTHING
    failure: Mapping[str, Any] = NOTHING
    alias = ""
    in_vain = 0
    """How many of several models could not answer, once it has ended."""
    walk: Walk | None = None
    """Whom it asked of several models, where the first could not answer (patches/falling_back)."""
    retry_after: int | None = None
    """Seconds, where nobody could answer and waiting helps."""
    _scope: Mapping[str, Any] = NOTHING
    _client = b""
    _sent = b""
    _answer = b""

    def __init__(self, scope: Mapping[str, Any], *, bodies: bool) -> None:
        self.dialect = dialect_of(str(scope.get("path", "")))
        self.time = time.time()
        self.begun = time.monotonic()
        self.tries: list[Try] = []
        self.holds: list[tuple[Hold, bool]] = []
        """For each call that costs, what is held for it, and whether it may have cost something."""
        self.shut: list[Attempt] = []
        """Those that were not even thought of, since a quota or a budget of theirs is used up."""
        self._scope = scope
        self._bodies = bodies

    @property
    def calls(self) -> list[Call]:
        """Every call of a provider that it took."""
        return [call for one in self.tries for call in one.calls]

    @property
    def failed(self) -> bool:
        return self.status >= FAILED or self.gone or not self.whole or self.broke_off

    @property
    def expects_more(self) -> bool:
        """Whether LiteLLM has yet to tell tokens and cost of what the client got already."""
        settled = self.told or self.broke_off or self.gone
        return self.status < FAILED and not settled and self.dialect != "count_tokens"

    @property
    def broke_off(self) -> bool:
        """A stream that began well and ended in an error: earlier ones are failed attempts."""
        if not self.stream or self.told:
            return False
        return (self.failure.get("endTime") or 0.0) > self.answered_at

    @property
    def size(self) -> int:
        """Bytes that the client sent, as it says itself."""
        told = self._header(b"content-length")
        return int(told) if told.isdigit() else 0

    def received(self, message: Mapping[str, Any]) -> None:
        """A message from the client: a piece of the body, or that it hung up."""
        if message["type"] == "http.disconnect":
            self.gone = not self.whole
        elif self._bodies:
            self._sent = _extended(self._sent, message.get("body", b""))

    def answered(self, message: Mapping[str, Any]) -> None:
        """A message to the client: status and headers, or a piece of the body."""
        if message["type"] == "http.response.start":
            self.answered_at = time.time()
            self.status = message["status"]
            self.headers = {name: value for name, value in message["headers"] if name in KEPT}
            kind = self.headers.get(b"content-type", b"")
            self.stream = kind.startswith(b"text/event-stream")
            self.alias = self._asked_for()
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            if body and self.first_token is None and self.stream:
                self.first_token = time.monotonic() - self.begun
            if self._bodies or self.status >= FAILED:
                self._answer = _extended(self._answer, body)
            self.whole = not message.get("more_body", False)

    def more_headers(self) -> list[tuple[bytes, bytes]]:
        """What a client is told besides: who served it, who was passed over, when to come back."""
        found = []
        deployment = self.headers.get(b"x-litellm-model-id", b"")
        if deployment and self.status < FAILED:
            found.append((SERVED_BY, _member(deployment, self.alias)))
        passed = self.shut
        if self.walk:
            passed = [*passed, *self.walk.passed(deployment.decode("latin-1"))]
        if passed:
            found.append((PASSED_OVER, passed_over(passed).encode()))
        if self.retry_after and self.status >= FAILED and b"retry-after" not in self.headers:
            found.append((b"retry-after", str(self.retry_after).encode()))
        return found

    def _asked_for(self) -> str:
        """The model of the body that LiteLLM read, as the client named it."""
        scope = self._scope
        model = scope.get("client_requested_model")
        parsed = scope.get("parsed_body")
        if not model and isinstance(parsed, tuple) and isinstance(parsed[-1], dict):
            model = parsed[-1].get("model")
        return model if isinstance(model, str) else ""

    def end(self) -> None:
        """The client has its answer, or is gone. What it sent is let go of."""
        self.ended = time.monotonic()
        self._client = self._header(b"user-agent")
        del self._scope
        if self.walk:
            self.in_vain = len(self.walk.tried)
            self.walk = None

    def _header(self, name: bytes) -> bytes:
        """Of the request."""
        for given, value in self._scope.get("headers", ()):
            if given == name:
                return bytes(value)
        return b""

    def record(self, redact: Callable[[str], str]) -> RequestRecord:
        told = self.told
        payload: Mapping[str, Any] = told or self.failure
        error, message = self._error(redact)
        request, response = (_text(self._sent), self._answer_text()) if self._bodies else ("", "")
        # Where nobody was asked, LiteLLM names what the client asked for.
        provider = "" if self._asked_several_in_vain else _provider(payload)
        return RequestRecord(
            time=datetime.fromtimestamp(self.time, timezone.utc).isoformat(timespec="milliseconds"),
            alias=redact(self.alias or str(payload.get("model_group") or "")),
            provider=redact(provider),
            model=redact(_model(payload) if provider else ""),
            status=CLIENT_GONE if self.gone else self.status,
            error=error,
            message=message,
            latency=round(self.ended - self.begun, 4),
            first_token=None if self.first_token is None else round(self.first_token, 4),
            tokens_in=told.get("prompt_tokens"),
            tokens_out=told.get("completion_tokens"),
            cost=_cost(told),
            stream=self.stream,
            dialect=self.dialect,
            retries=self._number(b"x-litellm-attempted-retries"),
            fallbacks=self._fallbacks(),
            client=redact(client_of(self._client)),
            call_id=self.headers.get(b"x-litellm-call-id", b"").decode("latin-1"),
            request=redact(request),
            response=redact(response),
        )

    def _error(self, redact: Callable[[str], str]) -> tuple[str, str]:
        """Class and message, both "" where nothing went wrong."""
        if self.gone:
            return "ClientGone", "the client hung up"
        if not self.failed:
            return "", ""
        told: Mapping[str, Any] = self.failure.get("error_information") or {}
        name, message = _read_error(self._answer_text())
        if message.startswith((UNKNOWN_KEY, NO_DATABASE)):
            return "WrongKey", "the client's key is not the gateway's"
        name = str(told.get("error_class") or name or "Cut")
        return name, redact(shortened(message or str(told.get("error_message") or "")))

    @property
    def _asked_several_in_vain(self) -> bool:
        return self.status >= FAILED and self.in_vain > 1

    def _fallbacks(self) -> int:
        """How many further models were asked, the one that answered included."""
        if not self.in_vain:
            return self._number(b"x-litellm-attempted-fallbacks")
        return self.in_vain - (self.status >= FAILED)

    def _answer_text(self) -> str:
        raw = self._answer
        if self.headers.get(b"content-encoding") == b"gzip":
            try:
                raw = gzip.decompress(raw)
            except (OSError, EOFError):
                return ""
        return _text(raw)

    def _number(self, header: bytes) -> int:
        value = self.headers.get(header, b"0")
        return int(value) if value.isdigit() else 0


@lru_cache(maxsize=256)
def dialect_of(path: str) -> str:
    path = path.rstrip("/")
    return next((name for end, name in DIALECTS.items() if path.endswith(end)), path)


@lru_cache(maxsize=256)
def client_of(agent: bytes) -> str:
    """The first word of how a client describes itself."""
    return next(iter(agent.decode("latin-1").split()), "")[:LONGEST_CLIENT]


@lru_cache(maxsize=1024)
def _member(deployment: bytes, alias: str) -> bytes:
    """`provider/model`, as headers have it."""
    return member_of(deployment.decode("latin-1"), alias).encode("latin-1", "replace")


def shortened(message: str) -> str:
    """One line of a message, without what may be the client's own words."""
    for cut in CUTS:
        message = message.partition(cut)[0]
    words = message.split(": ")
    while len(words) > 1 and words[0].removeprefix("litellm.").endswith(("Error", "Exception")):
        del words[0]
    return ": ".join(words).strip(" :-.'\"")[:LONGEST_MESSAGE]


def _provider(payload: Mapping[str, Any]) -> str:
    """The workspace's name of the provider, or LiteLLM's where it was configured by hand."""
    info: Mapping[str, Any] = payload.get("model_info") or {}
    return str(info.get("freerouter_provider") or payload.get("custom_llm_provider") or "")


def _model(payload: Mapping[str, Any]) -> str:
    """As the provider calls it: without LiteLLM's prefix."""
    prefix = f"{payload.get('custom_llm_provider')}/"
    return str(payload.get("model") or "").removeprefix(prefix)


def _cost(told: Mapping[str, Any]) -> float | None:
    """None where no price is known: LiteLLM then says nought."""
    cost: float | None = told.get("response_cost")
    priced = "input_cost_per_token" in (told.get("model_info") or {})
    return cost if cost or priced else None


def _read_error(text: str) -> tuple[str, str]:
    """Class and message of an error as any of the dialects words it."""
    try:
        found = json.loads(text)["error"]
        message = str(found["message"])
    except (ValueError, KeyError, TypeError):
        return "", ""
    name, _, rest = message.partition(": ")
    if name.startswith("litellm.") and name.isascii():
        return name.removeprefix("litellm."), rest
    return str(found.get("type") or ""), message


def _extended(kept: bytes, more: bytes) -> bytes:
    return kept + bytes(more[: LONGEST_BODY - len(kept)])


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
