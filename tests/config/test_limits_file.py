"""`limits:` of a provider: how it is read, what is refused, and what of it is in config.yaml."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from freerouter.config.generate import generate
from freerouter.config.providers_file import read_providers
from freerouter.config.secrets import Secrets
from freerouter.config.workspace import Workspace
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError
from freerouter.limits import Limit, limits_of
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Model
from freerouter.providers.several import resolve_each

KEYS = {"OPENROUTER_API_KEY": "sk-canary-000000", "OPENROUTER_API_KEY_2": "sk-canary-000002"}
CATALOGUE = [
    {"requests/minute": 20, "scope": "account", "models": ["*:free"]},
    {"requests/day": 50, "scope": "account", "models": ["*:free"]},
]


def infos(more: str = "", model: str = "a:free", kind: str = "openrouter") -> list[dict[str, Any]]:
    """`model_info` of a model, once for each key."""
    text = f"providers:\n  - type: {kind}\n    api_key: ${{OPENROUTER_API_KEY}}\n{more}"
    file = read_providers(parse_yaml(text.encode(), "p.yaml"))
    accounts = resolve_each(file.entries[0], Catalogue(), Secrets(Workspace("/nowhere"), KEYS))
    made = generate(file, [(account, Model(model, kind)) for account in accounts])
    assert "canary" not in made
    assert made == generate(file, [(account, Model(model, kind)) for account in accounts])
    return [entry["model_info"] for entry in yaml.safe_load(made)["model_list"]]


def limits(more: str = "", model: str = "a:free") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = infos(more, model)[0].get("freerouter_limits", [])
    return found


def test_a_model_carries_the_limits_that_hold_for_it() -> None:
    assert limits() == CATALOGUE
    assert "freerouter_limits" not in infos(model="paid")[0]
    assert "freerouter_limits" not in infos("    options: {plan: paid}\n")[0]
    assert "freerouter_limits" not in infos(kind="deepseek")[0]


def test_a_second_key_is_told_apart() -> None:
    first, second = infos("    keys: ['${OPENROUTER_API_KEY_2}']\n")
    assert "freerouter_key" not in first
    assert second["freerouter_key"] == 2
    assert first["freerouter_limits"] == second["freerouter_limits"]


def test_the_users_word_comes_first() -> None:
    assert limits("    limits: {requests/day: 1000}\n") == [
        {**CATALOGUE[1], "requests/day": 1000, "source": "yours"},
        CATALOGUE[0],
    ]


def test_models_may_have_limits_of_their_own() -> None:
    own = "    limits:\n      - {tokens/day: 5, models: ['big*']}\n      - {requests/hour: 9}\n"
    big = [{"tokens/day": 5, "models": ["big*"], "source": "yours"}]
    hour = [{"requests/hour": 9, "source": "yours"}]
    assert limits(own, "big-one") == big + hour
    assert limits(own, "small") == hour


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{request/day: 1}", 'p.yaml:4:14: unknown key "request/day" in limits.'),
        ("{requests/day: many}", "requests/day must be a whole number"),
        ("{requests/day: -1}", "p.yaml:4:28: requests/day must be 0 or more."),
        ("{requests/day: 1, scope: modle}", "scope must be key or model or account."),
        ("{requests/day: 1, zone: Mars/North}", 'there is no time zone "Mars/North".'),
        ("{scope: model}", "p.yaml:4:13: limits without a figure."),
        ("[{requests/day: 1}, {zone: UTC}]", "limits without a figure."),
        ("[{requests/day: 1, models: [1]}]", "models must be a list of patterns"),
        ("[3]", "limits must be a map"),
        ("3", "limits must be a map or a list"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(FileError) as caught:
        limits(f"    limits: {text}\n")
    assert fault in caught.value.what


def test_a_slip_is_told_what_was_meant() -> None:
    with pytest.raises(FileError) as caught:
        limits("    limits: {request/day: 1}\n")
    assert "requests/day" in caught.value.fix


def test_every_limit_of_the_catalogue_can_be_read() -> None:
    found = {
        record.id: _account_limits(record.id)
        for record in Catalogue().all()
        if any("requests/" in field for note in record.limits for field in note)
    }
    assert {*found} == {
        "cerebras", "cohere", "groq", "kilo", "llm7", "mistral", "modelscope", "nvidia_nim",
        "openrouter",
    }  # fmt: skip
    assert [(one.most, one.scope, one.zone) for one in found["modelscope"]] == [
        (2000, "key", "Asia/Shanghai"),
        (500, "model", "Asia/Shanghai"),
    ]
    assert {one.kind: one.most for one in found["cerebras"]} == {
        "requests/minute": 30,
        "tokens/day": 1_000_000,
    }


def _account_limits(kind: str) -> list[Limit]:
    record = Catalogue().get(kind)
    return [limit for note in record.limits for limit in limits_of(note, "catalogue")]
