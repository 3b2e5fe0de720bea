"""The JSON Schema for editors says what the reader of providers.yaml says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.config.limits_file import FIELDS
from freerouter.config.providers_file import ENTRY, GATEWAY, OPTIONS, TOP, USAGE, read_providers
from freerouter.config.providers_schema import DESCRIPTIONS, HEADER, MORE, NAME, schema, text
from freerouter.config.yaml_file import dump_yaml, parse_yaml
from freerouter.errors import FileError

if TYPE_CHECKING:
    from conftest import World

PAGE = Path(__file__).parents[2] / "docs" / "reference" / NAME
DEMO = {"type": "demo"}
SOUND: list[dict[str, Any]] = [
    {"providers": None},
    {"version": 1, "providers": [DEMO, {"type": "oai", "name": "x", "enabled": False}]},
    {"providers": [{**DEMO, "options": {"models": "free", "rpm": 3, "own": 1, "timeout": 2.5}}]},
    {"providers": [{**DEMO, "options": {"models": ["a"], "plan": "paid"}, "keys": ["${A}"]}]},
    {"providers": [DEMO], "select": {"demo": ["a"]}, "spend": "never", "litellm": {"x": 1}},
    {"providers": [{**DEMO, "api_key": None, "options": None, "spend": None}], "gateway": None},
    {"gateway": {"port": 4000, "workers": 2, "log_bodies": True, "host": "::1"}},
    {"providers": [{**DEMO, "limits": {"requests/day": 1000, "zone": "Asia/Shanghai"}}]},
    {"providers": [{**DEMO, "limits": [{"tokens/minute": 0, "models": ["*pro*"]}]}]},
]
SOUND += [
    {"providers": [DEMO], "budgets": {"demo": ["0.50/day", "5/month"], "all": "9/week"}},
    {"usage": {"keep_days": 0, "metrics_port": 9464, "compare_to": "2.5/10"}},
]
WRONG: list[dict[str, Any]] = [
    {"providers": [DEMO], "budgets": {"demo": "5/year"}},
    {"providers": [DEMO], "budgets": {"demo": [5]}},
    {"usage": {"keep_days": -1}},
    {"usage": {"compare_to": 3}},
    {"providers": {}},
    {"provider": []},
    {"providers": [{}]},
    {"providers": [{"type": ""}]},
    {"providers": [{**DEMO, "enabeld": True}]},
    {"providers": [{**DEMO, "name": 1}]},
    {"providers": [{**DEMO, "enabled": "yes"}]},
    {"providers": [{**DEMO, "options": {"models": "some"}}]},
    {"providers": [{**DEMO, "options": {"plan": "rich"}}]},
    {"providers": [{**DEMO, "options": {"rpm": "6"}}]},
    {"providers": [{**DEMO, "keys": [1]}]},
    {"providers": [DEMO], "select": {"demo": "a"}},
    {"providers": [{**DEMO, "limits": {"request/day": 1}}]},
    {"providers": [{**DEMO, "limits": {"requests/day": "1"}}]},
    {"providers": [{**DEMO, "limits": {"requests/day": -1}}]},
    {"providers": [{**DEMO, "limits": {"requests/day": 1, "scope": "all"}}]},
    {"providers": [{**DEMO, "limits": [{"requests/day": 1, "models": "x"}]}]},
    {"providers": [{**DEMO, "limits": [3]}]},
    {"gateway": {"port": 0}},
    {"gateway": {"port": 65536}},
    {"gateway": {"workers": 65}},
    {"gateway": {"host": 1}},
    {"spend": "sometimes"},
    {"version": True},
]


def test_the_published_one_is_made_from_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), (
        f"freerouter validate --schema > docs/reference/{NAME}"
    )
    properties = schema()["properties"]
    assert properties.keys() == TOP.keys()
    provider = properties["providers"]["items"]["properties"]
    assert provider.keys() == ENTRY.keys()
    assert provider["options"]["properties"].keys() == OPTIONS.keys()
    assert properties["gateway"]["properties"].keys() == GATEWAY.keys()
    assert properties["usage"]["properties"].keys() == USAGE.keys()
    limits = provider["limits"]
    assert limits["properties"].keys() == limits["items"]["properties"].keys() == FIELDS.keys()


def test_every_description_is_of_a_key_that_there_is() -> None:
    assert {*DESCRIPTIONS, *MORE} <= {*TOP, *ENTRY, *OPTIONS, *GATEWAY, *FIELDS, *USAGE}


@pytest.mark.parametrize("data", [*SOUND, *WRONG], ids=lambda data: json.dumps(data)[:60])
def test_it_takes_what_the_reader_takes(data: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    try:
        read_providers(parse_yaml(dump_yaml(data).encode(), "p.yaml"))
        taken = True
    except FileError:
        taken = False
    assert taken is (data in SOUND)
    assert jsonschema.Draft202012Validator(schema()).is_valid(data) is taken


def test_it_lies_where_the_file_says(world: World) -> None:
    world.cli("init")
    file = world.workspace / "providers.yaml"
    assert file.read_text().startswith(HEADER)
    named = HEADER.partition("$schema=")[2].strip()
    assert (file.parent / named).read_text() == text()


def test_fetch_renews_one_that_is_old_or_gone(world: World) -> None:
    world.cli("init")
    path = world.workspace / "state" / NAME
    path.write_text("{}")
    world.cli("fetch")
    assert path.read_text() == text()
    written = path.stat().st_mtime_ns
    world.cli("fetch")
    assert path.stat().st_mtime_ns == written


def test_it_is_printed(world: World) -> None:
    assert world.cli("validate", "--schema").out == text()
    assert json.loads(world.cli("validate", "--schema", "--json").out) == schema()
