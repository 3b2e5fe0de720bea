"""What providers say of their limits, in the headers of an answer and in the body of a 429.

Pure. Numbers are what they said; times are seconds since 1970. Nobody follows a standard, so names
are taken apart by their words: `x-ratelimit-remaining-tokens-minute` (OpenAI, Groq, Cerebras,
Mistral, SambaNova), `anthropic-ratelimit-requests-reset`, `ratelimit-limit` (the IETF's draft),
`modelscope-ratelimit-model-requests-limit`, `x-trial-endpoint-call-remaining` (Cohere).
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from freerouter.limits import COUNTS, PERIODS, SECONDS, Limit, window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST = 8000
"""Characters of a body that are read."""
PACIFIC = "America/Los_Angeles"
"""Where Google's days begin."""
FAMILIES = {"ratelimit", "ratelimitbysize", "tokenlimit"}
PARTS = {"limit": "most", "remaining": "left", "reset": "resets_at"}
WORDS = {"requests": "requests", "req": "requests", "request": "requests", "tokens": "tokens",
         "token": "tokens", "ratelimitbysize": "tokens", "tokenlimit": "tokens"}  # fmt: skip
NOT_ALL = {"input", "output", "prompt", "generated", "cached", "cost", "over", "images", "policy"}
"""Words of headers that tell of a part of the tokens, or of something else."""
UNNAMED = {("groq", "requests"): "day"}
"""By LiteLLM's prefix: the period of headers that name none, where that is not the minute."""
COHERE = {
    "x-trial-endpoint-call-limit": ("minute", "most"),
    "x-trial-endpoint-call-remaining": ("minute", "left"),
    "x-endpoint-monthly-call-limit": ("month", "most"),
}
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = r"(?:\d+(?:\.\d+)?\s*(?:ms|[smhd])(?:ec(?:onds?)?|in(?:utes?)?|ours?|ays?)?\s*)+"
MILLISECONDS, EPOCH = 1e11, 1e9
"""Numbers above are moments in milliseconds, in seconds; those below are seconds from now."""


class Said(NamedTuple):
    """At most `most` `counts` per `per`, of which `left` are left until `resets_at`.

    None is what was not said. `scope` is that of a Limit.
    """

    counts: str
    per: str
    most: int | None = None
    left: int | None = None
    resets_at: float | None = None
    scope: str | None = None


def said_in_headers(headers: Mapping[str, str], now: float, provider: str = "") -> list[Said]:
    """One for each kind of limit. `provider` is LiteLLM's prefix; names may be in any case, and
    begin with LiteLLM's `llm_provider-`.
    """
    found: dict[tuple[str, str, str | None], dict[str, float]] = {}
    unnamed: dict[str, dict[str, float]] = {}
    for written, text in headers.items():
        name = written.lower().removeprefix("llm_provider-")
        if name in COHERE:
            per, part = COHERE[name]
            _note(found.setdefault(("requests", per, None), {}), part, text, now)
            continue
        words = name.split("-")
        part = next((PARTS[word] for word in words if word in PARTS), "")
        if not part or not FAMILIES.intersection(words) or NOT_ALL.intersection(words):
            continue
        counts = next((WORDS[word] for word in words if word in WORDS), "")
        per = next((word for word in words if word in PERIODS), "")
        if not counts and not per:
            _note(unnamed.setdefault("requests", {}), part, text, now)
            continue
        counts = counts or "requests"
        if "modelscope" in words:
            per = "day"
        per = per or UNNAMED.get((provider, counts), "minute")
        scope = "model" if "model" in words else None
        _note(found.setdefault((counts, per, scope), {}), part, text, now)
    for counts, values in unnamed.items():
        per = _period(values["resets_at"] - now) if "resets_at" in values else "minute"
        found.setdefault((counts, per, None), values)
    return [
        _said(*key, values) for key, values in found.items() if values.keys() & {"most", "left"}
    ]


def said_in_429(
    body: str, headers: Mapping[str, str], now: float, provider: str = ""
) -> list[Said]:
    """What a refusal says is used up has `left` 0; what else its headers say comes after that.

    The body may stand within other text. Where there is nothing but a time to wait, requests are
    taken to be used up, in the shortest period that is as long as that; [] where nothing is known.
    """
    told = said_in_headers(headers, now, provider)
    text = body[:LONGEST]
    wait = _wait(text, {name.lower(): value for name, value in headers.items()}, now)
    if "too large" in text.lower():
        return told
    used_up = [*_google(text, now, wait)] or [*_worded(text, now, wait)]
    if not used_up:
        used_up = [one._replace(resets_at=one.resets_at or wait) for one in told if one.left == 0]
    if not used_up and wait is not None:
        used_up = [Said("requests", _period(wait - now), None, 0, wait)]
    return _joined(used_up, told)


def moment(text: str, now: float) -> float | None:
    """When that is: `2m59.56s`, seconds from now, seconds or milliseconds since 1970, or a date."""
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        if not isfinite(number):
            return None
        if number > MILLISECONDS:
            return number / 1000
        return number if number > EPOCH else now + max(number, 0.0)
    if re.fullmatch(DURATION, text):
        return now + _seconds(text)
    for read in (_iso, parsedate_to_datetime):
        try:
            found = read(text)
        except (TypeError, ValueError, IndexError):
            continue
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()
    return None


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)


def _seconds(text: str) -> float:
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|[smhd])", text)
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def _period(seconds: float) -> str:
    return next((per for per in PERIODS if seconds <= SECONDS[per]), "month")


def _note(values: dict[str, float], part: str, text: str, now: float) -> None:
    if part == "resets_at":
        at = moment(text, now)
        if at is not None:
            values[part] = at
        return
    number = re.match(r"\s*(-?\d+)", text)
    if number:
        values[part] = max(int(number[1]), 0)


def _said(counts: str, per: str, scope: str | None, values: Mapping[str, float]) -> Said:
    most, left = (None if n is None else int(n) for n in map(values.get, ("most", "left")))
    return Said(counts, per, most, left, values.get("resets_at"), scope)


_AGAIN = re.compile(
    rf"(?:try again|retry|wait|available) (?:in|after|for)?\s*({DURATION})", re.IGNORECASE
)


def _wait(text: str, headers: Mapping[str, str], now: float) -> float | None:
    """Until when one is asked to wait, by the body or the header."""
    delay = re.search(r"retryDelay\W+([\d.]+)s", text)
    if delay:
        return now + float(delay[1])
    again = _AGAIN.search(text)
    if again:
        return now + _seconds(again[1].lower())
    if headers.get("retry-after-ms", "").isdigit():
        return now + int(headers["retry-after-ms"]) / 1000
    return moment(headers["retry-after"], now) if headers.get("retry-after") else None


def _google(text: str, now: float, wait: float | None) -> Iterator[Said]:
    """Each violated quota by its name: `GenerateRequestsPerDayPerProjectPerModel-FreeTier`."""
    for piece in text.split("quotaId")[1:]:
        name = re.match(r"\W+([\w-]+)", piece)
        per = next((p for p in PERIODS if name and f"Per{p.capitalize()}" in name[1]), "")
        if not name or not per:
            continue
        value = re.search(r"quotaValue\W+(\d+)", piece)
        counts = "tokens" if "Token" in name[1] else "requests"
        most = int(value[1]) if value else None
        # What it asks to wait is short also where a day is used up.
        day = Limit(counts, 0, per, resets="fixed", zone=PACIFIC)
        until = wait if per in ("minute", "hour") else window(day, now)[1]
        yield Said(counts, per, most, 0, until, "model" if "PerModel" in name[1] else None)


_PERIOD = r"(?:/|per|a|each|-per-)\s*-?(min|hour|day|month)"
_KIND = re.compile(rf"(request|token|api call|call|model|quer)(?:s|y|ies)?\s*{_PERIOD}")
_SHORT = re.compile(r"\b(r|t)p(m|h|d)\b")
_SPAN = re.compile(r"rate limit of ([\d,]+) per (\d+) ?s")
_DAILY = re.compile(r"\b(daily|today(?:'s)?|hourly|monthly|per[ -](?:day|hour|month|minute))\b")
_LIMIT = re.compile(r"(?:limit(?:ed to)?|x-ratelimit-limit)[^\w]{1,6}([\d,]+)")
_RESET = re.compile(r"x-ratelimit-reset\W+(\d+)")
_LETTERS = {"m": "minute", "h": "hour", "d": "day", "r": "requests", "t": "tokens"}


def _worded(text: str, now: float, wait: float | None) -> Iterator[Said]:
    """The first limit that a message names."""
    words = text.lower()
    counts = "requests"
    most = _LIMIT.search(words)
    figure = most[1] if most else ""
    if span := _SPAN.search(words):
        figure, per = span[1], _period(float(span[2]))
    elif kind := _KIND.search(words):
        counts = "tokens" if kind[1] == "token" else counts
        per = next(p for p in PERIODS if p.startswith(kind[2]))
    elif short := _SHORT.search(words):
        counts, per = _LETTERS[short[1]], _LETTERS[short[2]]
    elif daily := _DAILY.search(words):
        per = next((p for p in ("minute", "hour", "month") if p in daily[1]), "day")
    else:
        return
    reset = _RESET.search(words)
    until = moment(reset[1], now) if reset else wait
    scope = "account" if "free-models-per" in words else None
    if re.search(r"(?:for|per|this) (?:the )?model\b", words):
        scope = "model"
    number = figure.replace(",", "")
    yield Said(counts, per, int(number) if number else None, 0, until, scope)


def _joined(used_up: Iterable[Said], told: Iterable[Said]) -> list[Said]:
    """One for each kind: what is used up, with what the headers know besides."""
    found: dict[tuple[str, str], list[Said]] = {}
    for one in told:
        found.setdefault((one.counts, one.per), []).append(one)
    first = []
    for one in used_up:
        known = found.pop((one.counts, one.per), [])
        alike = [k for k in known if k.scope == one.scope]
        alike += [k for k in known if None in {k.scope, one.scope}]
        same = next(iter(alike), one)
        most = same.most if one.most is None else one.most
        until = same.resets_at if one.resets_at is None else one.resets_at
        first.append(one._replace(most=most, resets_at=until, scope=one.scope or same.scope))
        rest = [k for k in known if k is not same]
        if rest:
            found[one.counts, one.per] = rest
    rest = [one for several in found.values() for one in several]
    return sorted(first, key=_order) + sorted(rest, key=_order)


def _order(one: Said) -> tuple[int, int]:
    return COUNTS.index(one.counts), PERIODS.index(one.per)
