"""Reading an answer: text or value in, a value of the question's type out; and showing one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from freerouter.errors import UsageError
from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from freerouter.wizard.messages import Question


def read_answer(question: Question, value: Any) -> Any:
    """The answer as a value of the question's type. Raises UsageError where it does not fit."""
    text = value.strip() if isinstance(value, str) else value
    if text in (None, "") and question.type != "many":
        if question.optional:
            return ""
        raise UsageError(f"{question.id} needs an answer.")
    return _READERS[question.type](question, text)


def shown_answer(question: Question, value: Any) -> str:
    """An answer as the review shows it; of a secret only that there is one."""
    if value is None:
        return "(skipped)"
    if value in ("", []):
        return "(none)"
    if question.type == "secret":
        return "(not shown)"
    if question.type == "confirm":
        return "yes" if str(value).lower() in ("true", "yes", "y") else "no"
    labels = {option.value: option.label for option in question.options}
    items = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(item), str(item)) for item in items)


def _read_text(question: Question, value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise UsageError(f"{question.id} is a text.")
    pattern, message = question.pattern
    if pattern and not re.fullmatch(pattern, str(value)):
        said = "" if question.type == "secret" else f': "{value}"'
        raise UsageError(message or f"{question.id} does not look right{said}.")
    return str(value)


def _read_confirm(question: Question, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("y", "yes", "true"):
        return True
    if str(value).lower() in ("n", "no", "false"):
        return False
    raise UsageError(f'{question.id} is answered with yes or no, not "{value}".')


def _read_many(question: Question, value: Any) -> list[str]:
    items = [v.strip() for v in value.split(",") if v.strip()] if isinstance(value, str) else value
    if items is not None and not isinstance(items, list | tuple):
        raise UsageError(f"{question.id} takes a list of choices.")
    named = {_read_choice(question, item) for item in items or []}
    chosen = [option.value for option in question.options if option.value in named]
    if len(chosen) < (question.min or 0):
        raise UsageError(f"Choose at least {question.min}.")
    if question.max is not None and len(chosen) > question.max:
        raise UsageError(f"Choose at most {question.max}.")
    return chosen


def _read_choice(question: Question, value: Any) -> str:
    option = next((o for o in question.options if o.value == value), None)
    if option is None:
        values = [o.value for o in question.options if not o.disabled]
        known = f"One of: {', '.join(values[:10])}{' …' if len(values) > 10 else ''}."  # noqa: PLR2004 - what fits on a line or two
        near = did_you_mean(str(value), values) or known
        raise UsageError(f'{question.id} cannot be "{value}".', fix=near)
    if option.disabled:
        raise UsageError(f'{question.id} cannot be "{value}": {option.disabled}.')
    return option.value


def _read_int(question: Question, value: Any) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise UsageError(f'{question.id} is a whole number, not "{value}".') from None
    low, high = question.min, question.max
    if (low is not None and number < low) or (high is not None and number > high):
        if low is not None and high is not None:
            raise UsageError(f"{question.id} is between {low} and {high}, not {number}.")
        bound = f"at least {low}" if low is not None else f"at most {high}"
        raise UsageError(f"{question.id} is {bound}, not {number}.")
    return number


def _read_url(question: Question, value: Any) -> str:
    text = _read_text(question, value)
    if not text.startswith(("http://", "https://")):
        raise UsageError(f'{question.id} is a web address, not "{value}".', fix="http://…")
    return text


_READERS = {
    "text": _read_text,
    "path": _read_text,
    "secret": _read_text,
    "int": _read_int,
    "confirm": _read_confirm,
    "choice": _read_choice,
    "many": _read_many,
    "url": _read_url,
}
