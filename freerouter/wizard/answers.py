"""Reading an answer: text or value in, a value of the question's type out."""

from __future__ import annotations

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
    chosen = [_read_choice(question, item) for item in items or []]
    if len(chosen) < question.min:
        raise UsageError(f"Choose at least {question.min}.")
    return list(dict.fromkeys(chosen))


def _read_choice(question: Question, value: Any) -> str:
    values = [option.value for option in question.options]
    if value not in values:
        near = did_you_mean(str(value), values) or f"One of: {', '.join(values)}."
        raise UsageError(f'{question.id} cannot be "{value}".', fix=near)
    return str(value)


def _read_int(question: Question, value: Any) -> int:
    try:
        return int(value)
    except ValueError:
        raise UsageError(f'{question.id} is a whole number, not "{value}".') from None


def _read_url(question: Question, value: Any) -> str:
    if not str(value).startswith(("http://", "https://")):
        raise UsageError(f'{question.id} is a web address, not "{value}".', fix="http://…")
    return str(value)


_READERS = {
    "text": lambda _q, v: str(v),
    "secret": lambda _q, v: str(v),
    "int": _read_int,
    "confirm": _read_confirm,
    "choice": _read_choice,
    "many": _read_many,
    "url": _read_url,
}
