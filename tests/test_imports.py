"""Who may import whom, and what must not be imported where it has to be fast."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from fakes import openai_list

import freerouter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import World
    from fakes import FakeServer

ROOT = Path(freerouter.__file__).parent
LONGEST = 400
HEAVY = ("litellm", "rich", "prompt_toolkit", "questionary", "pydantic", "httpx", "yaml")
ENGINE = {"litellm", "uvicorn", "fastapi"}
MENUS = {"prompt_toolkit", "questionary"}


class Import(NamedTuple):
    """One imported module; `late` where the import stands inside a function."""

    module: str
    late: bool


def name_of(path: Path) -> str:
    parts = ("freerouter", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}
PACKAGES = {name for name, path in MODULES.items() if path.name == "__init__.py"}


@cache
def imports_of(name: str) -> frozenset[Import]:
    """What a module imports when it runs: what stands under TYPE_CHECKING does not count."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    return frozenset(_walk(tree, late=False))


def _walk(node: ast.AST, *, late: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            module = child.module or ""
            for alias in child.names:
                inner = f"{module}.{alias.name}"
                yield Import(inner if inner in MODULES else module, late)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, late=late or inside)


def ours(name: str) -> set[str]:
    return {i.module for i in imports_of(name) if i.module.split(".")[0] == "freerouter"}


def theirs(name: str) -> set[str]:
    return {i.module.split(".")[0] for i in imports_of(name)} - {"freerouter"}


def package_of(name: str) -> str:
    """`config` of `freerouter.config.state`; "" for a module of the core."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and f"freerouter.{parts[1]}" in PACKAGES else ""


def in_package(package: str) -> list[str]:
    return [name for name in MODULES if package_of(name) == package]


def test_the_rules_see_the_imports_that_there_are() -> None:
    assert Import("freerouter.frontends.command_line", late=True) in imports_of("freerouter.cli")
    assert "freerouter.context" in ours("freerouter.session")
    assert "freerouter.wizard.engine" not in ours("freerouter.session")
    assert "litellm" in theirs("freerouter.process.worker")
    assert package_of("freerouter.cli") == ""


@pytest.mark.parametrize("name", in_package("commands"))
def test_a_command_uses_config_providers_process_and_the_core(name: str) -> None:
    used = {package_of(module) for module in ours(name)}
    assert used <= {"", "commands", "config", "providers", "process", "usage"}


@pytest.mark.parametrize("name", in_package("wizard"))
def test_the_wizard_knows_commands_only_by_their_lines(name: str) -> None:
    used = ours(name)
    assert {package_of(module) for module in used} <= {"", "wizard", "config"}
    config = {module for module in used if package_of(module) == "config"}
    assert config <= {"freerouter.config.yaml_file"}


@pytest.mark.parametrize("name", in_package("config"))
def test_config_runs_without_the_rest(name: str) -> None:
    assert {package_of(module) for module in ours(name)} <= {"", "config"}


@pytest.mark.parametrize("name", in_package("providers"))
def test_providers_use_config_and_the_core(name: str) -> None:
    assert {package_of(module) for module in ours(name)} <= {"", "config", "providers"}


@pytest.mark.parametrize("name", in_package("process"))
def test_the_gateways_process_uses_config_and_the_core(name: str) -> None:
    assert {package_of(module) for module in ours(name)} <= {"", "config", "process", "usage"}


@pytest.mark.parametrize("name", in_package("usage"))
def test_usage_uses_config_and_the_core(name: str) -> None:
    assert {package_of(module) for module in ours(name)} <= {"", "config", "usage"}


def test_only_the_gateways_own_process_imports_the_engine() -> None:
    found = {name for name in MODULES if theirs(name) & ENGINE}
    elsewhere = {name for name in found if not name.startswith("freerouter.process.patches.")}
    assert elsewhere == {"freerouter.process.worker", "freerouter.usage.recorder"}


def test_only_the_shell_and_the_menus_import_a_terminal_library() -> None:
    found = {name for name in MODULES if theirs(name) & MENUS}
    elsewhere = {name for name in found if package_of(name) != "shell"}
    assert elsewhere == {f"freerouter.frontends.{name}" for name in ("asking", "picker", "typed")}


def test_no_module_needs_itself_to_be_imported() -> None:
    graph = {
        name: {i.module for i in imports_of(name) if not i.late} & MODULES.keys()
        for name in MODULES
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_can_be_read_in_one_sitting(name: str) -> None:
    lines = MODULES[name].read_text(encoding="utf-8").count("\n")
    assert lines < LONGEST


def imported_by(world: World, *argv: str) -> set[str]:
    """The top-level modules that a command leaves imported."""
    program = (
        "import json, sys; from freerouter.cli import main; main(sys.argv[1:]);"
        "sys.stderr.write(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *argv],
        capture_output=True,
        text=True,
        cwd=world.cwd,
        check=True,
    )
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    assert "freerouter" in found
    return set(found)


@pytest.mark.parametrize("line", ["status", "list", "help", "help start"])
def test_a_quick_command_imports_nothing_heavy(world: World, line: str) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert world.cli("fetch").code == 0
    assert imported_by(world, *line.split()) & {*HEAVY, "asyncio", "shutil"} == set()


def test_fetch_imports_the_http_library_and_no_other(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a")
    world.providers(f"providers: [{{type: oai, api_base: '{server.url}/v1'}}]\n")
    loaded = imported_by(world, "fetch")
    assert loaded & set(HEAVY) == {"httpx", "yaml"}
    assert not {"asyncio", "h2", "click"} & loaded


def test_fetch_without_a_network_provider_imports_no_http_library(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert imported_by(world, "fetch") & set(HEAVY) == {"yaml"}


def test_the_shell_draws_its_first_prompt_without_yaml_http_or_the_engine() -> None:
    program = "import sys, freerouter.shell.repl; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "prompt_toolkit" in loaded
    assert not {"yaml", "httpx", "litellm", "rich", "ruamel"} & set(loaded)
    assert "freerouter.wizard.messages" not in loaded
