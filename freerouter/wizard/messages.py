"""What a flow's engine wants (requests) and what it is told (events): plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.errors import FreeRouterError

APPLY = "apply"
"""The id of the last question: whether the plan is carried out."""
APPLY_MESSAGE = "Do this now?"
HIDDEN = "secret"
"""The id of what a command asks for unseen, outside of any flow."""


@dataclass(frozen=True)
class Option:
    """A choice as it is shown."""

    value: str
    label: str
    hint: str = ""
    disabled: str = ""
    """Why it cannot be chosen; "" where it can."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What stands in columns beside the label, by heading."""


@dataclass(frozen=True)
class Question:
    """Wants an answer. `default` has the question's type; `problem`: why it is asked again.

    A secret's default is never shown: `source` says where it comes from. `options` of a text or url
    are suggestions. `filters` name columns by which many options can be narrowed down. Skipping is
    possible where `skippable`, and gives no answer at all.
    """

    id: str
    type: str
    message: str
    help: str = ""
    default: Any = None
    options: tuple[Option, ...] = ()
    optional: bool = False
    min: int | None = None
    max: int | None = None
    problem: str = ""
    placeholder: str = ""
    skippable: bool = False
    source: str = ""
    filters: tuple[str, ...] = ()
    pattern: tuple[str, str] = ("", "")
    """A regular expression for the whole answer, and what is said where it does not match."""


@dataclass(frozen=True)
class Show:
    """Wants a sentence shown."""

    text: str


@dataclass(frozen=True)
class Work:
    """Wants a command run. `input` is its hidden input; `purpose`: load, check, source or run.

    Only run changes things. A source is no command: `words` are its kind and a name, such as
    `environment GROQ_API_KEY`, and `Worked.data["value"]` is what was found there.
    """

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
class Answered:
    """An answer as the review shows it. `over`: the sources that it won over, and what they said.

    Of a secret nothing is shown. Sources: asked, script, kept (from a run that was broken off),
    --set, environment NAME, keyring, saved, default.
    """

    id: str
    message: str
    shown: str
    source: str
    over: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Confirm:
    """Wants the answers reviewed and a yes before anything is changed. Its id is `apply`."""

    plan: tuple[Planned, ...]
    answers: tuple[Answered, ...] = ()


@dataclass(frozen=True)
class Done:
    """Nothing more to do. `text` is what the flow says at its end."""

    ran: tuple[Planned, ...]
    text: str = ""


Request = Question | Show | Work | Confirm | Done


@dataclass(frozen=True)
class Begin:
    """The first event; also: go on."""


@dataclass(frozen=True)
class Answer:
    """An answer, as a value of the question's type or as text, and who gave it."""

    id: str
    value: Any
    source: str = "asked"


@dataclass(frozen=True)
class Back:
    """To the question before."""


@dataclass(frozen=True)
class Skip:
    """No answer to the question that is asked, where it can be skipped."""


@dataclass(frozen=True)
class Change:
    """Out of the review: ask this question again."""

    id: str


@dataclass(frozen=True)
class Worked:
    """What a Work gave: the command's data, or the error that it ended with."""

    data: Mapping[str, Any] = field(default_factory=dict)
    error: FreeRouterError | None = None


@dataclass(frozen=True)
class Confirmed:
    """Yes to the plan."""


Event = Begin | Answer | Back | Skip | Change | Worked | Confirmed
