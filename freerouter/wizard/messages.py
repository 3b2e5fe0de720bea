"""What a flow's engine wants (requests) and what it is told (events): plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.errors import FreeRouterError


@dataclass(frozen=True)
class Option:
    """A choice as it is shown."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class Question:
    """Wants an answer. `default` has the question's type; `problem`: why it is asked again."""

    id: str
    type: str
    message: str
    help: str = ""
    default: Any = None
    options: tuple[Option, ...] = ()
    optional: bool = False
    min: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Show:
    """Wants a sentence shown."""

    text: str


@dataclass(frozen=True)
class Work:
    """Wants a command run. `input` is its hidden input; a `purpose` of run changes things."""

    purpose: str
    name: str
    words: tuple[str, ...]
    input: str | None = None


@dataclass(frozen=True)
class Planned:
    """One command of the plan. The hidden input is never part of its words."""

    words: tuple[str, ...]
    input: str | None = None


@dataclass(frozen=True)
class Confirm:
    """Wants a yes before anything is changed."""

    plan: tuple[Planned, ...]


@dataclass(frozen=True)
class Done:
    """Nothing more to do."""

    ran: tuple[Planned, ...]


Request = Question | Show | Work | Confirm | Done


@dataclass(frozen=True)
class Begin:
    """The first event; also: go on."""


@dataclass(frozen=True)
class Answer:
    """An answer, as a value of the question's type or as text."""

    id: str
    value: Any


@dataclass(frozen=True)
class Back:
    """To the question before."""


@dataclass(frozen=True)
class Worked:
    """What a Work gave: the command's data, or the error that it ended with."""

    data: Mapping[str, Any] = field(default_factory=dict)
    error: FreeRouterError | None = None


@dataclass(frozen=True)
class Confirmed:
    """Yes to the plan."""


Event = Begin | Answer | Back | Worked | Confirmed
