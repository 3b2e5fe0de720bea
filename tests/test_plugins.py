"""Plugins: the worked example installed for true, and broken ones, which are named and skipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, Reply

import freerouter
from freerouter.entry_points import entry_points

if TYPE_CHECKING:
    from conftest import Ran, World

EXAMPLE = Path(__file__).parents[1] / "docs" / "how-to" / "plugin"
pytestmark = pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the docs are not installed")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory into which the example was installed."""
    target = tmp_path_factory.mktemp("site")
    offline = ["--no-index", "--no-build-isolation", "--no-deps", "--no-cache-dir", "--quiet"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *offline]
    source = target / "source"
    subprocess.run(["cp", "-r", EXAMPLE, source], check=True)
    subprocess.run([*pip, "--target", target / "there", source], check=True, timeout=120)
    return target / "there"


class Site:
    """A directory of installed packages, written by hand."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self.path = path
        path.mkdir()

    def package(self, name: str, groups: str, **modules: str) -> None:
        """A package of that name, its entry points, and modules by name with their text."""
        info = self.path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(groups)
        for module, text in modules.items():
            (self.path / f"{module}.py").write_text(text)

    def run(self, *words: str, **environ: str) -> Ran:
        return self._world.process(*words, PYTHONPATH=str(self.path), **environ)

    def plugins(self) -> dict[str, str]:
        """What is wrong with each part, by its kind and name; "" where nothing is."""
        found = json.loads(self.run("plugins", "--json").out)["plugins"]
        return {f"{part['kind']} {part['name']}": part["problem"] for part in found}


@pytest.fixture
def site(world: World, tmp_path: Path) -> Site:
    return Site(world, tmp_path / "site")


# The example


def test_the_example_adds_a_command_a_flow_and_a_provider(world: World, installed: Path) -> None:
    ran = world.process("plugins", PYTHONPATH=str(installed))
    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines()[1:]] == [
        ["✓", "cheapest", "command", "freerouter-example", "0.1"],
        ["✓", "compare-prices", "flow", "freerouter-example", "0.1"],
        ["✓", "example", "provider", "freerouter-example", "0.1"],
    ]


def test_its_provider_command_and_flow_work_as_ours_do(
    world: World, installed: Path, server: FakeServer
) -> None:
    rows = [
        {"id": "dear", "price": {"input": 3, "output": 15}},
        {"id": "free", "price": {"input": 0, "output": 0}},
    ]
    server.replies["/v1/models"] = Reply({"data": rows}, keys=("sk-example",))
    there = {
        "PYTHONPATH": str(installed),
        "EXAMPLE_API_BASE": f"{server.url}/v1",
        "EXAMPLE_API_KEY": "sk-example",
    }
    assert world.process("init", **there).code == 0
    assert world.process("providers", "add", "example", **there).code == 0
    assert "Example: 2 models, 1 of them written" in world.process("fetch", **there).out
    cheapest = world.process("cheapest", "--limit", "1", **there)
    assert cheapest.out.splitlines()[1].split() == ["free", "example", "0"]
    flow = world.process("flow", "compare-prices", "--yes", **there)
    assert flow.code == 0
    assert "> cheapest --limit 3" in flow.out
    assert "of the last fetch (freerouter-example 0.1)" in world.process("help", **there).out
    without = world.process("cheapest", **there, FREEROUTER_PLUGINS="off")
    assert (without.code, without.err.splitlines()[0]) == (2, 'There is no command "cheapest".')


def test_its_own_tests_pass(installed: Path, tmp_path: Path) -> None:
    ours = str(Path(freerouter.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests")],
        env={**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{ours}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


# What cannot be used


GOOD = """
from freerouter.registry import Command
from freerouter.result import Line, Result
COMMANDS = (Command("greet", "Say hello", "good:run"), Command("fall", "Fall", "good:fall"))
def run(ctx, args):
    return Result({}, (Line("Hello."),))
def fall(ctx, args):
    raise ZeroDivisionError("by hand")
"""


def test_a_broken_plugin_is_named_and_everything_else_goes_on(site: Site) -> None:
    site.package("alpha", "[freerouter.commands]\na = alpha:COMMANDS\n", alpha="1 / 0\n")
    site.package("beta", "[freerouter.commands]\nb = good:COMMANDS\n", good=GOOD)
    site.package("gamma", "[freerouter.providers]\ng = nowhere\n")
    ran = site.run("plugins")
    assert ran.code == 1
    assert (
        "✗ command a (alpha 1.0): alpha:COMMANDS cannot be imported. ZeroDivisionError" in ran.err
    )
    assert "✗ provider g (gamma 1.0): nowhere cannot be imported. ModuleNotFound" in ran.err
    assert ran.err.endswith("2 parts left out; everything else works as it did.\n")
    assert site.run("greet").out == "Hello.\n"
    assert site.run("providers").code == 0
    assert site.run("help").code == 0


def test_a_command_that_falls_is_the_plugins_fault(site: Site) -> None:
    site.package("beta", "[freerouter.commands]\nb = good:COMMANDS\n", good=GOOD)
    ran = site.run("fall")
    assert (ran.code, ran.err) == (
        1,
        "`fall` of the plugin beta 1.0 failed.\nZeroDivisionError: by hand.\n",
    )


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ('Command("start", "x", "m:f")', "There is a command `start` already (FreeRouter)."),
        ('Command("flows", "x", "m:f")', "There is a command `flows` already (FreeRouter)."),
        ('Command("start now", "x", "m:f")', "`start` is a command of FreeRouter"),
        ('Command("Shout", "x", "m:f")', "Its name must be one or two words"),
        ('Command("x", "x", "nowhere")', "Its target must be module:function."),
        ('Command("x", "x", "os:path", needs=("luck",))', 'It needs "luck", which is no need.'),
        ('Command("x", "x", "os:path", parameters=("a",))', "Its parameters must be Parameter"),
        ('Command("x", "x", "nowhere:f")', "`x` of the plugin p 1.0 cannot be loaded."),
    ],
)
def test_a_command_that_cannot_be_is_left_out(site: Site, command: str, problem: str) -> None:
    text = f"from freerouter.registry import Command\nCOMMANDS = [{command}]\n"
    site.package("p", "[freerouter.commands]\np = p:COMMANDS\n", p=text)
    (found,) = site.plugins().values()
    assert found.startswith(problem)
    assert site.run("status").code == 6


def test_nonsense_is_told_as_such(site: Site) -> None:
    groups = (
        "[freerouter.commands]\nc = p:NUMBER\n[freerouter.flows]\nf = p:NUMBER\n"
        "[freerouter.providers]\nr = p:give\n"
    )
    site.package("p", groups, p="NUMBER = 7\ndef give():\n    raise KeyError('x')\n")
    site.package("q", "no section\n[freerouter.commands]\n")
    assert site.plugins() == {
        "command c": "p:NUMBER is not a tuple of commands.",
        "command entry_points.txt": (
            "Its entry points cannot be read. "
            "MissingSectionHeaderError: File contains no section headers."
        ),
        "flow f": "p:NUMBER is no directory.",
        "provider r": "p:give failed. KeyError: 'x'.",
    }


def test_of_two_parts_of_one_name_the_first_counts(site: Site) -> None:
    for name in ("a", "b"):
        site.package(
            name,
            f"[freerouter.providers]\np = {name}:records\n",
            **{name: f"def records():\n    return {{'twin': {{'name': 'Twin of {name}'}}}}\n"},
        )
    found = json.loads(site.run("plugins", "--json").out)["plugins"]
    assert [(p["origin"], p["problem"]) for p in found] == [
        ("a 1.0", ""),
        ("b 1.0", "There is a provider twin already (a 1.0)."),
    ]
    listed = json.loads(site.run("providers", "--json").out)["providers"]
    assert [p["name"] for p in listed if p["id"] == "twin"] == ["Twin of a"]


RECORDS = """
RECORDS = {
    "openrouter": {"base_url": "https://elsewhere.example"},
    "wrong": {"nmae": "x"},
    "right": {"name": "Right", "base_url": "https://right.example/v1"},
    "../up": {},
}
"""


def test_a_record_of_ours_is_not_replaced_and_a_wrong_one_is_told(site: Site) -> None:
    site.package("p", "[freerouter.providers]\np = p:RECORDS\n", p=RECORDS)
    assert site.plugins() == {
        "provider openrouter": "There is a provider openrouter already (FreeRouter).",
        "provider wrong": 'p:RECORDS, wrong:1:1: unknown key "nmae". Did you mean "name"?',
        "provider right": "",
        "provider ../up": "A provider's id has letters, digits, dots, - and _ only.",
    }
    listed = json.loads(site.run("providers", "--json").out)["providers"]
    urls = {p["id"]: p["url"] for p in listed}
    assert urls["right"] == "https://right.example/v1"
    assert urls["openrouter"] == "https://openrouter.ai/api/v1"


def test_a_flow_of_ours_is_not_replaced_and_the_users_own_wins(
    site: Site, world: World, tmp_path: Path
) -> None:
    flow = "flow: {name}\ntitle: {title}\nsteps:\n  - done: Done.\n"
    flows = tmp_path / "flows"
    flows.mkdir()
    for name in ("diagnose", "mine", "theirs"):
        (flows / f"{name}.yaml").write_text(flow.format(name=name, title="The plugin's"))
    (flows / "torn.yaml").write_text("flow: [")
    world.providers("providers: [{type: demo}]\n")
    own = world.workspace / "flows"
    own.mkdir()
    (own / "mine.yaml").write_text(flow.format(name="mine", title="My own"))
    site.package("p", "[freerouter.flows]\np = p:WHERE\n", p=f"WHERE = {str(flows)!r}\n")
    found = site.plugins()
    assert found["flow diagnose"] == "There is a flow diagnose already (FreeRouter)."
    assert (found["flow mine"], found["flow theirs"]) == ("", "")
    assert "torn.yaml:2:1" in found["flow torn"]
    listed: list[dict[str, Any]] = json.loads(site.run("flow", "list", "--json").out)["flows"]
    titles = {one["name"]: one["title"] for one in listed}
    assert (titles["mine"], titles["theirs"]) == ("My own", "The plugin's")
    assert titles["diagnose"] == "Find out what is wrong, and mend it"


# What it costs


@pytest.mark.parametrize("line", ["--version", "status", "list"])
def test_a_quick_command_looks_for_no_plugin(site: Site, world: World, line: str) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert world.cli("fetch").code == 0
    program = "import sys; print('imported', file=sys.stderr)\n"
    site.package("p", "[freerouter.commands]\np = p:COMMANDS\n", p=program)
    assert "imported" not in site.run(line).err
    assert "imported" in site.run("plugins").err


@pytest.mark.parametrize("line", ["status", "list", "help", "plugins"])
def test_nothing_imports_importlib_metadata(site: Site, world: World, line: str) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert world.cli("fetch").code == 0
    site.package("beta", "[freerouter.commands]\nb = good:COMMANDS\n", good=GOOD)
    program = (
        "import sys; from freerouter.cli import main; main(sys.argv[1:]);"
        "sys.exit('importlib.metadata' in sys.modules)"
    )
    environ = {**os.environ, "PYTHONPATH": str(site.path)}
    done = subprocess.run(
        [sys.executable, "-c", program, line],
        env=environ,
        cwd=world.cwd,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0


def test_what_is_found_is_what_the_standard_library_finds() -> None:
    from importlib import metadata

    theirs = metadata.entry_points(group="freerouter.commands")
    assert {point.value for point in entry_points("command")} == {p.value for p in theirs}
