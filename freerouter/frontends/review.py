"""What every asker says in the same words: notes on a question, and the review before the plan."""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from freerouter.frontends.columns import one_line
from freerouter.wizard.messages import APPLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freerouter.wizard.messages import Answered, Option, Planned, Question

INDENT = "  "
UNSEEN_HELP = "It takes a key. What you type or paste is not shown."
UNSEEN = "   (with the key you typed)"


def limits(question: Question) -> str:
    """What a number may be."""
    low, high = question.min, question.max
    if question.type != "int" or low is high is None:
        return ""
    if low is not None and high is not None:
        return f"({low}..{high})"
    return f"(at least {low})" if low is not None else f"(at most {high})"


def help_of(question: Question) -> str:
    """What the question says of itself, and what may be answered."""
    if question.id == APPLY:
        return APPLY_HELP
    return "\n".join(part for part in (question.help, _expected(question)) if part)


def _expected(question: Question) -> str:
    """What kind of answer it takes, in a sentence or two."""
    what = _KINDS.get(question.type, "")
    if question.type == "many" and (question.min or question.max):
        least = f"at least {question.min}" if question.min else ""
        most = f"at most {question.max}" if question.max is not None else ""
        what = f"It takes {' and '.join(filter(None, (least, most)))} of the choices."
    within = limits(question).strip("()")
    what = f"{what.rstrip('.')}: {within}." if within else what
    empty = "It may be left empty." if question.optional else ""
    return " ".join(part for part in (what, question.pattern[1], empty) if part)


_KINDS = {
    "text": "It takes any text on one line.",
    "secret": UNSEEN_HELP,
    "int": "It takes a whole number.",
    "confirm": "It takes a yes or a no.",
    "choice": "It takes one of the choices.",
    "many": "It takes any of the choices.",
    "path": "It takes the name of a file or a directory.",
    "url": "It takes a web address, such as http://127.0.0.1:8080/v1.",
}
APPLY_HELP = (
    "Yes does what stands above, one command after the other. No changes nothing. "
    "An answer can be changed first."
)


def origin(question: Question) -> str:
    """Where the default comes from, if that is worth saying."""
    if question.source in ("", "default", "asked"):
        return ""
    return "as it is now" if question.source == "saved" else f"from {question.source}"


def refusal(option: Option) -> str:
    return f"{one_line(option.label)} is not possible: {one_line(option.disabled)}"


def count_problem(question: Question, count: int) -> str:
    """What is wrong with choosing so many; "" where nothing is."""
    if count < (question.min or 0):
        return f"Choose at least {question.min}."
    if question.max is not None and count > question.max:
        return f"Choose at most {question.max}."
    return ""


class Shown(NamedTuple):
    """An answer: what was asked, what was said, and who said it where that was not the user."""

    name: str
    value: str
    note: str


def shown(answer: Answered) -> Shown:
    name = one_line(answer.message) or answer.id
    if answer.source in ("asked", "script", "kept"):
        return Shown(name, one_line(answer.shown) or "–", "")
    others = [(s, said) for s, said in answer.over if said != answer.shown and s != "default"]
    notes = [answer.source, *(f"{source} said {said}" for source, said in others if said)]
    return Shown(name, one_line(answer.shown) or "–", "; ".join(map(one_line, notes)))


def plan_lines(plan: Sequence[Planned], width: int = 0) -> list[str]:
    """The commands of a plan; what is typed unseen stays unseen. With a width, long ones wrap."""
    lines = []
    for planned in plan:
        line = one_line(shlex.join(planned.words)) + (UNSEEN if planned.input else "")
        lines += (
            textwrap.wrap(
                line,
                width,
                initial_indent=INDENT,
                subsequent_indent=INDENT * 3,
                break_long_words=False,
                break_on_hyphens=False,
            )
            if 0 < width < len(INDENT + line)
            else [INDENT + line]
        )
    return lines or [INDENT + "nothing"]
