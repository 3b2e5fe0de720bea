"""What a flow remembers between two steps: plain values, replaced and never changed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.wizard.messages import Request

Key = tuple[Any, ...]


class Reply(NamedTuple):
    """An answer of the question's type, and where it came from. A skipped one is None."""

    value: Any
    source: str = "asked"


class Judged(NamedTuple):
    """What a live check said of an answer that it did not refuse. `answer` may replace it."""

    note: str = ""
    answer: Any = None


@dataclass(frozen=True)
class State:
    """Where a flow stands.

    `given` answers beforehand; `answers` holds what was answered, also to questions that are hidden
    at present; `remembered` only pre-fills. `loaded` and `judged` are kept by their inputs.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    defaults: bool = False
    advanced: bool = False
    answers: Mapping[str, Reply] = field(default_factory=dict)
    remembered: Mapping[str, Any] = field(default_factory=dict)
    loaded: Mapping[Key, Any] = field(default_factory=dict)
    judged: Mapping[Key, Judged] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    problem: tuple[str, str] = ("", "")
    changing: str = ""
    pending: Request | None = None
    confirmed: bool = False
    ran: int = 0


def load_key(words: tuple[str, ...]) -> Key:
    return ("load", shlex.join(words))


def check_key(identity: str, words: tuple[str, ...], secret: str | None) -> Key:
    return ("check", identity, words, secret)
