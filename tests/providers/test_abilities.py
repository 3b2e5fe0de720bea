"""What a model can do, out of what its provider's list tells of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from freerouter.config.kept_models import able
from freerouter.providers.abilities import ABILITIES, Abilities
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import read_models
from freerouter.verbs import REGISTRY

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
RULES: dict[str, dict[str, Any]] = {
    "tools": {"field": "features", "any": ["tools", "functions"]},
    "json": {"field": "features", "any": ["JSON"]},
    "vision": {"field": ["vision", "sees"], "any": [True]},
}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({}, ""),
        ({"features": None, "sees": None}, ""),
        ({"features": ["Tools", 7]}, "tools -json"),
        ({"features": ["json"]}, "-tools json"),
        ({"features": []}, "-tools -json"),
        ({"features": [{"name": "tools"}, "JSON"]}, "-tools json"),
        ({"vision": 1}, "-vision"),
        ({"features": "functions"}, "tools -json"),
        ({"vision": False}, "-vision"),
        ({"sees": True, "features": ["x"]}, "-tools vision -json"),
        ({"vision": "", "sees": True}, "vision"),
    ],
)
def test_what_a_row_says_is_told_and_nothing_else(row: dict[str, Any], told: str) -> None:
    assert Abilities(RULES).of(row) == told


def test_the_same_words_come_to_the_same_again() -> None:
    abilities = Abilities(RULES)
    assert abilities.of({"vision": True}) == abilities.of({"sees": True}) == "vision"
    assert abilities.of({"vision": False}) == "-vision"


def test_without_rules_nothing_is_known() -> None:
    assert Abilities({}).of({"features": ["tools"]}) == ""


def test_the_words_say_yes_no_or_nothing() -> None:
    assert able("tools -vision") == {"tools": True, "vision": False}
    assert able("") == {}


def test_the_command_line_knows_every_ability() -> None:
    (option,) = [p for p in REGISTRY.get("list").parameters if p.name == "capability"]
    assert option.choices == ABILITIES


ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "openrouter": (
        {
            "data": [
                {
                    "id": "m",
                    "architecture": {
                        "input_modalities": ["text", "image"],
                        "output_modalities": ["text"],
                    },
                    "supported_parameters": ["tools", "reasoning"],
                }
            ]
        },
        "tools vision -audio reasoning -json",
    ),
    "mistral": (
        {
            "data": [
                {
                    "id": "m",
                    "capabilities": {
                        "completion_chat": True,
                        "function_calling": True,
                        "vision": False,
                    },
                }
            ]
        },
        "tools -vision",
    ),
    "cohere": (
        {
            "models": [
                {
                    "name": "m",
                    "endpoints": ["chat"],
                    "features": ["tools"],
                    "supports_vision": False,
                }
            ]
        },
        "tools -vision -json",
    ),
    "gemini": (
        {
            "models": [
                {
                    "name": "models/m",
                    "supportedGenerationMethods": ["generateContent"],
                    "thinking": True,
                }
            ]
        },
        "reasoning",
    ),
    "anthropic": (
        {
            "data": [
                {
                    "id": "m",
                    "capabilities": {
                        "image_input": {"supported": True},
                        "thinking": {"supported": False},
                    },
                }
            ]
        },
        "vision -reasoning",
    ),
    "ollama": (
        {"models": [{"name": "m", "capabilities": ["completion", "tools"]}]},
        "tools -vision -reasoning",
    ),
    "groq": ({"data": [{"id": "m", "active": True}]}, ""),
}


@pytest.mark.parametrize("provider", ROWS)
def test_each_provider_tells_it_in_its_own_way(provider: str) -> None:
    data, told = ROWS[provider]
    (model,) = read_models(Catalogue().get(provider), provider, data, date(2026, 9, 1))
    assert model.can == told


@pytest.mark.parametrize("provider", ["openrouter", "mistral", "kilo"])
def test_recorded_lists_tell_it_of_every_model(provider: str) -> None:
    path = SAMPLES / f"{provider}.json"
    if not path.exists():
        pytest.skip("the recorded answers are not here")
    data = json.loads(path.read_text(encoding="utf-8-sig"))
    models = read_models(Catalogue().get(provider), provider, data, date(2026, 9, 1))
    assert all(model.can for model in models)
    assert {name for m in models for name, yes in able(m.can).items() if yes} >= {"tools", "vision"}
