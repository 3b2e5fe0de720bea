"""The grammar for editors: it is sound, it names what there is, and it marks lines as it should."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from freerouter.errors import UsageError
from freerouter.scripts.grammar import DIRECTIVES, MOVES, parse
from freerouter.scripts.patterns import KINDS
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "editors" / "freerouter-frs"
GRAMMAR = json.loads((FOLDER / "syntaxes" / "frs.tmLanguage.json").read_text(encoding="utf-8"))
SCRIPTS = sorted(ROOT.glob("transcripts/*.frs"))
INVALID = "invalid.illegal.frs"
SAMPLES = r"""
#!freerouter session 1
    punctuation.definition.comment           #!
    keyword.control.header                   freerouter
    storage.type.header                      session
    constant.numeric.header                  1

# a note
    punctuation.definition.comment           #
    comment.line.number-sign                 a note

== Use it
    punctuation.definition.heading           ==
    entity.name.section                      Use it

@need env GROQ_API_KEY
    keyword.control.directive                @need
    constant.language                        env
    variable.other.readwrite                 GROQ_API_KEY

@need engine
    keyword.control.directive                @need
    constant.language                        engine

@home fresh
    keyword.control.directive                @home
    constant.language                        fresh

@file ~/.config/freerouter/providers.yaml files/broken.yaml
    keyword.control.directive                @file
    string.unquoted.path                     ~/.config/freerouter/providers.yaml
    string.unquoted.path                     files/broken.yaml

@fake providers fakes/two free.yaml
    keyword.control.directive                @fake
    constant.language                        providers
    string.unquoted.path                     fakes/two free.yaml

@wait 1.5s gateway ready
    keyword.control.directive                @wait
    constant.numeric.duration                1.5s
    constant.language                        gateway
    constant.language                        ready

@set PORT 4001
    keyword.control.directive                @set
    variable.other.readwrite                 PORT
    string.unquoted.value                    4001

@always
    keyword.control.directive                @always

> keys set openrouter --from-env KEY
    keyword.operator.command                 >
    entity.name.function.command             keys set
    variable.parameter.option                --from-env

fetch --timeout=5 -v 2.5 # quickly
    entity.name.function.command             fetch
    variable.parameter.option                --timeout
    keyword.operator.assignment              =
    constant.numeric                         5
    variable.parameter.option                -v
    constant.numeric                         2.5
    comment.line.number-sign                 # quickly

> freerouter flow tidy --set key=env:MY_KEY
    keyword.operator.command                 >
    support.function.program                 freerouter
    entity.name.function.command             flow
    variable.parameter.option                --set
    keyword.other.env                        env:
    variable.other.readwrite                 MY_KEY

> --json status
    keyword.operator.command                 >
    variable.parameter.option                --json

> ask "C# \" ${WHAT:-now}" it's'
    keyword.operator.command                 >
    entity.name.function.command             ask
    punctuation.definition.string.begin      "
    string.quoted.double                     C#
    constant.character.escape                \"
    punctuation.definition.variable          ${
    variable.other.readwrite                 WHAT
    keyword.operator.default                 :-
    string.unquoted.default                  now
    punctuation.definition.variable          }
    punctuation.definition.string.end        "
    punctuation.definition.string.begin      '
    string.quoted.single                     s
    punctuation.definition.string.end        '

? groq.key: Groq API key: which?
    keyword.operator.question                ?
    entity.name.tag.question                 groq.key
    punctuation.separator.question           :
    string.unquoted.question                 Groq API key: which?

? apply
    keyword.operator.question                ?
    entity.name.tag.question                 apply

< groq, cerebras
    keyword.operator.answer                  <
    string.unquoted.answer                   groq
    punctuation.separator.list               ,
    string.unquoted.answer                   cerebras

< env:GROQ_API_KEY
    keyword.operator.answer                  <
    keyword.other.env                        env:
    variable.other.readwrite                 GROQ_API_KEY

< ^skip
    keyword.operator.answer                  <
    keyword.control.answer                   ^skip

< ^change providers
    keyword.operator.answer                  <
    keyword.control.answer                   ^change
    entity.name.tag.question                 providers

| Ready: http://127.0.0.1:{port:port}/v1
    keyword.operator.output                  |
    string.unquoted.output                   Ready: http://127.0.0.1:
    punctuation.definition.placeholder       {
    variable.parameter.placeholder           port
    punctuation.separator.placeholder        :
    storage.type.placeholder                 port
    punctuation.definition.placeholder       }
    string.unquoted.output                   /v1

! `{{a: {n}}}`
    keyword.operator.error                   !
    string.unquoted.output                   `
    constant.character.escape                {{
    string.unquoted.output                   a:
    punctuation.definition.placeholder       {
    variable.parameter.placeholder           n
    punctuation.definition.placeholder       }
    constant.character.escape                }}
    string.unquoted.output                   `

|* lists * models?
    keyword.operator.output                  |
    keyword.operator.mode                    *
    string.unquoted.output                   lists
    keyword.operator.wildcard                *
    string.unquoted.output                   models
    keyword.operator.wildcard                ?

|/ ^\{"models"
    keyword.operator.output                  |
    keyword.operator.mode                    /
    keyword.operator.regexp                  ^
    constant.character.escape.regexp         \{
    string.regexp                            "models"

|? perhaps
    keyword.operator.output                  |
    keyword.operator.mode                    ?
    string.unquoted.output                   perhaps

|...
    keyword.operator.output                  |
    keyword.control.any-lines                ...

!
    keyword.operator.error                   !

= 130
    keyword.operator.exit-code               =
    constant.numeric.exit-code               130
"""
"""Lines, and below each its pieces with their scopes."""


def rules(node: Any) -> Iterator[dict[str, Any]]:
    """Every rule with an expression, wherever it stands."""
    if isinstance(node, dict):
        if "match" in node:
            yield node
        for inner in node.values():
            yield from rules(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from rules(inner)


def flat(patterns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for pattern in patterns:
        if "include" in pattern:
            yield from flat([GRAMMAR["repository"][pattern["include"][1:]]])
        elif "match" in pattern:
            yield pattern
        else:
            yield from flat(pattern["patterns"])


def scopes(line: str) -> list[list[str]]:
    """The scopes of each character, the innermost last, as an editor would give them."""
    given: list[list[str]] = [[] for _ in line]
    _mark(line, GRAMMAR["patterns"], 0, len(line), given)
    return given


def _mark(
    line: str, patterns: list[dict[str, Any]], at: int, end: int, given: list[list[str]]
) -> None:
    while at < end:
        found = [
            (match.start(), number, match, rule)
            for number, rule in enumerate(flat(patterns))
            if (match := re.compile(rule["match"]).search(line, at, end)) and match.group()
        ]
        if not found:
            return
        _, _, match, rule = min(found, key=lambda one: one[:2])
        _paint(given, match.span(), rule.get("name"))
        for number, capture in rule.get("captures", {}).items():
            first, last = match.span(int(number))
            _paint(given, (first, last), capture.get("name"))
            _mark(line, capture.get("patterns", []), first, last, given)
        at = match.end()


def _paint(given: list[list[str]], span: tuple[int, int], name: str | None) -> None:
    for place in range(*span) if name else ():
        given[place].append(str(name))


def pieces(line: str) -> list[tuple[str, str]]:
    """The line in pieces of one innermost scope each; what has none, and space, is left out."""
    made: list[tuple[str, str]] = []
    for character, given in zip(line, scopes(line), strict=True):
        scope = given[-1] if given else ""
        if made and made[-1][1] == scope:
            made[-1] = (made[-1][0] + character, scope)
        else:
            made.append((character, scope))
    return [(text.strip(), scope) for text, scope in made if scope and text.strip()]


def test_the_extension_names_files_that_are_there() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    (language,) = package["contributes"]["languages"]
    (grammar,) = package["contributes"]["grammars"]
    assert language["extensions"] == [".frs"]
    assert grammar["scopeName"] == GRAMMAR["scopeName"]
    for path in (language["configuration"], grammar["path"]):
        json.loads((FOLDER / path).read_text(encoding="utf-8"))
    for first in (language["firstLine"], GRAMMAR["firstLineMatch"]):
        assert re.match(first, "#!freerouter session 1")


@pytest.mark.parametrize("rule", list(rules(GRAMMAR)), ids=lambda rule: rule["match"])
def test_an_expression_means_the_same_here_and_in_an_editor(rule: dict[str, Any]) -> None:
    expression = re.compile(rule["match"])
    assert not re.search(r"\(\?(?!:|=|!|<=|<!)|[*+?}]\+|\\[A-RT-Zhpgkux]|&&", rule["match"])
    assert all(int(number) <= expression.groups for number in rule.get("captures", {}))


def test_every_name_that_is_included_is_there_and_used() -> None:
    used = set(re.findall(r'"include": "#([a-z-]+)"', json.dumps(GRAMMAR)))
    assert used == GRAMMAR["repository"].keys()


@pytest.mark.parametrize("sample", SAMPLES.strip().split("\n\n"))
def test_a_line_is_marked(sample: str) -> None:
    line, *expected = sample.splitlines()
    found = [(scope.removesuffix(".frs"), text) for text, scope in pieces(line)]
    assert found == [tuple(row.split(None, 1)) for row in expected]


def test_space_before_a_line_changes_nothing() -> None:
    assert pieces("  > fetch") == pieces("> fetch")


@pytest.mark.parametrize(
    "line",
    [
        "#!freerouter sesion 1",
        "#!freerouter session 2",
        "==",
        "@fkae providers x",
        "@home",
        "@file ~/x",
        "@wait 5 gateway ready",
        "@always now",
        "? two words",
        "< ^bakc",
        "< ^skip it",
        "< env:not a name",
        "= 256",
        "= no",
        "|close",
        "|... more",
        "|*close",
        "| {n:itn}",
        "| {half",
        "> ask it's",
        "> ask ${1}",
    ],
)
def test_what_cannot_be_read_is_marked_as_invalid(line: str) -> None:
    before = "> init\n? a\n" if line[0] == "<" else "" if line[0] in "#@" else "> init\n"
    with pytest.raises(UsageError):
        parse(f"{before}{line}\n", "x.frs")
    assert any(INVALID in given for given in scopes(line))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_our_own_sessions_are_marked_throughout(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        given = scopes(line)
        assert not [line for marks in given if INVALID in marks]
        assert all(marks for marks in given[: len(line) - len(line.lstrip()) + 1])


def test_all_that_there_is_is_known() -> None:
    for kind in KINDS:
        assert ("{", "punctuation.definition.placeholder.frs") in pieces(f"| {{a:{kind}}}")
    for move in MOVES:
        line = "< ^change x" if move == "^change" else f"< {move}"
        assert pieces(line)[1] == (move, "keyword.control.answer.frs")
    marked = " ".join(rule["match"] for rule in rules(GRAMMAR["repository"]["directive"]))
    assert set(re.findall(r"\(@([a-z]+)\)", marked)) == DIRECTIVES.keys()


@pytest.mark.parametrize("command", REGISTRY.commands, ids=lambda command: command.name)
def test_a_command_is_marked_whole(command: Any) -> None:
    for name in (command.name, *command.aliases):
        assert pieces(f"> {name} x")[1] == (name, "entity.name.function.command.frs")
