"""A TAB in the real shells: what they make of the line is what they then run."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from freerouter.providers.models import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import World

MODELS = ("vendor/alpha:free", "vendor/beta", "two words/model", "o'brien/$x", "c#/m", "d/w:1:2")
SET_UP = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        "bind 'set enable-bracketed-paste off'; PS1='> '; words () { printf '<%s>' \"$@\"; echo; }",
        'eval "$(freerouter completion bash)"',
    ),
    "zsh": (
        ["-f", "-i"],
        (
            "PS1='> '; bindkey -e; autoload -U compinit; compinit -u -D;"
            " words () { printf '<%s>' \"$@\"; echo; }"
        ),
        'eval "$(freerouter completion zsh)"',
    ),
    "fish": (
        ["--no-config", "-i"],
        "function fish_prompt; echo -n '> '; end; function words; printf '<%s>' $argv; echo; end",
        "freerouter completion fish | source",
    ),
}
"""How each is begun, made quiet, and told to complete our commands, as the how-to says."""
TYPED = {
    "a command": ("prov", "providers"),
    "its second word": ("providers ad", "providers|add"),
    "behind an option of all commands": ("--json li", "--json|list"),
    "an option": ("list --sea", "list|--search"),
    "a choice": ("completion z", "completion|zsh"),
    "a provider": ("list --provider openr", "list|--provider|openrouter"),
    "a flow": ("flow pick", "flow|pick-models"),
    "a profile": ("--profile wo", "--profile|work"),
    "a command to be helped with": ("help keys sh", "help|keys|show"),
    "a file": ("run my", "run|my script.frs"),
    "a model with a colon": ("ask --model vendor/al", "ask|--model|vendor/alpha:free"),
    "behind its colon": ("ask --model vendor/alpha:", "ask|--model|vendor/alpha:free"),
    "behind the second colon": ("ask --model d/w:1:", "ask|--model|d/w:1:2"),
    "behind =": ("ask --model=vendor/b", "ask|--model=vendor/beta"),
    "behind = and a colon": ("ask --model=vendor/alpha:f", "ask|--model=vendor/alpha:free"),
    "in double quotes": ('ask --model "vendor/alpha:f', "ask|--model|vendor/alpha:free"),
    "in single quotes": ("ask --model 'vendor/al", "ask|--model|vendor/alpha:free"),
    "a space": ("ask --model two", "ask|--model|two words/model"),
    "a space in quotes": ('ask --model "two w', "ask|--model|two words/model"),
    "a quoted space": ("ask --model two\\ w", "ask|--model|two words/model"),
    "a quote and a dollar": ("ask --model o", "ask|--model|o'brien/$x"),
    "a number sign": ("ask --model c", "ask|--model|c#/m"),
    "a part that several have": ("ask --model ven", "ask|--model|vendor/"),
}
"""What is typed before the TAB, and the words that the shell then runs."""


@pytest.fixture
def at_home(world: World) -> World:
    """A user with models, a profile and a script, and our program where shells look for it."""
    rows = [{**Model(name, "lab")._asdict(), "written": True} for name in MODELS]
    world.providers("providers: []\n")
    (world.workspace / "state").mkdir()
    (world.workspace / "state" / "models.json").write_text(json.dumps({"models": rows}))
    (world.workspace / "profiles" / "work").mkdir(parents=True)
    (world.workspace / "profiles" / "work" / "providers.yaml").write_text("providers: []\n")
    (world.cwd / "my script.frs").write_text("list\n")
    program = world.home / "bin" / "freerouter"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m freerouter "$@"\n')
    program.chmod(0o755)
    return world


@pytest.fixture
def shell(at_home: World) -> Iterator[Callable[[str], Any]]:
    """Opens a shell in which completion is set up."""
    made: list[Any] = []

    def start(name: str) -> Any:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"{name} is not installed here, so its completion is not tried")
        arguments, quiet, line = SET_UP[name]
        search = f"{at_home.home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        child = pexpect.spawn(
            program,
            arguments,
            env={**os.environ, "PATH": search, "TERM": "xterm", "LC_ALL": "C.UTF-8"},
            cwd=str(at_home.cwd),
            dimensions=(50, 160),
            encoding="utf-8",
            timeout=30,
        )
        made.append(child)
        child.sendline(quiet)
        child.sendline(f"{line}; echo rea''dy")
        child.expect("ready\r")
        return child

    yield start
    for child in made:
        child.close(force=True)


def completed(child: Any, typed: str) -> str:
    """The words that the shell runs after a TAB."""
    child.send(f"freerouter {typed}\t")
    child.send("\x01words \x05")
    child.send("\r")
    child.expect(r"<freerouter><([^\r\n]*)>\r\n")
    found: str = child.match.group(1)
    return found.replace("><", "|")


@pytest.mark.parametrize("name", SET_UP)
@pytest.mark.parametrize("what", TYPED)
def test_a_tab_completes(shell: Callable[[str], Any], name: str, what: str) -> None:
    typed, words = TYPED[what]
    assert completed(shell(name), typed) == words


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_candidates_are_shown_with_what_they_are(shell: Callable[[str], Any], name: str) -> None:
    child = shell(name)
    child.send("freerouter ask --model vendor/\t")
    child.expect(r"beta[^\r\n]*lab")


def test_bash_shows_them_too_at_the_second_tab(shell: Callable[[str], Any]) -> None:
    child = shell("bash")
    child.send("freerouter ask --model vendor/\t\t")
    child.expect(r"free  \(lab\)|vendor/alpha:free  \(lab\)")
    child.expect(r"vendor/beta  \(lab\)")
