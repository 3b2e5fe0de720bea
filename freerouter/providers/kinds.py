"""Which rows of a list are models to chat with, and why the others are left out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from freerouter.providers.paths import finder, first_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
        self._drops = [_drop(rule, today) for rule in rules.get("drop", ())]
        expires = rules.get("expires")
        if expires:
            self._drops.append(_drop({"field": expires, "past": True, "as": EXPIRED}, today))
        self._chat = [_chat(rule) for rule in rules.get("chat", ())]
        self._own = tuple(name.lower() for name in rules.get("names", ()))
        self._also = [finder(path) for path in rules.get("named", ())]

    def why_not(self, row: Row, identity: str) -> str:
        """The kind that the row is, "" where it is a model to chat with."""
        if not self._is_chat(row, identity):
            return NOT_CHAT
        for drop in self._drops:
            kind = drop(row)
            if kind:
                return kind
        return ""

    def _is_chat(self, row: Row, identity: str) -> bool:
        names = identity.lower()
        for find in self._also:
            names += f"\n{find(row)}".lower()
        if self._own and _holds(names, self._own):
            return False
        for rule in self._chat:
            said = rule(row)
            if said is not None:
                return said
        return not _holds(names, NAMES)


def _holds(text: str, parts: tuple[str, ...]) -> bool:
    for part in parts:  # noqa: SIM110 - asked of every row of every list: any() takes twice as long
        if part in text:
            return True
    return False


def _chat(rule: Mapping[str, Any]) -> Callable[[Row], bool | None]:
    """Whether a field says that it is for chat; None where it says nothing."""
    find = first_of(rule["field"])
    wanted, unwanted = _words(rule.get("any", ())), _words(rule.get("none", ()))

    def judge(row: Row) -> bool | None:
        value = find(row)
        if value is None or value == "":
            return None
        said = _words(value if isinstance(value, list) else [value])
        if wanted:
            return bool(said & wanted)
        # Where only what rules it out is known, the rest decides.
        return False if said & unwanted else None

    return judge


def _drop(rule: Mapping[str, Any], today: date) -> Callable[[Row], str]:
    """The kind of a row that the rule leaves out, else ""."""
    find, kind = first_of(rule["field"]), rule["as"]
    wanted, other = _words(rule.get("is", ())), _words(rule.get("is_not", ()))
    lacks = _words(rule.get("lacks", ()))

    def judge(row: Row) -> str:
        value = find(row)
        if "past" in rule:
            return kind if _is_past(value, today) else ""
        if isinstance(value, list) and lacks:
            return "" if _words(value) & lacks else kind
        if value is None or isinstance(value, list | dict):
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
