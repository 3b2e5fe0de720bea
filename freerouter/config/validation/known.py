"""What LiteLLM knows: the keys of its sections, its providers and models. Data, made once."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.validation.findings import alike

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = os.path.join(os.path.dirname(__file__), "litellm.json")
NEAR = 0.82
"""`top_a` and `top_k` are two parameters, and not a slip."""
SHORTEST = 3
MOST_NAMES = 5_000
"""With more to compare with, each suggestion would take longer than it is worth."""
CLEAR = 0.05
"""How much nearer the nearest name must be than the next one."""


class Known(NamedTuple):
    """`keys` by section; `numbers` are those of a deployment that hold a number."""

    version: str
    keys: Mapping[str, frozenset[str]]
    numbers: frozenset[str]
    router_numbers: frozenset[str]
    strategies: tuple[str, ...]
    providers: frozenset[str]
    models: frozenset[str]
    deprecated: Mapping[str, str]
    """The day on which a model ends, by its name with its prefix."""


SECTIONS = ("general_settings", "litellm_settings", "router_settings")
OURS = ("freerouter_provider", "freerouter_free")
"""What `fetch` writes into model_info besides."""
KEYED = (*SECTIONS, "litellm_params", "model_info")


@lru_cache(maxsize=1)
def load() -> Known:
    with open(FILE, encoding="utf-8") as file:
        data = json.load(file)
    return Known(
        data["version"],
        {name: frozenset((*data[name], *OURS)) for name in ("top", *KEYED)},
        frozenset(data["numbers"]),
        frozenset(data["router_numbers"]),
        tuple(data["strategies"]),
        frozenset(data["providers"]),
        frozenset(data["models"]),
        {name: day for day, names in data["deprecated"].items() for name in names},
    )


class Near(NamedTuple):
    """The nearest known name; `sure` where no other one is nearly as near."""

    name: str
    sure: bool


@lru_cache(maxsize=4096)
def nearest(word: str, names: frozenset[str]) -> Near | None:
    """What was probably meant, None where no name is near."""
    if len(word) < SHORTEST:
        return None
    if len(names) > MOST_NAMES:
        return None
    letters = _letters(word)
    # Names with too many letters that the other has not cannot be near; most end here.
    likely = [
        name
        for name, own in _all_letters(names)
        if (own ^ letters).bit_count() <= (1 - NEAR) * (len(name) + len(word))
    ]
    ranked = sorted(((alike(word, name), name) for name in likely), reverse=True)[:2]
    if not ranked or ranked[0][0] < NEAR:
        return None
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    return Near(ranked[0][1], ranked[0][0] - second > CLEAR)


@lru_cache(maxsize=16)
def _all_letters(names: frozenset[str]) -> tuple[tuple[str, int], ...]:
    return tuple((name, _letters(name)) for name in sorted(names))


def _letters(word: str) -> int:
    """A bit for each letter that is in it."""
    bits = 0
    for letter in word.lower().replace("-", "_"):
        bits |= 1 << (ord(letter) & 127)
    return bits
