"""Why a model did not answer, in plain words, and which command helps."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from freerouter.errors import FreeRouterError, GatewayStateError, ProviderError
from freerouter.usage.outcome import NO_DATABASE, UNKNOWN_KEY

if TYPE_CHECKING:
    from freerouter.process.chats import NoAnswerError

LIMIT = 429
REFUSED = (401, 403)
NO_CREDIT = 402
NOT_FOUND = 404
TOO_LARGE = 413
TIMEOUTS = (408, 504)
SERVER = 500
LONGEST = 300
IN_SECONDS, IN_MINUTES = 120, 90
USED_UP = ": all that it may use is used up. "
"""What the gateway says where quotas and budgets keep it from asking anybody (usage/outcome.py)."""
CLASS = re.compile(r"(?:litellm\.)?\w*(?:Error|Exception)(?:: | - )")
"""What LiteLLM puts before a provider's own words, once for each of its layers."""
OUR_KEY = (UNKNOWN_KEY, NO_DATABASE, "No api key passed", "Authentication Error")
"""How the gateway says that the key is not its own."""
NOT_SERVED = "Invalid model name passed"
TOO_LONG = re.compile(
    r"ContextWindowExceeded|context_length_exceeded|maximum context|context length|prompt is too"
    r" long",
    re.IGNORECASE,
)
OTHERS = "`freerouter list` shows the others: ask --model NAME …"
SPENT = "`freerouter budget list` says what is spent, and until when."
LEFT = "`freerouter quota` says what is left, and when it comes back."
SEEN = "`freerouter logs -r --errors` shows what the gateway saw."


class Reason(NamedTuple):
    """`brief` fits on a line behind a model's name; `what` is a sentence."""

    brief: str
    what: str
    fix: str = OTHERS


def reason_of(error: NoAnswerError, model: str, provider: str) -> Reason:
    """`provider` is "" where several may have been asked."""
    if error.kind:
        return _without_answer(error, model)
    status, who = error.status, provider or "its provider"
    told = f" ({status})"
    if error.message.startswith(OUR_KEY):
        return Reason(
            f"{status} the gateway does not know this key",
            f"The gateway does not know this key{told}.",
            "`freerouter reload` has it take the one of now.",
        )
    if NOT_SERVED in error.message:
        return Reason(
            f"{status} the running gateway does not serve it",
            f"The running gateway does not serve {model}{told}.",
            "`freerouter reload` has it serve what is in config.yaml.",
        )
    if status == TOO_LARGE or TOO_LONG.search(error.message):
        return Reason(
            f"{status} the text is too long for it",
            f"The text is too long for {model}{told}.",
            "Ask with less text, or another model: `freerouter list` shows in CONTEXT how much "
            "each takes.",
        )
    if USED_UP in error.message:
        return _used_up(error, model)
    if status == LIMIT:
        return _limit(error, model, provider)
    if status in REFUSED:
        fix = f"`freerouter keys check {provider}` judges it." if provider else SEEN
        return Reason(
            f"{status} the key is refused", f"{_capital(who)} refused the key{told}.", fix
        )
    if status == NO_CREDIT:
        what = f"{_capital(who)} says that there is no credit left{told}."
        return Reason(f"{status} no credit left", what)
    if status == NOT_FOUND:
        what = f"{_capital(who)} has no model {model}{told}."
        return Reason(f"{status} there is no such model", what, _todays(provider))
    if status in TIMEOUTS:
        return Reason(f"{status} no answer in time", f"{model} did not answer in time{told}.")
    if status >= SERVER:
        return Reason(f"{status} failed", f"{model} failed{told}.", f"{OTHERS}\n{SEEN}")
    return Reason(f"{status} the request is refused", f"{model} refused the request{told}.", SEEN)


def _todays(provider: str) -> str:
    only = f" --provider {provider}" if provider else ""
    return f"`freerouter fetch{only}` asks for the models of today."


def _limit(error: NoAnswerError, model: str, provider: str) -> Reason:
    by = f" at {provider}" if provider else ""
    again = ""
    if error.retry_after:
        again = f", again in {_length(error.retry_after)}"
    return Reason(
        f"{error.status} limit reached{again}",
        f"The limit of {model}{by} is reached ({error.status}){again}.",
        f"{OTHERS}\n{LEFT}",
    )


def _used_up(error: NoAnswerError, model: str) -> Reason:
    again = f", again in {_length(error.retry_after)}" if error.retry_after else ""
    return Reason(
        f"{error.status} used up{again}",
        f"All that {model} may use is used up ({error.status}){again}.",
        f"{OTHERS}\n{SPENT if error.status == NO_CREDIT else LEFT}",
    )


def _length(seconds: float) -> str:
    """As the gateway words it: `58 s`, `40 min`, `5 h`."""
    if seconds <= IN_SECONDS:
        return f"{max(1, round(seconds))} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes <= IN_MINUTES else f"{math.ceil(minutes / 60)} h"


def _without_answer(error: NoAnswerError, model: str) -> Reason:
    if error.kind == "gone":
        return Reason(
            "the gateway does not answer",
            "The gateway does not answer.",
            "`freerouter status` says how it is; `freerouter start` starts it.",
        )
    if error.kind == "timeout":
        what = f"{model} did not answer: {error.message}."
        return Reason(error.message, what, "--timeout SECONDS waits longer.\n" + OTHERS)
    return Reason(f"the connection was cut ({error.message})", "The connection was cut.", SEEN)


def words_of(error: NoAnswerError) -> str:
    """What the provider itself said, without the names of LiteLLM's classes."""
    text = error.message.splitlines()[0] if error.message else ""
    while found := CLASS.match(text):
        text = text[found.end() :]
    try:
        inner = json.loads(text)
        inner = inner.get("error", inner)
        text = str(inner["message"] if isinstance(inner, dict) else inner)
    except (ValueError, KeyError, AttributeError):
        pass
    return text.strip()[:LONGEST]


def raised(error: NoAnswerError, model: str, provider: str) -> FreeRouterError:
    """The error that a command ends with."""
    reason, words = reason_of(error, model, provider), words_of(error)
    if USED_UP in error.message:
        each = error.message.partition(USED_UP)[2].split("; ")
        return ProviderError(reason.what, "\n".join(each), reason.fix)
    if error.kind == "gone":
        return GatewayStateError(reason.what, fix=reason.fix)
    why = "" if error.kind == "timeout" or not words else f"It said: {words}"
    if error.begun:
        return ProviderError("The answer was cut off.", why, f"Ask again. {SEEN}")
    return ProviderError(reason.what, why, reason.fix)


def in_brief(error: NoAnswerError, model: str, provider: str) -> str:
    """`model-c: 401 the key is refused: No key is good enough.`"""
    words = "" if error.kind else words_of(error)
    brief = reason_of(error, model, provider).brief
    return f"{model}: {brief}" + (f": {words}" if words else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text.startswith("its ") else text
