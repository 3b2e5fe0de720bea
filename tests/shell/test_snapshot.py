"""What the shell knows of the state of things, and how it comes to know it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from ledger_entries import NOON, entry, keep

from freerouter.context import make_context
from freerouter.providers.models import Model
from freerouter.shell.snapshot import Reader, Snapshot, Watch
from freerouter.standing import Standing, glance
from freerouter.usage.store import Store

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def configured(world: World) -> World:
    world.providers("providers:\n  - type: demo\n")
    (world.workspace / "state").mkdir()
    return world


def listed(world: World, *models: Model, written: bool = True) -> None:
    rows = [{**model._asdict(), "written": written} for model in models]
    (world.workspace / "state" / "models.json").write_text(json.dumps({"models": rows}))


def state(world: World, name: str, text: str) -> None:
    (world.workspace / "state" / name).write_text(text)


def read() -> Snapshot:
    return Reader().read(make_context())


def names(now: Snapshot, kind: str) -> list[str]:
    return [c.text for c in now.groups[kind].candidates]


def test_nothing_set_up_is_seen(world: World) -> None:
    now = read()
    assert not now.standing.configured
    assert now.cannot["config"] == "Nothing is configured yet: init --wizard"
    assert now.cannot["gateway"] == "The gateway is not running: start"
    assert "openrouter" in names(now, "provider")


def test_models_are_counted_and_told_by_who_has_them(configured: World) -> None:
    listed(configured, Model("a", "groq"), Model("a", "nim"), Model("b", "nim", stale=True))
    now = read()
    assert (now.standing.listed, now.standing.served, now.standing.providers) == (
        3,
        3,
        ("groq", "nim"),
    )
    assert names(now, "model") == ["a", "b"]
    assert now.groups["model"].candidates[0].meta == "groq, nim"
    assert now.standing.failing == {"nim": "not reached"}


def test_models_that_are_not_served_are_known_but_not_to_be_asked(configured: World) -> None:
    listed(configured, Model("a", "groq"), written=False)
    now = read()
    assert now.groups["model"].candidates[0].meta == "groq, not served"
    assert names(now, "served") == []


def test_a_bad_verdict_counts_as_long_as_it_holds(configured: World) -> None:
    verdict: dict[str, Any] = {"provider": "groq", "state": "no_quota", "seconds": 300}
    old = {**verdict, "provider": "nim", "at": time.time() - 1000}
    state(configured, "verdicts.json", json.dumps({"1": {**verdict, "at": time.time()}, "2": old}))
    assert read().standing.failing == {"groq": "no quota left"}


def test_requests_of_today_are_counted_whoever_served_them(configured: World) -> None:
    path = configured.workspace / "state" / "usage.db"
    reader, ctx = Reader(), make_context()._replace(now=lambda: NOON)
    with closing(keep(path, [entry(NOON - 2 * 86400), entry(NOON)])) as db:
        assert reader.read(ctx).standing.requests == 1
        Store(db).add([entry(NOON), entry(NOON)])
        assert reader.read(ctx).standing.requests == 3


def test_the_budget_that_is_most_used_is_told(configured: World) -> None:
    assert read().standing.budget == ""
    path = configured.workspace / "providers.yaml"
    path.write_text(path.read_text() + "budgets: {all: [1/day, 100/month]}\n")
    assert read().standing.budget == ""
    one = entry(time.time(), cost=830_000_000)
    keep(configured.workspace / "state" / "usage.db", [one]).close()
    assert read().standing.budget == "budget of all: 83 %"


def test_profiles_backups_flows_and_aliases_are_known_by_name(configured: World) -> None:
    (configured.workspace / "profiles" / "dev").mkdir(parents=True)
    (configured.workspace / "profiles" / "dev" / "providers.yaml").write_text("")
    (configured.workspace / "profiles" / "none").mkdir()
    (configured.workspace / "backups").mkdir(exist_ok=True)
    for name in ("providers.yaml", "config.yaml"):
        path = configured.workspace / "backups" / f"{name}.backup.20260131_180000"
        path.write_text("")
    listed(configured, Model("a", "x"))
    path = configured.workspace / "state" / "models.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "pools": [{"name": "fast", "members": ["a"]}]})
    )
    now = read()
    assert names(now, "profile") == ["default", "dev"]
    assert names(now, "backup") == ["latest", "20260131_180000"]
    assert "add-provider" in names(now, "flow")
    assert names(now, "model") == ["fast", "a"]
    assert names(now, "alias") == ["fast"]


@pytest.mark.parametrize("name", ["models.json", "verdicts.json", "gateway.json", "usage.db"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": 3}', '{"a": 1}', "\x00\xff"])
def test_damaged_files_are_no_fault(configured: World, name: str, text: str) -> None:
    state(configured, name, text)
    assert read().standing.configured


def test_what_has_not_changed_is_the_same_group(configured: World) -> None:
    listed(configured, Model("a", "x"))
    recent: dict[str, int] = {}
    reader = Reader(lambda: recent)
    assert reader.read(make_context()) == reader.read(make_context())


def test_what_was_used_lately_comes_first(configured: World) -> None:
    listed(configured, Model("aa", "x"), Model("ab", "x"))
    recent: dict[str, int] = {}
    reader = Reader(lambda: recent)
    assert reader.read(make_context()).groups["model"].find("a")[0].text == "aa"
    recent = {"ab": 0}
    assert reader.read(make_context()).groups["model"].find("a")[0].text == "ab"


def test_the_first_glance_looks_at_little_and_reads_no_models(configured: World) -> None:
    listed(configured, Model("a", "x"))
    assert glance(make_context()) == Standing(configured=True)


def test_a_change_is_swapped_in_whole_and_told(configured: World) -> None:
    told = threading.Event()
    recent: dict[str, int] = {}
    watch = Watch(make_context, lambda: recent, told.set)
    watch.start()
    try:
        assert told.wait(20)
        told.clear()
        listed(configured, Model("a", "x"))
        watch.look()
        assert told.wait(20)
        assert (watch.now.standing.listed, names(watch.now, "model")) == (1, ["a"])
    finally:
        watch.end()
    assert not any(thread.name == "shell-watch" for thread in threading.enumerate())
