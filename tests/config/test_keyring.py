"""The system's keyring: used where the package is, and never in the way."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from freerouter.config.keyring import stored

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = """
from . import errors
def get_password(service, name):
    if name == "LOCKED":
        raise errors.KeyringError("locked")
    return {("freerouter", "GROQ_API_KEY"): "sk-made-up"}.get((service, name))
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that answers as `keyring` does: the real one wants a desktop."""
    directory = tmp_path / "keyring"
    directory.mkdir()
    (directory / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    (directory / "errors.py").write_text("class KeyringError(Exception): ...\n", encoding="utf-8")
    for name in ("keyring", "keyring.errors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "value"), [("GROQ_API_KEY", "sk-made-up"), ("OTHER", None), ("LOCKED", None)]
)
def test_what_the_keyring_holds(name: str, value: str | None) -> None:
    assert stored(name) == value


def test_without_the_package_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert stored("GROQ_API_KEY") is None
