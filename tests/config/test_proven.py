"""Which models are proven, out of what was kept and what the gateway's log tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.config.proven import (
    TAIL,
    day_of,
    read_calls,
    read_proven,
    write_failing,
    write_proven,
)
from freerouter.config.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "state").mkdir()
    return Workspace(str(tmp_path))


def log(workspace: Workspace, *lines: dict[str, Any] | str) -> None:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    with open(workspace.requests_file, "a", encoding="utf-8") as file:
        file.writelines(f"{text}\n" for text in texts)


def request(model: str, **more: Any) -> dict[str, Any]:
    line = {"time": "2026-09-01T10:00:00+00:00", "provider": "lab", "status": 200, "latency": 0.5}
    return {**line, "model": model, **more}


def test_where_nothing_is_kept_nothing_is_proven(workspace: Workspace) -> None:
    assert read_proven(workspace) == {}
    assert day_of(None) == ""


def test_what_is_kept_comes_back(workspace: Workspace) -> None:
    fact = {"at": 1788256800.0, "latency": 0.4, "stream": True, "tools": None, "by": "check"}
    write_proven(workspace, {"lab/a": fact})
    kept = read_proven(workspace)["lab/a"]
    assert kept == {"at": 1788256800.0, "latency": 0.4, "stream": True, "by": "check"}
    assert day_of(kept) == "2026-09-01"


def test_a_later_answer_keeps_what_was_known_of_the_model(workspace: Workspace) -> None:
    write_proven(workspace, {"lab/a": {"at": 1.0, "stream": True, "tools": False, "by": "check"}})
    write_proven(workspace, {"lab/a": {"at": 2.0, "stream": None, "tools": None, "by": "check"}})
    kept = read_proven(workspace)["lab/a"]
    assert (kept["at"], kept["stream"], kept["tools"]) == (2.0, True, False)
    log(workspace, request("a"))
    assert read_proven(workspace)["lab/a"]["by"] == "traffic"
    assert read_proven(workspace)["lab/a"]["tools"] is False


def test_a_model_that_is_gone_is_forgotten(workspace: Workspace) -> None:
    write_proven(workspace, {"lab/a": {"at": 1.0}, "lab/b": {"at": 1.0}})
    write_proven(workspace, {}, ["lab/a", "lab/never"])
    assert set(read_proven(workspace)) == {"lab/b"}


@pytest.mark.parametrize(
    "line",
    [
        request("a", status=429),
        request("a", time="yesterday"),
        request("a", provider=""),
        request("", provider="lab"),
        {"status": 200},
        '{"status": 200, cut sh',
        '["status": 200]',
        "",
    ],
)
def test_what_proves_nothing_is_passed_over(
    workspace: Workspace, line: dict[str, Any] | str
) -> None:
    log(workspace, line, request("b"))
    assert set(read_proven(workspace)) == {"lab/b"}


def test_only_the_end_of_a_long_log_is_read(workspace: Workspace) -> None:
    log(workspace, request("old"), "x" * TAIL, request("new"))
    assert set(read_proven(workspace)) == {"lab/new"}


@pytest.mark.parametrize("fact", [None, 7, {}, {"at": "now"}, {"at": True}, {"at": -1.0}])
def test_what_is_damaged_is_left_out(workspace: Workspace, fact: Any) -> None:
    with open(workspace.proven_file, "w", encoding="utf-8") as file:
        json.dump({"lab/a": fact, "lab/b": {"at": 1.0}}, file)
    assert set(read_proven(workspace)) == {"lab/b"}


def test_the_last_call_decides_whether_a_model_is_proven_or_failing(workspace: Workspace) -> None:
    log(workspace, request("a"), request("b", time="2026-09-01T09:00:00Z"))
    log(workspace, request("b", status=503, message="overloaded"), request("c", status=429))
    log(workspace, request("c", time="2026-09-01T11:00:00Z"))
    proven, failing = read_calls(workspace)
    assert set(proven) == {"lab/a", "lab/c"}
    assert {name: fact["why"] for name, fact in failing.items()} == {"lab/b": "503 overloaded"}


@pytest.mark.parametrize("status", [400, 413, 422, 499])
def test_what_the_client_did_wrong_fails_no_model(workspace: Workspace, status: int) -> None:
    log(workspace, request("a"), request("a", status=status, time="2026-09-01T12:00:00Z"))
    proven, failing = read_calls(workspace)
    assert (set(proven), failing) == ({"lab/a"}, {})


def test_a_failed_check_is_kept_until_the_model_answers(workspace: Workspace) -> None:
    write_failing(workspace, {"lab/a": {"at": 5.0, "why": "busy", "by": "check"}}, ())
    assert read_calls(workspace)[1]["lab/a"]["why"] == "busy"
    write_proven(workspace, {"lab/a": {"at": 6.0}})
    assert read_calls(workspace)[1] == {}
    write_failing(workspace, {}, ["lab/a"])
    with open(workspace.failing_file, encoding="utf-8") as file:
        assert json.load(file) == {}


def test_a_stream_that_broke_off_counts_as_answered(workspace: Workspace) -> None:
    """Its status was 200, and the record of the request tells why it ended."""
    log(workspace, request("a", error="Cut"))
    assert set(read_calls(workspace)[0]) == {"lab/a"}
