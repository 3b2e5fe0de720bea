"""`run --update`: what differs is written anew, and nothing else is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import World

GOOD = """\
#!freerouter session 1
# By hand.
@home fresh

== Set up
> init
|* Made *providers.yaml.
# said by init
|...
> fetch
| Demo: {n:int} model (demo: no real language model)
| {n} model in config.yaml.
> list --provider demmo
! There is no provider "demmo".
! Did you mean "demo"?
= 4
> init --wizard --dry-run --set start=no
| Using the configuration in ~/.config/freerouter.
? providers: Which providers do you want to use?
< demo
? fetch
< no
| Done.
"""


def update(world: World, text: str) -> str:
    (world.cwd / "one.frs").write_bytes(text.encode())
    ran = world.cli("run", "--update", "one.frs")
    assert ran.code == 0, ran.err
    return (world.cwd / "one.frs").read_bytes().decode()


def test_what_holds_is_not_touched(world: World) -> None:
    assert update(world, GOOD) == GOOD


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("| {n} model in config.yaml.\n", "| {n} models in config.yaml.\n"),
        ("| {n} model in config.yaml.\n", ""),
        ('! Did you mean "demo"?\n', '! Did you mean "demo"?\n! Or not?\n'),
        ("= 4\n", "= 3\n"),
        ("= 4\n", ""),
        ("? providers: Which providers do you want to use?", "? providers: Which ones?"),
    ],
)
def test_what_differs_is_written_anew(world: World, right: str, wrong: str) -> None:
    made = update(world, GOOD.replace(right, wrong))
    assert made in (GOOD, GOOD.replace("| {n} model in", "| 1 model in"))
    assert world.cli("run", "one.frs").code == 0


def test_an_exit_code_that_is_0_now_goes_away(world: World) -> None:
    text = "#!freerouter session 1\n@home fresh\n> init\n|...\n= 5\n# the end\n"
    assert update(world, text) == text.replace("= 5\n", "")


def test_lines_keep_their_ends(world: World) -> None:
    text = "#!freerouter session 1\r\n@home fresh\r\n> init\r\n| x\r\n"
    made = update(world, text)
    assert made.count("\r\n") == made.count("\n") == 5
    assert "| Made ~/.config/freerouter/providers.yaml.\r\n" in made


def test_a_script_keeps_to_what_it_mentions(world: World) -> None:
    text = "@home fresh\n> init\n| Made nothing.\n"
    assert update(world, text) == "@home fresh\n> init\n"


def test_it_is_refused_where_a_machine_runs_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    (world.cwd / "one.frs").write_text(GOOD)
    ran = world.cli("run", "--update", "one.frs")
    assert ran.code == 2
    assert "refused where CI is set" in ran.err
    assert (world.cwd / "one.frs").read_text() == GOOD


def test_a_plain_list_has_nothing_to_update(world: World) -> None:
    (world.cwd / "one.frs").write_text("init\n")
    assert world.cli("run", "--update", "one.frs").code == 2
    assert not (world.workspace / "providers.yaml").exists()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("? providers\n< demo\n", "The script has no answer to fetch."),
        ("? fetch\n< no\n", "the script answers fetch, but providers is asked."),
        ("? providers\n< demo\n? fetch\n< no\n? place\n< user\n", "- ? place"),
        ("? providers\n< env:NOT_SET\n", "NOT_SET, which is not set."),
    ],
)
def test_answers_that_do_not_fit_are_told_and_nothing_is_written(
    world: World, answers: str, said: str
) -> None:
    head = GOOD.partition("? providers")[0]
    text = head.replace("| {n} model in", "| {n} models in") + answers
    (world.cwd / "one.frs").write_text(text)
    ran = world.cli("run", "--update", "one.frs")
    assert ran.code == 1
    assert said in ran.out + ran.err
    assert (world.cwd / "one.frs").read_text() == text
