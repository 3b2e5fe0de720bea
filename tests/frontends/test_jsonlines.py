"""A flow held by another program: every kind of line out, and every kind of line in."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fakes import openai_list, openrouter

from freerouter.errors import CancelledError
from freerouter.frontends.command_line import execute
from freerouter.frontends.console import Console
from freerouter.frontends.jsonlines import JsonLines
from freerouter.result import Line, Output, Progress, Running
from freerouter.session import Session
from freerouter.wizard.messages import (
    Answer,
    Answered,
    Back,
    Change,
    Confirm,
    Confirmed,
    Option,
    Planned,
    Question,
    Skip,
)

if TYPE_CHECKING:
    from conftest import World
    from fakes import FakeServer

    from freerouter.wizard.messages import Event

CANARY = "sk-or-v1-canary-0123456789"
WRONG = "sk-or-v1-canary-wrong-0123"
PLACE = Question(
    "place",
    "choice",
    "Where?",
    help="It can be changed.",
    default="user",
    options=(Option("user", "For me", "hint", "", {"SIZE": "1"}), Option("moon", "", "", "no air")),
    source="saved",
)
SECRET = Question("x.key", "secret", "Key?", default=CANARY, source="keyring", optional=True)
NAME = Question("name", "text", "Name?", pattern=("[a-z]+", "Letters only."), placeholder="lab")
REVIEW = Confirm(
    (Planned(("keys", "set", "x"), CANARY), Planned(("fetch",))),
    (Answered("place", "Where?", "For me", "asked"),),
)


class Pipe:
    """What is written to the other side, and read from it."""

    def __init__(self, *lines: Any, redact: Any = str) -> None:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        self.sink = io.StringIO()
        self.lines = JsonLines(redact, io.StringIO("".join(f"{t}\n" for t in texts)), self.sink)

    @property
    def out(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.sink.getvalue().splitlines()]


def asked(question: Question, *lines: Any) -> tuple[Event, list[dict[str, Any]]]:
    pipe = Pipe(*lines)
    return pipe.lines.ask(question), pipe.out


def reviewed(*lines: Any) -> tuple[Event, list[dict[str, Any]]]:
    pipe = Pipe(*lines)
    return pipe.lines.confirm(REVIEW), pipe.out


def test_a_question_says_all_that_is_needed_to_answer_it() -> None:
    event, out = asked(PLACE, {"answer": "moon"})
    assert event == Answer("place", "moon")
    assert out == [
        {
            "type": "ask",
            "id": "place",
            "kind": "choice",
            "message": "Where?",
            "help": "It can be changed.",
            "default": "user",
            "default_from": "saved",
            "placeholder": "",
            "choices": [
                {
                    "value": "user",
                    "label": "For me",
                    "hint": "hint",
                    "disabled": "",
                    "fields": {"SIZE": "1"},
                },
                {"value": "moon", "label": "", "hint": "", "disabled": "no air", "fields": {}},
            ],
            "optional": False,
            "skippable": False,
            "min": None,
            "max": None,
            "pattern": "",
            "problem": "",
        }
    ]


def test_a_pattern_and_an_example_go_out() -> None:
    _, out = asked(NAME, {"answer": "lab"})
    assert (out[0]["pattern"], out[0]["placeholder"]) == ("[a-z]+", "lab")


def test_the_default_of_a_secret_stays_here_and_can_be_taken() -> None:
    event, out = asked(SECRET, {"default": True})
    assert event == Answer("x.key", CANARY)
    assert (out[0]["default"], out[0]["default_from"]) == (None, "keyring")


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ({"answer": "user"}, Answer("place", "user")),
        ({"answer": False}, Answer("place", False)),
        ({"answer": ["a", "b"]}, Answer("place", ["a", "b"])),
        ({"answer": None}, Answer("place", None)),
        ({"default": True}, Answer("place", "user")),
        ({"skip": True}, Skip()),
        ({"back": True}, Back()),
        ({"back": False, "answer": "user"}, Answer("place", "user")),
    ],
)
def test_a_question_is_answered_in_many_ways(line: dict[str, Any], event: Event) -> None:
    assert asked(PLACE, line)[0] == event


GARBAGE = [
    "not json",
    "{",
    '"text"',
    "[1]",
    "5",
    "null",
    "{}",
    '{"anwser": "user"}',
    "[" * 100_000,
    "\x00",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: repr(text[:12]))
def test_a_line_that_cannot_be_used_is_a_problem_and_the_question_stands(garbage: str) -> None:
    event, out = asked(PLACE, garbage, {"answer": "user"})
    assert event == Answer("place", "user")
    assert [line["type"] for line in out] == ["ask", "problem"]
    assert out[1]["message"]
    event, out = reviewed(garbage, {"answer": True})
    assert event == Confirmed()
    assert [line["type"] for line in out] == ["confirm", "problem"]


def test_empty_lines_are_nothing() -> None:
    event, out = asked(PLACE, "", "   ", {"answer": "user"})
    assert event == Answer("place", "user")
    assert len(out) == 1


def test_the_review_tells_the_plan_and_the_answers() -> None:
    event, out = reviewed({"answer": True})
    assert event == Confirmed()
    assert out == [
        {
            "type": "confirm",
            "id": "apply",
            "message": "Do this now?",
            "plan": [
                {"words": ["keys", "set", "x"], "secret": True},
                {"words": ["fetch"], "secret": False},
            ],
            "answers": [{"id": "place", "message": "Where?", "answer": "For me", "from": "asked"}],
        }
    ]


def test_the_review_goes_back_and_to_one_answer() -> None:
    assert reviewed({"back": True})[0] == Back()
    assert reviewed({"change": "place"})[0] == Change("place")


@pytest.mark.parametrize("name", ["fetch", "", None, ["place"], {}])
def test_an_answer_that_is_not_there_cannot_be_changed(name: Any) -> None:
    event, out = reviewed({"change": name}, {"change": "place"})
    assert event == Change("place")
    assert out[1]["type"] == "problem"


def test_no_to_the_plan_changes_nothing() -> None:
    with pytest.raises(CancelledError, match="Nothing was changed"):
        reviewed({"answer": False})


@pytest.mark.parametrize("line", [{"answer": "true"}, {"answer": 1}, {"skip": True}])
def test_only_true_is_yes_to_the_plan(line: dict[str, Any]) -> None:
    assert [entry["type"] for entry in reviewed(line, {"answer": True})[1]] == [
        "confirm",
        "problem",
    ]


@pytest.mark.parametrize("lines", [[{"cancel": True}], []])
def test_everything_can_be_given_up(lines: list[Any]) -> None:
    with pytest.raises(CancelledError):
        asked(PLACE, *lines)
    with pytest.raises(CancelledError):
        reviewed(*lines)
    with pytest.raises(CancelledError):
        Pipe(*lines).lines.secret("Key for x")


def test_a_command_can_want_a_hidden_input() -> None:
    pipe = Pipe({"answer": 5}, {"back": True}, {"answer": CANARY})
    assert pipe.lines.secret("Key for x") == CANARY
    assert [line["type"] for line in pipe.out] == ["secret", "problem", "problem"]
    assert pipe.out[0]["message"] == "Key for x"


def test_what_happens_goes_out() -> None:
    pipe = Pipe(redact=lambda text: text.replace(CANARY, "***"))
    pipe.lines.event(Running("fetch"))
    pipe.lines.event(Progress("fetch", "Groq", "ok", 1, 2))
    pipe.lines.event(Output(Line(f"a {CANARY} b", "ok")))
    pipe.lines.event(Output(Line("oh", err=True)))
    pipe.lines.show("Hello")
    assert pipe.out == [
        {"type": "run", "command": "fetch"},
        {
            "type": "progress",
            "task": "fetch",
            "label": "Groq",
            "state": "ok",
            "done": 1,
            "total": 2,
        },
        {"type": "output", "text": "a *** b", "error": False},
        {"type": "output", "text": "oh", "error": True},
        {"type": "say", "text": "Hello"},
    ]


def driven(
    monkeypatch: pytest.MonkeyPatch, line: str, *lines: Any
) -> tuple[int, list[dict[str, Any]]]:
    """A whole flow in this process, over a pipe that is none."""
    out = io.StringIO()
    texts = [entry if isinstance(entry, str) else json.dumps(entry) for entry in lines]
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{text}\n" for text in texts)))
    monkeypatch.setattr(sys, "stdout", out)
    console = Console(str)
    session = Session(console)
    console.redact = session.redact
    try:
        code = execute(session, console, session.parse(line))
    finally:
        monkeypatch.undo()
    assert session.frontend is console
    return code, [json.loads(text) for text in out.getvalue().splitlines()]


@pytest.fixture
def keyed(world: World, server: FakeServer) -> FakeServer:
    openrouter(server, CANARY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    return server


FLOW = "flow onboarding --set start=no --jsonl"


def test_a_whole_conversation(
    world: World, keyed: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        code, out = driven(
            patched,
            FLOW,
            {"answer": "project"},
            {"back": True},
            {"answer": "mars"},
            {"answer": "user"},
            {"answer": ["openrouter", "ollma"]},
            {"answer": "openrouter"},
            {"answer": WRONG},
            {"answer": CANARY},
            {"answer": "perhaps"},
            {"answer": "yes"},
            {"change": "fetch"},
            {"back": True},
            {"answer": True},
        )
    assert code == 0, out
    questions = [(line["id"], line["problem"]) for line in out if line["type"] == "ask"]
    assert [name for name, _ in questions] == [
        "place",
        "providers",
        "place",
        "place",
        "providers",
        "providers",
        "openrouter.key",
        "openrouter.key",
        "fetch",
        "fetch",
        "fetch",
    ]
    problems = [problem for _, problem in questions if problem]
    assert problems[0].startswith('place cannot be "mars".')
    assert 'Did you mean "ollama"?' in problems[1]
    assert problems[2].startswith("OpenRouter refused this key (401).")
    assert problems[3] == 'fetch is answered with yes or no, not "perhaps".'
    assert [line["command"] for line in out if line["type"] == "run"] == [
        "init --at user",
        "keys set openrouter",
        "providers add openrouter --key-env OPENROUTER_API_KEY",
        "fetch",
    ]
    assert {"ask", "confirm", "say", "run", "progress", "output", "done"} <= {
        line["type"] for line in out
    }
    assert out[-1]["type"] == "done"
    assert (out[-1]["exit_code"], out[-1]["flow"]) == (0, "onboarding")
    assert len(out[-1]["results"]) == len(out[-1]["commands"]) == 4


def test_secrets_never_go_out(
    world: World, keyed: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ({"answer": "user"}, {"answer": ["openrouter"]}, {"answer": WRONG}, {"answer": CANARY})
    with monkeypatch.context() as patched:
        code, out = driven(patched, FLOW, *said, {"answer": True}, {"answer": True})
    assert code == 0
    assert "canary" not in json.dumps(out)
    assert f"={CANARY}\n" in (world.workspace / ".env").read_text()


@pytest.mark.parametrize("lines", [[], [{"cancel": True}], [{"answer": "user"}]])
def test_the_end_of_the_input_gives_up(
    world: World, monkeypatch: pytest.MonkeyPatch, lines: list[Any]
) -> None:
    with monkeypatch.context() as patched:
        code, out = driven(patched, FLOW, *lines)
    assert code == 130
    last = out[-1]
    assert (last["type"], last["kind"], last["exit_code"]) == ("error", "CancelledError", 130)
    assert last["what"] == "Nothing was changed."
    assert not (world.workspace / "providers.yaml").exists()


def test_a_command_that_fails_ends_it_with_its_error_and_undoing_is_asked_about(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/v1/models"] = openai_list()
    said = ({"answer": "user"}, {"answer": ["oai"]}, {"answer": f"{server.url}/v1"})
    with monkeypatch.context() as patched:
        kept = {"default": True}
        more = (kept, {"answer": ""}, {"answer": True}, {"answer": True}, {"answer": "true"})
        code, out = driven(patched, FLOW, *said, *more)
    assert code == 5
    assert [line["id"] for line in out if line["type"] == "ask"][-1] == "undo"
    assert [line["command"] for line in out if line["type"] == "run"][-1] == "providers remove oai"
    assert (out[-1]["type"], out[-1]["exit_code"]) == ("error", 5)
    assert out[-1]["what"] == "`fetch` failed (exit code 5)."


def test_numbers_that_are_none_are_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.workspace / "flows").mkdir(parents=True)
    (world.workspace / "flows" / "small.yaml").write_text(
        "flow: small\ntitle: x\nsteps:\n"
        "  - {ask: port, type: int, message: Port?, min: 1}\n"
        "  - {ask: name, type: text, message: Name?}\n"
        "  - {ask: who, type: many, message: Who?, choices: [{value: a}, {value: b}]}\n"
    )
    wrong: list[Any] = [True, 4.5, [1], {}, "1e3", 0, float("inf"), float("nan")]
    lines = [*wrong, 4000, ["x"], {"x": 1}, "x", 5, [["a"]], {"a": 1}, ["b", "a"]]
    with monkeypatch.context() as patched:
        code, out = driven(patched, "flow small --jsonl", *({"answer": line} for line in lines))
    assert code == 0, out[-1]
    asked_for = [line["id"] for line in out if line["type"] == "ask"]
    assert asked_for == ["port"] * 9 + ["name"] * 3 + ["who"] * 4


@pytest.mark.parametrize("start", [("init", "--wizard"), ("flow", "onboarding")])
def test_in_a_process_of_its_own_with_anything_on_the_pipe(
    world: World, start: tuple[str, ...]
) -> None:
    """Answered line by line, as it asks; bytes that are no text are a problem as well."""
    said = {
        "place": [b"\xff\xfe{", b'{"answer": "user"}'],
        "providers": [b'{"default": true}'],
        "fetch": [b'{"default": true}'],
        "apply": [b'{"answer": true}'],
    }
    out = []
    with subprocess.Popen(
        [sys.executable, "-m", "freerouter", *start, "--set", "start=no", "--jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=world.cwd,
    ) as child:
        assert child.stdin
        assert child.stdout
        for raw in child.stdout:
            out.append(json.loads(raw))
            for line in said.pop(out[-1].get("id"), []):
                child.stdin.write(line + b"\n")
            child.stdin.flush()
    assert child.returncode == 0
    assert [line["type"] for line in out].count("problem") == 1
    assert out[-1]["type"] == "done"
    assert "openai/demo" in (world.workspace / "config.yaml").read_text()


def test_a_key_that_a_command_reveals_stays_here(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.cli("init")
    (world.workspace / "flows").mkdir()
    (world.workspace / "flows" / "leak.yaml").write_text(
        "flow: leak\ntitle: x\nsteps:\n  - run: [keys show master]\n"
    )
    with monkeypatch.context() as patched:
        code, out = driven(patched, "flow leak --jsonl", {"answer": True})
    assert code == 0
    assert {"type": "output", "text": "env:LITELLM_MASTER_KEY", "error": False} in out
    assert world.cli("keys", "show", "master").out.strip() not in json.dumps(out)


@pytest.mark.parametrize("question", [PLACE, SECRET, NAME], ids=lambda q: q.type)
def test_help_is_sent_and_the_question_still_stands(question: Question) -> None:
    pipe = Pipe({"help": True}, {"answer": "x"})
    assert pipe.lines.ask(question) == Answer(question.id, "x")
    asked, helped = pipe.out
    assert (asked["type"], helped["type"]) == ("ask", "help")
    assert "It takes " in helped["text"]
    assert question.help in helped["text"]


def test_help_is_there_for_the_plan_and_for_a_hidden_input() -> None:
    pipe = Pipe({"help": True}, {"answer": True}, {"help": True}, {"answer": "unseen"})
    assert pipe.lines.confirm(REVIEW) == Confirmed()
    assert pipe.lines.secret("Key?") == "unseen"
    assert [line["type"] for line in pipe.out] == ["confirm", "help", "secret", "help"]
    assert "No changes nothing." in pipe.out[1]["text"]
