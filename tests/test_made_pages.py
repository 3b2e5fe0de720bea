"""Pages that are made out of something else are as it makes them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from freerouter.providers.catalogue import Catalogue
from freerouter.providers.record import LIST, SHAPES, Provider

DOCS = Path(__file__).parents[1] / "docs"
pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the docs are not installed")


def script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_providers_is_what_the_catalogue_says() -> None:
    made = script("providers_page").page()
    assert (DOCS / "reference" / "providers.md").read_text(encoding="utf-8") == made, (
        "python docs/providers_page.py"
    )
    assert all(f"`{name}`" in made for name in Catalogue().ids() if name != "demo")


def test_the_page_of_rules_is_what_validate_knows() -> None:
    made = script("rules_page").page()
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
    assert page == made, "python docs/rules_page.py"


def test_every_field_of_a_record_is_explained() -> None:
    text = (DOCS / "reference" / "catalogue.md").read_text(encoding="utf-8")
    fields = {*SHAPES, *LIST, *SHAPES["litellm"], *SHAPES["check"], *SHAPES["free"]}
    assert set(Provider._fields) <= fields
    assert [name for name in sorted(fields) if f"`{name}`" not in text] == []


def test_the_record_in_the_docs_can_be_read(tmp_path: Path) -> None:
    text = (DOCS / "reference" / "catalogue.md").read_text(encoding="utf-8")
    example = text.partition("```yaml\n")[2].partition("```")[0]
    assert yaml.safe_load(example)["name"] == "Example"
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    record = Catalogue(str(tmp_path)).get("example")
    assert record.litellm["prefix"] == "openai"
    assert record.free["flag"]
