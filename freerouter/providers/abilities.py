"""What a model can do besides chatting, as its provider's list tells: tools, vision and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.providers.paths import Finder

ABILITIES = ("tools", "vision", "audio", "reasoning", "json")
"""Calling functions; images and sound as input; thinking first; answers of a given JSON schema."""


class Abilities:
    """Reads what a row tells by the rules of a record: `{tools: {field: features, any: [tools]}}`.

    Many rows say the same, so what a field says is worked out once.
    """

    def __init__(self, rules: Mapping[str, Mapping[str, Any]]) -> None:
        from freerouter.providers.paths import finder, many

        by_field: dict[tuple[str, ...], dict[str, frozenset[str]]] = {}
        for name, rule in rules.items():
            wanted = frozenset(str(word).lower() for word in rule["any"])
            by_field.setdefault(tuple(many(rule["field"])), {})[name] = wanted
        self._fields = [([finder(path) for path in paths], r) for paths, r in by_field.items()]
        self._known: dict[Any, str] = {}

    def of(self, row: Mapping[str, Any]) -> str:
        """`tools -vision`: a minus before what it cannot do; nothing of what nobody tells."""
        if not self._fields:
            return ""
        said = tuple([_said(finders, row) for finders, _ in self._fields])
        try:
            return self._known[said]
        except KeyError:
            found = self._known[said] = self._judge(said)
            return found
        except TypeError:  # a map within a list, say
            return self._judge(said)

    def _judge(self, said: Iterable[tuple[Any, ...] | None]) -> str:
        able = {
            name: bool({str(value).lower() for value in values} & wanted)
            for values, (_, rules) in zip(said, self._fields, strict=True)
            if values is not None
            for name, wanted in rules.items()
        }
        return " ".join(n if able[n] else f"-{n}" for n in ABILITIES if n in able)


def _said(finders: Iterable[Finder], row: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The values of the first field that is there; None where there is none."""
    for find in finders:
        value = find(row)
        if type(value) is list:
            return tuple(value)
        if value is not None and value != "":
            return (str(value),)
    return None
