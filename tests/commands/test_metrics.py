"""`metrics` and `usage prune`, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from ledger_entries import BAD, GOOD, entry, keep

from freerouter.commands.metrics import moment
from freerouter.commands.metrics_text import bar, dollars, seconds, short, sparkline
from freerouter.config.kept_models import ROW
from freerouter.errors import UsageError
from freerouter.usage.schema import VERSION, open_to_write
from freerouter.usage.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

    from freerouter.usage.entry import Entry

QWEN = GOOD._replace(model="qwen", provider="cerebras", alias="smart", deployment="cerebras/qwen")


def record(world: World, *entries: Entry) -> Path:
    path = world.workspace / "state" / "usage.db"
    keep(path, entries).close()
    return path


@pytest.fixture
def world(world: World) -> World:
    """A minute ago, five requests: three of one model, one of them in vain, and two of another."""
    now = time.time() - 60
    record(
        world,
        *(entry(now, GOOD, latency=ms * 1000) for ms in (100, 300)),
        entry(now, BAD, tokens_in=None, tokens_out=None, cost=None),
        *(entry(now, QWEN, tokens_out=90, cost=None) for _ in range(2)),
    )
    return world


def data(world: World, *options: str) -> dict[str, Any]:
    ran = world.cli("metrics", "--json", *options)
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_a_line_for_each_model_the_most_asked_first(world: World) -> None:
    ran = world.cli("metrics")
    assert (ran.code, ran.err) == (0, "")
    facts, tokens, course, head, *rows = ran.out.splitlines()
    assert facts == "5 requests, 1 failed (20.0%), 5 calls of which 1 failed"
    assert tokens == "40 + 190 tokens, $0.00400, the price of 2 requests is not known"
    assert course.strip() == "█"
    words = "MODEL REQS CALLS ERR P50 P95 P99 FIRST TOK/S COST"
    assert " ".join(head.split()) == words
    words = "llama (groq) 3 3 33.3% 0.20 0.30 0.30 0.05 25.0 $0.00400 ████"
    assert " ".join(rows[0].split()) == words
    words = "qwen (cerebras) 2 2 0.0% 0.20 0.20 0.20 0.05 450 $0 ██▋"
    assert " ".join(rows[1].split()) == words


def test_programs_get_all_that_is_known(world: World) -> None:
    found = data(world)
    assert found["by"] == "model"
    assert found["lost"] == 0
    assert sum(found["course"]) == 5
    assert found["total"]["requests"] == sum(row["requests"] for row in found["groups"])
    assert found["groups"][0] == {
        "name": "llama (groq)",
        "requests": 3,
        "failed": 1,
        "error_rate": 0.3333,
        "calls": 3,
        "failed_calls": 1,
        "p50": pytest.approx(0.2, rel=0.004),
        "p95": pytest.approx(0.3, rel=0.004),
        "p99": pytest.approx(0.3, rel=0.004),
        "first_token": pytest.approx(0.05, rel=0.004),
        "tokens_in": 20,
        "tokens_out": 10,
        "tokens_per_second": 25.0,
        "cost": 0.004,
        "unpriced": 0,
    }


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("provider", ["groq", "cerebras"]),
        ("alias", ["fast", "smart"]),
        ("client", ["client/1"]),
    ],
)
def test_lines_are_for_whatever_is_asked(world: World, by: str, names: list[str]) -> None:
    assert [row["name"] for row in data(world, "--by", by)["groups"]] == names
    assert world.cli("metrics", "--by", by).out.splitlines()[3].startswith(by.upper())


def test_hours_and_days_are_in_their_order(world: World) -> None:
    now = time.time()
    record(world, *(entry(now - hours * 3600) for hours in (2, 30)))
    days = [row["name"] for row in data(world, "--by", "day", "--since", "3d")["groups"]]
    assert days == sorted(days)
    assert time.strftime("%Y-%m-%d", time.localtime(now - 60)) in days
    hours = [row["name"] for row in data(world, "--by", "hour", "--since", "3d")["groups"]]
    assert len(hours) == 3
    assert time.strftime("%Y-%m-%d %H:00%z", time.localtime(now - 7200)) in hours


@pytest.mark.parametrize(
    ("sort", "first"),
    [("requests", "llama"), ("errors", "llama"), ("p95", "llama"), ("tokens", "qwen"),
     ("cost", "llama"), ("name", "llama")],
)  # fmt: skip
def test_lines_are_sorted_as_is_asked(world: World, sort: str, first: str) -> None:
    assert data(world, "--sort", sort)["groups"][0]["name"].startswith(first)


def test_only_lines_with_a_word_in_their_name(world: World) -> None:
    assert [row["name"] for row in data(world, "--filter", "QWEN")["groups"]] == ["qwen (cerebras)"]
    assert "No line has that in its name." in world.cli("metrics", "--filter", "x").out


def test_only_what_is_new_enough(world: World) -> None:
    assert world.cli("metrics", "--since", "10s").out == "Nothing was asked in that time.\n"
    assert data(world, "--since", "2020-01-01")["total"]["requests"] == 5
    ran = world.cli("metrics", "--since", "soon")
    assert ran.code == 2
    assert '"soon" is no time' in ran.err


def test_csv_has_a_heading_and_numbers_as_they_are(world: World) -> None:
    ran = world.cli("metrics", "--csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["name"] for row in rows] == ["llama (groq)", "qwen (cerebras)"]
    assert (rows[0]["requests"], rows[0]["cost"], rows[0]["error_rate"]) == ("3", "0.004", "0.3333")
    assert float(rows[1]["p50"]) == pytest.approx(0.2, rel=0.004)


def test_what_could_not_be_recorded_is_told(world: World) -> None:
    db = open_to_write(str(world.workspace / "state" / "usage.db"))
    Store(db).add([], lost=4, at=round(time.time() * 1000))
    db.close()
    assert "4 records lost: usage.db could not be written." in world.cli("metrics").out
    assert data(world)["lost"] == 4


def priced(world: World, **prices: str | None) -> None:
    rows = [
        {**dict.fromkeys(ROW), "id": "big", "provider": "openrouter", **prices},
        {**dict.fromkeys(ROW), "id": "unsaid", "provider": "lab"},
    ]
    path = world.workspace / "state" / "models.json"
    path.write_text(json.dumps({"models": rows}))


@pytest.mark.parametrize("name", ["big", "openrouter/big"])
def test_what_a_paid_model_would_have_cost(world: World, name: str) -> None:
    priced(world, input_price="2.5", output_price="100")
    found = data(world, "--compare-to", name)["compared"]
    assert found["model"] == "openrouter/big"
    assert found["cost"] == pytest.approx(40 * 2.5e-6 + 190 * 100e-6)
    assert found["saved"] == pytest.approx(found["cost"] - 0.004)
    out = world.cli("metrics", "--compare-to", name).out
    assert "With openrouter/big: $0.02, so $0.02 saved" in out


def test_a_price_may_be_given(world: World) -> None:
    found = data(world, "--compare-to", "1/2")["compared"]
    assert found["cost"] == pytest.approx(40e-6 + 2 * 190e-6)
    assert "less than was paid" in world.cli("metrics", "--compare-to", "0/0").out


def test_an_unknown_price_is_said(world: World) -> None:
    priced(world)
    ran = world.cli("metrics", "--compare-to", "unsaid")
    assert (ran.code, ran.out) == (1, "")
    assert "What unsaid costs is not known." in ran.err
    ran = world.cli("metrics", "--compare-to", "openrouter/bog")
    assert ran.code == 4
    assert 'Did you mean "openrouter/big"?' in ran.err


def test_prometheus_gets_its_own_words(world: World) -> None:
    out = world.cli("metrics", "--prometheus").out
    assert 'freerouter_requests_total{alias="smart",provider="cerebras",model="qwen"' in out
    assert out.splitlines()[-1] == "freerouter_records_lost_total 0"


@pytest.mark.parametrize("options", [[], ["--csv"], ["--prometheus"], ["--json"]])
def test_before_the_first_request_there_is_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setenv("FREEROUTER_HOME", str(tmp_path / "elsewhere"))
    ran = world.cli("metrics", *options)
    assert (ran.code, ran.err) == (0, "")
    if not options:
        assert ran.out.startswith("Nothing is recorded yet")
    elif options != ["--json"]:
        assert ran.out.strip() == ""


def test_one_of_a_later_version_is_a_fault_of_the_file(world: World) -> None:
    db = open_to_write(str(world.workspace / "state" / "usage.db"))
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    ran = world.cli("metrics")
    assert ran.code == 2
    assert "Use the FreeRouter that made it" in ran.err


def test_live_without_a_terminal_shows_it_once(world: World) -> None:
    assert world.cli("metrics", "--live").out == world.cli("metrics").out


def test_pruning_takes_out_what_is_old(world: World) -> None:
    record(world, *(entry(time.time() - days * 86400) for days in (20, 100, 101)))
    ran = world.cli("usage", "prune")
    assert ran.out == "2 requests and 2 calls taken out.\n"
    ran = world.cli("usage", "prune", "--older-than", "7d", "--json")
    assert json.loads(ran.out) == {"requests": 1, "attempts": 1}
    assert data(world, "--since", "200d")["total"]["requests"] == 5


def test_pruning_goes_by_what_is_configured(world: World) -> None:
    record(world, entry(time.time() - 20 * 86400))
    world.providers("usage: {keep_days: 0}\nproviders: []\n")
    assert world.cli("usage", "prune").out == "Numbers are kept for ever.\n"
    world.providers("usage: {keep_days: 10}\nproviders: []\n")
    assert world.cli("usage", "prune").out == "1 request and 1 call taken out.\n"
    ran = world.cli("usage", "prune", "--older-than", "old")
    assert ran.code == 2
    assert '"old" is no time.' in ran.err


def test_pruning_before_the_first_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEROUTER_HOME", str(world.cwd))
    assert world.cli("usage", "prune").out == "Nothing is recorded yet.\n"


NOON = 1_795_521_600.0


@pytest.mark.parametrize(
    ("text", "ago"),
    [("30s", 30), ("90m", 5400), ("1.5h", 5400), ("7d", 604800), ("2026-11-24T11:00Z", 3600),
     ("2026-11-24T13:00+02:00", 3600)],
)  # fmt: skip
def test_a_moment_is_so_long_ago_or_named(text: str, ago: float) -> None:
    assert moment(text, NOON) == NOON - ago


def test_so_long_ago_is_counted_in_seconds_also_where_clocks_were_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        changed = 1_792_890_000.0  # 2026-10-25, 01:00 UTC
        for passed in (600, 1800, 5400):
            assert moment("1h", changed + passed) == changed + passed - 3600
        assert moment("2026-07-01T12:00", NOON) == moment("2026-07-01T10:00Z", NOON)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "x", "10 weeks", "0001-01-01T00:00", "2026-13-01"])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        moment(text, NOON)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1.00k"), (12345, "12.3k"), (123456, "123k"),
     (999_949, "1.00M"), (4_560_000, "4.56M"), (7_000_000_000, "7.00G"), (10**13, "10000G")],
)  # fmt: skip
def test_large_numbers_are_short(number: int, text: str) -> None:
    assert short(number) == text


def test_bars_and_sparklines_show_what_there_is() -> None:
    assert sparkline([0, 1, 4, 8]) == " ▁▄█"
    assert sparkline([0, 0]) == sparkline([]) == ""
    assert [bar(n, 64) for n in (0, 1, 16, 24, 64)] == ["", "▏", "█", "█▌", "████"]
    assert bar(0, 0) == ""
    assert [seconds(s) for s in (None, 0.314, 12.345, 312.0)] == ["", "0.31", "12.3", "312"]
    assert [dollars(d) for d in (0, 0.0012, 1.5, 1234.4)] == ["$0", "$0.00120", "$1.50", "$1,234"]
