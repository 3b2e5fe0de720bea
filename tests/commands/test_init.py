"""`init`: a commented providers.yaml, made once and where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.commands.init import TEMPLATE
from freerouter.config.providers_file import read_providers
from freerouter.config.yaml_file import parse_yaml

if TYPE_CHECKING:
    import pytest
    from conftest import World


def test_it_makes_a_file_to_edit_and_a_key(world: World) -> None:
    ran = world.cli("init")
    assert ran == (
        0,
        (
            "Made ~/.config/freerouter/providers.yaml.\n"
            "Next: edit it and run `freerouter fetch`, or `freerouter init --wizard`.\n"
        ),
        "",
    )
    assert (world.workspace / "providers.yaml").read_text() == TEMPLATE
    assert (world.workspace / ".env").stat().st_mode & 0o777 == 0o600
    assert world.cli("fetch").code == 0


def test_an_existing_file_is_never_overwritten(world: World) -> None:
    path = world.providers("mine: true\n")
    ran = world.cli("init")
    assert ran.code == 0
    assert ran.out.startswith(
        "~/.config/freerouter/providers.yaml is there already and was left as it is.\n"
    )
    assert path.read_text() == "mine: true\n"


def test_every_example_of_the_template_is_one_that_can_be_read() -> None:
    kept = [
        line.replace("# ", "", 1)
        if line.lstrip().startswith(("# -", "#   ", "# gate", "# lite", "# select"))
        else line
        for line in TEMPLATE.splitlines()
    ]
    text = "\n".join(line for line in kept if not line.startswith("#"))
    file = read_providers(parse_yaml(text.encode(), "template"))
    types = [e.type for e in file.entries]
    assert types == ["openrouter", "modelscope", "ollama", "oai", "static", "iflow", "demo"]
    assert file.gateway["port"] == 4000
    assert "router_settings" in file.litellm
    assert file.select == {"openrouter": ("qwen/qwen3-coder:free",)}


def test_a_project_has_its_own(world: World) -> None:
    ran = world.cli("init", "--at", "project")
    assert ran.code == 0
    assert (world.cwd / "config" / "providers.yaml").read_text() == TEMPLATE
    assert not (world.workspace / "providers.yaml").exists()


def test_a_config_directory_makes_it_a_project(world: World) -> None:
    (world.cwd / "config").mkdir()
    world.cli("init")
    assert (world.cwd / "config" / "providers.yaml").exists()


def test_freerouter_home_comes_before_a_config_directory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.cwd / "config").mkdir()
    monkeypatch.setenv("FREEROUTER_HOME", str(world.home / "fr"))
    world.cli("init")
    assert (world.home / "fr" / "providers.yaml").exists()


def test_a_profile_gets_a_file_of_its_own(world: World) -> None:
    assert world.cli("--profile", "work", "init").code == 0
    assert (world.workspace / "profiles" / "work" / "providers.yaml").exists()


def test_the_users_is_refused_where_a_project_would_hide_it(world: World) -> None:
    world.cli("init", "--at", "project")
    ran = world.cli("init", "--at", "user")
    assert (ran.code, ran.err) == (
        2,
        (
            "This directory has a configuration of its own (./config), which comes first.\n"
            "Use --at project, or go to another directory.\n"
        ),
    )


def test_the_users_is_made_when_asked_for(world: World) -> None:
    (world.cwd / "config").mkdir()
    world.cli("init", "--at", "user")
    assert (world.workspace / "providers.yaml").exists()


def test_a_file_in_the_way_stays_and_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = world.home / "taken"
    taken.write_text("mine")
    monkeypatch.setenv("FREEROUTER_HOME", str(taken))
    ran = world.cli("init")
    assert (ran.code, ran.err) == (
        2,
        (
            f"Cannot write {taken}/.lock.\nA file stands where its directory should be.\n"
            "Nothing was changed. Move that file away and try again.\n"
        ),
    )
    assert taken.read_text() == "mine"


def test_a_projects_keys_and_state_stay_out_of_its_repository(world: World) -> None:
    assert world.cli("init", "--at", "project").code == 0
    assert world.cli("fetch").code == 0
    assert world.cli("fetch").code == 0
    ignored = (world.cwd / "config" / ".gitignore").read_text().split()
    made = {f"{p.name}/" if p.is_dir() else p.name for p in (world.cwd / "config").iterdir()}
    assert made - set(ignored) == {".gitignore", "config.yaml", "providers.yaml"}
    assert world.cli("init").code == 0


def test_a_users_own_workspace_has_no_gitignore(world: World) -> None:
    world.cli("init")
    assert not (world.workspace / ".gitignore").exists()


def test_a_gitignore_of_the_users_own_is_left_as_it_is(world: World) -> None:
    (world.cwd / "config").mkdir()
    (world.cwd / "config" / ".gitignore").write_text("mine\n")
    world.cli("init", "--at", "project")
    assert (world.cwd / "config" / ".gitignore").read_text() == "mine\n"
