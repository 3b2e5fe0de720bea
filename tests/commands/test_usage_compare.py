"""`usage compare`: what is set is kept, shown, and told of where its price is not known."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from ledger_entries import entry, keep

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def asked(world: World) -> World:
    """A workspace of which ten million tokens were asked an hour ago, and one million answered."""
    world.providers("providers: [{type: demo}]\n")
    assert world.cli("fetch").code == 0
    at = time.time() - 3600
    one = entry(at, tokens_in=10_000_000, tokens_out=1_000_000, cost=3_000_000_000)
    keep(world.workspace / "state" / "usage.db", [one]).close()
    return world


def compared(world: World, command: str = "metrics") -> Any:
    return json.loads(world.cli(command, "--json").out).get("compared")


def test_metrics_and_status_compare_with_it_from_then_on(asked: World) -> None:
    assert compared(asked) is None
    assert compared(asked, "status") is None
    assert asked.cli("usage", "compare", "0.5/4").code == 0
    for command in ("metrics", "status"):
        found = compared(asked, command)
        assert (found["cost"], found["saved"]) == (9.0, 6.0)
    assert "$9.00, so $6.00 saved" in asked.cli("metrics").out
    assert "In 24 hours: with $0.5 in, $4 out: $9.00, so $6.00 saved." in asked.cli("status").out
    assert json.loads(asked.cli("usage", "compare", "--json").out)["compare_to"] == "0.5/4"


def test_it_stays_over_a_fetch_and_goes_with_an_export(asked: World) -> None:
    asked.cli("usage", "compare", "0.5/4")
    assert asked.cli("fetch").code == 0
    assert compared(asked)["saved"] == 6.0
    assert "compare_to: 0.5/4" in asked.cli("export").out


def test_what_is_given_with_the_command_comes_first(asked: World) -> None:
    asked.cli("usage", "compare", "0.5/4")
    found = json.loads(asked.cli("metrics", "--compare-to", "1/1", "--json").out)["compared"]
    assert found["cost"] == 11.0


def test_it_is_taken_away_again(asked: World) -> None:
    asked.cli("usage", "compare", "0.5/4")
    assert asked.cli("usage", "compare", "--off").code == 0
    assert compared(asked) is None
    assert "compare_to" not in (asked.workspace / "providers.yaml").read_text()
    assert asked.cli("usage", "compare", "--off", "1/1").code == 2


def test_a_model_without_a_price_cannot_be_set(asked: World) -> None:
    for name, code in (("no-such-model", 4), ("1/2/3", 4)):
        assert asked.cli("usage", "compare", name).code == code
    assert compared(asked) is None


def test_a_model_that_is_gone_is_told_of(asked: World) -> None:
    path = asked.workspace / "providers.yaml"
    path.write_text(path.read_text() + "usage: {compare_to: lab/gone}\n")
    out = asked.cli("metrics").out
    assert 'Compared with nothing: There is no model "lab/gone"' in out
    assert asked.cli("status").code == 6
