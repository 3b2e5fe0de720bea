"""Which version a providers.yaml is of, and what is done with one from the future."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freerouter.commands.init import TEMPLATE
from freerouter.config.providers_file import read_providers
from freerouter.config.versions import UNVERSIONED, VERSION, read_version
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World


def version(text: str) -> int:
    return read_providers(parse_yaml(text.encode(), "providers.yaml")).version


def test_what_init_writes_is_of_the_present_version() -> None:
    assert version(TEMPLATE) == VERSION


def test_a_file_that_names_none_is_of_the_original() -> None:
    assert version("providers: []\n") == UNVERSIONED


def test_a_newer_file_is_refused_before_its_new_keys_are() -> None:
    with pytest.raises(FileError) as caught:
        version("version: 99\nfuture: yes\n")
    assert caught.value.what == (
        "providers.yaml:1:10: this file is of version 99, and this FreeRouter knows versions "
        f"up to {VERSION}."
    )
    assert "Upgrade FreeRouter" in caught.value.fix


@pytest.mark.parametrize("command", ["fetch", "migrate --yes", "export", "providers add groq"])
def test_no_command_touches_a_newer_file(world: World, command: str) -> None:
    path = world.providers("version: 99\nfuture: yes\n")
    ran = world.cli(*command.split())
    assert ran.code == 2
    assert "version 99" in ran.err
    assert path.read_text() == "version: 99\nfuture: yes\n"


def test_the_version_of_a_file_that_cannot_be_read_is_nobodys_concern(tmp_path: Path) -> None:
    broken = tmp_path / "providers.yaml"
    broken.write_text("a: [")
    assert read_version(str(broken)) == VERSION
    assert read_version(str(tmp_path / "none")) == VERSION
    broken.write_text("- a\n")
    assert read_version(str(broken)) == VERSION
    broken.write_text("providers: []\n")
    assert read_version(str(broken)) == UNVERSIONED
