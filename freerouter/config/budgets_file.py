"""`budgets:` of providers.yaml: how many USD may be spent in a day, a week or a month.

By the name of a provider, or `all` for what is spent at all of them together; each with one limit
(`5/month`) or a list of some, with different periods. Read strictly.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freerouter.config.yaml_file import Document

ALL = "all"
PERIODS = ("day", "week", "month")
LIMIT = r"^\d{1,9}(\.\d{1,6})?/(day|week|month)$"
"""What a limit looks like, as the schema words it."""
WHEN = {"day": "today", "week": "this week", "month": "this month"}
CENT = 0.01
EXAMPLE = "For example: all: 5/month."


class Budget(NamedTuple):
    """`scope` is a provider's name or `all`; `limit` in USD; `period` day, week or month."""

    scope: str
    limit: Decimal
    period: str

    @property
    def text(self) -> str:
        """`5/month`, as it is written."""
        return f"{self.limit:f}/{self.period}"

    @property
    def whose(self) -> str:
        """For whom it is, in words."""
        return "all providers" if self.scope == ALL else self.scope

    def covers(self, provider: str) -> bool:
        return self.scope in (ALL, provider)


class LimitError(ValueError):
    """Words that are no limit: what is wrong, and what to write instead."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


def usd(amount: Decimal | float) -> str:
    """`$5`, `$0.50`, `$0.0004`: two places, and more where they are all that there is."""
    if amount == int(amount):
        return f"${int(amount)}"
    return f"${amount:.2f}" if amount >= CENT else f"${float(amount):.2g}"


def spent_words(budget: Budget, spent: float, held: float) -> str:
    """`$4.10 of $5 this month are spent`; in USD. What is held is told where it is in the way."""
    told = f"{usd(spent)} of {usd(budget.limit)} {WHEN[budget.period]} are spent"
    if held and spent < budget.limit:
        told += f", and {usd(held)} are set aside for calls under way"
    return told


def read_limit(scope: str, text: str) -> Budget:
    """Of `5/month`. Raises LimitError."""
    amount, slash, period = text.partition("/")
    if not slash:
        raise LimitError(f'"{text}" is no budget.', f"Say USD and time: {text or 5}/month.")
    if period not in PERIODS:
        fix = did_you_mean(period, PERIODS) or f"One of {', '.join(PERIODS)}."
        raise LimitError(f'A budget is for a day, a week or a month, not for "{period}".', fix)
    if not re.match(LIMIT, f"{amount}/{period}"):
        fix = f"For example 5/{period}, or 0.50/{period}."
        raise LimitError(f'"{amount}" is no number of USD.', fix)
    return Budget(scope, Decimal(amount), period)


def read_budgets(document: Document, data: Mapping[Any, Any], known: Sequence[str]) -> list[Budget]:
    """All of them. What is wrong is refused with its place. `known`: providers of the file."""
    found: list[Budget] = []
    for scope, value in data.items():
        place: tuple[str | int, ...] = ("budgets", scope)
        if scope not in (ALL, *known):
            document.refuse(
                "bad-value",
                place,
                f'budgets names "{scope}", which is no provider of this file.',
                did_you_mean(str(scope), [ALL, *known])
                or f"One of {', '.join([ALL, *known])}: `all` is for what is spent at all of them.",
                key=True,
            )
            continue
        for number, text in enumerate(value if isinstance(value, list) else [value]):
            here = (*place, number) if isinstance(value, list) else place
            if not isinstance(text, str):
                what = "a budget must be text such as 5/month, or a list of such."
                document.refuse("wrong-type", here, what, EXAMPLE)
                continue
            try:
                budget = read_limit(scope, text)
            except LimitError as error:
                document.refuse("bad-value", here, error.what, error.fix)
                continue
            if any((b.scope, b.period) == (scope, budget.period) for b in found):
                what = f"{scope} has a budget for a {budget.period} already."
                document.refuse("bad-value", here, what, "Take one of the two out.")
                continue
            found.append(budget)
    return found


def as_values(budgets: Iterable[Budget]) -> dict[str, Any]:
    """As they stand in the file: by scope, one limit or a list."""
    values: dict[str, Any] = {}
    for one in sorted(budgets, key=lambda b: PERIODS.index(b.period)):
        values.setdefault(one.scope, []).append(one.text)
    return {scope: texts if len(texts) > 1 else texts[0] for scope, texts in values.items()}
