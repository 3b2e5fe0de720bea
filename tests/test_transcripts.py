"""The sessions in `transcripts/`: every command and every flow is in one, and they are in order."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from freerouter.errors import FreeRouterError
from freerouter.parser import parse as parse_words
from freerouter.parser import split_line
from freerouter.redact import KEY_SHAPES
from freerouter.registry import FRONT_END
from freerouter.resources import flow_paths, flows_directory
from freerouter.scripts.grammar import expand
from freerouter.scripts.nodes import Directive, Question, Script
from freerouter.scripts.runner import read_script
from freerouter.verbs import REGISTRY
from freerouter.wizard.checking import load_flow
from freerouter.wizard.schema import asks

ROOT = Path(__file__).parent.parent
PATHS = sorted((ROOT / "transcripts").glob("*.frs"))
TYPED = [c.name for c in REGISTRY.visible if c.target != FRONT_END]
"""Commands that can stand in a script. `run`, `record` and `shell` have one inside them."""


@cache
def scripts() -> dict[str, Script]:
    return {path.stem: read_script(str(path)) for path in PATHS}


@cache
def commands() -> frozenset[str]:
    """Every command that is typed in a session."""
    found = set()
    for script in scripts().values():
        for step in script.commands:
            try:
                words = split_line(expand(step.text, _Anything()))
                found.add(parse_words(words, REGISTRY).command.name)
            except FreeRouterError:
                continue
    return frozenset(found)


class _Anything(dict[str, str]):
    """A variable of any name."""

    def get(self, key: object, default: object = None) -> str:
        return "1"


def answered(flow: str) -> set[str]:
    """The questions of a flow that some session is asked."""
    own = {ask.ask for ask in asks(load_flow(flow, [flows_directory()]))}
    seen = {
        said.id.rsplit(".", 1)[-1]
        for script in scripts().values()
        for step in script.commands
        for said in step.talk
        if isinstance(said, Question)
    }
    return own & seen


def test_there_are_as_many_as_there_should_be() -> None:
    assert len(PATHS) >= 25


@pytest.mark.parametrize("name", TYPED)
def test_every_command_is_in_a_session(name: str) -> None:
    assert name in commands(), f"transcripts/ has no session with `{name}`"


@pytest.mark.parametrize("flow", flow_paths([flows_directory()]))
def test_every_question_of_every_flow_is_in_a_session(flow: str) -> None:
    assert answered(flow) == {ask.ask for ask in asks(load_flow(flow, [flows_directory()]))}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_session_is_one_and_lives_in_a_home_of_its_own(path: Path) -> None:
    script = scripts()[path.stem]
    assert script.kind == "session"
    assert any(isinstance(n, Directive) and n.name == "home" for n in script.steps)
    assert path.read_text(encoding="utf-8").splitlines()[1].startswith("# ")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_session_that_comes_out_otherwise_without_the_engine_needs_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "Gateway ready" in text or "LiteLLM {" in text or "\n? start" in text:
        assert "\n@need engine\n" in text


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_session_names_no_place_of_this_machine_and_no_key(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert not re.search(KEY_SHAPES, text)
