"""Aliases as they are written in providers.yaml: read strictly, each mistake with its place."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from freerouter.config.aliases_file import Alias
from freerouter.config.providers_file import read_providers
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError

FULL = "{members: [lab/a, lab/b/c], strategy: balance, weights: {lab/a: 3}, timeout: 5}"


def read(value: str, name: str = "fast") -> dict[str, Any]:
    text = f"providers: []\naliases:\n  {name}: {value}\n"
    return dict(read_providers(parse_yaml(text.encode(), "p.yaml")).aliases)


@pytest.mark.parametrize(
    ("value", "alias"),
    [
        ("[lab/a, lab/b/c]", Alias("fast", ("lab/a", "lab/b/c"))),
        ("[lab/a, lab/a]", Alias("fast", ("lab/a",))),
        ("{members: [lab/a]}", Alias("fast", ("lab/a",))),
        (FULL, Alias("fast", ("lab/a", "lab/b/c"), "balance", {"lab/a": 3}, 5)),
        ("off", Alias("fast")),
        ("'off'", Alias("fast")),
    ],
)
def test_an_alias_is_read(value: str, alias: Alias) -> None:
    assert read(value) == {"fast": alias}


@pytest.mark.parametrize("value", ["[lab/a, lab/b/c]", FULL, "false"])
def test_what_is_written_again_is_what_was_read(value: str) -> None:
    assert read(value)["fast"].as_value() == yaml.safe_load(value)


@pytest.mark.parametrize(
    ("value", "message", "fix"),
    [
        ("7", "p.yaml:3:9: an alias must be a list of models.", "For example: fast: [groq/"),
        ("[]", "p.yaml:3:9: an alias needs a model.", "For example"),
        ("[a]", "p.yaml:3:10: a member must be provider/model.", "For example"),
        ("[lab/a, 7]", "p.yaml:3:17: a member must be provider/model.", "For example"),
        ("[lab/]", "p.yaml:3:10: a member must be provider/model.", "For example"),
        (
            "{member: [lab/a]}",
            'p.yaml:3:10: unknown key "member" in an alias.',
            'Did you mean "members"?',
        ),
        ("{strategy: order}", "p.yaml:3:9: members must be a list of models.", "For example"),
        (
            "{members: [lab/a], strategy: balanced}",
            "p.yaml:3:38: strategy must be order or balance.",
            'Did you mean "balance"?',
        ),
        (
            "{members: [lab/a], timeout: 0}",
            "p.yaml:3:37: timeout must be a number of seconds.",
            "",
        ),
        (
            "{members: [lab/a], weights: {lab/a: 2}}",
            "p.yaml:3:37: weights are for strategy: balance.",
            "With strategy: order the first member that can answers.",
        ),
        (
            "{members: [lab/a], strategy: balance, weights: 3}",
            "p.yaml:3:56: weights must be a map.",
            "Write `provider/model: 3`.",
        ),
        (
            "{members: [lab/a], strategy: balance, weights: {lab/b: 2}}",
            'p.yaml:3:57: "lab/b" is no member of it.',
            'Did you mean "lab/a"?',
        ),
        (
            "{members: [lab/a], strategy: balance, weights: {lab/a: 0}}",
            "p.yaml:3:64: a weight must be a whole number from 1 on.",
            "",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(value: str, message: str, fix: str) -> None:
    with pytest.raises(FileError) as caught:
        read(value)
    assert caught.value.what == message
    assert caught.value.fix.startswith(fix)


def test_only_a_built_in_one_can_be_switched_off() -> None:
    with pytest.raises(FileError, match="only auto, fast, smart, code can be switched off"):
        read("off", "mine")


@pytest.mark.parametrize("name", ["a/b", "'a b'", "'*'", "7", "'-x'"])
def test_a_name_is_letters_and_digits(name: str) -> None:
    with pytest.raises(FileError, match="cannot be the name of an alias"):
        read("[lab/a]", name)
