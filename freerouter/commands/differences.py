"""Differences in words: a line each, a few words for all, and data for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.commands.changes import some
from freerouter.config.splice import inline
from freerouter.result import Line, counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freerouter.config.compare import Change, Deployment, Differences

LONGEST = 60
"""Characters that are shown of one value."""
WORDS = {"input_price": "input price", "output_price": "output price"}
PROVIDER = "provider "


def lines_of(found: Differences) -> list[Line]:
    """What a person is shown: providers, settings, models."""
    lines = [Line(_setting(change)) for change in found.settings]
    for sign, models in (("+", found.new), ("-", found.gone)):
        for provider, names in _by_provider(models).items():
            lines.append(
                Line(f"{sign} {counted(len(names), 'model')} of {provider}: {some(names)}")
            )
    alike: dict[tuple[str, str], list[str]] = {}
    for old, new in found.changed:
        what = ", ".join(_fields(old, new))
        alike.setdefault((new.get("provider", ""), what), []).append(_name(new))
    for (provider, what), names in alike.items():
        of = f" of {provider}" if provider else ""
        who = f"{counted(len(names), 'model')}{of} ({some(names)})"
        lines.append(Line(f"~ {names[0] + of if len(names) == 1 else who}: {what}"))
    if found.aliases:
        lines.append(Line(f"~ other members: {some(found.aliases)}"))
    lines += [
        Line(f"~ {file}: one of the two is no YAML, `diff --raw` shows the lines")
        for file in found.unreadable
    ]
    return lines


def summary(found: Differences) -> str:
    """All of it in a few words."""
    settings = [_short(change) for change in found.settings]
    priced = sum(_is_price(*pair) for pair in found.changed)
    counts = {
        "new": len(found.new),
        "gone": len(found.gone),
        "changed": len(found.changed) - priced,
        "with other prices": priced,
    }
    models = [f"{counted(n, 'model')} {word}" for word, n in counts.items() if n]
    if found.aliases and not (settings or any(counts.values())):
        models.append(f"other members of {some(found.aliases)}")
    unreadable = [f"{name} (no YAML)" for name in found.unreadable]
    return "; ".join([*([some(settings)] if settings else []), *models, *unreadable])


def data_of(found: Differences) -> dict[str, Any]:
    """The same for programs."""
    return {
        "same": not found,
        "settings": [change._asdict() for change in found.settings],
        "models": {
            "new": list(found.new),
            "gone": list(found.gone),
            "changed": [{"old": old, "new": new} for old, new in found.changed],
        },
        "aliases": list(found.aliases),
        "unreadable": list(found.unreadable),
    }


def _setting(change: Change) -> str:
    name = change.name if change.file == "providers.yaml" else f"{change.file}: {change.name}"
    if change.name.startswith(PROVIDER):
        sign = "+" if change.old is None else "-" if change.new is None else "~"
        other = change.old is not None and change.new is not None
        return f"{sign} {name}{f': {change.old} -> {change.new}' if other else ''}"
    if isinstance(change.old, list) and isinstance(change.new, list):
        return f"~ {name}: {_list(change.old, change.new)}"
    if change.old is None:
        return f"+ {name}: {_value(change.new)}"
    if change.new is None:
        return f"- {name}: {_value(change.old)}"
    return f"~ {name}: {_value(change.old)} -> {_value(change.new)}"


def _list(old: list[Any], new: list[Any]) -> str:
    came = [_value(item) for item in new if item not in old]
    went = [_value(item) for item in old if item not in new]
    parts = [f"{sign} {some(items)}" for sign, items in (("+", came), ("-", went)) if items]
    return "; ".join(parts) or "in another order"


def _short(change: Change) -> str:
    name = change.name.removeprefix(PROVIDER)
    if change.old is None:
        return f"{name} added"
    if change.new is None:
        return f"{name} removed"
    if name.endswith(".enabled"):
        return f"{name.removesuffix('.enabled')} {'on' if change.new else 'off'}"
    return f"{name} changed"


def _value(value: Any) -> str:
    text = inline(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _name(model: Deployment) -> str:
    return model.get("model") or model["id"]


def _by_provider(models: Iterable[Deployment]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for model in models:
        found.setdefault(model.get("provider", "your own"), []).append(_name(model))
    return found


def _fields(old: Deployment, new: Deployment) -> list[str]:
    names = [*old, *(name for name in new if name not in old)]
    return [
        f"{WORDS.get(name, name)} {old.get(name, 'unknown')} -> {new.get(name, 'unknown')}"
        for name in names
        if old.get(name) != new.get(name)
    ] or ["in another place"]


def _is_price(old: Deployment, new: Deployment) -> bool:
    return any(old.get(name) != new.get(name) for name in WORDS)
