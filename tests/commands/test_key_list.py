"""`keys list`: every key that is needed or stored, and no key itself."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from calls import workspace
from fakes import FakeServer, openrouter

from freerouter.config.key_notes import note_stored

if TYPE_CHECKING:
    from conftest import World

KEY = "sk-canary-0123456789-wxyz"
SHORT = "short-canary"
MASTER = "sk-" + "5" * 64


@pytest.fixture
def several(world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> World:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers(
        "providers:\n"
        "  - {type: openrouter}\n"
        "  - {type: oai, name: lab, api_base: 'http://127.0.0.1:9/v1',"
        " keys: ['${LAB_A}', '${LAB_B}']}\n"
        "  - {type: oai, name: old, api_base: 'http://127.0.0.1:9/v1', api_key: clear-canary-01}\n"
        "  - {type: groq, enabled: false}\n"
        "  - {type: demo}\n"
        "litellm: {general_settings: {database_url: '${LAB_A}'}}\n"
    )
    (world.workspace / ".env").write_text(
        f"LITELLM_MASTER_KEY={MASTER}\nLAB_A={SHORT}\nLEFT_OVER_KEY={KEY}-1\nCOLOUR=blue\n"
        f"OPENROUTER_API_KEY_2={KEY}-2\n"
    )
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    return world


def rows(world: World) -> dict[tuple[str, int, str], dict[str, Any]]:
    ran = world.cli("keys", "list", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)["keys"]
    return {(row["provider"], row["account"], row["variable"]): row for row in found}


def test_each_key_has_a_row_whoever_needs_it(several: World) -> None:
    found = rows(several)
    told = {place: (row["value"], row["from"], row["used_by"]) for place, row in found.items()}
    assert told == {
        ("gateway", 0, "LITELLM_MASTER_KEY"): ("…5555", ".env", ["gateway"]),
        ("openrouter", 1, "OPENROUTER_API_KEY"): ("…wxyz", "environment", ["openrouter"]),
        ("openrouter", 2, "OPENROUTER_API_KEY_2"): ("…yz-2", ".env", ["openrouter"]),
        ("lab", 1, "LAB_A"): ("…", ".env", ["lab", "litellm:"]),
        ("lab", 2, "LAB_B"): ("", "missing", ["lab"]),
        ("old", 1, ""): ("…", "providers.yaml", ["old"]),
        ("groq", 1, "GROQ_API_KEY"): ("", "missing", ["groq (off)"]),
        ("", 0, "LEFT_OVER_KEY"): ("…yz-1", ".env", []),
    }


def test_no_key_is_shown(several: World) -> None:
    told = f"{several.cli('keys')}{several.cli('keys', 'list', '--json')}"
    for secret in (KEY, SHORT, MASTER, "clear-canary-01"):
        assert secret not in told
    assert several.cli("keys").err == "2 keys missing: `keys set lab`, `keys set groq`.\n"


def test_the_last_verdict_and_its_age_are_told(several: World, server: FakeServer) -> None:
    assert rows(several)["openrouter", 1, "OPENROUTER_API_KEY"]["verdict"] == ""
    several.cli("check", "openrouter")
    found = rows(several)
    first = found["openrouter", 1, "OPENROUTER_API_KEY"]
    second = found["openrouter", 2, "OPENROUTER_API_KEY_2"]
    assert (first["verdict"], second["verdict"]) == ("works", "refused")
    assert 0 <= first["verdict_age"] < 3600
    assert "works, 0 min ago" in several.cli("keys", "list").out
    asked = len(server.seen)
    rows(several)
    assert len(server.seen) == asked


def test_it_is_known_when_a_key_was_stored_until_it_is_another(several: World) -> None:
    place = ("lab", 1, "LAB_A")
    assert rows(several)[place]["stored_age"] is None
    now = time.time()
    note_stored(workspace(several), "LAB_A", SHORT, now - 3 * 86400 - 60)
    assert rows(several)[place]["stored_age"] >= 3 * 86400
    assert "3 days ago" in several.cli("keys", "list").out
    assert SHORT not in (several.workspace / "state" / "keys.json").read_text()
    env = several.workspace / ".env"
    env.write_text(env.read_text().replace(SHORT, "changed-by-hand"))
    assert rows(several)[place]["stored_age"] is None


def test_storing_a_key_notes_the_day_and_removing_it_forgets_that(several: World) -> None:
    done = several.process("keys", "set", "lab", "--number", "2", "--unchecked", stdin="abc-123\n")
    assert done.code == 0, done.err
    row = rows(several)["lab", 2, "LAB_B"]
    assert (row["from"], row["stored_age"] < 3600) == (".env", True)
    assert several.cli("keys", "remove", "lab", "--number", "2").code == 0
    assert rows(several)["lab", 2, "LAB_B"]["from"] == "missing"
    assert "LAB_B" not in (several.workspace / "state" / "keys.json").read_text()


def test_a_weak_key_of_the_gateway_is_told_of(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert rows(world)["gateway", 0, "LITELLM_MASTER_KEY"]["from"] == "missing"
    (world.workspace / ".env").write_text("LITELLM_MASTER_KEY=weak\n")
    row = rows(world)["gateway", 0, "LITELLM_MASTER_KEY"]
    assert (row["value"], row["verdict"]) == ("…", "weak")


def test_a_projects_own_env_is_told_apart(world: World) -> None:
    project = world.cwd / "config"
    project.mkdir()
    (project / "providers.yaml").write_text("providers: [{type: groq}]\n")
    (world.cwd / ".env").write_text(f"GROQ_API_KEY={KEY}\n")
    assert rows(world)["groq", 1, "GROQ_API_KEY"]["from"] == "project .env"
    (project / ".env").write_text(f"GROQ_API_KEY={KEY}\n")
    assert rows(world)["groq", 1, "GROQ_API_KEY"]["from"] == ".env"
