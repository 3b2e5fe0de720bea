"""Recordings: what they say, what never stands in them, and that they replay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes import openrouter

from freerouter.errors import FileError
from freerouter.frontends.command_line import saved
from freerouter.redact import Redactor
from freerouter.scripts.nodes import Item
from freerouter.scripts.recorder import Recorder, Recording
from freerouter.scripts.stage import Stage
from freerouter.session import Session
from freerouter.volatile import volatile
from freerouter.wizard.messages import Answer, Confirmed, Question

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World
    from fakes import FakeServer

    from freerouter.result import Event
    from freerouter.wizard.messages import Confirm

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


def test_a_question_that_is_worded_otherwise_every_time_is_its_id() -> None:
    assert recorded(Item("?", f"Port {volatile('port', 4000)} is taken. Which one?", "port")) == [
        "> status",
        "? port",
    ]


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
    recorder = Recorder(redact, {}, {"OTHER": KEY, "GROQ_API_KEY": KEY})
    recorder.command("flow x", [Item("<", f"secret:{KEY}", "groq.key")], 0)
    assert "@need env GROQ_API_KEY\n" in recorder.text()
    assert "< env:GROQ_API_KEY\n" in recorder.text()
    assert recorder.typed == []


def test_a_secret_that_no_variable_holds_gets_one_that_no_provider_reads() -> None:
    redact = Redactor()
    redact.learn({"GROQ_API_KEY": KEY})  # where `keys set` puts it
    recorder = Recorder(redact, {}, {"GROQ_KEY": "another-one"})
    answers = [Item("<", f"secret:{text}", "groq.key") for text in ("wrong-one", KEY, "wrong-one")]
    recorder.command("flow x", answers, 0)
    names = ["GROQ_KEY_2", "GROQ_KEY_3"]
    assert recorder.text().splitlines() == [
        "#!freerouter session 1",
        *(f"@need env {name}" for name in names),
        "",
        "> flow x",
        *(f"< env:{name}" for name in (*names, names[0])),
    ]
    assert recorder.typed == names


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
    assert text.startswith("#!freerouter session 1\n@home fresh\n")
    ran = world.cli("run", "one.frs")
    assert ran.code == 0, f"{ran.err}\n{text}\n{before}"


def test_a_whole_set_up_replays_with_no_editing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(world.cwd / "ada"))
    session = Session(Typing())
    recording = Recording(session, "one.frs")
    lines = ("status", "init", "fetch", "list", "doctor --offline", "flow list", "env --json")
    for line in lines:
        recording.run(session.parse(line))
    recording.save()
    ran = world.cli("run", "one.frs")
    assert ran.code == 0, ran.err


class Typing:
    """A front end at which somebody types the same answers, keys among them."""

    def __init__(self, *answers: str | None) -> None:
        self._answers: list[Any] = list(answers)

    def event(self, event: Event) -> None:
        """Nothing is looked at."""

    def secret(self, prompt: str) -> str | None:
        return str(self._answers.pop(0))

    def asker(self) -> Typing:
        return self

    def show(self, text: str) -> None:
        """Nothing is looked at."""

    def ask(self, question: Question) -> Answer:
        return Answer(question.id, self._answers.pop(0))

    def confirm(self, request: Confirm) -> Confirmed:
        return Confirmed()


@pytest.fixture
def provider(world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenRouter is a server here, for somebody who has nothing set up yet."""
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("FREEROUTER_CATALOGUE", str(world.workspace / "providers.d"))
    monkeypatch.setenv("HOME", str(world.cwd / "ada"))


def test_the_wizard_with_a_typed_key_replays_once_its_variable_is_set(
    world: World, provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing = Typing("user", "openrouter", "sk-or-v1-mistyped-0123456789", KEY, "yes", "no")
    session = Session(typing)
    recording = Recording(session, "key.frs")
    recording.run(session.parse("init --wizard"))
    (world.cwd / "ada").rename(world.cwd / "bob")
    said = [line.text for line in saved(recording)]
    assert said == [
        "Recorded in key.frs: `freerouter run key.frs` replays it.",
        (
            "Set OPENROUTER_KEY and OPENROUTER_KEY_2 first: "
            "what was typed unseen does not stand in the file."
        ),
    ]
    text = (world.cwd / "key.frs").read_text()
    assert KEY not in text
    assert "mistyped" not in text
    assert world.cli("run", "key.frs").out == "key.frs: skipped. OPENROUTER_KEY is not set.\n"
    monkeypatch.setenv("OPENROUTER_KEY", "sk-or-v1-mistyped-0123456789")
    monkeypatch.setenv("OPENROUTER_KEY_2", KEY)
    ran = world.cli("run", "key.frs")
    assert ran.code == 0, f"{ran.err}\n{text}"
    assert not (world.cwd / "ada").exists()


def test_a_key_that_was_at_hand_is_needed_for_the_replay(
    world: World, provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    options = ("--set", "providers=openrouter", "--set", "start=no", "--yes")
    ran = world.cli("init", "--wizard", *options, "--record", "key.frs")
    assert ran.code == 0, ran.err
    assert "@home fresh\n@need env OPENROUTER_API_KEY\n" in (world.cwd / "key.frs").read_text()
    ran = world.cli("run", "key.frs")
    assert ran.code == 0, ran.err
    monkeypatch.delenv("OPENROUTER_API_KEY")
    assert world.cli("run", "key.frs").code == 80


def test_a_hidden_input_of_a_command_is_a_question_and_replays(
    world: World, provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(Typing(f"{KEY}\n"))
    recording = Recording(session, "key.frs")
    for line in ("init", "providers add openrouter", "keys set openrouter", "fetch"):
        recording.run(session.parse(line))
    recording.save()
    text = (world.cwd / "key.frs").read_text()
    assert "> keys set openrouter\n? secret: Key for openrouter\n< env:SECRET\n" in text
    monkeypatch.setenv("SECRET", KEY)
    ran = world.cli("run", "key.frs")
    assert ran.code == 0, f"{ran.err}\n{text}"


def test_a_secret_that_is_revealed_stays_out_of_the_file(world: World) -> None:
    assert world.cli("init").code == 0
    key = world.cli("keys", "show", "master", "--record", "one.frs").out.splitlines()[0]
    text = (world.cwd / "one.frs").read_text()
    assert key not in text
    assert "| env:LITELLM_MASTER_KEY\n" in text
    assert world.cli("run", "one.frs").code == 0


def test_what_a_line_takes_from_a_variable_is_needed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", KEY)
    monkeypatch.setenv("HOME", str(world.cwd / "ada"))
    given = ("--set", "oai.key=env:MINE", "--set", "x.key=env:NOT_THERE")
    world.cli("init", "--wizard", "--dry-run", "--yes", *given, "--record", "one.frs")
    text = (world.cwd / "one.frs").read_text()
    assert "@need env MINE\n" in text
    assert "@need env NOT_THERE\n" not in text


def test_a_recording_where_something_is_set_up_is_replayed_there(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    world.cli("fetch", "--record", "one.frs")
    assert "@home" not in (world.cwd / "one.frs").read_text()


def test_a_default_that_there_is_not_is_an_empty_answer() -> None:
    stage = Stage(str, Typing(None))
    asker = stage.asker()
    assert asker
    asker.ask(Question("url", "url", "Where?", optional=True))
    assert recorded(*stage.items) == ["> status", "? url: Where?", "<"]


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


@pytest.mark.parametrize("command", [["run", "x.frs"], ["shell"], ["record", "x.frs"]])
def test_what_is_no_command_of_its_own_is_not_recorded_by_the_option(
    world: World, command: list[str]
) -> None:
    (world.cwd / "x.frs").write_text("init\n")
    ran = world.cli(*command, "--record", "one.frs")
    assert ran.code == 2
    assert ran.err.startswith(f"`{command[0]}` is not recorded by --record.\n")
    assert not (world.cwd / "one.frs").exists()
    assert not (world.workspace / "providers.yaml").exists()


def test_a_flow_that_another_program_drives_can_be_recorded(world: World) -> None:
    answers = '{"answer": "user"}\n{"answer": ["demo"]}\n{"answer": false}\n'
    options = ("--dry-run", "--jsonl", "--record", "one.frs")
    ran = world.process("init", "--wizard", *options, stdin=answers)
    assert ran.code == 0, ran.err
    assert '"type": "done"' in ran.out.splitlines()[-1]
    text = (world.cwd / "one.frs").read_text()
    assert "? providers: Which providers do you want to use?\n< demo\n? fetch" in text
    assert world.cli("run", "one.frs").code == 0


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
