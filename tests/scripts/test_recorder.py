"""Recordings: what they say, what never stands in them, and that they replay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import openrouter

from freerouter.errors import FileError
from freerouter.redact import Redactor
from freerouter.scripts.nodes import Item
from freerouter.scripts.recorder import Recorder
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World
    from fakes import FakeServer

KEY = "sk-or-v1-canary-0123456789"


def recorded(*items: Item, places: dict[str, str] | None = None, code: int = 0) -> list[str]:
    recorder = Recorder(Redactor(), places or {})
    recorder.command("status", items, code)
    return recorder.text().splitlines()[2:]


def test_lines_questions_answers_and_codes_are_written_in_their_order() -> None:
    assert recorded(
        Item("?", "Where?", "place"),
        Item("<", "user", "place"),
        Item("|", "Done {here}."),
        Item("|", ""),
        Item("!", "It failed."),
        code=5,
    ) == ["> status", "? place: Where?", "< user", "| Done {{here}}.", "|", "! It failed.", "= 5"]


def test_the_same_value_is_one_placeholder_and_durations_never_are() -> None:
    port, other = volatile("port", 4000), volatile("port", 4001)
    assert recorded(
        Item("|", f"at {port}, {other} and {port}"),
        Item("|", f"{volatile('duration', '0s')} and {volatile('duration', '0s')}"),
    ) == [
        "> status",
        "| at {port:port}, {port2:port} and {port}",
        "| {duration:duration} and {duration2:duration}",
    ]


def test_directories_are_placeholders() -> None:
    places = {"home": "/users/ada", "work": "/users/ada/work"}
    assert recorded(Item("|", "/users/ada/work/a in /users/ada, {x}"), places=places)[1] == (
        "| {work:path}/a in {home:path}, {{x}}"
    )


def test_a_secret_is_its_variable() -> None:
    redact = Redactor()
    redact.learn({"groq.key": KEY})
    redact.learn({"GROQ_API_KEY": KEY})
    recorder = Recorder(redact, {})
    recorder.command("flow x", [Item("<", f"secret:{KEY}", "groq.key")], 0)
    assert "@need env GROQ_API_KEY\n" in recorder.text()
    assert "< env:GROQ_API_KEY\n" in recorder.text()


def test_a_secret_in_what_was_said_is_refused() -> None:
    redact = Redactor()
    recorder = Recorder(redact, {})
    recorder.command("status", [Item("|", f"key {KEY}")], 0)
    redact.learn({"GROQ_API_KEY": KEY})
    with pytest.raises(FileError, match="would hold a secret"):
        recorder.text()


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["status", "--json"],
        ["fetch"],
        ["init", "--json"],
        ["doctor", "--offline"],
        ["flow", "list"],
        ["list", "--provider", "nope"],
        ["init", "--wizard", "--yes", "--set", "start=no"],
        ["env"],
        ["providers", "list"],
        ["help", "start"],
    ],
)
def test_a_fresh_recording_replays_with_no_editing(
    world: World, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("HOME", str(world.cwd / "ada"))
    before = world.cli(*command, "--record", "one.frs")
    text = (world.cwd / "one.frs").read_text()
    assert text.startswith("#!freerouter session 1\n")
    (world.cwd / "fresh.frs").write_text(text.replace("\n", "\n@home fresh\n", 1))
    ran = world.cli("run", "fresh.frs")
    assert ran.code == 0, f"{ran.err}\n{text}\n{before}"


def test_a_flow_with_a_key_replays_and_holds_none(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("MY_KEY", KEY)
    answers = ["providers=openrouter", "openrouter.key=env:MY_KEY", "start=no"]
    given = [word for answer in answers for word in ("--set", answer)]
    ran = world.cli("init", "--wizard", "--yes", *given, "--record", "key.frs")
    assert ran.code == 0, ran.err
    text = (world.cwd / "key.frs").read_text()
    assert KEY not in text
    assert "openrouter.key=env:MY_KEY" in text
    assert "Stored as OPENROUTER_API_KEY in .env." in text


def test_an_existing_file_is_left_alone(world: World) -> None:
    (world.cwd / "one.frs").write_text("mine")
    ran = world.cli("status", "--record", "one.frs")
    assert ran.code == 2
    assert "one.frs exists already." in ran.err
    assert (world.cwd / "one.frs").read_text() == "mine"


def test_what_fails_is_recorded_too(world: World) -> None:
    assert world.cli("fetch", "--record", "one.frs").code == 3
    assert (world.cwd / "one.frs").read_text().endswith("= 3\n")


def test_a_recording_that_cannot_be_written_is_told(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = world.cli("status", "--record", str(tmp_path / "file" / "one.frs"))
    assert ran.code == 2
    assert "Traceback" not in ran.err
