"""State can always be made again: whatever is damaged counts as absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freerouter.config.kept_models import ROW, by_kind, read_kept
from freerouter.config.state import (
    fingerprint_of,
    has_models,
    read_fetched,
    read_models,
    read_state,
    read_suffixes,
    write_state,
)
from freerouter.config.workspace import Workspace
from freerouter.providers.models import Model

GOOD: dict[str, Any] = {**Model("m", "p")._asdict(), "written": True}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "x.json")
    write_state(path, {"name": "été", "n": 1})
    assert read_state(path) == {"name": "été", "n": 1}


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"\xff\xfe", b'"text"'])
def test_a_damaged_file_counts_as_absent(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x.json").write_bytes(raw)
    assert read_state(str(tmp_path / "x.json")) is None


def test_the_fields_of_a_row_are_those_of_a_model() -> None:
    assert GOOD.keys() == ROW


@pytest.mark.parametrize("models", [None, {}, "x", [1], [{"id": "m"}]])
def test_rows_of_another_shape_are_left_out(tmp_path: Path, models: Any) -> None:
    workspace = Workspace(str(tmp_path))
    write_state(workspace.models_file, {"models": models})
    assert read_models(workspace) == []


def test_a_damaged_row_does_not_cost_the_others(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    write_state(workspace.models_file, {"models": [7, GOOD]})
    assert read_models(workspace) == [GOOD]


def test_models_are_kept_by_kind_and_read_as_rows(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    rows = [{**GOOD, "id": "a"}, {**GOOD, "id": "b", "free": "no"}, {**GOOD, "id": "c"}]
    write_state(workspace.models_file, {"models": by_kind(rows)._asdict()})
    assert read_models(workspace) == rows
    kept = read_kept(read_state(workspace.models_file))
    assert (kept.kind, len(kept.kinds)) == ([0, 1, 0], 2)


def test_a_file_of_an_earlier_version_says_nothing_of_what_a_model_can(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    old = {name: value for name, value in GOOD.items() if name != "can"}
    write_state(workspace.models_file, {"version": 1, "models": [old]})
    assert read_models(workspace) == [GOOD]


@pytest.mark.parametrize(
    "damage",
    [
        {"kind": [0]},
        {"kind": [0, 1]},
        {"kind": [0, -1]},
        {"kind": None},
        {"kinds": [["p"]]},
        {"kinds": None},
        {"own": {}},
        {"own": {"id": ["a", "b"]}},
        {"own": 7},
    ],
)
def test_damaged_columns_are_no_models(tmp_path: Path, damage: dict[str, Any]) -> None:
    workspace = Workspace(str(tmp_path))
    kept = by_kind([GOOD, {**GOOD, "id": "n"}])._asdict()
    write_state(workspace.models_file, {"models": {**kept, **damage}})
    assert read_models(workspace) == []


@pytest.mark.parametrize(
    ("state", "suffixes"),
    [({}, {}), ({"suffixes": 1}, {}), ({"suffixes": {"a": "/v1", "b": 2}}, {"a": "/v1"})],
)
def test_only_texts_are_suffixes(
    tmp_path: Path, state: dict[str, Any], suffixes: dict[str, str]
) -> None:
    workspace = Workspace(str(tmp_path))
    write_state(workspace.models_file, state)
    assert read_suffixes(workspace) == suffixes


@pytest.mark.parametrize(
    ("state", "when"), [({}, None), ({"fetched": "now"}, None), ({"fetched": 7}, 7.0)]
)
def test_when_all_were_asked_is_a_number(
    tmp_path: Path, state: dict[str, Any], when: float | None
) -> None:
    workspace = Workspace(str(tmp_path))
    assert read_fetched(workspace) is None
    write_state(workspace.models_file, state)
    assert read_fetched(workspace) == when


def test_there_are_models_once_both_files_are_there(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    write_state(workspace.models_file, {})
    assert not has_models(workspace)
    Path(workspace.config_file).touch()
    assert has_models(workspace)


def test_the_fingerprint_is_found_in_the_head_of_the_file_only(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("# Made\n# fingerprint: abc\n")
    assert fingerprint_of(str(path)) == "abc"
    path.write_text("#\n" * 10 + "# fingerprint: abc\n")
    assert fingerprint_of(str(path)) == ""
    path.write_bytes(b"\xff\n")
    assert fingerprint_of(str(path)) == ""
    assert fingerprint_of(str(tmp_path / "none")) == ""


def test_state_is_compact_json(tmp_path: Path) -> None:
    write_state(str(tmp_path / "x"), {"a": [1, 2]})
    assert (tmp_path / "x").read_text() == json.dumps({"a": [1, 2]}, separators=(",", ":")) + "\n"
