"""The docs show sessions as they are, and lead to files that are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from embedded import BLOCK, NAMED, ROOT, SAMPLES, NotShownError, documents, renewed, sample, shown

from freerouter.scripts.grammar import parse
from freerouter.scripts.patterns import KINDS, Placeholder

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = documents()
every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@every_document
def test_what_it_shows_of_a_session_is_that_session(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == renewed(text), "`python tests/embedded.py` writes the blocks anew"


@every_document
def test_every_mark_has_its_block(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    marks = [line for line in text.splitlines() if line.startswith("<!-- transcript")]
    assert len(marks) == len(BLOCK.findall(text))


@every_document
def test_a_link_leads_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("name", ["README.md", "docs/tutorial.md", "docs/how-to"])
def test_it_shows_sessions(name: str) -> None:
    where = ROOT / name
    for path in sorted(where.glob("*.md")) if where.is_dir() else [where]:
        assert BLOCK.search(path.read_text(encoding="utf-8")), path


def session(text: str) -> list[str]:
    return list(shown(parse(f"#!freerouter session 1\n{text}", "x.frs")))


def test_a_session_looks_as_it_does_on_a_screen() -> None:
    assert session(
        "@home fresh\n== One\n> init --wizard\n? place: Where?\n< user\n? groq.key: Groq API key\n"
        "< env:MINE\n? fetch\n< ^default\n| At {port:port}, then {port2:port}, {port}.\n|\n|...\n"
        "! It failed.\n= 5\n> stop\n"
    ) == [
        "$ freerouter init --wizard",
        "? Where?  user",
        "? Groq API key  (not shown)",
        "? fetch  (as offered)",
        "At 4000, then 4001, 4000.",
        "",
        "…",
        "It failed.",
        "$ freerouter stop",
    ]


def test_a_test_server_is_shown_with_its_address() -> None:
    assert session("> start --port ${LAB_PORT}\n> providers try ${LAB_URL}\n") == [
        "$ freerouter start --port 4000",
        "$ freerouter providers try http://127.0.0.1:4000/v1",
    ]


def test_a_phase_is_shown_alone() -> None:
    file = parse("> init\n== One\n> fetch\n== Two\n> list\n> stop\n", "x.frs")
    assert list(shown(file, "One")) == ["$ freerouter fetch"]
    assert list(shown(file, "Two")) == ["$ freerouter list", "$ freerouter stop"]
    with pytest.raises(ValueError, match="Three"):
        list(shown(file, "Three"))


@pytest.mark.parametrize("line", ["|* a glob*", "|/ .*"])
def test_what_has_no_one_look_is_not_shown(line: str) -> None:
    with pytest.raises(NotShownError):
        session(f"> init\n{line}\n")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sample_of_its_kind(kind: str) -> None:
    assert re.fullmatch(KINDS[kind], sample(Placeholder("x", kind)))


def test_samples_are_used_by_name_before_kind() -> None:
    assert SAMPLES.keys() == KINDS.keys()
    assert sample(Placeholder("up", "duration")) == NAMED["up"]


def test_a_block_that_is_not_in_step_is_seen() -> None:
    text = "<!-- transcript: logs.frs -->\n```console\n$ freerouter list\n```\n"
    assert renewed(text) != text
    assert renewed(renewed(text)) == renewed(text)
