"""What a model costs, exactly, and whether that is nothing.

Prices are USD per million tokens, as decimal text, so that nothing is rounded. None is unknown.
"""

from __future__ import annotations

from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from freerouter.providers.paths import dig, finder, first_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.providers.catalogue import Provider
    from freerouter.providers.paths import Finder

PER_MILLION = {"token": Decimal(1_000_000), "thousand": Decimal(1000), "million": Decimal(1)}
HIGHEST_PRICE = 10**9
"""More than that for a million tokens is a mistake of the list."""
VARIES = "varies"
"""What stands for a negative price: a router, whose price is that of the model that it chooses."""


class Prices:
    """How a provider's list tells what a model costs, by the `price` of its record."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._sides = [first_side(rules.get(side, ())) for side in ("input", "output")]
        self._factor = factor(rules) if rules else None
        unit = rules.get("unit_field")
        self._unit = finder(unit) if unit else None
        self._units = {word: PER_MILLION[unit] for word, unit in rules.get("units", {}).items()}

    def of(self, row: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """Input and output; VARIES for a router."""
        by = self._factor
        if by is None:
            return None, None
        if self._unit is not None:
            named = self._unit(row)
            if named is not None:
                by = self._units.get(named) if isinstance(named, str) else None
        if by is None:
            return None, None
        return price(self._sides[0](row), by), price(self._sides[1](row), by)


def first_side(paths: str | Sequence[str]) -> Finder:
    """The first of the places that has anything: a zero is a price too."""
    finders = [finder(path) for path in ([paths] if isinstance(paths, str) else paths)]
    if len(finders) == 1:
        return finders[0]

    def find(row: Any) -> Any:
        return next((value for f in finders if (value := f(row)) is not None), None)

    return find


def factor(rules: Mapping[str, Any]) -> Decimal:
    """What a number of the list is multiplied by."""
    return PER_MILLION[rules.get("unit", "million")] / Decimal(str(rules.get("divisor", 1)))


def price(value: Any, by: Decimal) -> str | None:
    """USD per million tokens; what is no price is unknown."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    return _exact(str(value), by)


@lru_cache(maxsize=4096)
def _exact(value: str, by: Decimal) -> str | None:
    try:
        amount = Decimal(value) * by
    except DecimalException:
        return None
    if not amount.is_finite() or amount >= HIGHEST_PRICE:
        return None
    if amount < 0:
        return VARIES
    return format(amount.normalize(), "f") if amount else "0"


class Free:
    """Whether a model costs nothing, and why: the `free` of a record. Zero alone frees nothing."""

    def __init__(self, provider: Provider, plan: str = "") -> None:
        self._rule = provider.free
        self._plan = plan
        flag = self._rule.get("flag")
        self._flag = first_of(flag) if flag else None
        known = self._rule.get("always") if not plan and "unless" not in self._rule else None
        self.always = (known, self._rule.get("reason", "")) if known else None
        """The judgement of every model, where no row changes it."""

    def judge(
        self, identity: str, costs: Sequence[str | None], row: Mapping[str, Any]
    ) -> tuple[str, str]:
        """yes, quota, no or unknown, with the reason that made it so."""
        if self.always:
            return self.always
        rule = self._rule
        if self._plan == "paid":
            return "no", "you say that this account pays"
        if "unless" in rule and dig(row, rule["unless"]["field"]):
            return rule["unless"]["free"], rule["unless"]["reason"]
        if self._plan == "free" and not any(cost not in (None, "0") for cost in costs):
            return self._told(rule)
        if "always" in rule:
            return rule["always"], rule.get("reason", "")
        zero = all(cost == "0" for cost in costs) and bool(costs)
        if self._flag is not None:
            return self._flagged(self._flag(row), costs)
        suffix = rule.get("id_suffix", "")
        if suffix and identity.endswith(suffix):
            if not rule.get("zero_price"):
                return "quota", rule.get("reason", f"its id ends in {suffix}")
            if zero:
                return "quota", f"its id ends in {suffix} and its price is zero"
        return self._priced(costs, zero=zero, suffix=suffix)

    def _told(self, rule: Mapping[str, Any]) -> tuple[str, str]:
        known = rule.get("always")
        if known == "quota":
            return known, rule.get("reason", "")
        return "yes", "you say that it costs nothing"

    def _flagged(self, flag: Any, costs: Sequence[str | None]) -> tuple[str, str]:
        rule = self._rule
        if flag is True and not any(cost not in (None, "0") for cost in costs):
            return rule.get("is", "quota"), rule.get("reason", "the provider calls it free")
        if flag is True:
            return "unknown", "the provider calls it free, and names a price"
        if VARIES in costs:
            return "unknown", "it is a router: its price varies"
        if flag is False:
            return "no", "the provider does not call it free"
        return self._priced(costs, zero=False)

    def _priced(
        self, costs: Sequence[str | None], *, zero: bool, suffix: str = ""
    ) -> tuple[str, str]:
        rule = self._rule
        if VARIES in costs:
            return "unknown", "it is a router: its price varies"
        if zero and "zero" in rule:
            return rule["zero"], rule.get("reason", "its price is zero")
        if zero:
            why = ", but not its id" if suffix else ", which does not make it free here"
            return rule.get("otherwise", "unknown"), f"its price is zero{why}"
        if any(cost not in (None, "0") for cost in costs):
            return "no", "it has a price"
        if costs and any(cost is None for cost in costs):
            return "unknown", rule.get("unknown", "its price is not known")
        return "unknown", rule.get("unknown", "the provider does not say")
