"""The plugin's own tests: its parts are used as FreeRouter would use them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import freerouter_example
from freerouter_example import catalogue, flows
from freerouter_example.cheapest import run

from freerouter.config.workspace import Workspace
from freerouter.context import Context
from freerouter.providers.record import read_record
from freerouter.redact import Redactor
from freerouter.registry import load

if TYPE_CHECKING:
    from pathlib import Path


def row(name: str, price: str | None) -> dict[str, Any]:
    """A row as `fetch` writes it into state/models.json."""
    numbers = {"context": 1, "output": 1, "input_price": price, "output_price": price}
    said = {"free": "no", "reason": "", "stale": False, "written": True}
    return {"id": name, "provider": "example", **numbers, **said}


def test_cheapest_names_those_with_a_price_the_cheapest_first(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    rows = [row("dear", "15"), row("cheap", "0.5"), row("unknown", None), row("free", "0")]
    (tmp_path / "state" / "models.json").write_text(json.dumps({"models": rows}))
    ctx = Context(Workspace(str(tmp_path)), {}, str(tmp_path), Redactor())
    found = run(ctx, {"limit": 2}).data["models"]
    assert [model["id"] for model in found] == ["free", "cheap"]


def test_the_command_leads_to_its_function() -> None:
    (command,) = freerouter_example.COMMANDS
    assert load(command) is run


def test_the_record_is_one_that_freerouter_takes() -> None:
    path = os.path.join(next(iter(catalogue.__path__)), "example.yaml")
    assert read_record(path)["env"] == ("EXAMPLE_API_KEY",)


def test_the_flow_lies_where_the_entry_point_says() -> None:
    assert os.listdir(next(iter(flows.__path__))).count("compare-prices.yaml") == 1
