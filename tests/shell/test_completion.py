from __future__ import annotations

import json
from typing import TYPE_CHECKING

from freerouter.config.workspace import Workspace
from freerouter.providers.models import Model
from freerouter.shell.completion import Candidate, Names, candidates, match

if TYPE_CHECKING:
    from pathlib import Path

MODELS = (
    "meta-llama/llama-3.3-70b-instruct:free",
    "meta-llama/llama-4-scout",
    "qwen/qwen3-coder:free",
    "deepseek/deepseek-r1:free",
)


def best(query: str, words: tuple[str, ...] = MODELS) -> list[str]:
    return [c.text for c in match(query, [Candidate(w) for w in words])]


def names(tmp_path: Path, *models: str) -> Names:
    (tmp_path / "state").mkdir(exist_ok=True)
    rows = [{**Model(m, "x")._asdict(), "written": True} for m in models]
    (tmp_path / "state" / "models.json").write_text(json.dumps({"models": rows}))
    return Names(lambda: Workspace(str(tmp_path)))


def texts(found: list[Candidate]) -> list[str]:
    return [c.text for c in found]


def test_letters_in_order_are_enough() -> None:
    assert best("qcf") == ["qwen/qwen3-coder:free"]
    assert best("ll70") == ["meta-llama/llama-3.3-70b-instruct:free"]
    assert best("zz") == []


def test_the_beginning_of_a_part_beats_the_middle() -> None:
    assert best("r1", ("x/tutor1", "deepseek/deepseek-r1"))[0] == "deepseek/deepseek-r1"
    assert best("st", ("list", "status", "stop", "start"))[-1] == "list"


def test_an_empty_query_keeps_the_order() -> None:
    assert best("") == list(MODELS)


def test_a_line_begins_with_a_command(tmp_path: Path) -> None:
    found = texts(candidates([], "", names(tmp_path)))
    assert {"fetch", "providers add", "exit"} <= set(found)
    assert "where" not in found


def test_the_second_word_of_a_command_follows_its_first(tmp_path: Path) -> None:
    found = texts(candidates(["keys"], "", names(tmp_path)))
    assert found[:3] == ["set", "check", "show"]


def test_options_follow_a_command_and_are_not_offered_twice(tmp_path: Path) -> None:
    assert "--free" in texts(candidates(["list"], "--", names(tmp_path)))
    assert "--free" not in texts(candidates(["list", "--free"], "--", names(tmp_path)))


def test_values_follow_an_option(tmp_path: Path) -> None:
    known = names(tmp_path, "demo")
    assert texts(candidates(["ask", "--model"], "", known)) == ["demo"]
    assert "openrouter" in texts(candidates(["list", "--provider"], "", known))
    assert texts(candidates(["init", "--at"], "", known)) == ["user", "project"]


def test_providers_complete_where_a_provider_is_wanted(tmp_path: Path) -> None:
    assert "modelscope" in texts(candidates(["providers", "add"], "", names(tmp_path)))


def test_new_models_are_seen_without_a_restart(tmp_path: Path) -> None:
    known = names(tmp_path, "old")
    assert texts(known.models()) == ["old"]
    names(tmp_path, "new-one", "another")
    assert texts(known.models()) == ["new-one", "another"]


def test_no_models_is_no_error(tmp_path: Path) -> None:
    assert Names(lambda: Workspace(str(tmp_path))).models() == []
