"""`alias …`: names for models, written into providers.yaml and config.yaml in one go."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from fakes import FakeServer, openai_list

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import World

IDS = ("llama-3.3-70b", "llama-3.1-8b-instant", "qwen3-coder")


@pytest.fixture
def labs(world: World, serve: Callable[[], FakeServer]) -> World:
    """Two providers: `north` has all the models, `south` the first."""
    rows = []
    for name, ids in (("north", IDS), ("south", IDS[:1])):
        server = serve()
        server.replies["/v1/models"] = openai_list(*ids)
        rows.append(f"  - {{type: oai, name: {name}, api_base: '{server.url}/v1'}}\n")
    world.providers(f"# mine\nproviders:\n{''.join(rows)}")
    assert world.cli("fetch").code == 0
    return world


def file_of(world: World) -> Path:
    return world.workspace / "providers.yaml"


def group(world: World, name: str) -> list[str]:
    """The deployments of an alias in config.yaml, in their order."""
    rows = yaml.safe_load((world.workspace / "config.yaml").read_text())["model_list"]
    return [
        row["model_info"]["id"]
        for row in rows
        if row["model_name"] == name and "freerouter_alias" in row.get("model_info", {})
    ]


def told(world: World, *argv: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(world.cli(*argv, "--json").out)
    return data


def test_an_alias_is_in_both_files_at_once(labs: World) -> None:
    ran = labs.cli("alias", "add", "quick", "north/llama-3.1-8b-instant", "south/llama-3.3-70b")
    assert ran.out == "quick asks north/llama-3.1-8b-instant, then south/llama-3.3-70b.\n"
    assert group(labs, "quick") == [
        "quick:north/llama-3.1-8b-instant",
        "quick:south/llama-3.3-70b",
    ]
    assert file_of(labs).read_text().startswith("# mine\n")
    assert "aliases:\n  quick:\n    - north/llama-3.1-8b-instant\n" in file_of(labs).read_text()


def test_a_provider_may_be_left_out_where_only_one_has_the_model(labs: World) -> None:
    labs.cli("alias", "add", "coder", "qwen3-coder")
    assert group(labs, "coder") == ["coder:north/qwen3-coder"]
    ran = labs.cli("alias", "add", "big", "llama-3.3-70b")
    assert ran.code == 2
    assert "llama-3.3-70b is at north, south." in ran.err


def test_an_alias_of_that_name_is_replaced(labs: World) -> None:
    labs.cli("alias", "add", "mine", "north/llama-3.3-70b")
    labs.cli("alias", "add", "mine", "south/llama-3.3-70b")
    assert group(labs, "mine") == ["mine:south/llama-3.3-70b"]


def test_the_built_in_ones_are_there_without_anybodys_doing(labs: World) -> None:
    assert group(labs, "auto")[:2] == ["auto:south/llama-3.3-70b", "auto:north/llama-3.3-70b"]
    assert group(labs, "fast")[0] == "fast:north/llama-3.1-8b-instant"
    assert group(labs, "code")[0] == "code:north/qwen3-coder"
    assert [row["name"] for row in told(labs, "alias", "list")["aliases"]] == [
        "auto",
        "fast",
        "smart",
        "code",
    ]


def test_ones_own_takes_the_place_of_a_built_in_one(labs: World) -> None:
    labs.cli("alias", "add", "auto", "north/qwen3-coder")
    assert group(labs, "auto") == ["auto:north/qwen3-coder"]
    labs.cli("alias", "remove", "auto")
    assert len(group(labs, "auto")) == 4


def test_a_built_in_one_can_be_switched_off_and_on(labs: World) -> None:
    assert labs.cli("alias", "remove", "smart").out == "smart is switched off.\n"
    assert group(labs, "smart") == []
    assert "aliases:\n  smart: false\n" in file_of(labs).read_text()
    assert labs.cli("alias", "remove", "smart").code == 2
    assert told(labs, "alias", "list")["off"] == ["smart"]
    labs.cli("alias", "restore", "smart")
    assert group(labs, "smart") != []
    assert "aliases" not in file_of(labs).read_text()


@pytest.mark.parametrize("name", ["llama-3.3-70b", "auto"])
def test_a_model_of_the_users_own_keeps_its_name(labs: World, name: str) -> None:
    text = file_of(labs).read_text()
    row = f"{{model_name: {name}, litellm_params: {{model: openai/x}}}}"
    file_of(labs).write_text(f"{text}litellm: {{model_list: [{row}]}}\n")
    labs.cli("fetch")
    assert group(labs, name) == []


def test_an_alias_may_be_called_as_a_model_is(labs: World) -> None:
    labs.cli("alias", "add", "llama-3.3-70b", "south/llama-3.3-70b", "north/llama-3.3-70b")
    rows = yaml.safe_load((labs.workspace / "config.yaml").read_text())["model_list"]
    assert [row["model_info"]["id"] for row in rows if row["model_name"] == "llama-3.3-70b"] == [
        "llama-3.3-70b:south/llama-3.3-70b",
        "llama-3.3-70b:north/llama-3.3-70b",
    ]


def test_a_member_that_went_is_told_and_the_others_serve(labs: World) -> None:
    labs.cli("alias", "add", "mine", "north/qwen3-coder", "south/llama-3.3-70b")
    ran = labs.cli("select", "south/llama-3.3-70b")
    assert ran.code == 0
    assert "mine: left out of it: north/qwen3-coder (it is not selected).\n" in ran.err
    assert group(labs, "mine") == ["mine:south/llama-3.3-70b"]


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ("nort/qwen3-coder", 'there is no provider "nort": Did you mean "north"?'),
        ("north/qwen3-code", 'north does not list it: Did you mean "qwen3-coder"?'),
        ("south/else-entirely", "south does not list it"),
        ("away/x", "away is switched off"),
    ],
)
def test_an_alias_without_a_member_is_told_and_not_served(
    labs: World, member: str, why: str
) -> None:
    text = (
        file_of(labs)
        .read_text()
        .replace("providers:\n", "providers:\n  - {type: ollama, name: away, enabled: false}\n")
    )
    file_of(labs).write_text(f"{text}aliases:\n  mine: [{member}]\n")
    ran = labs.cli("fetch")
    assert ran.code == 0
    assert f"mine is not served, since no member is: {member} ({why})" in ran.err
    assert group(labs, "mine") == []
    (row,) = told(labs, "alias", "list", "mine")["aliases"]
    assert row["lost"] == [[member, why]]


def test_what_may_cost_money_is_not_served_by_an_alias_either(labs: World) -> None:
    text = file_of(labs).read_text()
    file_of(labs).write_text(
        text.replace("name: south", "name: south, spend: never")
        + "aliases: {mine: [south/llama-3.3-70b, north/qwen3-coder]}\n"
    )
    ran = labs.cli("fetch")
    assert "mine: left out of it: south/llama-3.3-70b (it may cost money (spend: never))" in ran.err
    assert not any("south" in name for name in group(labs, "auto"))


def test_what_answered_comes_first_from_the_next_writing_on(labs: World) -> None:
    before = (labs.workspace / "config.yaml").read_text()
    proven = {"north/llama-3.1-8b-instant": {"at": 1.0, "by": "check"}}
    (labs.workspace / "state" / "proven.json").write_text(json.dumps(proven))
    file_of(labs).write_text(file_of(labs).read_text() + "# looked at\n")
    current = told(labs, "doctor", "--offline")["findings"]
    assert next(f for f in current if f["id"] == "config.current")["state"] == "ok"
    labs.cli("fetch")
    assert (labs.workspace / "config.yaml").read_text() != before
    assert group(labs, "auto")[:2] == [
        "auto:north/llama-3.1-8b-instant",
        "auto:south/llama-3.3-70b",
    ]


def test_a_weight_is_a_share(labs: World) -> None:
    line = "alias add mine north/qwen3-coder south/llama-3.3-70b --strategy balance"
    ran = labs.cli(*shlex.split(line), "--weight", "north/qwen3-coder=3", "--timeout", "9")
    assert ran.out == (
        "mine shares its requests among north/qwen3-coder and south/llama-3.3-70b.\n"
    )
    rows = yaml.safe_load((labs.workspace / "config.yaml").read_text())["model_list"]
    mine = [row["litellm_params"] for row in rows if row["model_name"] == "mine"]
    assert [(p["weight"], p["timeout"], "order" in p) for p in mine] == [
        (3, 9, False),
        (1, 9, False),
    ]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("alias add mine", 2, "needs"),
        ("alias add mine north/qwen3-code", 4, 'Did you mean "north/qwen3-coder"?'),
        ("alias add 'a b' north/qwen3-coder", 2, '"a b" cannot be the name of an alias.'),
        ("alias add mine north/qwen3-coder --timeout 0", 2, "takes a number of seconds"),
        (
            "alias add mine north/qwen3-coder --strategy balance --weight north/qwen3-code=3",
            2,
            'Did you mean "north/qwen3-coder"?',
        ),
        (
            "alias add mine north/qwen3-coder --weight north/qwen3-coder=3",
            2,
            "--weight is for --strategy balance.",
        ),
        ("alias list aut", 4, 'Did you mean "auto"?'),
        ("alias remove autos", 4, 'Did you mean "auto"?'),
        ("alias rename mine other", 4, 'There is no alias "mine".'),
        ("alias rename auto other", 2, "auto is built in, and keeps its name."),
        ("alias restore mine", 4, '"mine" is no built-in alias.'),
    ],
)
def test_a_mistake_changes_nothing(labs: World, line: str, code: int, message: str) -> None:
    before = labs.written()
    ran = labs.cli(*shlex.split(line))
    assert ran.code == code
    assert message in ran.err
    assert labs.written() == before


def test_one_that_is_listed_but_not_served_is_told_how_to_be(labs: World) -> None:
    labs.cli("select", "south/llama-3.3-70b")
    ran = labs.cli("alias", "add", "mine", "north/qwen3-coder")
    assert ran.code == 4
    assert "north lists qwen3-coder, but the gateway does not serve it." in ran.err
    assert "select --add north/qwen3-coder" in ran.err


def test_a_taken_name_is_not_taken_again(labs: World) -> None:
    for name in ("one", "two"):
        labs.cli("alias", "add", name, "north/qwen3-coder")
    ran = labs.cli("alias", "rename", "one", "two")
    assert (ran.code, "There is an alias two already." in ran.err) == (2, True)
    assert labs.cli("alias", "rename", "one", "three").out == "one is called three now.\n"
    assert group(labs, "one") == []
    assert group(labs, "three") == ["three:north/qwen3-coder"]


def test_what_cannot_be_written_whole_is_not_written(labs: World) -> None:
    (labs.workspace / "state" / "models.json").write_text('{"models": []}')
    before = file_of(labs).read_text()
    assert labs.cli("alias", "remove", "auto").code == 1
    assert file_of(labs).read_text() == before
