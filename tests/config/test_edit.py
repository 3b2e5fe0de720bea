"""Editing a hand-written providers.yaml: what the user wrote stays as the user wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freerouter.commands.init import TEMPLATE
from freerouter.config.edit import put_provider
from freerouter.config.workspace import Workspace
from freerouter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITTEN = """\
# My providers, in the order in which I like them.
providers:
  - type: 'openrouter'  # the good one
    api_key: "${OPENROUTER_API_KEY}"

  # for the train
  - {type: ollama, enabled: false}

# the end
gateway:
  port: 4001  # not the usual one
"""


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Write a file, put a provider into it; gives the outcome and the new text."""

    def go(text: str, **values: Any) -> tuple[str, str]:
        path = tmp_path / "providers.yaml"
        path.write_bytes(text.encode())
        outcome = put_provider(Workspace(str(tmp_path)), values, now=0.0)
        return outcome, path.read_text()

    return go


def test_adding_keeps_comments_order_and_quotes(put: Callable[..., tuple[str, str]]) -> None:
    outcome, text = put(WRITTEN, type="demo", enabled=True)
    assert outcome == "added"
    assert set(WRITTEN.splitlines()) <= set(text.splitlines())
    assert text.index("openrouter") < text.index("ollama") < text.index("demo")
    assert "  - type: demo\n    enabled: true\n" in text


def test_switching_on_changes_one_word(put: Callable[..., tuple[str, str]]) -> None:
    outcome, text = put(WRITTEN, type="ollama", enabled=True)
    assert outcome == "changed"
    assert text == WRITTEN.replace("enabled: false", "enabled: true")


def test_what_is_there_already_leaves_the_file_untouched(
    put: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    outcome, text = put(WRITTEN, type="openrouter", api_key="${OPENROUTER_API_KEY}")
    assert (outcome, text) == ("unchanged", WRITTEN)
    assert not (tmp_path / "backups").exists()


def test_the_file_before_the_change_is_backed_up(
    put: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    put(WRITTEN, type="demo")
    (kept,) = (tmp_path / "backups").iterdir()
    assert kept.read_text() == WRITTEN


def test_every_comment_of_our_own_template_survives(put: Callable[..., tuple[str, str]]) -> None:
    _, text = put(TEMPLATE, type="openrouter", api_key="${OPENROUTER_API_KEY}", enabled=True)
    assert text.startswith(TEMPLATE)


@pytest.mark.parametrize(
    "text", ["", "# mine\n", "providers:\n", "providers: []\n", "gateway: {}\n"]
)
def test_a_file_without_providers_gets_its_first(
    put: Callable[..., tuple[str, str]], text: str
) -> None:
    outcome, new = put(text, type="demo")
    assert outcome == "added"
    assert "type: demo" in new
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in new.splitlines() if line.startswith("#")
    ]


def test_a_file_in_utf16_becomes_utf8(tmp_path: Path) -> None:
    path = tmp_path / "providers.yaml"
    path.write_bytes("# é\nproviders:\n  - type: demo\n".encode("utf-16"))
    put_provider(Workspace(str(tmp_path)), {"type": "ollama"}, now=0.0)
    assert path.read_text("utf-8") == "# é\nproviders:\n  - type: demo\n  - type: ollama\n"


def test_two_servers_of_one_type_are_told_apart_by_name(
    put: Callable[..., tuple[str, str]],
) -> None:
    text = "providers:\n  - {type: oai, name: lab, api_base: http://a/v1}\n"
    assert put(text, type="oai", name="attic", api_base="http://b/v1")[0] == "added"
    assert put(text, type="oai", name="lab", api_base="http://b/v1")[0] == "changed"
    assert put(text, type="oai", api_base="http://b/v1")[0] == "added"


def test_two_static_models_are_told_apart_by_model(put: Callable[..., tuple[str, str]]) -> None:
    text = "providers:\n  - {type: static, model_name: a, provider: openai}\n"
    assert put(text, type="static", model_name="b", provider="openai")[0] == "added"
    assert put(text, type="static", model_name="a", provider="groq")[0] == "added"
    assert put(text, type="static", model_name="a", provider="openai")[0] == "unchanged"
    named = put(text, type="static", name="static", model_name="b", provider="openai")
    assert named[0] == "changed"


def test_a_name_of_another_type_is_refused_and_nothing_is_written(
    put: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    text = "providers:\n  - type: demo\n"
    with pytest.raises(FileError, match='a provider named "demo" is there already'):
        put(text, type="oai", name="demo", api_base="http://b/v1")
    assert (tmp_path / "providers.yaml").read_text() == text


def test_a_broken_file_is_not_edited(put: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    with pytest.raises(FileError, match="did not find expected"):
        put("providers: [\n", type="demo")
    assert (tmp_path / "providers.yaml").read_text() == "providers: [\n"
