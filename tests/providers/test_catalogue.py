"""The catalogue: our records, and the user's own in providers.d."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freerouter.errors import FileError, NotFoundError
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.catalogue_names import known_ids

if TYPE_CHECKING:
    from pathlib import Path

OURS = ["demo", "iflow", "modelscope", "oai", "ollama", "openrouter", "static"]


def test_every_record_of_ours_can_be_read() -> None:
    records = Catalogue().all()
    assert {r.id for r in records} >= set(OURS)
    assert {r.id for r in records} == known_ids()
    for record in records:
        assert record.key in ("required", "optional", "none")
        assert "prefix" in record.litellm
        assert record.env or record.key != "required"


def test_a_retired_provider_says_so() -> None:
    assert [r.id for r in Catalogue().all() if r.retired] == ["github", "iflow"]
    assert "very probably shut down" in Catalogue().get("iflow").status_note


def test_where_keys_are_made_is_told_where_it_is_known() -> None:
    help_text = Catalogue().get("openrouter").key_help()
    assert help_text == "Keys are made at https://openrouter.ai/settings/keys"
    assert Catalogue().get("oai").key_help() == ""


def test_a_user_changes_single_fields_of_a_record(tmp_path: Path) -> None:
    (tmp_path / "openrouter.yaml").write_text("base_url: http://mirror/v1\n")
    record = Catalogue(str(tmp_path)).get("openrouter")
    assert (record.base_url, record.name) == ("http://mirror/v1", "OpenRouter")


def test_a_user_adds_a_record(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("base_url: http://mine/v1\nenv: [MINE_KEY]\n")
    catalogue = Catalogue(str(tmp_path))
    assert catalogue.get("mine").name == "mine"
    assert catalogue.get("mine").env == ("MINE_KEY",)
    assert "mine" in catalogue.ids()


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("openruter", 'Did you mean "openrouter"?'),
        ("zzz", "`freerouter providers list --all` shows those that are known."),
        ("../catalogue/demo", "`freerouter providers list --all` shows those that are known."),
    ],
)
def test_an_unknown_provider_is_not_found(name: str, fix: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        Catalogue().get(name)
    assert str(caught.value) == f'There is no provider "{name}". {fix}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "{path}: a provider's record must be a map."),
        ("base_ulr: x\n", '{path}:1:1: unknown key "base_ulr". Did you mean "base_url"?'),
        ("base_url: 5\n", "{path}:1:11: base_url must be text. Write base_url as text."),
        ("env: KEY\n", "{path}:1:6: env must be a list. Write env as a list."),
        ("list: data\n", "{path}:1:7: list must be a map. Write list as a map."),
        ("local: 1\n", "{path}:1:8: local must be true or false. Write local as true or false."),
    ],
)
def test_a_mistake_in_a_users_record_has_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "ollama.yaml"
    path.write_text(text)
    with pytest.raises(FileError) as caught:
        Catalogue(str(tmp_path)).get("ollama")
    assert str(caught.value) == message.format(path=path)
