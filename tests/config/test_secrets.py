"""`.env`: read forgivingly, written privately, one line at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freerouter.config.secrets import (
    Secrets,
    clean_key,
    ensure_master_key,
    load_secrets,
    read_env_file,
    remove_variable,
    store,
)
from freerouter.config.workspace import Workspace
from freerouter.context import make_context
from freerouter.errors import FileError, UsageError

if TYPE_CHECKING:
    from conftest import World


def env_file(tmp_path: Path, text: str) -> Workspace:
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    return Workspace(str(tmp_path))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("K=plain", "plain"),
        ("  export K = spaced  ", "spaced"),
        ('K="double quoted # not a comment"', "double quoted # not a comment"),
        ("K='single' # comment", "single"),
        ("K=value # comment", "value"),
        ("K=a#b", "a#b"),
        ("K=a=b", "a=b"),
        ("K='open", "'open"),
        ("K=", ""),
    ],
)
def test_a_line_of_env_is_understood(tmp_path: Path, line: str, value: str) -> None:
    assert read_env_file(env_file(tmp_path, f"{line}\n").env_file) == {"K": value}


def test_comments_blank_lines_and_odd_lines_are_no_variables(tmp_path: Path) -> None:
    workspace = env_file(tmp_path, "\ufeff# K=1\n\nnot a pair\n=nameless\n")
    assert read_env_file(workspace.env_file) == {}


def test_a_missing_env_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_env_file(str(tmp_path / ".env")) == {}


def test_an_env_file_that_is_no_text_is_refused_for_reading_and_for_writing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"K=\xff\n")
    message = rf"Cannot read {tmp_path}/\.env\. It is not UTF-8 text\."
    with pytest.raises(FileError, match=message):
        read_env_file(str(tmp_path / ".env"))
    with pytest.raises(FileError, match=message):
        store(Workspace(str(tmp_path)), "K", "value")
    assert (tmp_path / ".env").read_bytes() == b"K=\xff\n"


def test_an_env_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(FileError, match=r"Cannot read .*\.env\. Is a directory\."):
        read_env_file(str(tmp_path / ".env"))


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    workspace = env_file(tmp_path, "A=file\nB=file\nC= \n")
    secrets = Secrets(workspace, {"A": " environment\n", "B": ""})
    assert [secrets.get(name) for name in "ABCD"] == ["environment", "file", None, None]
    assert [secrets.origin(name) for name in "ABD"] == ["environment", ".env", ""]


def test_a_project_also_reads_the_env_file_beside_its_config(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / ".env").write_text("A=beside\nB=beside\n")
    (tmp_path / "config" / ".env").write_text("A=inside\n")
    project = Workspace(str(tmp_path / "config"), "project")
    assert Secrets(project, {}).stored == {"A": "inside", "B": "beside"}
    assert Secrets(Workspace(project.root), {}).stored == {"A": "inside"}


def test_storing_changes_one_line_and_keeps_the_others_as_they_are(tmp_path: Path) -> None:
    text = "# mine\nexport A='old'   # note\n\nB = \"kept as it is\"\nA=older\n"
    workspace = env_file(tmp_path, text)
    store(workspace, "A", "new")
    assert Path(workspace.env_file).read_text() == ('# mine\nA=new\n\nB = "kept as it is"\n\n')


def test_a_new_variable_goes_to_the_end_of_a_private_file(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path / "new"))
    store(workspace, "A", " sk-1 \n")
    path = Path(workspace.env_file)
    assert path.read_text() == (
        "# Keys of this FreeRouter workspace. Keep this file to yourself.\nA=sk-1\n"
    )
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_all_could_read_is_private_after_storing(tmp_path: Path) -> None:
    workspace = env_file(tmp_path, "B=1\n")
    (tmp_path / ".env").chmod(0o644)
    store(workspace, "A", "2")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_removing_takes_every_line_of_one_variable(tmp_path: Path) -> None:
    workspace = env_file(tmp_path, "# A=0\nexport A='old'\n\nAB=1\nA=older\n")
    (tmp_path / ".env").chmod(0o644)
    assert remove_variable(workspace, "A")
    path = Path(workspace.env_file)
    assert path.read_text() == "# A=0\n\nAB=1\n"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "B=1\n", "# A=1"])
def test_removing_what_is_not_there_leaves_the_file_untouched(tmp_path: Path, text: str) -> None:
    workspace = env_file(tmp_path, text)
    assert not remove_variable(workspace, "A")
    assert Path(workspace.env_file).read_text() == text


def test_there_may_be_no_file_to_remove_from(tmp_path: Path) -> None:
    assert not remove_variable(Workspace(str(tmp_path)), "A")
    assert not (tmp_path / ".env").exists()


@pytest.mark.parametrize(
    "value",
    ["sk-plain", "with space", "a#b", "a #b", "it's", 'say "hi"', "$HOME`x`", "back\\slash"],
)
def test_what_is_stored_is_what_is_read(tmp_path: Path, value: str) -> None:
    workspace = Workspace(str(tmp_path))
    store(workspace, "K", value)
    assert read_env_file(workspace.env_file) == {"K": value}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "The key is empty. Paste it again."),
        (" \n ", "The key is empty. Paste it again."),
        (
            "sk-one\nsk-two",
            (
                "The key holds a line break or a control character. "
                "It was probably copied together "
                "with something else. Copy only the key and paste it again."
            ),
        ),
        (
            "sk-\x7f",
            (
                "The key holds a line break or a control character. "
                "It was probably copied together "
                "with something else. Copy only the key and paste it again."
            ),
        ),
        (
            "sk-…",
            "The key holds a character that no key has. Copy only the key and paste it again.",
        ),
    ],
)
def test_a_key_that_could_never_be_sent_is_refused_and_not_stored(
    tmp_path: Path, value: str, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        store(Workspace(str(tmp_path)), "K", value)
    assert str(caught.value) == message
    assert not (tmp_path / ".env").exists()


def test_white_space_around_a_key_is_not_part_of_it() -> None:
    assert clean_key("  sk-1\r\n") == "sk-1"


def test_the_gateways_key_is_made_once_and_kept(world: World) -> None:
    ctx = make_context()
    key = ensure_master_key(ctx)
    assert key.startswith("sk-")
    assert len(key) == 67
    assert ensure_master_key(make_context()) == key
    assert ctx.redact(f"Bearer {key}") == "Bearer env:LITELLM_MASTER_KEY"


def test_a_weak_key_for_the_gateway_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-1234")
    with pytest.raises(UsageError) as caught:
        ensure_master_key(make_context())
    assert str(caught.value) == (
        "The gateway's key in LITELLM_MASTER_KEY is too weak (7 characters). "
        "Unset LITELLM_MASTER_KEY in your environment: `keys rotate master` makes a strong one."
    )
    assert not (world.workspace / ".env").exists()


def test_every_stored_value_is_hidden_from_then_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.workspace / ".env").write_text("ANY_KEY=canary-one\n")
    monkeypatch.setenv("LITELLM_MASTER_KEY", "canary-two-is-strong")
    ctx = make_context()
    load_secrets(ctx)
    assert ctx.redact("canary-one canary-two-is-strong") == "env:ANY_KEY env:LITELLM_MASTER_KEY"
