"""Every listing, on every kind of terminal: it fits, it says what matters, and it is only text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pexpect
import pytest
from fakes import Reply
from ledger_entries import BAD, GOOD, entry, keep

from freerouter.frontends.cells import cells

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer

NAME = "an-organisation-with-a-long-name/a-model-with-a-very-long-name-instruct-2507-fp8"
WIDE = "通义千问/最大模型-🚀"
MATTERS = {
    "list": ["2 models"],
    "list --columns model,why": ["MODEL"],
    "status": ["not running", "start"],
    "metrics": ["4 requests"],
    "metrics --by model": ["llama"],
    "providers list": ["demo"],
    "providers show lab": ["lab"],
    "backups": ["FILES"],
    "alias list": ["auto", "work"],
    "keys check groq": ["groq"],
    "logs": ["the gateway says"],
    "logs -r": [],
    "check": ["lab"],
    "diff": [],
    "doctor --offline": ["gateway"],
    "profile list": ["default", "dev"],
    "plugins": [],
    "flow list": ["add-provider"],
    "validate": [],
    "help": ["providers add"],
    "help list": ["--search"],
    "next": ["start"],
    "why": ["gateway"],
    "set": ["editing", "toolbar"],
    "how do I add groq": ["providers add groq"],
    "select --free --dry-run": [],
    "fetch": ["lab"],
}
"""By listing, what must not get lost however narrow it is."""
PROGRAM = """
import sys
from freerouter import cli
for line in sys.argv[1:]:
    print(f"@@ {line}", flush=True)
    cli.main(line.split())
    sys.stdout.flush()
"""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[^\[]")
UNBROKEN = re.compile(r"\S+")


@pytest.fixture
def full(
    world: World, server: FakeServer, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A workspace in which every listing has something to tell, some of it long or wide."""
    monkeypatch.setenv("FREEROUTER_PLUGINS", "off")
    monkeypatch.setenv("FREEROUTER_USUAL_PORT", str(free_port))
    rows = [{"id": NAME, "object": "model"}, {"id": WIDE, "object": "model"}]
    server.replies["/v1/models"] = Reply({"object": "list", "data": rows})
    world.providers(
        f"providers: [{{type: oai, name: lab, api_base: '{server.url}/v1'}}, {{type: demo}}]\n"
        f"aliases: {{work: ['lab/{NAME}', 'lab/{WIDE}']}}\n"
    )
    for line in ("fetch", "backup", "profile new dev --port 4100"):
        assert world.cli(*line.split()).code == 0, line
    now, state = time.time(), world.workspace / "state"
    ways = [GOOD, BAD, GOOD._replace(model=NAME, client="a-client-with-a-long-name/1.2.3")]
    keep(state / "usage.db", [entry(now - 60, way) for way in (GOOD, *ways)]).close()
    (state / "gateway.log").write_text("2026-01-31 18:00:00,000 INFO the gateway says " + "x" * 50)
    return world


def drawn(world: World, columns: int, **environ: str) -> dict[str, list[str]]:
    """By listing, its lines on a terminal of that width."""
    child = pexpect.spawn(
        sys.executable,
        ["-c", PROGRAM, *MATTERS],
        env={**os.environ, "TERM": "xterm-256color", **environ},
        cwd=str(world.cwd),
        dimensions=(50, columns),
        encoding="utf-8",
        timeout=240,
    )
    child.expect(pexpect.EOF)
    child.close()
    return parts(str(child.before).replace("\r\n", "\n"))


def parts(text: str) -> dict[str, list[str]]:
    found = {}
    for part in text.split("@@ ")[1:]:
        name, _, shown = part.partition("\n")
        found[name] = shown.splitlines()
    assert list(found) == list(MATTERS)
    return found


def too_wide(line: str, columns: int) -> bool:
    """Whether it could have fitted: an address or a name is never broken, for copying."""
    bare = ESCAPE.sub("", line).rstrip()
    longest = max(map(cells, UNBROKEN.findall(bare)), default=0)
    indent = len(bare) - len(bare.lstrip())
    return cells(bare) > columns and cells(bare) > indent + longest


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize(
    "environ", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["colour", "no-colour", "dumb"]
)
def test_on_a_terminal(full: World, columns: int, environ: dict[str, str]) -> None:
    for name, lines in drawn(full, columns, **environ).items():
        assert "Traceback" not in "".join(lines), "\n".join(lines)[-1500:]
        wide = [line for line in lines if too_wide(line, columns)]
        if not name.startswith(("logs", "help ")):  # a log as it was written, examples to copy
            assert wide == [], name
        text = " ".join(ESCAPE.sub("", "\n".join(lines)).split())
        assert [word for word in MATTERS[name] if word not in text] == [], name
        if environ:
            assert "\x1b" not in "".join(lines), name


def test_in_a_pipe_nothing_is_cut_and_nothing_is_coloured(full: World) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *MATTERS],
        env={**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
        cwd=full.cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    found = parts(done.stdout)
    assert "\x1b" not in done.stdout + done.stderr
    told = [line for name in found if not name.startswith("help") for line in found[name]]
    assert [line for line in told if "…" in line] == []
    assert NAME in "\n".join(found["list"])
    assert WIDE in "\n".join(found["list"])
