"""`backup`, `backups`, `diff`, `restore`, `undo`: from changes back to what was there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes import openai_list

from freerouter.config.state import read_models
from freerouter.config.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World
    from fakes import FakeServer

CANARY = "canary-7f3a-never-in-a-backup"


@pytest.fixture
def lab(world: World, server: FakeServer) -> World:
    """A lab with two models, fetched."""
    server.replies["/v1/models"] = openai_list("a", "b")
    world.providers(
        "# mine\nproviders:\n"
        f"  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}  # the lab\n"
    )
    assert world.cli("fetch").code == 0
    return world


def files(world: World) -> tuple[str, str]:
    providers, config = (world.workspace / n for n in ("providers.yaml", "config.yaml"))
    return providers.read_text(), config.read_text()


def names(world: World) -> list[str]:
    data = json.loads(world.cli("backups", "--json").out)
    return [backup["name"] for backup in data["backups"]]


def written(world: World) -> list[str]:
    return [r["id"] for r in read_models(Workspace(str(world.workspace))) if r["written"]]


# What is told


def test_without_a_backup_each_says_so_and_makes_nothing(world: World) -> None:
    assert world.cli("backups") == (0, "There are no backups yet.\n", "")
    for line in ("diff", "restore latest", "undo"):
        ran = world.cli(*line.split())
        assert ran.code in (1, 4)
        assert ran.err.startswith(("There are no backups yet.", "There is nothing to take back."))
    assert not world.workspace.joinpath(".lock").exists()


def test_a_backup_is_made_once_of_the_same(lab: World) -> None:
    first = lab.cli("backup")
    (name,) = names(lab)
    assert first == (0, f"Kept as {name} in ~/.config/freerouter/backups.\n", "")
    assert lab.cli("backup") == (0, f"Nothing has changed: {name}.\n", "")
    assert lab.cli("diff") == (0, f"{name} and now are the same.\n", "")


def test_every_backup_tells_what_came_after_it(lab: World, server: FakeServer) -> None:
    lab.cli("providers", "disable", "lab")
    lab.cli("providers", "enable", "lab")
    server.replies["/v1/models"] = openai_list("b", "c")
    lab.cli("fetch")
    lab.cli("select", "lab/b")
    data = json.loads(lab.cli("backups", "--json").out)["backups"]
    assert [backup["after"]["summary"] for backup in data] == [
        "select.lab added; 1 model gone",
        "1 model new; 1 model gone",
        "lab on",
        "lab off",
    ]
    assert [backup["number"] for backup in data] == [1, 2, 3, 4]
    rows = lab.cli("backups").out.splitlines()
    assert rows[0].split() == ["#", "BACKUP", "FILES", "CHANGED", "AFTER", "IT"]
    assert rows[2].endswith("config.yaml, providers.yaml  1 model new; 1 model gone")


def test_one_command_makes_one_backup(lab: World) -> None:
    lab.cli("select", "lab/b")
    assert len(names(lab)) == 1


OTHER = "~ other members: auto, code, fast, smart\n"


def test_differences_are_told_by_what_they_mean(lab: World, server: FakeServer) -> None:
    lab.cli("backup")
    server.replies["/v1/models"] = openai_list("b", "c")
    lab.cli("fetch")
    lab.cli("providers", "add", "demo")
    (latest, first) = names(lab)
    assert lab.cli("diff", "2") == (
        1,
        f"From {first} to now:\n+ provider demo\n+ 1 model of lab: c\n- 1 model of lab: a\n{OTHER}",
        "",
    )
    assert lab.cli("diff", "2", "latest").out == (
        f"From {first} to {latest}:\n+ 1 model of lab: c\n- 1 model of lab: a\n{OTHER}"
    )
    assert lab.cli("diff").out == f"From {latest} to now:\n+ provider demo\n"
    data = json.loads(lab.cli("diff", "2", "--json").out)
    assert not data["same"]
    assert [m["model"] for m in data["models"]["new"]] == ["c"]
    assert data["settings"][0]["name"] == "provider demo"


def test_lines_are_told_as_diff_does(lab: World) -> None:
    lab.cli("providers", "disable", "lab")
    (name,) = names(lab)
    ran = lab.cli("diff", "--raw")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[:2] == [f"--- providers.yaml ({name})", "+++ providers.yaml (now)"]
    assert next(line for line in lines[2:] if line[0] in "+-").startswith("-  - {type: oai")


def test_three_states_are_refused(lab: World) -> None:
    ran = lab.cli("diff", "1", "2", "3")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "Two states can be compared, and no more.")


def test_the_running_gateway_is_compared_only_when_it_runs(lab: World) -> None:
    ran = lab.cli("diff", "--running")
    assert (ran.code, ran.err.splitlines()[0]) == (6, "The gateway is not running.")


# Back


def test_a_change_is_taken_back_to_the_byte_and_so_is_the_one_before(
    lab: World, server: FakeServer
) -> None:
    first = files(lab)
    server.replies["/v1/models"] = openai_list("b", "c")
    lab.cli("fetch")
    second = files(lab)
    lab.cli("select", "lab/c")
    assert written(lab) == ["c"]
    ran = lab.cli("undo")
    (kept, restored, _) = names(lab)
    assert (ran.code, ran.out) == (
        0,
        (
            f"Back to {restored}, before the last change:\n- select.lab: [c]\n+ 1 model of lab: b\n"
            f"{OTHER}What there was is kept as {kept}: `restore latest` brings it back.\n"
        ),
    )
    assert files(lab) == second
    assert written(lab) == ["b", "c"]
    assert lab.cli("undo").code == 0
    assert files(lab) == first
    assert sorted(written(lab)) == ["a", "b"]
    last = lab.cli("undo")
    assert (last.code, last.err.splitlines()[0]) == (1, "There is nothing to take back.")
    assert files(lab) == first


def test_an_undo_is_taken_back_by_restoring_the_latest(lab: World) -> None:
    lab.cli("providers", "disable", "lab")
    off = files(lab)
    lab.cli("undo")
    assert lab.cli("restore", "latest", "-y").code == 0
    assert files(lab) == off
    lab.cli("undo")
    assert files(lab) != off


def test_an_alias_is_one_change_and_is_taken_back_by_one_undo(lab: World) -> None:
    first = files(lab)
    lab.cli("alias", "add", "quick", "lab/a")
    (only,) = names(lab)
    ran = lab.cli("diff", only)
    assert ran.out == (f"From {only} to now:\n+ aliases.quick: [lab/a]\n~ other members: quick\n")
    ran = lab.cli("undo")
    assert "is not what" not in ran.out + ran.err
    assert files(lab) == first


def test_a_restore_is_undone_like_any_change(lab: World) -> None:
    before = files(lab)
    lab.cli("providers", "disable", "lab")
    after = files(lab)
    ran = lab.cli("restore", "1", "--yes")
    (kept, name) = names(lab)
    assert (ran.code, ran.out) == (
        0,
        (
            f"Restored {name}.\n~ lab.enabled: false -> true\n"
            f"What there was is kept as {kept}: `undo` brings it back.\n"
        ),
    )
    assert files(lab) == before
    lab.cli("undo")
    assert files(lab) == after


def test_what_is_there_already_is_not_restored(lab: World) -> None:
    lab.cli("backup")
    ran = lab.cli("restore", "latest")
    (name,) = names(lab)
    assert ran == (0, f"{name} is what there is now: nothing was changed.\n", "")


def test_nothing_is_restored_unasked_where_nobody_can_be_asked(lab: World) -> None:
    lab.cli("providers", "disable", "lab")
    before = files(lab)
    ran = lab.cli("restore", "1")
    assert ran.code == 2
    assert ran.err == (
        "This cannot be confirmed: there is no terminal.\nrestore 1 --yes.\n--yes confirms them.\n"
    )
    assert files(lab) == before
    assert len(names(lab)) == 1


@pytest.mark.parametrize("word", ["9", "0", "20200101_000000", "nowhere.yaml"])
def test_an_unknown_backup_is_told_and_which_there_are(lab: World, word: str) -> None:
    lab.cli("backup")
    ran = lab.cli("restore", word, "-y")
    assert ran == (4, "", f'There is no backup "{word}".\n`backups` lists them: 1 to 1.\n')


def test_a_deleted_providers_yaml_comes_back(lab: World) -> None:
    before = files(lab)
    lab.cli("backup")
    (lab.workspace / "providers.yaml").unlink()
    assert lab.cli("restore", "latest", "-y").code == 0
    assert files(lab) == before


def test_a_broken_providers_yaml_is_kept_and_the_last_good_one_comes_back(lab: World) -> None:
    before = files(lab)
    lab.cli("backup")
    lab.providers("providers: [\n")
    assert lab.cli("diff").out.splitlines()[1] == (
        "~ providers.yaml: one of the two is no YAML, `diff --raw` shows the lines"
    )
    assert lab.cli("undo").code == 0
    assert files(lab) == before
    lab.cli("restore", "latest", "-y")
    assert (lab.workspace / "providers.yaml").read_text() == "providers: [\n"


def test_where_there_was_no_config_it_is_made_from_the_last_lists(
    lab: World, server: FakeServer
) -> None:
    (lab.workspace / "config.yaml").unlink()
    lab.cli("providers", "add", "demo")
    server.replies["/v1/models"] = openai_list("b")
    lab.cli("fetch")
    lab.cli("providers", "disable", "lab")
    assert lab.cli("restore", names(lab)[-1], "-y").code == 0
    assert "demo" not in files(lab)[0]
    assert lab.cli("diff", "latest", "--json").code == 1
    assert written(lab) == ["b"]


# Files that are not in backups/


def test_a_single_file_of_a_backup_comes_back_alone(lab: World) -> None:
    providers, _ = files(lab)
    lab.cli("select", "lab/b")
    _, chosen = files(lab)
    (name,) = names(lab)
    ran = lab.cli("restore", f"providers.yaml.backup.{name}", "-y")
    assert ran.code == 0
    assert files(lab)[0] == providers
    assert files(lab)[1] != chosen
    assert sorted(written(lab)) == ["a", "b"]


def test_a_file_of_ones_own_is_restored_by_its_path(lab: World) -> None:
    (lab.cwd / "of-may.yaml").write_text("providers:\n  - type: demo\n")
    ran = lab.cli("restore", "of-may.yaml", "-y")
    assert ran.code == 0
    assert files(lab)[0] == "providers:\n  - type: demo\n"
    lab.cli("undo")
    assert "lab" in files(lab)[0]


def test_a_file_of_something_else_is_refused(lab: World) -> None:
    (lab.cwd / "notes.yaml").write_text("shopping: [milk]\n")
    ran = lab.cli("restore", "notes.yaml", "-y")
    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        f"{lab.cwd}/notes.yaml is neither a providers.yaml nor a config.yaml.",
    )


ORIGINAL = """\
model_list:
  - model_name: a
    litellm_params: {{model: openai/a, api_base: '{url}/v1', api_key: {key}}}
litellm_settings:
  drop_params: true
  master_key: sk-original-master-key
"""


@pytest.fixture
def original(world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of FreeRouter 0.1 with its backup beside providers.yaml, the keys in clear."""
    server.replies["/v1/models"] = openai_list("a", "b")
    monkeypatch.setenv("LAB_KEY", CANARY)
    world.providers(
        f"providers:\n  - {{type: oai, name: lab, api_base: '{server.url}/v1', "
        'api_key: "${LAB_KEY}"}\n'
    )
    assert world.cli("fetch").code == 0
    path = world.workspace / "config.yaml.backup.20240131_120000"
    path.write_text(ORIGINAL.format(url=server.url, key=CANARY))
    return path


def test_a_backup_of_the_original_comes_back_with_its_keys_by_reference(
    world: World, original: Path
) -> None:
    ran = world.cli("restore", original.name, "-y")
    assert ran.code == 0
    text = files(world)[1]
    assert CANARY not in text
    assert "sk-original-master-key" not in text
    assert "api_key: os.environ/LAB_KEY" in text
    assert "master_key: os.environ/LITELLM_MASTER_KEY" in text
    assert written(world) == ["a"]
    assert CANARY not in str(ran)


def test_a_key_that_nothing_names_any_more_is_not_written_into_config_yaml(
    world: World, original: Path
) -> None:
    before = files(world)
    original.write_text(original.read_text().replace(CANARY, "another-key-in-clear"))
    ran = world.cli("restore", original.name, "-y")
    assert ran.code == 2
    assert "1 key in clear that providers.yaml does not name" in ran.err
    assert "another-key-in-clear" not in str(ran)
    assert files(world) == before


# Keys


def test_a_key_in_clear_is_in_no_backup_and_comes_back_while_it_is_at_hand(lab: World) -> None:
    text = files(lab)[0].replace("name: lab", f"name: lab, api_key: {CANARY}")
    lab.providers(text)
    lab.cli("providers", "disable", "lab")
    outputs = [lab.cli(*line.split()) for line in ("backups", "diff", "diff --raw", "diff --json")]
    for path, written_text in lab.written().items():
        assert CANARY not in written_text or path.endswith("/providers.yaml")
    assert CANARY not in str(outputs)
    lab.cli("undo")
    assert files(lab)[0] == text


def test_a_key_that_is_not_at_hand_any_more_is_told_by_its_line(lab: World) -> None:
    lab.providers(files(lab)[0].replace("name: lab", f"name: lab, api_key: {CANARY}"))
    lab.cli("providers", "add", "demo")
    lab.cli("providers", "remove", "lab")
    ran = lab.cli("undo")
    assert ran.code == 0
    assert (
        "providers.yaml:3: a key stood here in clear, and backups hold none. Write it there again; "
        "better, `keys set` stores it and `${NAME}` stands for it.\n"
    ) in ran.out


def test_a_backup_of_an_earlier_version_shows_no_key_and_brings_it_back(lab: World) -> None:
    """Those were copies, keys and all."""
    text = files(lab)[0].replace("name: lab", f"name: lab, api_key: {CANARY}")
    backups = lab.workspace / "backups"
    backups.mkdir()
    (backups / "providers.yaml.backup.20250101_120000").write_text(text)
    lines = ("diff", "diff --raw", "diff --json", "backups --json", "restore 1 -y")
    assert CANARY not in str([lab.cli(*line.split()) for line in lines])
    assert files(lab)[0] == text


# With a gateway


@pytest.mark.gateway
def test_what_a_reload_changes_is_told_and_what_the_gateway_serves_comes_back(
    gateway: World,
) -> None:
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0
    same = gateway.cli("diff", "--running")
    assert same == (0, "the running gateway and now are the same.\n", "")
    text = files(gateway)[0]
    gateway.providers(f"{text}litellm:\n  router_settings:\n    num_retries: 3\n")
    gateway.cli("fetch")
    ran = gateway.cli("diff", "--running")
    assert ran.code == 1
    assert ran.out == (
        "From the running gateway to now:\n~ config.yaml: router_settings.num_retries: 0 -> 3\n"
    )
    assert gateway.cli("reload").code == 0
    back = gateway.cli("undo")
    assert "The gateway still serves the old ones: `reload`.\n" in back.out
    assert gateway.cli("reload").code == 0
    assert gateway.cli("diff", "--running").code == 0
