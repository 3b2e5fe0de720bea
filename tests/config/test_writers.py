"""Two writers at once: real processes, and nothing of either is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fakes import Reply, openai_list

from freerouter.config.backups import backups_of
from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import read_env_file
from freerouter.config.state import asked_for, digest_of, read_models
from freerouter.config.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World
    from fakes import FakeServer

EACH = 15
WRITERS = 3

WRITER = """
import sys
from freerouter.config.edit import put_provider, put_selection, switch_provider
from freerouter.config.secrets import ensure_master_key, store
from freerouter.config.workspace import Workspace
from freerouter.context import make_context
root, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
place = Workspace(root)
ctx = make_context({"HOME": root, "FREEROUTER_HOME": root}, root)
sys.stdin.readline()
print(ensure_master_key(ctx), flush=True)
for number in range(count):
    one = f"{name}{number}"
    put_provider(place, {"type": "oai", "name": one, "api_base": "http://x/v1"}, 0.0)
    store(place, f"{one}_KEY".upper(), f"value-of-{one}")
    switch_provider(place, one, 0.0, on=False)
"""


def at_once(*commands: list[str]) -> list[str]:
    """Run programs that begin at the same time; what they print. Each must end well."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen(command, text=True, **pipes) for command in commands]  # type: ignore[call-overload]
    for child in running:
        child.stdin.write("now\n")
        child.stdin.flush()
    ended = [child.communicate(timeout=300) for child in running]
    assert [child.returncode for child in running] == [0] * len(running), ended
    return [out for out, _ in ended]


def test_nothing_of_several_writers_is_lost(tmp_path: Path) -> None:
    place = Workspace(str(tmp_path))
    (tmp_path / "providers.yaml").write_text("# mine\nproviders:\n  - type: demo  # first\n")
    said = at_once(
        *(
            [sys.executable, "-c", WRITER, str(tmp_path), chr(ord("a") + n), str(EACH)]
            for n in range(WRITERS)
        )
    )
    wanted = {f"{chr(ord('a') + n)}{number}" for n in range(WRITERS) for number in range(EACH)}
    entries = {entry.name: entry for entry in load_providers(place).entries}
    assert entries.keys() == {"demo", *wanted}
    assert not any(entries[name].enabled for name in wanted)
    text = (tmp_path / "providers.yaml").read_text()
    assert text.startswith("# mine\nproviders:\n  - type: demo  # first\n")
    stored = read_env_file(place.env_file)
    assert {n: stored[f"{n}_KEY".upper()] for n in wanted} == {n: f"value-of-{n}" for n in wanted}
    assert {line.strip() for line in said} == {stored["LITELLM_MASTER_KEY"]}
    found = backups_of(place)
    assert len(found) == 20
    assert len({backup.name for backup in found}) == 20


class Meanwhile(Reply):
    """An answer during which somebody else does something."""

    def __init__(self, world: World, *lines: str) -> None:
        super().__init__(openai_list("a", "b").body)
        self._world, self._lines = world, list(lines)

    def raw(self) -> bytes:
        while self._lines:
            ran = self._world.process(*self._lines.pop(0).split())
            assert ran.code == 0, ran.err
        return super().raw()


@pytest.fixture
def lab(world: World, server: FakeServer) -> World:
    server.replies["/v1/models"] = openai_list("a", "b")
    world.providers(f"providers:\n  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}\n")
    assert world.cli("fetch").code == 0
    return world


def test_a_selection_that_is_made_during_a_fetch_holds(lab: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = Meanwhile(lab, "select lab/b")
    assert lab.cli("fetch", "--fresh").code == 0
    place = Workspace(str(lab.workspace))
    assert [row["id"] for row in read_models(place) if row["written"]] == ["b"]
    assert asked_for(place) == digest_of(place.providers_file)


def test_a_provider_that_is_removed_during_a_fetch_is_gone(lab: World, server: FakeServer) -> None:
    lab.cli("providers", "add", "demo")
    server.replies["/v1/models"] = Meanwhile(lab, "providers remove lab")
    assert lab.cli("fetch", "--fresh").code == 0
    data = json.loads(lab.cli("list", "--json").out)
    assert {model["provider"] for model in data["models"]} == {"demo"}


def test_a_provider_that_is_not_ready_yet_does_not_stop_a_fetch_that_has_begun(
    lab: World, server: FakeServer
) -> None:
    server.replies["/v1/models"] = Meanwhile(lab, "providers add openrouter")
    assert lab.cli("fetch", "--fresh").code == 0
    place = Workspace(str(lab.workspace))
    assert [entry.name for entry in load_providers(place).entries] == ["lab", "openrouter"]
    assert asked_for(place) == ""
