"""`logs -r`: one line a request; and `--since`, `--errors` and `--json` of both kinds of log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.commands.logs import since_when
from freerouter.errors import UsageError
from freerouter.usage.record import RequestRecord, to_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import World

KEY = "sk-or-v1-canary-0000"
HEADING = "TIME      CODE     TOOK       IN+OUT      COST  MODEL"


@pytest.fixture(autouse=True)
def _in_utc(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def moment(ago: float) -> datetime:
    return datetime.now(timezone.utc) - timedelta(seconds=ago)


def record(ago: float = 0.0, **more: Any) -> RequestRecord:
    """A request of so many seconds ago."""
    began = moment(ago).isoformat(timespec="milliseconds")
    made = RequestRecord(began, "fast", "groq", "llama-3.3", 200, latency=0.25, dialect="chat")
    return made._replace(tokens_in=1200, tokens_out=34, cost=0.00071)._replace(**more)


def write(world: World, *records: RequestRecord, name: str = "requests.jsonl") -> Path:
    path = world.workspace / "state" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{to_line(r)}\n" for r in records))
    return path


def shown(world: World, *words: str) -> list[str]:
    ran = world.cli("logs", "-r", *words)
    assert ran.code == 0, ran.err
    head, *lines = ran.out.splitlines()
    assert head == HEADING
    assert all(line[2] == ":" for line in lines)
    return [line[8:] for line in lines]


def test_a_request_is_one_line_of_at_most_80_columns(world: World) -> None:
    write(world, record())
    (line,) = shown(world)
    assert line == "   200   0.25 s      1200+34  $0.00071  fast = llama-3.3 (groq)"
    assert len(line) + 8 <= 80


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({"model": "fast"}, "  $0.00071  fast (groq)"),
        ({"cost": None}, "         -  fast = llama-3.3 (groq)"),
        ({"cost": 0.0}, "        $0  fast = llama-3.3 (groq)"),
        ({"cost": 1.5}, "   $1.5000  fast = llama-3.3 (groq)"),
        ({"retries": 1}, "(groq), 1 retry"),
        ({"retries": 2, "fallbacks": 2}, "(groq), 2 retries, 2 fallbacks"),
        ({"latency": 62.0}, "    1200+34  $0.00071  fast = llama-3.3 (groq)"),
        (
            {"status": 429, "error": "RateLimitError", "message": "slow down"},
            "fast = llama-3.3 (groq), RateLimitError: slow down",
        ),
        ({"status": 401, "alias": "", "provider": "", "model": "", "error": "x"}, "  chat, x"),
        (
            {"tokens_in": None, "tokens_out": None},
            "s            -  $0.00071  fast = llama-3.3 (groq)",
        ),
    ],
)
def test_a_line_tells_what_is_known(world: World, change: dict[str, Any], end: str) -> None:
    write(world, record(**change))
    assert shown(world)[0].endswith(end)


def test_no_requests_is_said_in_words(world: World) -> None:
    nothing = "No requests yet: they are recorded while the gateway runs.\n"
    assert world.cli("logs", "-r").out == nothing
    assert json.loads(world.cli("logs", "-r", "--json").out) == {"requests": []}
    write(world, record(7200))
    assert world.cli("logs", "-r", "--since", "1h").out == "No request is like that.\n"


def test_the_last_ones_come_in_their_order_from_older_files_too(world: World) -> None:
    write(world, *(record(alias=f"a{n}", model="") for n in range(40)), name="requests.jsonl.1")
    write(world, *(record(alias=f"b{n}", model="") for n in range(20)))
    names = [line.split()[-2] for line in shown(world)]
    assert names == [f"a{n}" for n in range(10, 40)] + [f"b{n}" for n in range(20)]
    assert [line.split()[-2] for line in shown(world, "-n", "2")] == ["b18", "b19"]


def test_since_and_errors_narrow_it_down(world: World) -> None:
    write(
        world,
        record(7200, alias="old", status=500),
        record(1800, alias="late", latency=1700.0),
        record(60, alias="bad", status=500),
        record(5, alias="good"),
    )
    assert len(shown(world)) == 4
    assert ["bad" in line for line in shown(world, "--errors")] == [False, True]
    assert len(shown(world, "--since", "45m")) == 3
    assert len(shown(world, "--since", "10m")) == 2
    assert len(shown(world, "--since", "10m", "--errors")) == 1
    assert len(shown(world, "--since", "1d", "-n", "1")) == 1


def test_what_is_no_record_is_passed_over(world: World) -> None:
    path = write(world, record())
    path.write_text('{"time": "2026-1\n' + path.read_text() + "\n{}\n")
    assert len(shown(world)) == 1


def test_as_data(world: World) -> None:
    write(world, record(request="Q", response="A"))
    (found,) = json.loads(world.cli("logs", "-r", "--json").out)["requests"]
    assert (found["alias"], found["tokens_out"], found["status"]) == ("fast", 34, 200)
    assert "request" not in found
    (whole,) = json.loads(world.cli("logs", "--bodies", "--json").out)["requests"]
    assert (whole["request"], whole["response"]) == ("Q", "A")


def test_bodies_stand_below_their_request_where_they_were_recorded(world: World) -> None:
    write(world, record(request="one\ntwo", response="three"))
    ran = world.cli("logs", "--bodies")
    assert ran.out.splitlines()[2:] == ["  > one", "  > two", "  < three"]
    assert ran.err == ""
    assert "  > one" not in world.cli("logs", "-r").out
    write(world, record())
    ran = world.cli("logs", "-r", "--bodies")
    assert "gateway: {log_bodies: true}" in ran.err


def test_secrets_are_hidden_in_requests_too(world: World) -> None:
    write(world, record(message=f"for {KEY}", error="x", status=401))
    (world.workspace / ".env").write_text(f"OPENROUTER_API_KEY={KEY}\n")
    assert "for env:OPENROUTER_API_KEY" in world.cli("logs", "-r").out
    assert "canary" not in world.cli("logs", "-r", "--json").out


def log(world: World, *lines: str) -> None:
    path = world.workspace / "state" / "gateway.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def at(ago: float) -> str:
    return f"{moment(ago):%Y-%m-%d %H:%M:%S}"


def test_the_log_is_narrowed_down_as_well(world: World) -> None:
    old = [f"{at(7200)} ERROR long ago", "Traceback (most recent call last):", "OSError"]
    new = [f"{at(120)} INFO fine", f"{at(60)} WARNING look", "  more of it", f"{at(5)} INFO ok"]
    log(world, *old, *new)
    assert world.cli("logs", "--since", "10m").out.splitlines() == new
    assert world.cli("logs", "--errors").out.splitlines() == [*old, new[1], new[2]]
    assert world.cli("logs", "--errors", "--since", "90s").out.splitlines() == new[1:3]
    assert world.cli("logs", "--since", "1d", "-n", "1").out.splitlines() == [new[-1]]
    assert world.cli("logs", "--since", "1s").out == "The log has nothing like that.\n"


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("90s", datetime(2026, 1, 31, 11, 58, 30)),  # noqa: DTZ001 - local, as it is said
        ("10m", datetime(2026, 1, 31, 11, 50)),  # noqa: DTZ001
        ("1.5 h", datetime(2026, 1, 31, 10, 30)),  # noqa: DTZ001
        ("2d", datetime(2026, 1, 29, 12, 0)),  # noqa: DTZ001
        ("2026-01-31", datetime(2026, 1, 31, 0, 0)),  # noqa: DTZ001
        ("2026-01-31T10:00", datetime(2026, 1, 31, 10, 0)),  # noqa: DTZ001
        ("2026-01-31T10:00Z", datetime(2026, 1, 31, 10, 0)),  # noqa: DTZ001
        ("2026-01-31T10:00:00+02:00", datetime(2026, 1, 31, 8, 0)),  # noqa: DTZ001
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_said_as_long_ago_or_as_a_date(text: str | None, when: datetime | None) -> None:
    now = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc).timestamp()
    assert since_when(text, now) == when


@pytest.mark.parametrize("text", ["soon", "10", "m", "10 years", "31.1.2026"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        since_when(text, 0.0)
    assert "10m" in raised.value.fix


def followed(world: World, again: Callable[[], object], *words: str) -> tuple[str, ...]:
    """The first line of what is shown, and the first that comes while it is followed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "freerouter", "logs", "-f", *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=world.cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stdout
    first = child.stdout.readline()
    seen = Event()

    def go_on() -> None:
        while not seen.wait(0.01):
            again()

    writing = Thread(target=go_on)
    writing.start()
    second = child.stdout.readline()
    seen.set()
    writing.join()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    return first, second


def appending(path: Path, text: str) -> Callable[[], object]:
    def append() -> None:
        with path.open("a") as file:
            file.write(text)

    return append


def test_following_requests_shows_each_as_it_comes(world: World) -> None:
    path = write(world)
    bad = to_line(record(status=500, alias="bad")) + "\n" + "not a record\n"
    good = to_line(record(alias="good")) + "\n"
    head, line = followed(world, appending(path, good + bad), "-r", "--errors")
    assert head == f"{HEADING}\n"
    assert "  bad = llama-3.3 (groq)" in line


def test_following_as_json_is_an_object_a_line(world: World) -> None:
    path = write(world, record(alias="first"))
    new = appending(path, to_line(record(alias="next")) + "\n")
    first, second = (json.loads(line) for line in followed(world, new, "-r", "--json"))
    assert (first["alias"], second["alias"]) == ("first", "next")


def test_following_only_what_went_wrong_in_the_log(world: World) -> None:
    log(world, f"{at(60)} ERROR first", f"{at(30)} INFO fine")
    path = world.workspace / "state" / "gateway.log"
    new = appending(path, f"{at(5)} INFO fine\n{at(5)} ERROR next\n  and more\n")
    first, second = followed(world, new, "--errors", "--json")
    assert json.loads(first)["line"].endswith("first")
    assert json.loads(second)["line"].endswith("next")
