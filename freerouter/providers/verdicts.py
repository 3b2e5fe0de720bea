"""What an answer says of a key: refused, no_quota (right, but of no use now), region, or nothing.

A record's `verdicts` come first, each `{status, contains | field and is, state, help}`; then what
every provider means by a status. What may pass is never called a bad key.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import ProviderError
from freerouter.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Rules = Iterable[Mapping[str, Any]]

STATES = ("refused", "no_quota", "region", "unknown")
BACKOFF = 0.0
"""How long to wait where a failure may pass and nothing is said of when."""
PASSING = frozenset((500, 502, 503, 504, 520, 521, 522, 523, 524, 529))
"""Statuses that may be gone a moment later."""
_REGION = re.compile(
    rb"unsupported_country"
    rb"|(?:region|country|location|territory)[^.]{0,40}not (?:supported|available)"
    rb"|not (?:supported|available)[^.]{0,40}(?:region|country|location|territory)",
    re.IGNORECASE,
)
_QUOTA = re.compile(rb"insufficient[_ ](?:user_)?(?:quota|balance|credit)", re.IGNORECASE)
_BAD_KEY = re.compile(rb"api_key_invalid|incorrect api key|invalid api key", re.IGNORECASE)
_LOOKED_AT = 4000
"""Bytes of an error that are searched for phrases."""


class Said(NamedTuple):
    """An answer as the rules see it."""

    status: int
    raw: bytes = b""
    data: Any = None
    wait: float | None = None
    """Seconds that it asks to be left alone for."""


def check(who: str, said: Said, rules: Rules = (), key_help: str = "") -> None:
    """Raise what an answer means, by the record's rules and then by its status."""
    text = message_of(said.data)
    why = f'It says: "{text}".' if text else ""
    for rule in rules:
        if _fits(rule, said):
            told = rule.get("help") or (key_help if rule["state"] == "refused" else "")
            raise _verdict(who, rule["state"], said.status, why, told)
    if said.status >= 300:  # noqa: PLR2004 - HTTP's own numbers, here and below
        raise _by_status(who, said, why, key_help)


def _by_status(who: str, said: Said, why: str, key_help: str) -> ProviderError:
    status, raw = said.status, said.raw[:_LOOKED_AT]
    if status in (400, 401, 403) and _REGION.search(raw):
        return _verdict(who, "region", status, why)
    if status == 401 or (status == 400 and _BAD_KEY.search(raw)):  # noqa: PLR2004
        return _verdict(who, "refused", status, why, key_help)
    if status == 403 and raw.lstrip()[:1] == b"<":  # noqa: PLR2004
        return ProviderError(
            f"{who} does not let this request through (403).",
            "What came is a web page: a proxy or a firewall in between does that.",
            "Check your network and proxy settings.",
        )
    if _QUOTA.search(raw) and status in (402, 403, 429):
        return _verdict(who, "no_quota", status, why)
    return _other(who, said, why, key_help)


def _other(who: str, said: Said, why: str, key_help: str) -> ProviderError:
    status = said.status
    if status == 403:  # noqa: PLR2004
        return _verdict(who, "refused", status, why, key_help)
    if status == 402:  # noqa: PLR2004
        return ProviderError(f"{who} wants payment first (402).", why, state="no_quota")
    if status in (404, 405):
        return ProviderError(
            f"{who} has no model list at this address ({status}).",
            why,
            "Check `api_base`.",
            state="absent",
        )
    if status == 410:  # noqa: PLR2004
        return ProviderError(f"{who} says that this is gone for good (410).", why)
    if status == 451:  # noqa: PLR2004
        return _verdict(who, "region", status, why)
    if status == 429:  # noqa: PLR2004
        pause = f"Try again in {said.wait:g} s." if said.wait is not None else "Try again later."
        return ProviderError(f"{who} says too many requests (429).", fix=pause, retry=said.wait)
    if status >= 500:  # noqa: PLR2004
        retry = (said.wait or BACKOFF) if status in PASSING else None
        return ProviderError(f"{who} is failing ({status}).", why, "Try again later.", retry=retry)
    return ProviderError(f"{who} answered {status}.", why)


def _verdict(who: str, state: str, status: int, why: str, told: str = "") -> ProviderError:
    number = "" if status == 200 else f" ({status})"  # noqa: PLR2004
    words = {
        "refused": f"{who} refused this key{number}.",
        "no_quota": f"{who}: the key is right, but the account is not ready.",
        "region": f"{who} does not serve this region{number}.",
        "unknown": f"{who} answered {status}.",
    }
    return ProviderError(words[state], why, told, state=state)


def _fits(rule: Mapping[str, Any], said: Said) -> bool:
    statuses = rule.get("status", 200)
    if said.status not in (statuses if isinstance(statuses, list | tuple) else (statuses,)):
        return False
    if "field" in rule:
        value = dig(said.data, rule["field"])
        return any(value == wanted and type(value) is type(wanted) for wanted in rule["is"])
    phrase = rule.get("contains", "")
    return phrase.lower().encode() in said.raw[:_LOOKED_AT].lower()


def message_in(raw: bytes) -> str:
    """The human sentence of an error body, at most 200 characters of one line."""
    return message_of(parsed(raw))


def message_of(data: Any) -> str:
    found = data
    for key in ("error", "errors", "message", "msg", "detail", "Message"):
        if isinstance(found, list) and found and isinstance(found[0], dict):
            found = found[0]
        if isinstance(found, dict) and found.get(key):
            found = found[key]
    text = found if isinstance(found, str) else ""
    return " ".join(text.split())[:200].rstrip(".")


def parsed(raw: bytes) -> Any:
    """The JSON of an error, None where it is none."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
