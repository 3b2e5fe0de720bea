from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError, NotFoundError
from freerouter.resources import flows_directory
from freerouter.wizard.checking import flow_in, load_flow, read_flow

if TYPE_CHECKING:
    from pathlib import Path

    from freerouter.wizard.schema import Flow


def read(steps: str) -> Flow:
    return read_flow(parse_yaml(f"flow: x\ntitle: X\nsteps:\n{steps}".encode(), "x.yaml"))


def test_the_shipped_flow_is_sound() -> None:
    assert load_flow("onboarding", [flows_directory()]).flow == "onboarding"


def test_an_unknown_flow_is_named() -> None:
    with pytest.raises(NotFoundError, match='no flow "onbording"') as caught:
        load_flow("onbording", [flows_directory()])
    assert caught.value.fix == 'Did you mean "onboarding"?'


@pytest.mark.parametrize(
    ("steps", "what", "fix"),
    [
        ("- {aks: a}", "x.yaml:4:3: this is no step", 'Did you mean "ask"?'),
        ("- {zzz: a}", "x.yaml:4:3: this is no step", "begins with ask"),
        (
            "- ask: a\n  type: text\n  message: hi\n  optinal: true",
            'x.yaml:7:3: unknown key "optinal"',
            'Did you mean "optional"?',
        ),
        ("- ask: a\n  type: text", 'x.yaml:4:3: "message" is missing', ""),
        ("- ask: a\n  type: txt\n  message: hi", "x.yaml:5:9: type: input should be", ""),
        ("- run: [fetsh]", 'x.yaml:4:9: There is no command "fetsh"', 'Did you mean "fetch"?'),
        ("- run: ['fetch --stict']", "x.yaml:4:9: `fetch` has no option --stict", "--strict"),
        ("- run: [{line: fetch, when: go}]", 'nothing is called "go"', "Known here: nothing."),
        ("- run: [{line: fetch, when: 'a ='}]", "cannot be read", ""),
        ("- say: 'hi {you}'", 'x.yaml:4:8: nothing is called "you"', ""),
        ("- each: p\n  in: found.rows\n  steps: []", 'nothing is called "found"', ""),
        (
            "- ask: place\n  type: text\n  message: hi\n- say: '{plce}'",
            'nothing is called "plce"',
            'Did you mean "place"?',
        ),
    ],
)
def test_every_fault_of_a_flow_has_its_line_before_it_starts(
    steps: str, what: str, fix: str
) -> None:
    with pytest.raises(FileError) as caught:
        read(steps)
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_file_is_read_again_once_it_is_written_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "tidy.yaml"
    path.write_text("flow: tidy\ntitle: One\nsteps: [{say: x}]\n")
    first = flow_in(str(path))
    assert flow_in(str(path)) is first
    path.write_text("flow: tidy\ntitle: Another\nsteps: [{say: x}]\n")
    assert flow_in(str(path)).title == "Another"
    path.write_text("flow: tidy\n")
    for _ in range(2):
        with pytest.raises(FileError):
            flow_in(str(path))
    path.unlink()
    with pytest.raises(FileError, match="Cannot read"):
        flow_in(str(path))
