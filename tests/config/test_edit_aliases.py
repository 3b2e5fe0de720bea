"""Changing aliases in a hand-written providers.yaml: the rest stays as the user wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freerouter.config.edit import put_named, rename_alias
from freerouter.config.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "providers:\n  - type: lab  # mine\n"
WRITTEN = f"""\
{HEAD}
# names of my own
aliases:
  # for chats
  fast:
    - lab/a  # the quick one
    - lab/b
  work: {{members: [lab/c], strategy: balance}}  # shared

# the end
spend: never
"""
OLD = {"fast": ["lab/a", "lab/b"], "work": {"members": ["lab/c"], "strategy": "balance"}}


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, dict[str, Any]], str]:
    def go(text: str, wanted: dict[str, Any]) -> str:
        path = tmp_path / "providers.yaml"
        path.write_text(text)
        put_named(Workspace(str(tmp_path)), "aliases", wanted, now=0.0)
        return path.read_text()

    return go


def test_the_first_one_stands_at_the_end(put: Callable[..., str]) -> None:
    assert put(HEAD, {"fast": ["lab/a"]}) == f"{HEAD}\naliases:\n  fast:\n    - lab/a\n"


def test_another_one_is_added_behind_the_others(put: Callable[..., str]) -> None:
    last = "  work: {members: [lab/c], strategy: balance}  # shared\n"
    assert put(WRITTEN, {**OLD, "auto": False}) == WRITTEN.replace(last, f"{last}  auto: false\n")


def test_members_that_stay_keep_their_comments(put: Callable[..., str]) -> None:
    wanted = {**OLD, "fast": ["lab/d", "lab/a"]}
    assert put(WRITTEN, wanted) == WRITTEN.replace(
        "    - lab/a  # the quick one\n    - lab/b\n",
        "    - lab/d\n    - lab/a  # the quick one\n",
    )


def test_one_that_is_taken_away_takes_nothing_with_it(put: Callable[..., str]) -> None:
    last = "  work: {members: [lab/c], strategy: balance}  # shared\n"
    assert put(WRITTEN, {"fast": OLD["fast"]}) == WRITTEN.replace(last, "")


def test_one_of_another_kind_is_written_anew(put: Callable[..., str]) -> None:
    assert put(WRITTEN, {**OLD, "work": ["lab/c"]}) == WRITTEN.replace(
        "{members: [lab/c], strategy: balance}", "[lab/c]"
    )
    text = put(WRITTEN, {**OLD, "fast": {"members": ["lab/a"], "timeout": 5}})
    assert "  fast:\n    members:\n    - lab/a\n    timeout: 5\n" in text
    assert "# shared" in text
    assert "# the end" in text


def test_the_last_one_takes_the_key_with_it(put: Callable[..., str]) -> None:
    text = put(WRITTEN, {})
    assert "aliases" not in text
    assert "spend: never" in text


def test_nothing_is_written_where_nothing_changes(put: Callable[..., str]) -> None:
    assert put(WRITTEN, OLD) == WRITTEN


def test_another_name_leaves_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "providers.yaml"
    path.write_text(WRITTEN)
    rename_alias(Workspace(str(tmp_path)), "fast", "quick", now=0.0)
    assert path.read_text() == WRITTEN.replace("  fast:\n", "  quick:\n")
