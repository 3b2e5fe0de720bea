"""What is offered while a line is typed: of every kind, ranked, explained, greyed where it cannot
be used now.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from freerouter.shell.candidates import Candidate, grouped
from freerouter.shell.completion import Line, ShellCompleter, completions
from freerouter.shell.snapshot import Snapshot

if TYPE_CHECKING:
    from conftest import World

MODELS = (
    Candidate("meta-llama/llama-3.3-70b-instruct:free", "openrouter, free"),
    Candidate("llama-3.3-70b-versatile", "groq, not served", weight=1),
    Candidate("qwen/qwen3-coder:free", "openrouter, free"),
)
NOW = Snapshot(
    groups={
        "model": grouped(MODELS),
        "served": grouped([MODELS[0], MODELS[2]]),
        "provider": grouped([Candidate("groq", "provider"), Candidate("openrouter", "provider")]),
        "flow": grouped([Candidate("add-provider", "flow")]),
        "profile": grouped([Candidate("dev", "profile")]),
        "backup": grouped([Candidate("20260131-180000", "backup")]),
    },
    cannot={"gateway": "The gateway is not running: start"},
)


def offered(typed: str, now: Snapshot = NOW, **recent: int) -> list[str]:
    return [c.text for c in completions(Line(typed), now, recent)]


def test_a_line_begins_with_a_command_or_a_word_of_the_shell() -> None:
    assert {"fetch", "providers add", "exit", "next", "how", "why", "set"} <= set(offered(""))
    assert "where" not in offered("")


def test_the_second_word_of_a_command_follows_its_first() -> None:
    assert offered("keys ")[:4] == ["list", "set", "check", "show"]


def test_options_follow_a_command_and_are_not_offered_twice() -> None:
    assert "--free" in offered("list --")
    assert "--free" not in offered("list --free --")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("st", "stop"),
        ("sta", "start"),
        ("list --provider op", "openrouter"),
        ("list --provider=gr", "groq"),
        ("init --at ", "user"),
        ("init --at pr", "project"),
        ("providers add gq", "groq"),
        ("flow ap", "add-provider"),
        ("help sel", "select"),
        ("select l33v", "llama-3.3-70b-versatile"),
        ("select qc", "qwen/qwen3-coder:free"),
    ],
)
def test_the_nearest_comes_first(typed: str, first: str) -> None:
    assert offered(typed)[0] == first


def test_only_what_is_served_can_be_asked() -> None:
    assert offered("ask --model ll") == [MODELS[0].text]
    assert set(offered("select ll")) >= {MODELS[0].text, MODELS[1].text}


def test_what_was_used_last_comes_first_among_equals() -> None:
    assert offered("st", start=0)[0] == "start"
    assert offered("st", status=0, start=3)[:2] == ["status", "start"]


def test_a_command_that_cannot_run_now_stays_and_says_why() -> None:
    found = {c.text: c.cannot for c in completions(Line("as"), NOW, {})}
    assert found["ask"] == "The gateway is not running: start"
    assert not {c.text: c.cannot for c in completions(Line("st"), NOW, {})}["status"]


def test_files_are_offered_where_a_file_is_wanted(world: World) -> None:
    (world.cwd / "set-up.frs").write_text("")
    (world.cwd / ".hidden").write_text("")
    (world.cwd / "scripts").mkdir()
    (world.cwd / "scripts" / "one.frs").write_text("")
    assert {"set-up.frs", "scripts/"} <= set(offered("run "))
    assert ".hidden" not in offered("run ")
    assert offered("run scripts/o") == ["scripts/one.frs"]
    assert offered("run nowhere/") == []


def drawn(typed: str) -> dict[str, tuple[list[tuple[str, str]], str]]:
    completer = ShellCompleter(lambda: NOW)

    async def collect() -> dict[str, tuple[list[tuple[str, str]], str]]:
        event = CompleteEvent(text_inserted=True)
        return {
            c.text: ([(p[0], p[1]) for p in c.display], c.display_meta_text)
            async for c in completer.get_completions_async(Document(typed), event)
        }

    return asyncio.run(collect())


def test_letters_that_were_found_stand_out() -> None:
    pieces, meta = drawn("select qc")["qwen/qwen3-coder:free"]
    assert ("class:found", "q") in pieces
    assert meta == "openrouter, free"
    assert "".join(text for _, text in pieces) == "qwen/qwen3-coder:free"


def test_what_cannot_run_is_grey_and_the_reason_stands_beside_it() -> None:
    pieces, meta = drawn("as")["ask"]
    assert all("class:cannot" in style for style, _ in pieces)
    assert meta == "The gateway is not running: start"


def test_files_are_found_without_holding_up_the_typing(world: World) -> None:
    (world.cwd / "set-up.frs").write_text("")
    assert "set-up.frs" in drawn("run se")
