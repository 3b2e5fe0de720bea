"""Backups: what is kept, in which order, without which secrets; and what `undo` goes back to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from freerouter.config.backups import (
    KEPT,
    Backup,
    back_up,
    backups_of,
    before_last_change,
    present,
)
from freerouter.config.workspace import Workspace
from freerouter.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-7f3a-never-in-a-backup"


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "providers.yaml").write_text("providers: []\n")
    return Workspace(str(tmp_path))


def names(place: Workspace) -> list[str]:
    return [backup.name for backup in backups_of(place)]


def put(place: Workspace, text: str, config: str | None = None) -> None:
    with open(place.providers_file, "w", encoding="utf-8") as file:
        file.write(text)
    if config is not None:
        with open(place.config_file, "w", encoding="utf-8") as file:
            file.write(config)


def test_both_files_of_one_moment_are_kept_under_one_name(place: Workspace) -> None:
    put(place, "# one\n", "model_list: []\n")
    name = back_up(place, now=0.0)
    (kept,) = backups_of(place)
    assert kept.name == name
    assert kept.read() == {"config.yaml": "model_list: []\n", "providers.yaml": "# one\n"}
    assert {os.stat(path).st_mode & 0o777 for path in kept.files.values()} == {0o600}


def test_a_backup_is_the_same_bytes_whatever_they_are(place: Workspace, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xff\xfe\x00broken")
    (tmp_path / "providers.yaml").write_bytes("# é\r\n".encode("utf-16"))
    back_up(place, now=0.0)
    (kept,) = backups_of(place)
    with open(kept.files["config.yaml"], "rb") as file:
        assert file.read() == b"\xff\xfe\x00broken"
    with open(kept.files["providers.yaml"], "rb") as file:
        assert file.read() == "# é\r\n".encode("utf-16")


def test_there_is_no_backup_of_what_is_not_there(tmp_path: Path) -> None:
    assert back_up(Workspace(str(tmp_path)), now=0.0) == ""
    assert os.listdir(tmp_path) == []
    assert backups_of(Workspace(str(tmp_path))) == []


def test_what_has_not_changed_is_not_kept_twice(place: Workspace) -> None:
    first = back_up(place, now=0.0)
    assert back_up(place, now=9.0) == first
    assert names(place) == [first]


def test_names_are_in_the_order_of_the_changes_also_within_a_second_and_with_a_clock_put_back(
    place: Workspace,
) -> None:
    made = []
    for number, now in enumerate((100_000.0, 100_000.0, 100_000.5, 90_000.0)):
        put(place, f"# {number}\n")
        made.append(back_up(place, now))
    assert made == sorted(set(made))
    assert names(place) == made[::-1]
    assert [backup.read()["providers.yaml"] for backup in backups_of(place)] == [
        *("# 3\n", "# 2\n", "# 1\n", "# 0\n")
    ]


def test_only_the_last_twenty_backups_are_kept(place: Workspace) -> None:
    for number in range(KEPT + 3):
        put(place, f"# {number}\n", f"# {number}\n")
        back_up(place, now=float(number))
    texts = [backup.read()["config.yaml"] for backup in backups_of(place)]
    assert texts == [f"# {number}\n" for number in range(KEPT + 2, 2, -1)]
    assert len(os.listdir(place.backups)) == 2 * KEPT


def test_the_names_of_before_are_read(place: Workspace) -> None:
    """A file each, and `_2` where two came in one second."""
    os.mkdir(place.backups)
    for name in (
        *("providers.yaml.backup.20260131_120000", "config.yaml.backup.20260131_120000_2"),
        *("providers.yaml.backup.20260131_120000_10", "config.yaml.backup.20260131_115959"),
        *("notes.txt", "config.yaml.backup.old", ".config.yaml.backup.20260131_120000.1-ab"),
    ):
        with open(os.path.join(place.backups, name), "w", encoding="utf-8") as file:
            file.write("x")
    assert [(backup.name, list(backup.files)) for backup in backups_of(place)] == [
        ("20260131_120000_10", ["providers.yaml"]),
        ("20260131_120000_2", ["config.yaml"]),
        ("20260131_120000", ["providers.yaml"]),
        ("20260131_115959", ["config.yaml"]),
    ]
    assert back_up(place, now=0.0) == "20260131_120001"


def test_a_backup_of_what_cannot_be_read_says_so(place: Workspace, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(FileError, match=r"Cannot read .*config\.yaml\. Is a directory\."):
        back_up(place, now=0.0)
    assert backups_of(place) == []


@pytest.mark.parametrize(
    "text",
    [
        f"providers:\n  - type: openrouter\n    api_key: {CANARY}\n",
        f"providers: [{{type: openrouter, api_key: '{CANARY}'}}]\n",
        f"providers:\n  - type: openrouter\n    keys:\n      - ${{A}}\n      - {CANARY}\n",
        f"providers:\n  - type: oai\n    api_base: http://me:{CANARY}@lab/v1\n",
        f"litellm:\n  litellm_settings:\n    cache_params: {{password: {CANARY}}}\n",
        f"# api_key: {CANARY}\nproviders: []\n",
        f"# it was {CANARY}\nproviders:\n  - {{type: a, api_key: {CANARY}}}\n",
        f"providers: [\n  api_key: {CANARY}\n",
        f"# kept in .env too: {CANARY}2\n",
    ],
)
def test_no_key_is_in_a_backup_wherever_it_stood(place: Workspace, text: str) -> None:
    with open(place.env_file, "w", encoding="utf-8") as file:
        file.write(f"SOME_API_KEY={CANARY}2\n")
    put(place, text, f"model_list: []\n# {text}")
    back_up(place, now=0.0)
    (kept,) = backups_of(place)
    for path in kept.files.values():
        with open(path, encoding="utf-8") as backup:
            assert CANARY not in backup.read()


def test_a_key_in_utf16_is_hidden_as_well(place: Workspace, tmp_path: Path) -> None:
    text = f"providers:\n  - {{type: a, api_key: {CANARY}}}\n"
    (tmp_path / "providers.yaml").write_bytes(text.encode("utf-16"))
    back_up(place, now=0.0)
    (kept,) = backups_of(place)
    with open(kept.files["providers.yaml"], "rb") as file:
        assert CANARY not in file.read().decode("utf-16")


# What `undo` goes back to


class History:
    """A workspace whose providers.yaml has one word after another."""

    def __init__(self, place: Workspace) -> None:
        self.place = place
        put(place, "a")

    def change(self, text: str) -> None:
        back_up(self.place, now=0.0)
        put(self.place, text)

    def undo(self) -> str:
        """What it comes to; "" where there is nothing to take back."""
        found = before_last_change(backups_of(self.place), present(self.place))
        if found is None:
            return ""
        text = found.read()["providers.yaml"]
        back_up(self.place, now=0.0, replaced=found.name)
        put(self.place, text)
        return text


@pytest.fixture
def history(place: Workspace) -> History:
    return History(place)


def test_undo_goes_back_one_change_after_the_other_and_then_no_further(history: History) -> None:
    for text in "bcd":
        history.change(text)
    assert [history.undo() for _ in range(4)] == ["c", "b", "a", ""]


def test_a_change_after_an_undo_is_taken_back_first_and_then_what_was_before(
    history: History,
) -> None:
    for text in "bc":
        history.change(text)
    assert history.undo() == "b"
    history.change("x")
    assert [history.undo() for _ in range(3)] == ["b", "a", ""]


def test_what_an_undo_took_back_is_the_latest_backup(history: History) -> None:
    history.change("b")
    history.undo()
    latest = backups_of(history.place)[0].read()["providers.yaml"]
    assert latest == "b"
    history.change(latest)
    assert [history.undo() for _ in range(2)] == ["a", ""]


def test_what_was_edited_by_hand_after_an_undo_is_the_last_change(history: History) -> None:
    for text in "bc":
        history.change(text)
    assert history.undo() == "b"
    put(history.place, "by hand")
    assert [history.undo() for _ in range(3)] == ["b", "a", ""]
    kept = {backup.read()["providers.yaml"] for backup in backups_of(history.place)}
    assert kept >= {"by hand", "c"}


def test_a_backup_of_what_never_changed_is_passed_over(history: History) -> None:
    history.change("b")
    back_up(history.place, now=0.0)
    assert history.undo() == "a"


def test_an_undo_whose_backup_has_gone_leads_nowhere() -> None:
    assert before_last_change([Backup("2", {}, replaced="1")], {}) is None


def test_undoing_more_often_than_backups_are_kept_comes_to_an_end(history: History) -> None:
    for number in range(KEPT):
        history.change(str(number))
    seen: list[str] = []
    while (text := history.undo()) and len(seen) < 3 * KEPT:
        seen.append(text)
    assert seen[:3] == ["18", "17", "16"]
    assert len(seen) < KEPT
