"""`export` and `apply`: a set-up as one file, and that file as a set-up again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freerouter.commands.applying import read_file
from freerouter.commands.exporting import text_of, without_keys
from freerouter.commands.set_up import SetUp, bare, differences, put, read_set_up
from freerouter.config import atomic
from freerouter.config.workspace import Workspace
from freerouter.config.yaml_file import dump_yaml
from freerouter.context import Context
from freerouter.errors import FileError
from freerouter.redact import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

FILE = """\
# mine
version: 1
providers:
  # free models
  - type: openrouter
    api_key: ${OPENROUTER_API_KEY}
  - {type: oai, name: lab, api_base: 'http://lab.example/v1', options: {rpm: 3}}
select:
  openrouter: [a, b]
gateway: {port: 4100}
spend: never
litellm:
  router_settings: {num_retries: 2}
"""
FLOW = "flow: mine\ntitle: Mine\nsteps:\n  - {ask: colour, type: text, message: Which?}\n"


@pytest.fixture
def mine(world: World) -> World:
    world.providers(FILE)
    (world.workspace / "flows").mkdir()
    (world.workspace / "flows" / "mine.yaml").write_text(FLOW)
    return world


def exported(world: World) -> Path:
    assert world.cli("export", "set-up.yaml").code == 0
    return world.cwd / "set-up.yaml"


def test_what_is_exported_changes_nothing_where_it_is_from(mine: World) -> None:
    exported(mine)
    before = mine.written()
    ran = mine.cli("apply", "set-up.yaml")
    assert (ran.code, ran.out) == (0, "Nothing to change.\n")
    assert mine.written() == before


def test_applied_elsewhere_it_is_the_same_set_up(
    mine: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = exported(mine).read_text()
    monkeypatch.setenv("FREEROUTER_HOME", str(tmp_path / "other"))
    ran = mine.cli("apply", "set-up.yaml", "--yes")
    assert ran.code == 0, ran.err
    assert "add provider lab" in ran.out
    assert "set gateway.port" not in ran.out
    assert "add gateway.port: 4100" in ran.out
    assert "add flow mine" in ran.out
    assert "OPENROUTER_API_KEY is not set here" in ran.err
    here = Workspace(str(mine.workspace))
    assert read_set_up(Workspace(str(tmp_path / "other"))) == read_set_up(here)
    assert mine.cli("export").out == text
    assert mine.cli("apply", "set-up.yaml", "--yes").out == "Nothing to change.\n"


def test_the_same_set_up_gives_the_same_bytes(mine: World) -> None:
    first = exported(mine).read_bytes()
    mine.providers(FILE.replace("# mine\n", "# another comment\n\n"))
    assert exported(mine).read_bytes() == first


def test_it_names_what_it_needs_and_holds_no_key(mine: World) -> None:
    mine.providers(
        "providers:\n- {type: groq, api_key: gsk_canary0123456789abcdef}\n"
        "- {type: oai, name: lab, api_base: 'http://me:canary-pw@h/v1'}\n"
        "litellm: {router_settings: {redis_password: canary-redis}}\n"
    )
    ran = mine.cli("export")
    assert ran.code == 0
    assert "canary" not in ran.out + ran.err
    assert (
        "#   GROQ_API_KEY\n#   LAB_API_BASE\n#   LITELLM_ROUTER_SETTINGS_REDIS_PASSWORD\n"
        in ran.out
    )
    assert ran.err.count("`freerouter migrate` moves it to .env") == 3
    written = exported(mine).read_text()
    assert "canary" not in written
    assert mine.cli("apply", "set-up.yaml", "--dry-run").code == 0
    assert "canary" not in mine.cli("apply", "set-up.yaml", "--dry-run").out


def test_a_plan_is_shown_and_nothing_done_where_that_is_asked(mine: World) -> None:
    path = exported(mine)
    path.write_text(
        path.read_text()
        .replace("port: 4100", "port: 4200")
        .replace("spend: never\n", "")
        .replace("  - a\n  - b\n", "  - a\n")
        .replace("rpm: 3", "rpm: 4")
        .replace("  ollama:\n", "  mine:\n")
    )
    before = mine.written()
    ran = mine.cli("apply", "set-up.yaml", "--dry-run")
    assert ran.out.splitlines() == [
        "This would be done:",
        "  change provider lab: options",
        "  change select.openrouter: 1 model",
        "  change gateway.port: 4200",
        "  remove spend",
        "  add record mine",
        "  remove record ollama",
    ]
    assert mine.written() == before


def test_comments_and_order_of_what_stays_are_kept(mine: World) -> None:
    path = exported(mine)
    path.write_text(path.read_text().replace("port: 4100", "port: 4200"))
    assert mine.cli("apply", "set-up.yaml", "--yes").code == 0
    text = (mine.workspace / "providers.yaml").read_text()
    assert text == FILE.replace("4100", "4200")
    (kept,) = (mine.workspace / "backups").iterdir()
    assert kept.read_text() == FILE


def test_what_is_not_in_the_file_goes_and_is_kept_in_backups(mine: World) -> None:
    path = exported(mine)
    text = path.read_text()
    path.write_text(text[: text.index("records:")])
    ran = mine.cli("apply", "set-up.yaml", "--yes")
    assert "remove flow mine" in ran.out
    assert not (mine.workspace / "flows" / "mine.yaml").exists()
    kept = {
        p.name.split(".backup")[0]: p.read_text() for p in (mine.workspace / "backups").iterdir()
    }
    assert kept["mine.yaml"] == FLOW


def test_standard_input_is_a_file_as_well(mine: World) -> None:
    text = mine.cli("export").out
    ran = mine.process("apply", "-", "--yes", stdin=text.replace("4100", "4300"))
    assert ran.code == 0, ran.err
    assert "change gateway.port: 4300" in ran.out
    assert "port: 4300" in (mine.workspace / "providers.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 99\n", "this file is of version 99"),
        ("- a\n", "is no set-up"),
        ("providers: [\n", "set-up.yaml:"),
        ("providers: [{typ: groq}]\n", 'unknown key "typ"'),
        (
            "providers: [{type: groq, api_key: sk-canary0123456789abcd}]\n",
            "a key stands here itself",
        ),
        ("records: {../x: {name: y}}\n", "this cannot be a name"),
        ("records: {.x: {name: y}}\n", "this cannot be a name"),
        ("records: [a]\n", "records must be a map"),
        ("records: {x: {nome: y}}\n", 'unknown key "nome"'),
        ("flows: {x: {flow: x}}\n", "set-up.yaml:1:"),
    ],
)
def test_a_file_that_is_wrong_is_refused_whole(mine: World, text: str, words: str) -> None:
    (mine.cwd / "set-up.yaml").write_text(text)
    before = mine.written()
    ran = mine.cli("apply", "set-up.yaml", "--yes")
    assert ran.code == 2
    assert words in ran.err
    assert "canary" not in ran.err
    assert mine.written() == before


def test_a_file_that_is_not_there_is_told(world: World) -> None:
    ran = world.cli("apply", "none.yaml")
    assert (ran.code, ran.err) == (2, "Cannot read none.yaml.\nNo such file or directory.\n")


@pytest.mark.parametrize("name", ["providers.yaml", ".env", "config.yaml"])
def test_it_does_not_overwrite_the_workspace_itself(mine: World, name: str) -> None:
    ran = mine.cli("export", str(mine.workspace / name))
    assert ran.code == 2
    assert "a file of the workspace itself" in ran.err
    assert (mine.workspace / "providers.yaml").read_text() == FILE


def test_what_fails_midway_is_put_back(mine: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = exported(mine)
    path.write_text(path.read_text().replace("port: 4100", "port: 4200").replace("Which", "What"))
    before = {n: t for n, t in mine.written().items() if "backups" not in n}
    real, calls = atomic.write_text, []

    def fails_at_the_second(path: str, text: str, mode: int = 0o600) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise FileError("the disk is full")
        real(path, text, mode)

    monkeypatch.setattr(atomic, "write_text", fails_at_the_second)
    assert mine.cli("apply", "set-up.yaml", "--yes").code == 2
    assert len(calls) == 3
    assert {
        n: t for n, t in mine.written().items() if "backups" not in n and ".lock" not in n
    } == before


def test_what_a_killed_process_left_half_done_is_completed(mine: World) -> None:
    path = exported(mine)
    path.write_text(path.read_text().replace("port: 4100", "port: 4200").replace("Which", "What"))
    program = (
        "import os; from freerouter.config import atomic; from freerouter.cli import main\n"
        "real, calls = atomic.write_text, []\n"
        "def dies(*a, **k):\n"
        "    calls.append(a)\n"
        "    os._exit(9) if len(calls) == 2 else real(*a, **k)\n"
        "atomic.write_text = dies\n"
        "main(['apply', 'set-up.yaml', '--yes'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=mine.cwd, check=False)
    assert done.returncode == 9
    ran = mine.cli("apply", "set-up.yaml", "--yes")
    assert "change flow mine" in ran.out
    assert "gateway.port" not in ran.out
    assert mine.cli("apply", "set-up.yaml").out == "Nothing to change.\n"


def test_for_programs_the_changes_are_told_one_by_one(mine: World) -> None:
    path = exported(mine)
    path.write_text(path.read_text().replace("port: 4100", "port: 4200"))
    data = json.loads(mine.cli("apply", "set-up.yaml", "--dry-run", "--json").out)
    assert data["changes"] == [{"kind": "change", "what": "gateway.port", "detail": "4200"}]
    assert data["missing"] == ["OPENROUTER_API_KEY"]
    assert data["written"] == []


def test_providers_in_another_order_are_a_change() -> None:
    def order(*types: str) -> SetUp:
        return SetUp({"providers": [{"type": t} for t in types]}, {}, {})

    (change,) = differences(order("groq", "xai"), order("xai", "groq"))
    assert change.text == "change the order of providers"


# What may stand in a set-up, and what comes of it when it goes through a file.

words = st.text("abcdefgh-_ .:#'\"{}é\n", min_size=1, max_size=6)
variable = st.sampled_from(("${A}", "${B_2}", "x${C:-d}y"))
scalar = st.none() | st.booleans() | st.integers(-5, 9) | words | variable
nested = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
ids = st.text("abc:/ -", min_size=1, max_size=6).filter(str.strip)
names = st.text("abcdefgh", min_size=1, max_size=5)


@st.composite
def entries(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for name in draw(st.lists(names, unique=True, max_size=4)):
        row: dict[str, Any] = {
            "type": draw(st.sampled_from(("oai", "groq", "static"))),
            "name": name,
        }
        optional = {
            "enabled": st.booleans(),
            "api_key": variable,
            "keys": st.lists(variable, min_size=1, max_size=2),
            "api_base": st.just("http://host/v1"),
            "model_name": words,
            "spend": st.sampled_from(("never", "allowed")),
            "options": st.fixed_dictionaries(
                {}, optional={"rpm": st.integers(1, 9), "models": st.sampled_from(("free", "all"))}
            ),
        }
        rows.append({**row, **draw(st.fixed_dictionaries({}, optional=optional))})
    return rows


@st.composite
def set_ups(draw: st.DrawFn) -> SetUp:
    rows = draw(entries())
    chosen = draw(st.sets(st.sampled_from([r["name"] for r in rows]))) if rows else set()
    optional = {
        "gateway": st.fixed_dictionaries(
            {}, optional={"port": st.integers(1, 65535), "host": words}
        ),
        "litellm": st.dictionaries(words, nested, max_size=3),
        "spend": st.sampled_from(("never", "allowed")),
    }
    given_settings = {
        "providers": rows,
        "select": {name: draw(st.lists(ids, max_size=3, unique=True)) for name in sorted(chosen)},
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }
    records = {n: {"name": draw(words)} for n in draw(st.lists(names, unique=True, max_size=2))}
    flows = {
        n: {"flow": n, "title": draw(words), "steps": [{"say": "hello"}]}
        for n in draw(st.lists(names, unique=True, max_size=2))
    }
    return SetUp(given_settings, records, flows)


def written_down(set_up: SetUp, root: Path) -> Context:
    """A workspace with that set-up in it."""
    root.mkdir()
    (root / "providers.yaml").write_text(dump_yaml(dict(set_up.settings)), encoding="utf-8")
    for name, files in (("providers.d", set_up.records), ("flows", set_up.flows)):
        (root / name).mkdir()
        for title, data in files.items():
            (root / name / f"{title}.yaml").write_text(dump_yaml(data), encoding="utf-8")
    return Context(Workspace(str(root)), {}, str(root), Redactor(), now=lambda: 0.0)


@settings(max_examples=40)
@given(set_ups())
def test_a_set_up_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, wanted: SetUp
) -> None:
    top = tmp_path_factory.mktemp("set-up")
    here = written_down(wanted, top / "here")
    found = read_set_up(here.workspace)
    assert (found.settings, found.records, found.flows) == (
        bare(wanted.settings), wanted.records, wanted.flows,
    )  # fmt: skip
    without, clear = without_keys(here, found)
    file = top / "set-up.yaml"
    file.write_text(text_of(without), encoding="utf-8")
    read = read_file(here, str(file))
    assert read == without
    assert differences(without, read) == []
    there = here.move(Workspace(str(top / "there")))
    put(there, read)
    again = read_set_up(there.workspace)
    assert again == without
    assert clear or again == found
    assert text_of(again) == file.read_text(encoding="utf-8")
    assert put(there, read) == []


@settings(max_examples=40)
@given(set_ups(), set_ups())
def test_any_set_up_becomes_any_other_and_is_then_left_alone(
    tmp_path_factory: pytest.TempPathFactory, before: SetUp, after: SetUp
) -> None:
    ctx = written_down(before, tmp_path_factory.mktemp("set-up") / "here")
    new = after._replace(settings=bare(after.settings))
    changes = differences(read_set_up(ctx.workspace), new)
    written = put(ctx, new)
    assert read_set_up(ctx.workspace) == new
    assert bool(changes) == bool(written)
    assert put(ctx, new) == []


def test_a_key_in_clear_is_the_same_as_its_reference_and_never_gets_into_backups(
    world: World,
) -> None:
    text = "providers:\n- {type: groq, api_key: gsk_canary0123456789abcdef}\n"
    world.providers(text)
    path = exported(world)
    assert world.cli("apply", "set-up.yaml").out == "Nothing to change.\n"
    path.write_text(path.read_text() + "spend: never\n")
    before = world.written()
    ran = world.cli("apply", "set-up.yaml", "--yes")
    assert ran.code == 2
    assert "providers.0.api_key is a key in clear." in ran.err
    assert "`freerouter migrate` moves it to .env." in ran.err
    assert "canary" not in ran.out + ran.err
    assert world.written() == before
    assert world.cli("migrate", "--yes").code == 0
    assert world.cli("apply", "set-up.yaml", "--yes").code == 0
    holders = {p.rpartition("/")[2] for p, t in world.written().items() if "canary" in t}
    assert holders == {".env"}
