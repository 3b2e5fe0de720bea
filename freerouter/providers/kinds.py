"""Which rows of a list are models to chat with, and why the others are left out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from freerouter.providers.paths import column_of, finder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Row = Mapping[str, Any]

NOT_CHAT, DUPLICATE = "not for chat", "listed twice"
EXPIRED, DEPRECATED, INACTIVE = "expired", "deprecated", "inactive"
NAMELESS = "without a usable name"
KINDS = (NOT_CHAT, DUPLICATE, EXPIRED, DEPRECATED, INACTIVE, NAMELESS)
"""Why a row is no model that can be used."""

NAMES = (
    *("embed", "rerank", "whisper", "tts", "moderation", "dall-e", "transcribe", "imagen"),
    *("gpt-image", "sora-", "realtime", "stable-diffusion", "speech-to-text", "text-to-"),
    *("bge-", "lyria", "veo-"),
)
"""Parts of an id that tell a model is not for chat, for lists that say nothing better."""


class Sorter:
    """Tells rows apart by the `list` of a record."""

    def __init__(self, rules: Mapping[str, Any], today: date) -> None:
        self._drops = [(column_of(r["field"]), _drop(r, today)) for r in rules.get("drop", ())]
        expires = rules.get("expires")
        if expires:
            rule = {"past": True, "as": EXPIRED}
            self._drops.append((column_of(expires), _drop(rule, today)))
        self._chat = [(column_of(rule["field"]), _chat(rule)) for rule in rules.get("chat", ())]
        self._own = tuple(name.lower() for name in rules.get("names", ()))
        self._also = [finder(path) for path in rules.get("named", ())]

    def why_not(self, rows: Sequence[Row], names: Iterable[str]) -> list[str]:
        """The kind that each row is, "" where it is a model to chat with."""
        kinds = ["" if chat else NOT_CHAT for chat in self._are_for_chat(rows, names)]
        for column, judge in self._drops:
            for place, value in enumerate(column(rows)):
                if value is not None and not kinds[place]:
                    kinds[place] = judge(value)
        return kinds

    def _are_for_chat(self, rows: Sequence[Row], names: Iterable[str]) -> Iterator[bool]:
        texts = [name.lower() for name in names]
        for find in self._also:
            texts = [f"{text}\n{find(row)}".lower() for text, row in zip(texts, rows, strict=True)]
        # Most parts are in none of the names, which one look at all of them tells.
        every = "\n".join(texts)
        own, usual = [[p for p in parts if p in every] for parts in (self._own, NAMES)]
        if not self._chat and not own and not usual:
            yield from [True] * len(texts)
            return
        for text, said in zip(texts, self._said(rows), strict=True):
            if own and _holds(text, own):
                yield False
            else:
                yield said if said is not None else not _holds(text, usual)

    def _said(self, rows: Sequence[Row]) -> list[bool | None]:
        """What the first field that says anything says."""
        said: list[bool | None] = [None] * len(rows)
        for column, judge in self._chat:
            for place, value in enumerate(column(rows)):
                if said[place] is None and value is not None and value != "":
                    said[place] = judge(value)
        return said


def _holds(text: str, parts: Iterable[str]) -> bool:
    return any(part in text for part in parts)


def _chat(rule: Mapping[str, Any]) -> Callable[[Any], bool | None]:
    """Whether what a field says is that it is for chat; None where it leaves that open."""
    wanted, unwanted = _words(rule.get("any", ())), _words(rule.get("none", ()))

    def judge(value: Any) -> bool | None:
        said = _words(value if isinstance(value, list) else [value])
        if wanted:
            return bool(said & wanted)
        # Where only what rules it out is known, the rest decides.
        return False if said & unwanted else None

    return judge


def _drop(rule: Mapping[str, Any], today: date) -> Callable[[Any], str]:
    """The kind of a row whose field has a value that the rule leaves out, else ""."""
    kind = rule["as"]
    wanted, other = _words(rule.get("is", ())), _words(rule.get("is_not", ()))
    lacks = _words(rule.get("lacks", ()))

    def judge(value: Any) -> str:
        if "past" in rule:
            return kind if _is_past(value, today) else ""
        if isinstance(value, list) and lacks:
            return "" if _words(value) & lacks else kind
        if isinstance(value, list | dict):
            return ""
        said = _words([value])
        if wanted:
            return kind if said & wanted else ""
        return kind if other and not said & other else ""

    return judge


def _is_past(value: Any, today: date) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value[:10]) < today
    except ValueError:
        return False


def _words(values: Iterable[Any]) -> frozenset[str]:
    """Values as they are compared: whatever their case."""
    return frozenset(str(value).lower() for value in values)
