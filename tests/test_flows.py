"""Flows as commands: listing, checking, running, giving up and going on with them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import openai_list, openrouter

from freerouter.config.yaml_file import read_yaml
from freerouter.resources import flow_paths, flows_directory

if TYPE_CHECKING:
    from conftest import Ran, World
    from fakes import FakeServer

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "docs" / "reference" / "flow.schema.json"
CANARY = "sk-or-v1-canary-0123456789"
OURS = sorted(flow_paths([flows_directory()]))
MINE = """\
flow: tidy
title: My own way
steps:
  - ask: place
    type: choice
    message: Where?
    default: user
    choices: [{value: user}, {value: project}]
  - run: ["init --at {place}"]
  - done: All is tidy.
"""


def own_flow(world: World, text: str = MINE, name: str = "tidy") -> Path:
    directory = world.workspace / "flows"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def kept(world: World, name: str = "onboarding") -> Path:
    return world.home / ".local" / "state" / "freerouter" / "flows" / f"{name}.json"


def driven(world: World, *argv: str, lines: list[Any]) -> Ran:
    """A flow answered over its pipe; where the lines end, it is given up."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return world.process(*argv, "--jsonl", stdin=text)


def without_words(text: str) -> str:
    """Only the commands that were begun."""
    return "".join(line for line in text.splitlines(True) if line.startswith("> "))


def answer(value: Any) -> dict[str, Any]:
    return {"answer": value}


def test_the_shipped_flows_are_listed_with_their_titles(world: World) -> None:
    ran = world.cli("flow", "list", "--json")
    rows = {row["name"]: row["title"] for row in json.loads(ran.out)["flows"]}
    assert sorted(rows) == OURS
    assert rows["onboarding"] == "From nothing to a running gateway"
    assert world.cli("flows").out.startswith("FLOW ")


def test_a_flow_of_the_users_own_is_listed_and_runs(world: World) -> None:
    own_flow(world)
    row = world.cli("flow", "list").out.splitlines()[-1]
    assert row.split() == ["tidy", "My", "own", "way", "~/.config/freerouter/flows/tidy.yaml"]
    ran = world.cli("flow", "tidy", "--yes")
    assert ran.code == 0, ran.err
    assert ran.out.endswith("All is tidy.\n")
    assert (world.workspace / "providers.yaml").is_file()


def test_a_broken_flow_is_named_and_the_others_are_listed(world: World) -> None:
    own_flow(world, "flow: tidy\ntitle: x\nstps: []\n")
    own_flow(world, ": :\n  - [", "worse")
    ran = world.cli("flow", "list")
    assert ran.code == 0
    assert 'unknown key "stps"' in ran.out
    assert ran.out.count("broken: ") == 2
    assert "From nothing to a running gateway" in ran.out
    broken = world.cli("flow", "tidy", "--yes")
    assert broken.code == 2
    assert "tidy.yaml:3:1: " in broken.err


def test_a_flow_named_like_one_of_ours_takes_its_place(world: World) -> None:
    own_flow(world, MINE.replace("tidy", "onboarding"), "onboarding")
    assert "From nothing to a running gateway" not in world.cli("flow", "list").out
    assert world.cli("init", "--wizard", "--yes").out.endswith("All is onboarding.\n")


def test_a_flow_that_is_not_there_is_told_with_what_was_meant(world: World) -> None:
    ran = world.cli("flow", "onbording")
    assert ran.code == 4
    assert ran.err == 'There is no flow "onbording".\nDid you mean "onboarding"?\n'


@pytest.mark.parametrize("name", OURS)
def test_the_shipped_flows_are_in_order(world: World, name: str) -> None:
    path = flow_paths([flows_directory()])[name]
    ran = world.cli("flow", "check", path)
    assert ran.code == 0, ran.err
    assert f"the flow {name} is in order" in ran.out


STEPS = "flow: x\ntitle: x\nsteps:\n"
ASK = "  - ask: fetch\n    type: confirm\n    message: Fetch?\n"
PLACE = "  - ask: place\n    type: choice\n    message: Where?\n    choices: [{value: user}]\n"
FAULTS = {
    "a field of a flow": (
        "flow: x\ntitel: x\nsteps: []\n",
        "2:1",
        'unknown key "titel"',
        'Did you mean "title"?',
    ),
    "a field that is missing": ("flow: x\nsteps: []\n", "1:1", '"title" is missing', ""),
    "a field of a step": (
        STEPS + ASK + "    messge: Or else?\n",
        "7:5",
        'unknown key "messge"',
        'Did you mean "message"?',
    ),
    "a field of a choice": (
        STEPS + PLACE.replace("value: user", "value: user, lable: Me"),
        "7:",
        'unknown key "lable"',
        'Did you mean "label"?',
    ),
    "a kind of step": (STEPS + "  - aks: x\n", "4:5", "this is no step", 'Did you mean "ask"?'),
    "a step that is no map": (STEPS + "  - fetch\n", "4:5", "this is no step", "A step begins"),
    "a type": (STEPS + "  - {ask: x, type: txt, message: x}\n", "4:", "type: ", ""),
    "a loop in a loop": (
        STEPS + "  - load: l\n    query: providers list\n"
        "  - each: a\n    in: l.providers\n    steps:\n"
        "      - {each: b, in: l.providers, steps: []}\n",
        "9:9",
        "`each` cannot stand in a loop",
        "",
    ),
    "a command": (
        STEPS + "  - run: [fetsch]\n",
        "4:",
        'There is no command "fetsch".',
        'Did you mean "fetch"?',
    ),
    "no command at all": (STEPS + '  - run: [""]\n', "4:", "No command was given.", ""),
    "a command of the shell's": (
        STEPS + "  - run: [shell]\n",
        "4:",
        "`shell` cannot stand in a flow.",
        "",
    ),
    "an option": (
        STEPS + "  - run: [fetch --strickt]\n",
        "4:",
        "`fetch` has no option --strickt.",
        'Did you mean "--strict"?',
    ),
    "the value of an option": (STEPS + "  - run: [init --at moon]\n", "4:", "--at cannot be", ""),
    "a bracket": (
        STEPS + PLACE + '  - run: ["init [--at {place}"]\n',
        "8:",
        "has a bracket that is not closed",
        "",
    ),
    "a name in a line": (
        STEPS + ASK + '  - run: ["fetch --timeout {fetsch}"]\n',
        "7:",
        'nothing is called "fetsch" at this point',
        'Did you mean "fetch"?',
    ),
    "a name in a condition": (
        STEPS + ASK + "  - {say: x, when: fetsch}\n",
        "7:",
        'nothing is called "fetsch"',
        'Did you mean "fetch"?',
    ),
    "a name that comes later": (STEPS + '  - say: "{fetch}"\n' + ASK, "4:", "nothing is", ""),
    "an assignment": (
        STEPS + PLACE + "  - {say: x, when: place = 'user'}\n",
        "8:",
        "cannot be read at",
        'Did you mean "=="?',
    ),
    "an operator of another language": (
        STEPS + ASK + "  - {say: x, when: fetch && fetch}\n",
        "7:",
        "cannot be read at",
        'Did you mean "and"?',
    ),
    "a step that is never reached": (
        STEPS + "  - done: x\n" + ASK,
        "5:5",
        "this step is never reached",
        "`done` before it has no `when`.",
    ),
    "a comparison that never holds": (
        STEPS + PLACE + "  - {say: x, when: place == 'usr'}\n",
        "8:",
        'place is never "usr"',
        'Did you mean "user"?',
    ),
    "a default that is no choice": (
        STEPS + PLACE + "    default: usr\n",
        "8:",
        '"usr" is no choice',
        'Did you mean "user"?',
    ),
    "a choice without choices": (
        STEPS + "  - {ask: x, type: choice, message: x}\n",
        "4:",
        '"choices" is missing',
        "",
    ),
    "a limit of what has none": (
        STEPS + "  - {ask: x, type: text, message: x, min: 1}\n",
        "4:",
        "min and max are for int and many",
        "",
    ),
    "a pattern": (
        STEPS + '  - {ask: x, type: text, message: x, validate: {pattern: "["}}\n',
        "4:",
        "the pattern cannot be read",
        "",
    ),
    "a query that writes": (
        STEPS + "  - {load: x, query: fetch}\n",
        "4:",
        "`fetch` changes things, and a query only reads",
        "Use `run`.",
    ),
    "a check that writes": (
        STEPS + "  - {ask: x, type: text, message: x, check: {query: 'keys set {value}'}}\n",
        "4:",
        "`keys set` changes things",
        "Use `run`.",
    ),
    "a question that is asked twice": (
        STEPS + ASK + ASK,
        "7:",
        '"fetch" is asked twice',
        "Name it otherwise.",
    ),
    "no map": ("- a\n- b\n", "", "a flow is a map", "It begins with"),
    "no YAML": ("flow: [\n", "", "", ""),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_told_with_its_place_and_what_was_meant(world: World, what: str) -> None:
    text, place, said, meant = FAULTS[what]
    (world.cwd / "mine.yaml").write_text(text)
    ran = world.cli("flow", "check", "mine.yaml")
    assert ran.code == 2, ran
    assert ran.err.startswith(f"mine.yaml:{place}"), ran.err
    assert said in ran.err
    assert meant in ran.err


def test_a_file_that_is_not_there_is_told(world: World) -> None:
    ran = world.cli("flow", "check", "nowhere.yaml")
    assert ran.code in (2, 4)
    assert "nowhere.yaml" in ran.err


def test_the_published_schema_is_what_the_command_prints(world: World) -> None:
    printed = world.cli("flow", "schema")
    assert json.loads(printed.out) == json.loads(SCHEMA.read_text())
    assert json.loads(world.cli("flow", "schema", "--json").out) == json.loads(printed.out)


def fits(value: Any, shape: dict[str, Any], schema: dict[str, Any]) -> bool:
    """As much of JSON Schema as ours uses."""
    if "$ref" in shape:
        return fits(value, schema["$defs"][shape["$ref"].rpartition("/")[2]], schema)
    if "anyOf" in shape:
        return any(fits(value, one, schema) for one in shape["anyOf"])
    if "enum" in shape:
        return value in shape["enum"]
    kind = shape.get("type")
    if kind == "object":
        known = shape.get("properties", {})
        others = shape.get("additionalProperties", False)
        return (
            isinstance(value, dict)
            and set(shape.get("required", ())) <= set(value)
            and all(
                fits(v, known[k], schema) if k in known else others and fits(v, others, schema)
                for k, v in value.items()
            )
        )
    if kind == "array":
        return isinstance(value, list) and all(fits(v, shape["items"], schema) for v in value)
    types = {"string": str, "boolean": bool, "integer": int, "null": type(None)}
    return kind not in types or isinstance(value, types[kind])


@pytest.mark.parametrize("name", OURS)
def test_the_shipped_flows_fit_the_published_schema(name: str) -> None:
    schema = json.loads(SCHEMA.read_text())
    data = read_yaml(flow_paths([flows_directory()])[name]).data
    assert fits(data, schema, schema)
    assert not fits({**data, "unknown": 1}, schema, schema)


def test_giving_up_writes_nothing_but_the_answers(world: World) -> None:
    before = world.written()
    ran = driven(world, "flow", "onboarding", lines=[answer("project")])
    assert ran.code == 130
    written = world.written()
    file = str(kept(world))
    assert json.loads(written.pop(file))["answers"] == {"place": "project"}
    assert written == before
    assert kept(world).stat().st_mode & 0o777 == 0o600


def test_giving_up_before_the_first_answer_writes_nothing_at_all(world: World) -> None:
    before = world.written()
    assert driven(world, "flow", "onboarding", lines=[]).code == 130
    assert world.written() == before


def test_a_secret_is_never_kept(world: World, server: FakeServer) -> None:
    openrouter(server, CANARY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    lines = [answer("user"), answer(["openrouter"]), answer(CANARY)]
    ran = driven(world, "flow", "onboarding", lines=lines)
    assert ran.code == 130
    assert kept(world).is_file()
    assert not any(CANARY in text for text in (*world.written().values(), ran.out, ran.err))


def test_an_answer_with_a_secret_in_it_keeps_nothing(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same text is a key elsewhere."""
    openrouter(server, CANARY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    lines = [answer("user"), answer(["openrouter", "static"]), answer(CANARY), answer(CANARY)]
    ran = driven(world, "flow", "onboarding", lines=lines)
    assert ran.code == 130
    assert not any(CANARY in text for text in (*world.written().values(), ran.out, ran.err))


def test_going_on_takes_the_answers_up(world: World) -> None:
    lines = [answer("project"), answer(["demo"]), answer(False)]
    assert driven(world, "flow", "onboarding", lines=lines).code == 130
    ran = world.cli("flow", "resume", "--yes")
    assert ran.code == 0, ran.err
    assert "> init --at project\n> providers add demo\n" in without_words(ran.out)
    assert "> fetch" not in ran.out


def test_nothing_that_was_broken_off_is_told(world: World) -> None:
    ran = world.cli("flow", "resume")
    assert (ran.code, ran.err) == (4, "No flow was broken off.\n`flow list` shows the flows.\n")
    ran = world.cli("flow", "resume", "onboarding")
    assert ran.code == 4
    assert 'No run of "onboarding" was broken off.' in ran.err


@pytest.fixture
def failed(world: World, server: FakeServer) -> FakeServer:
    """A plan whose second command failed, since the server has no models yet."""
    server.replies["/v1/models"] = openai_list()
    world.providers("providers: []\n")
    given = ("--set", "providers=oai", "--set", f"oai.url={server.url}/v1", "--set", "start=no")
    assert world.cli("flow", "onboarding", *given, "--yes").code == 5
    return server


def test_after_a_failure_the_commands_that_are_left_are_run(
    world: World, failed: FakeServer
) -> None:
    failed.replies["/v1/models"] = openai_list("lab-1")
    asked = world.cli("flow", "resume")
    assert asked.code == 2
    assert "--yes confirms them." in asked.err
    ran = world.cli("flow", "resume", "--yes")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("> fetch\n")
    assert ran.out.endswith("Done.\n")
    assert not kept(world).exists()
    assert world.cli("flow", "resume").code == 4


def test_what_fails_again_is_left_again(world: World, failed: FakeServer) -> None:
    assert world.cli("flow", "resume", "--yes").code == 5
    assert json.loads(kept(world).read_text())["left"] == [["fetch"]]


def test_going_on_stays_in_the_profile(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list()
    given = ("--set", "providers=oai", "--set", f"oai.url={server.url}/v1", "--set", "start=no")
    assert world.cli("flow", "onboarding", "--profile", "dev", *given, "--yes").code == 5
    server.replies["/v1/models"] = openai_list("lab-1")
    ran = world.cli("flow", "resume", "--yes")
    assert ran.code == 0, ran.err
    assert (world.workspace / "profiles" / "dev" / "config.yaml").is_file()


def test_a_run_that_ends_well_leaves_nothing_to_go_on_with(world: World) -> None:
    driven(world, "flow", "onboarding", lines=[answer("user")])
    assert kept(world).is_file()
    assert world.cli("flow", "onboarding", "--set", "start=no", "--yes").code == 0
    assert not kept(world).exists()


def test_a_file_of_answers_that_is_broken_is_as_good_as_none(world: World) -> None:
    kept(world).parent.mkdir(parents=True)
    for text in ("{", "[]", '{"answers": 5, "left": "x"}'):
        kept(world).write_text(text)
        ran = world.cli("flow", "resume", "--yes")
        assert ran.code == 4, ran
        assert 'No run of "onboarding" was broken off.' in ran.err


def test_a_dry_run_shows_the_plan_and_writes_nothing_at_all(world: World) -> None:
    before = world.written()
    ran = world.cli("flow", "onboarding", "--dry-run", "--set", "start=no", "--yes")
    assert ran.out == ("This would be done:\n  init --at user\n  providers add demo\n  fetch\n")
    assert world.written() == before
    given_up = driven(world, "flow", "onboarding", "--dry-run", lines=[answer("user")])
    assert given_up.code == 130
    assert world.written() == before


def test_a_recorded_flow_does_the_same_when_it_is_run(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, CANARY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("MINE", CANARY)
    given = ("--set", "providers=openrouter", "--set", "openrouter.key=env:MINE")
    more = ("--set", "start=no", "--yes", "--record", "mine.frs")
    ran = world.cli("flow", "onboarding", *given, *more)
    assert ran.code == 0, ran.err
    assert ran.out.endswith("Recorded in mine.frs: `freerouter run mine.frs` replays it.\n")
    text = (world.cwd / "mine.frs").read_text()
    assert CANARY not in text
    assert "|   keys set openrouter --from-env OPENROUTER_API_KEY\n" in text
    made = (world.workspace / "config.yaml").read_text()
    for name in ("providers.yaml", "config.yaml", ".env", "state/models.json"):
        (world.workspace / name).unlink()
    again = world.cli("run", "mine.frs")
    assert again.code == 0, again.err
    assert (world.workspace / "config.yaml").read_text() == made


def test_a_file_that_exists_is_not_recorded_over(world: World) -> None:
    (world.cwd / "mine.frs").write_text("mine")
    before = world.written()
    ran = world.cli("flow", "onboarding", "--yes", "--record", "mine.frs")
    assert ran.code == 2
    assert ran.err == "mine.frs exists already.\nRecord into a new file.\n"
    assert world.written() == before


def test_a_dry_run_can_be_recorded(world: World) -> None:
    options = ("--set", "start=no", "--dry-run", "--record", "mine.frs", "--yes")
    assert world.cli("flow", "onboarding", *options).code == 0
    assert not (world.workspace / "providers.yaml").exists()
    assert world.cli("run", "mine.frs").code == 0
    assert not (world.workspace / "providers.yaml").exists()


@pytest.fixture
def fetched(world: World, server: FakeServer) -> World:
    server.replies["/v1/models"] = openai_list("model-a", "model-b")
    world.providers(f"providers:\n  - {{type: oai, name: lab, api_base: {server.url}/v1}}\n")
    assert world.cli("fetch").code == 0
    return world


def test_select_with_something_to_do_is_the_command(fetched: World) -> None:
    ran = fetched.cli("select", "lab/model-a")
    assert ran.code == 0, ran.err
    assert "model-b" not in (fetched.workspace / "config.yaml").read_text()


def test_select_alone_without_a_terminal_says_what_to_give(fetched: World) -> None:
    ran = fetched.cli("select")
    assert ran.code == 2
    assert "--free" in ran.err


def test_the_picker_is_the_same_as_a_flow(fetched: World) -> None:
    lines = [answer(["lab/model-b"]), answer(True)]
    ran = driven(fetched, "flow", "pick-models", lines=lines)
    assert ran.code == 0, ran.out
    assert json.loads(ran.out.splitlines()[-1])["commands"] == ["select lab/model-b"]
    assert "model-a" not in (fetched.workspace / "config.yaml").read_text()


def test_picking_needs_models(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    assert world.cli("flow", "pick-models", "--yes").code == 3


def test_doctor_without_a_terminal_is_the_plain_report(fetched: World) -> None:
    before = fetched.written()
    ran = fetched.cli("doctor", "--offline")
    assert "Which of these" not in ran.out + ran.err
    assert ran.code in (0, 1)
    alone = fetched.process("doctor")
    assert alone.code in (0, 1)
    assert "cannot be asked" not in alone.err
    assert fetched.written() == before


def test_doctor_as_json_is_the_report(fetched: World) -> None:
    data = json.loads(fetched.cli("doctor", "--json").out)
    assert {"findings", "fixes", "summary"} <= data.keys()


def test_diagnose_runs_the_commands_that_mend(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    ran = world.cli("flow", "diagnose", "--set", "fixes=fetch", "--yes")
    assert ran.code == 0, ran.err
    assert "> fetch\n" in ran.out
    assert (world.workspace / "config.yaml").is_file()


def test_json_lines_are_an_option_of_every_flow(world: World) -> None:
    for argv in (("init", "--wizard"), ("flow", "onboarding")):
        ran = driven(world, *argv, "--set", "start=no", "--dry-run", "--yes", lines=[])
        last = json.loads(ran.out.splitlines()[-1])
        assert (ran.code, last["type"], last["exit_code"]) == (0, "done", 0)
        assert last["commands"] == ["init --at user", "providers add demo", "fetch"]
    assert not os.path.exists(world.workspace / "providers.yaml")


def test_another_place_than_that_of_the_configuration_is_refused(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    before = world.written()
    ran = world.cli("init", "--wizard", "--at", "project", "--yes")
    assert ran.code == 2
    assert "`freerouter init --at project` makes another one first." in ran.err
    assert world.written() == before
