"""What every asker says in the same words: notes on a question, and the review before the plan."""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from freerouter.frontends.columns import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freerouter.wizard.messages import Answered, Option, Planned, Question

INDENT = "  "
UNSEEN = "   (with the key you typed)"


def limits(question: Question) -> str:
    """What a number may be."""
    low, high = question.min, question.max
    if question.type != "int" or low is high is None:
        return ""
    if low is not None and high is not None:
        return f"({low}..{high})"
    return f"(at least {low})" if low is not None else f"(at most {high})"


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
