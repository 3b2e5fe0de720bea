"""`aliases:` of providers.yaml: a name of the user's own for one model or several. Read strictly.

A member is `provider/model-id`; an id may hold slashes of its own, a provider's name has none.
Whether a member is served is not known here: one that is not is told of when config.yaml is made.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.yaml_file import Document

BUILT_IN = ("auto", "fast", "smart", "code")
"""Names that there are without anybody's doing; `auto: off` switches one off."""
ORDER, BALANCE = "order", "balance"
STRATEGIES = (ORDER, BALANCE)
FIELDS = ("members", "strategy", "weights", "timeout")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")
EXAMPLE = "For example: fast: [groq/llama-3.3-70b-versatile, cerebras/llama-3.3-70b]."
NO_WEIGHTS: Mapping[str, int] = MappingProxyType({})


class Alias(NamedTuple):
    """Members in their order. `strategy`: order tries them one after another, balance shares."""

    name: str
    members: tuple[str, ...] = ()
    strategy: str = ORDER
    weights: Mapping[str, int] = NO_WEIGHTS
    """By member, its share where the strategy is balance; 1 where none is given."""
    timeout: float | None = None
    """Seconds that one member may take."""

    @property
    def off(self) -> bool:
        """Whether it only switches off what would be there by itself."""
        return not self.members

    def as_value(self) -> Any:
        """What stands behind its name in providers.yaml."""
        if self.off:
            return False
        members = list(self.members)
        if self.strategy == ORDER and not self.weights and self.timeout is None:
            return members
        value: dict[str, Any] = {"members": members}
        if self.strategy != ORDER:
            value["strategy"] = self.strategy
        if self.weights:
            value["weights"] = dict(self.weights)
        if self.timeout is not None:
            value["timeout"] = self.timeout
        return value

    def as_words(self) -> list[str]:
        """The command that writes it."""
        words = ["alias", "add", self.name, *self.members]
        if self.strategy != ORDER:
            words += ["--strategy", self.strategy]
        for member, weight in self.weights.items():
            words += ["--weight", f"{member}={weight}"]
        if self.timeout is not None:
            words += ["--timeout", f"{self.timeout:g}"]
        return words


def read_aliases(document: Document, data: Mapping[Any, Any]) -> dict[str, Alias]:
    """Every alias by its name. What is wrong is refused with its place, once an alias."""
    aliases = {}
    for name, value in data.items():
        try:
            aliases[name] = _alias(name, value)
        except _WrongError as wrong:
            document.refuse(wrong.rule, wrong.path, wrong.what, wrong.fix, key=wrong.key)
    return aliases


class _WrongError(Exception):
    """What is wrong with an alias, and where."""

    def __init__(
        self, rule: str, path: tuple[str | int, ...], what: str, fix: str = "", *, key: bool = False
    ) -> None:
        super().__init__(what)
        self.rule, self.path, self.what, self.fix, self.key = rule, path, what, fix, key


def _alias(name: Any, value: Any) -> Alias:
    place: tuple[str | int, ...] = ("aliases", name)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _WrongError(
            "bad-value",
            place,
            f'"{name}" cannot be the name of an alias.',
            "Use letters, digits, and - _ . : in between.",
            key=True,
        )
    if value is False or value == "off":
        if name not in BUILT_IN:
            raise _WrongError(
                "bad-value",
                place,
                f"only {', '.join(BUILT_IN)} can be switched off.",
                did_you_mean(name, BUILT_IN) or "Take that line out.",
            )
        return Alias(name)
    if isinstance(value, list):
        return Alias(name, _members(value, place))
    if not isinstance(value, dict):
        raise _WrongError("wrong-type", place, "an alias must be a list of models.", EXAMPLE)
    return _in_full(name, value, place)


def _in_full(name: str, value: Mapping[Any, Any], place: tuple[str | int, ...]) -> Alias:
    for key in value:
        if key not in FIELDS:
            raise _WrongError(
                "unknown-key",
                (*place, key),
                f'unknown key "{key}" in an alias.',
                did_you_mean(str(key), FIELDS) or f"Known keys: {', '.join(FIELDS)}.",
                key=True,
            )
    rows = value.get("members")
    if not isinstance(rows, list):
        what = "members must be a list of models."
        raise _WrongError("wrong-type", (*place, "members"), what, EXAMPLE)
    members = _members(rows, (*place, "members"))
    strategy = value.get("strategy") or ORDER
    if strategy not in STRATEGIES:
        raise _WrongError(
            "bad-value",
            (*place, "strategy"),
            "strategy must be order or balance.",
            did_you_mean(str(strategy), STRATEGIES) or "Write strategy: order.",
        )
    timeout = value.get("timeout")
    if timeout is not None and not (_is_number(timeout) and timeout > 0):
        raise _WrongError("bad-value", (*place, "timeout"), "timeout must be a number of seconds.")
    weights = _weights(value.get("weights") or {}, members, (*place, "weights"))
    if weights and strategy != BALANCE:
        raise _WrongError(
            "bad-value",
            (*place, "weights"),
            "weights are for strategy: balance.",
            "With strategy: order the first member that can answers.",
        )
    return Alias(name, members, strategy, weights, timeout)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _members(rows: list[Any], place: tuple[str | int, ...]) -> tuple[str, ...]:
    if not rows:
        raise _WrongError("bad-value", place, "an alias needs a model.", EXAMPLE)
    for number, row in enumerate(rows):
        provider, _, model = row.partition("/") if isinstance(row, str) else ("", "", "")
        if not (provider and model):
            raise _WrongError(
                "wrong-type", (*place, number), "a member must be provider/model.", EXAMPLE
            )
    return tuple(dict.fromkeys(rows))


def _weights(data: Any, members: tuple[str, ...], place: tuple[str | int, ...]) -> dict[str, int]:
    if not isinstance(data, dict):
        raise _WrongError(
            "wrong-type", place, "weights must be a map.", "Write `provider/model: 3`."
        )
    for member, weight in data.items():
        if member not in members:
            raise _WrongError(
                "bad-value",
                (*place, member),
                f'"{member}" is no member of it.',
                did_you_mean(str(member), members) or f"Its members: {', '.join(members)}.",
                key=True,
            )
        if not isinstance(weight, int) or isinstance(weight, bool) or weight < 1:
            raise _WrongError(
                "bad-value", (*place, member), "a weight must be a whole number from 1 on."
            )
    return dict(data)
