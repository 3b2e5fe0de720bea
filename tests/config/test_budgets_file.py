"""`budgets:` of providers.yaml: what is read, what is refused, and where."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from freerouter.config.budgets_file import Budget, as_values, usd
from freerouter.config.edit import put_named, put_setting
from freerouter.config.providers_file import load_providers, read_providers
from freerouter.config.workspace import Workspace
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "providers: [{type: demo}, {type: openrouter}]\n"


def read(text: str) -> tuple[Budget, ...]:
    return read_providers(parse_yaml((HEAD + text).encode(), "p.yaml")).budgets


def test_one_limit_or_several_by_provider_or_for_all() -> None:
    found = read("budgets: {all: 5/month, openrouter: [0.50/day, 3/week]}\n")
    assert found == (
        Budget("all", Decimal(5), "month"),
        Budget("openrouter", Decimal("0.50"), "day"),
        Budget("openrouter", Decimal(3), "week"),
    )
    assert as_values(found) == {"all": "5/month", "openrouter": ["0.50/day", "3/week"]}
    assert [one.covers("demo") for one in found] == [True, False, False]
    assert read("") == read("budgets:\n") == ()


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("budgets: {opnrouter: 5/day}", "2:11", 'Did you mean "openrouter"?'),
        ("budgets: {all: 5/mont}", "2:16", 'Did you mean "month"?'),
        ("budgets: {all: 5}", "2:16", "For example: all: 5/month."),
        ("budgets: {all: five/day}", "2:16", "For example 5/day"),
        ("budgets: {all: -1/day}", "2:16", "For example 5/day"),
        ("budgets: {all: '5'}", "2:16", "5/month"),
        ("budgets: {all: [1/day, 2/day]}", "2:24", "a budget for a day already"),
        ("budgets: [5/day]", "2:10", "must be a map"),
    ],
)
def test_what_is_wrong_is_refused_where_it_stands(text: str, place: str, told: str) -> None:
    with pytest.raises(FileError) as caught:
        read(text + "\n")
    words = str(caught.value)
    assert f"p.yaml:{place}" in words
    assert told in words


def test_setting_one_keeps_comments(tmp_path: Path) -> None:
    path = tmp_path / "providers.yaml"
    path.write_text(
        "# mine\nproviders:\n  - type: demo   # for trying\n\n"
        "budgets:\n  all: 5/month   # the boss says so\n\nusage:\n  keep_days: 30   # a month\n"
    )
    workspace = Workspace(str(tmp_path))
    assert put_named(workspace, "budgets", {"all": "5/month", "demo": ["1/day", "2/week"]}, 0.0)
    assert put_setting(workspace, ("usage", "compare_to"), "2.5/10", 0.0)
    text = path.read_text()
    for comment in ("# mine", "# for trying", "# the boss says so", "# a month"):
        assert comment in text
    file = load_providers(workspace)
    assert [one.text for one in file.budgets] == ["5/month", "1/day", "2/week"]
    assert file.usage == {"keep_days": 30, "compare_to": "2.5/10"}
    assert not put_setting(workspace, ("usage", "compare_to"), "2.5/10", 0.0)
    assert put_named(workspace, "budgets", {}, 0.0)
    assert put_setting(workspace, ("usage", "compare_to"), None, 0.0)
    assert load_providers(workspace).budgets == ()
    assert load_providers(workspace).usage == {"keep_days": 30}


def test_a_setting_is_the_first_of_its_map_and_the_last(tmp_path: Path) -> None:
    path = tmp_path / "providers.yaml"
    path.write_text("providers:\n  - type: demo\n")
    workspace = Workspace(str(tmp_path))
    assert put_setting(workspace, ("usage", "compare_to"), "a/b", 0.0)
    assert "usage:\n  compare_to: a/b\n" in path.read_text()
    assert put_setting(workspace, ("usage", "compare_to"), None, 0.0)
    assert "usage" not in path.read_text()


def test_money_is_told_with_two_places_or_with_all_that_there_are() -> None:
    assert [usd(n) for n in (0, 5.0, 0.5, Decimal("2.50"), 0.004)] == [
        "$0", "$5", "$0.50", "$2.50", "$0.004",
    ]  # fmt: skip
