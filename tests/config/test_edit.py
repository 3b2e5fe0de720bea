"""Editing a hand-written providers.yaml: what the user wrote stays as the user wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freerouter.commands.init import TEMPLATE
from freerouter.config.edit import (
    put_provider,
    put_selection,
    remove_provider,
    switch_provider,
)
from freerouter.config.providers_file import ProvidersFile, load_providers
from freerouter.config.workspace import Workspace
from freerouter.errors import FileError, NotFoundError

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
    last = "  - {type: ollama, enabled: false}\n"
    assert text == WRITTEN.replace(last, last + "  - type: demo\n    enabled: true\n")


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


# By lines, so that whatever a change does not concern stays to the byte

FULL = """\
# mine
version: 1
providers:
  # the good one
  - type: 'openrouter'   # first
    api_key: "${KEY}"
    options:
      models:
        - a  # why not

  # for the train
  - {type: ollama}  # second
  # at work
  -
    type: oai
    name: lab   # third
    api_base: http://lab/v1

  # the last
  - type: demo

select:
  # of the lab
  lab:
    - x  # the quick one
    # a big one
    - "y"
    - z
  openrouter: [a, 'b']  # short

# the end
gateway:
    port: 4001
"""


class File:
    """A providers.yaml to be changed."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(str(root))
        self.path = root / "providers.yaml"

    def write(self, text: str) -> None:
        self.path.write_bytes(text.encode())

    @property
    def text(self) -> str:
        return self.path.read_bytes().decode()

    @property
    def read(self) -> ProvidersFile:
        return load_providers(self.workspace)


@pytest.fixture
def file(tmp_path: Path) -> File:
    made = File(tmp_path)
    made.write(FULL)
    return made


def lost(text: str) -> list[str]:
    """The lines that the full file has and the text has not."""
    lines = text.splitlines(keepends=True)
    return [line for line in FULL.splitlines(keepends=True) if line not in lines]


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        (
            "openrouter",
            [
                "  - type: 'openrouter'   # first\n",
                '    api_key: "${KEY}"\n',
                "    options:\n",
                "      models:\n",
                "        - a  # why not\n",
                "  openrouter: [a, 'b']  # short\n",
            ],
        ),
        ("ollama", ["  - {type: ollama}  # second\n"]),
        (
            "lab",
            [
                "  -\n",
                "    type: oai\n",
                "    name: lab   # third\n",
                "    api_base: http://lab/v1\n",
                "  lab:\n",
                "    - x  # the quick one\n",
                "    # a big one\n",
                '    - "y"\n',
                "    - z\n",
            ],
        ),
        ("demo", ["  - type: demo\n"]),
    ],
)
def test_removing_takes_out_the_lines_of_one_provider_and_no_comment_of_another(
    file: File, name: str, gone: list[str]
) -> None:
    remove_provider(file.workspace, name, 0.0)
    assert lost(file.text) == gone
    assert set(file.text.splitlines()) < set(FULL.splitlines())
    assert name not in [e.name for e in file.read.entries]
    assert name not in file.read.select


def test_the_last_selection_takes_its_key_with_it(file: File) -> None:
    for name in ("lab", "openrouter", "ollama", "demo"):
        remove_provider(file.workspace, name, 0.0)
    assert "select" not in file.text
    assert file.read.entries == ()
    assert "# the end\ngateway:\n    port: 4001\n" in file.text
    put_provider(file.workspace, {"type": "demo"}, 0.0)
    assert "providers:\n  - type: demo\n" in file.text


def test_a_provider_that_is_not_there_cannot_be_removed_or_switched(file: File) -> None:
    with pytest.raises(NotFoundError, match='Did you mean "lab"'):
        remove_provider(file.workspace, "laab", 0.0)
    with pytest.raises(NotFoundError, match='Did you mean "lab"'):
        switch_provider(file.workspace, "laab", 0.0, on=True)
    assert file.text == FULL


def test_numbered_models_move_up_with_their_selection(file: File) -> None:
    static = "  - {{type: static, model_name: {}, provider: openai}}\n"
    rows = "".join(static.format(name) for name in "abc")
    file.write(f"providers:\n{rows}select:\n  static-2: [b]\n  static-3: []\n  static: [a]\n")
    remove_provider(file.workspace, "static-2", 0.0)
    assert [(e.name, e.model_name) for e in file.read.entries] == [
        ("static", "a"),
        ("static-2", "c"),
    ]
    assert file.read.select == {"static": ("a",), "static-2": ()}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("openrouter", "# first\n", "# first\n    enabled: false\n"),
        ("ollama", "{type: ollama}", "{type: ollama, enabled: false}"),
        ("lab", "type: oai\n", "type: oai\n    enabled: false\n"),
        ("demo", "type: demo\n", "type: demo\n    enabled: false\n"),
    ],
)
def test_switching_off_and_on_changes_one_word(file: File, name: str, old: str, new: str) -> None:
    assert switch_provider(file.workspace, name, 0.0, on=False)
    off = FULL.replace(old, new, 1)
    assert file.text == off
    assert not switch_provider(file.workspace, name, 0.0, on=False)
    assert switch_provider(file.workspace, name, 0.0, on=True)
    assert file.text == off.replace("enabled: false", "enabled: true")


@pytest.mark.parametrize("word", ["enabled:", "enabled: no  # for now", "enabled: false"])
def test_switching_knows_every_way_to_write_it(file: File, word: str) -> None:
    file.write(f"providers:\n  - type: demo\n    {word}\n# end\n")
    on = file.read.entries[0].enabled
    assert switch_provider(file.workspace, "demo", 0.0, on=not on)
    assert file.read.entries[0].enabled is not on
    assert file.text.count("#") == word.count("#") + 1


def select(file: File, **chosen: list[str]) -> str:
    assert put_selection(file.workspace, chosen, 0.0)
    assert file.read.select == {name: tuple(ids) for name, ids in chosen.items()}
    return file.text


def test_models_that_stay_selected_keep_their_lines(file: File) -> None:
    text = select(file, lab=["x", "y", "new: one", "z"], openrouter=["a", "b"])
    assert text == FULL.replace('    - "y"\n', "    - \"y\"\n    - 'new: one'\n")
    text = select(file, lab=["y"], openrouter=["b", "c"])
    assert lost(text) == [
        "    - x  # the quick one\n",
        "    - z\n",
        "  openrouter: [a, 'b']  # short\n",
    ]
    assert "  openrouter: [b, c]  # short\n" in text


def test_a_comment_above_a_model_that_goes_stays(file: File) -> None:
    text = select(file, lab=["z", "x"], openrouter=["a", "b"])
    assert "    # a big one\n    - z\n    - x  # the quick one\n" in text
    text = select(file, lab=["x"], openrouter=["a", "b"])
    assert "    # a big one\n    - x  # the quick one\n  openrouter" in text
    file.write(FULL.replace("    - z\n", ""))
    text = select(file, lab=["x"], openrouter=["a", "b"])
    assert "    - x  # the quick one\n    # a big one\n  openrouter" in text


def test_a_provider_without_a_selected_model_is_written_so(file: File) -> None:
    text = select(file, lab=[], openrouter=["a", "b"])
    assert "select:\n  # of the lab\n  openrouter: [a, 'b']  # short\n  lab: []\n\n" in text
    text = select(file, lab=["x"], openrouter=["a", "b"])
    assert "# short\n  lab:\n    - x\n\n# the end" in text


def test_a_provider_gets_its_first_selection_behind_the_others(file: File) -> None:
    text = select(file, lab=["x", "y", "z"], openrouter=["a", "b"], demo=["demo"])
    assert text == FULL.replace("# short\n", "# short\n  demo:\n    - demo\n")
    text = select(file, demo=["demo"])
    assert "select:\n  # of the lab\n  demo:\n    - demo\n\n# the end" in text


def test_a_selection_that_goes_leaves_no_key(file: File) -> None:
    text = select(file)
    assert "select" not in text
    assert "  - type: demo\n\n\n# the end\n" in text
    assert not put_selection(file.workspace, {}, 0.0)
    assert select(file, demo=["demo"]) == text + "\nselect:\n  demo:\n    - demo\n"


def test_the_same_selection_leaves_the_file_untouched(file: File, tmp_path: Path) -> None:
    assert not put_selection(file.workspace, file.read.select, 0.0)
    assert file.text == FULL
    assert not (tmp_path / "backups").exists()


@pytest.mark.parametrize(
    "text",
    [
        "providers: [{type: demo}, {type: ollama}]  # all\n",
        "{providers: [{type: demo}, {type: ollama}]}\n",
        "litellm: &x {type: demo}\nproviders:\n  - *x\n  - type: ollama\n",
        "providers:\n  - type: demo\n  - &o\n    type: ollama\n  ",
        "---\nproviders:\n- type: demo\n- type: ollama\n...\n",
        "providers:\n- type: demo\r\n- type: ollama",
        "providers:\n  - type: demo\n  - type: ollama\nselect: {demo: [a], ollama: []}\n",
        "providers:\n  - type: demo\n  - type: ollama\nselect:\n",
        "providers:\n  - type: demo\n  - type: |-\n      ollama\n\n\nselect:\n  demo: # none\n",
        "providers:\n- type: demo\n- type: ollama\nselect:\n  ollama: &s\n    - b\n  demo: *s\n",
    ],
)
def test_however_it_is_written_it_reads_as_wanted(file: File, text: str) -> None:
    file.write(text)
    assert switch_provider(file.workspace, "ollama", 0.0, on=False)
    assert [(e.name, e.enabled) for e in file.read.entries] == [("demo", True), ("ollama", False)]
    select(file, demo=["c", "b"], ollama=[])
    select(file, ollama=["b"])
    remove_provider(file.workspace, "demo", 0.0)
    assert [e.name for e in file.read.entries] == ["ollama"]
    assert put_provider(file.workspace, {"type": "oai", "name": "lab"}, 0.0) == "added"
    assert (
        put_provider(file.workspace, {"type": "ollama", "api_base": "http://o"}, 0.0) == "changed"
    )
    assert [(e.name, e.api_base) for e in file.read.entries] == [
        ("ollama", "http://o"),
        ("lab", ""),
    ]
    select(file)


def test_lines_end_as_they_did(file: File) -> None:
    file.write(FULL.replace("\n", "\r\n"))
    remove_provider(file.workspace, "ollama", 0.0)
    switch_provider(file.workspace, "demo", 0.0, on=False)
    select(file, lab=["x", "new"], demo=["demo"])
    assert file.text.count("\n") == file.text.count("\r\n")


def test_adding_to_an_entry_keeps_the_comment_behind_it(file: File) -> None:
    put_provider(file.workspace, {"type": "demo", "api_base": "${BASE:-x}"}, 0.0)
    assert file.text == FULL.replace(
        "  - type: demo\n", "  - type: demo\n    api_base: '${BASE:-x}'\n"
    )


# Between brackets

BRACKETS = """\
providers: [  # mine
  {type: oai, name: lab},  # the lab
  {type: oai, name: attic},  # second
]  # all
select: {lab: [x], attic: [y]}  # chosen
"""


def test_an_entry_between_brackets_comes_and_goes_with_its_line(file: File) -> None:
    file.write(BRACKETS)
    put_provider(file.workspace, {"type": "demo"}, 0.0)
    new = "  {type: oai, name: attic},  # second\n  {type: demo},\n"
    assert file.text == BRACKETS.replace("  {type: oai, name: attic},  # second\n", new)
    remove_provider(file.workspace, "demo", 0.0)
    assert file.text == BRACKETS
    remove_provider(file.workspace, "lab", 0.0)
    assert file.text == BRACKETS.replace("  {type: oai, name: lab},  # the lab\n", "").replace(
        "lab: [x], ", ""
    )


def test_entries_on_one_line_come_and_go_on_it(file: File) -> None:
    text = "providers: [{type: demo}, {type: oai, name: lab}]  # mine\r\n# end\r\n"
    file.write(text)
    put_provider(file.workspace, {"type": "ollama"}, 0.0)
    assert file.text == text.replace("lab}]", "lab}, {type: ollama}]")
    for name in ("demo", "ollama", "lab"):
        remove_provider(file.workspace, name, 0.0)
    assert file.text == "providers: []  # mine\r\n# end\r\n"
