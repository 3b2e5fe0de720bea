"""Proving that a model answers: one call of one token, straight at the provider's own address.

A provider that does not speak OpenAI's format is asked through the gateway, which translates.
"""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import ProviderError
from freerouter.providers.http import ask
from freerouter.providers.parallel import in_parallel
from freerouter.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from freerouter.providers.account import Account

FUNCTION = "report_weather"
ROOM_FOR_A_CALL = 64
"""Tokens that a tool call may take: one is too few for its name."""


class Place(NamedTuple):
    """Where a model is called, and under which name. `headers` carry the key."""

    who: str
    url: str
    headers: Mapping[str, str]
    model: str


class Proof(NamedTuple):
    """What came of calling a model. `state` as in a key's verdict, or `absent`.

    `latency` is in seconds; `stream` and `tools` are None where nobody asked for them; `calls`
    counts the requests that were sent; `busy` is how long the provider asked to be left alone.
    """

    state: str
    message: str = ""
    fix: str = ""
    latency: float = 0.0
    stream: bool | None = None
    tools: bool | None = None
    calls: int = 1
    busy: float = 0.0


def place_of(account: Account, model: str) -> Place | None:
    """Where the model is called directly; None where it cannot be."""
    provider = account.provider
    if not account.base_url or provider.demo or provider.fixed or "format" in provider.calls:
        return None
    path = provider.calls.get("path")
    url = account.url(path) if path else f"{account.engine_url}/chat/completions"
    return Place(account.label, url, account.headers(url), model)


def why_not(account: Account) -> str:
    """Why the gateway has to be asked in its place."""
    if account.provider.demo:
        return f"{account.label} answers inside the gateway only"
    spoken = account.provider.calls.get("format", "")
    return f"{account.label} speaks {spoken or 'a'} format, which the gateway translates"


def prove(
    client: httpx.Client,
    account: Account,
    place: Place,
    timeout: float,
    *,
    stream: bool = False,
    tools: bool = False,
) -> Proof:
    """Call the model once, and once more for each capability that is asked for."""
    send = partial(_send, client, account, place, timeout)
    began = time.monotonic()
    try:
        send(body=_body(place), decode=_completion)
    except ProviderError as error:
        return _failed(account, place, error)
    proof = Proof("works", latency=round(time.monotonic() - began, 3))
    if stream:
        able = _able(partial(send, body={**_body(place), "stream": True}, decode=_events))
        proof = proof._replace(stream=able, calls=proof.calls + 1)
    if tools:
        able = _able(partial(send, body=_tool_body(place), decode=_tool_call))
        proof = proof._replace(tools=able, calls=proof.calls + 1)
    return proof


def _body(place: Place) -> dict[str, Any]:
    messages = [{"role": "user", "content": "hi"}]
    return {"model": place.model, "messages": messages, "max_tokens": 1}


def _tool_body(place: Place) -> dict[str, Any]:
    shape = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    function = {"name": FUNCTION, "description": "Report the weather", "parameters": shape}
    ask_for = f"Call {FUNCTION} for Oslo. Do not write anything else."
    return {
        "model": place.model,
        "messages": [{"role": "user", "content": ask_for}],
        "max_tokens": ROOM_FOR_A_CALL,
        "tools": [{"type": "function", "function": function}],
    }


def _send(
    client: httpx.Client,
    account: Account,
    place: Place,
    timeout: float,
    *,
    body: Mapping[str, Any],
    decode: Callable[[str, str, bytes], Any],
) -> None:
    """One call, bounded as a whole. Raises ProviderError."""
    provider = account.provider
    call = partial(
        ask,
        client,
        place.who,
        place.url,
        place.headers,
        body=body,
        key_help=provider.key_help(),
        rules=provider.verdicts,
        decode=decode,
    )
    if not list(in_parallel([call], timeout)):
        raise ProviderError(
            f"{place.who} did not answer within {timeout:g} s.", fix="Try again later."
        )


def _failed(account: Account, place: Place, error: ProviderError) -> Proof:
    if error.state == "absent":
        return Proof(
            "absent",
            f"{place.who} does not serve {place.model} at this address.",
            f"`freerouter fetch --provider {account.name}` asks for what it has now.",
        )
    message = " ".join(part for part in (error.what, error.why) if part)
    busy = error.retry if error.retry is not None and "(429)" in error.what else 0.0
    return Proof(error.state, message, error.fix, busy=busy or 0.0)


def _able(send: Callable[[], None]) -> bool | None:
    """Whether it can do that; None where the failure says nothing of it."""
    try:
        send()
    except ProviderError as error:
        passing = error.retry is not None or error.state in ("refused", "no_quota", "region")
        return None if passing or "did not answer" in error.what else False
    return True


def _completion(who: str, kind: str, raw: bytes) -> Any:
    """The answer to a chat. Raises where it is none, be it with a status of 200."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        what = "a web page" if "html" in kind else "what is no JSON"
        raise ProviderError(f"{who} answered with {what} instead of a chat.") from None
    choices = data.get("choices") if isinstance(data, dict) else None
    if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
        said = dig(data, "error.message") or dig(data, "message")
        why = f'It says: "{str(said)[:200]}".' if said else ""
        raise ProviderError(f"{who} answered, but not as a chat model does.", why)
    return data


def _events(who: str, kind: str, raw: bytes) -> Any:
    """The pieces of a streamed answer."""
    pieces = [line[5:].strip() for line in raw.splitlines() if line.startswith(b"data:")]
    if not pieces:
        raise ProviderError(f"{who} does not stream ({kind or 'no content type'}).")
    return _completion(who, kind, pieces[0])


def _tool_call(who: str, kind: str, raw: bytes) -> Any:
    data = _completion(who, kind, raw)
    calls = dig(data["choices"][0], "message.tool_calls")
    named = [dig(call, "function.name") for call in calls] if isinstance(calls, list) else []
    if FUNCTION not in named:
        raise ProviderError(f"{who} called no tool.")
    return data
