"""`quota`: what is left, for people and for programs; and asking those that tell."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from fakes import Reply, openai_list
from ledger_entries import GOOD, entry, keep

from freerouter.commands.quota_text import clock

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer

KEY = "sk-or-canary-0000000001"
PROVIDERS = """
providers:
  - type: oai
    name: lab
    api_base: {url}/v1
    limits: {{requests/day: 40, resets: rolling}}
  - type: openrouter
    api_key: ${{OPENROUTER_API_KEY}}
    options: {{models: all}}
"""


@pytest.fixture
def world(world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two providers with a model each, of which one was asked 30 times in the last minutes."""
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    server.replies["/v1/models"] = openai_list("model-a")
    free = {"id": "b:free", "pricing": {"prompt": "0", "completion": "0"}}
    server.replies["/or/models"] = Reply({"data": [free]})
    world.override("openrouter", base_url=f"{server.url}/or")
    world.providers(PROVIDERS.format(url=server.url))
    assert world.cli("fetch").code == 0
    way = GOOD._replace(provider="lab", model="model-a", deployment="lab/model-a")
    now = time.time()
    entries = [entry(now - 60 - n, way) for n in range(30)]
    keep(world.workspace / "state" / "usage.db", entries).close()
    return world


def data(world: World, *words: str) -> dict[str, Any]:
    ran = world.cli("quota", "--json", *words)
    assert ran.code == 0, ran
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_a_line_for_each_limit_with_where_it_is_from(world: World) -> None:
    ran = world.cli("quota")
    assert (ran.code, ran.err) == (0, "")
    head, lab, minute, day = ran.out.splitlines()
    assert " ".join(head.split()) == "PROVIDER MODEL LIMIT USED LEFT RESETS IN AT THIS PACE FROM"
    assert lab.split()[:6] == ["lab", "all", "40", "requests/day", "30", "10"]
    assert lab.endswith("  yours, counted")
    assert "out at" in lab
    assert minute.split()[:4] == ["openrouter", "*:free", "20", "requests/minute"]
    assert day.split()[:6] == ["openrouter", "*:free", "50", "requests/day", "0", "50"]
    assert day.endswith("  catalogue, counted")


def test_programs_get_all_of_it(world: World) -> None:
    lab, minute, _ = data(world)["quotas"]
    assert lab["limit"] == {
        "counts": "requests", "most": 40, "per": "day", "scope": "key", "resets": "rolling",
        "zone": "UTC", "models": [], "source": "yours",
    }  # fmt: skip
    assert (lab["provider"], lab["key"], lab["model"]) == ("lab", 1, "")
    assert (lab["used"], lab["left"], lab["pace_per_hour"], lab["used_up"]) == (30, 10, 30, False)
    assert lab["out_at"] < lab["resets_at"]
    assert 86400 - 200 < lab["resets_in"] <= 86400
    assert (minute["used"], minute["out_at"], minute["limit"]["source"]) == (0, None, "catalogue")


@pytest.mark.parametrize(
    ("words", "providers"),
    [
        (["lab"], ["lab"]),
        (["model-a"], ["lab"]),
        (["openrouter/b:free"], ["openrouter", "openrouter"]),
        (["b:free", "lab"], ["lab", "openrouter", "openrouter"]),
    ],
)
def test_a_provider_or_a_model_may_be_named(
    world: World, words: list[str], providers: list[str]
) -> None:
    assert [row["provider"] for row in data(world, *words)["quotas"]] == providers


def test_a_name_that_is_none_is_told_with_the_nearest(world: World) -> None:
    ran = world.cli("quota", "openruoter")
    assert ran.code == 4
    assert "openrouter" in ran.err.splitlines()[-1]


def test_who_has_no_known_limit_is_named_with_what_to_do(world: World, server: FakeServer) -> None:
    text = f"providers:\n  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}\n"
    world.providers(text)
    assert world.cli("fetch").code == 0
    ran = world.cli("quota")
    assert ran.out.startswith("No limit is known of lab. `limits: {requests/day: 1000}` at lab in ")
    assert data(world) == {"quotas": [], "unknown": ["lab"]}


def test_openrouter_is_asked_and_what_it_says_is_kept(world: World, server: FakeServer) -> None:
    told = {"limit": 1000, "used": 250, "remaining": 750}
    server.replies["/or/key"] = Reply({"data": {"free_model_daily_requests": told}}, keys=(KEY,))
    (before,) = [q for q in data(world)["quotas"] if q["limit"]["most"] == 50]
    assert (before["used_from"], before["said_at"]) == ("counted", None)
    for words in (["--fresh"], []):
        day = data(world, *words)["quotas"][-1]
        assert (day["limit"]["most"], day["used"], day["left"]) == (1000, 250, 750)
        assert day["used_from"] == "said"
        assert day["said_at"]
    assert [seen.path for seen in server.seen].count("/or/key") == 1
    assert not any("canary" in text for text in world.written().values())


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply({"error": {"message": "no"}}, 401), "refused this key"),
        (Reply({"error": {"message": "no"}}, 500), "500"),
        (Reply({"data": {"label": "x"}}), "did not say how much of its quota is left"),
        (Reply({"data": {"free_model_daily_requests": {"limit": "?"}}}), "did not say"),
    ],
)
def test_who_does_not_tell_is_told_of_and_the_counts_stay(
    world: World, server: FakeServer, reply: Reply, words: str
) -> None:
    server.replies["/or/key"] = reply
    ran = world.cli("quota", "--fresh")
    assert ran.code == 5
    assert words in ran.err
    assert "50 requests/day" in ran.out


def test_where_nobody_can_be_asked_it_says_so(world: World) -> None:
    ran = world.cli("quota", "lab", "--fresh")
    assert ran.code == 0
    assert ran.out.startswith("None of them can be asked")


def test_a_broken_ledger_is_told(world: World) -> None:
    (world.workspace / "state" / "quota.db").write_bytes(b"no database" * 500)
    assert data(world)["quotas"][0]["used"] == 30
    (world.workspace / "state" / "usage.db").write_bytes(b"no database" * 500)
    ran = world.cli("quota")
    assert ran.code == 2
    assert "usage.db" in ran.err


def test_a_time_of_another_day_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        noon = 1_782_900_000.0  # 2026-07-01, 12:00 in Berlin
        assert clock(noon + 3600, noon) == "13:00"
        assert clock(noon + 86400, noon) == "Thu 12:00"
        assert clock(noon + 30 * 86400, noon) == "31 Jul 12:00"
    finally:
        monkeypatch.undo()
        time.tzset()
