"""A patch is applied to what it was written for, and to nothing else."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from beside_engine import said_by

from freerouter.process.patches.target import Patch, apply_all, fingerprint, fresh_copy

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

HERE = "target_of_a_patch"
SOURCE = '''
def plain():
    return 1

def wrap(function):
    from functools import wraps
    return wraps(function)(lambda: function())

def long(
    a=1,
    b=2,
):
    """Text.

    More of it."""
    def inner():
        return (
            a,
            b,
        )

    return inner(
    )  # not a comment line

# a comment that belongs to nobody

class Thing:
    @staticmethod
    def still():
        return 1

    @wrap
    def wrapped():
        return 1
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of another project, importable as `target_of_a_patch`."""
    path = tmp_path / f"{HERE}.py"
    path.write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, HERE, raising=False)
    return path


@pytest.mark.parametrize("name", ["plain", "long", "Thing.still", "Thing.wrapped"])
def test_a_target_has_the_fingerprint_of_its_source(module: Path, name: str) -> None:
    assert len(fingerprint(f"{HERE}:{name}")) == 12
    found: Any = importlib.import_module(HERE)
    for part in name.split("."):
        found = getattr(found, part)
    source = inspect.getsource(inspect.unwrap(found))
    assert fingerprint(f"{HERE}:{name}") == hashlib.sha256(source.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    "where", [f"{HERE}:absent", f"{HERE}:Thing.absent", "no_such_module:f", "sys:exit"]
)
def test_a_target_that_is_not_there_has_none(module: Path, where: str) -> None:
    assert fingerprint(where) == ""


def test_another_source_is_another_fingerprint(
    module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(f"{HERE}:plain")
    module.write_text(SOURCE.replace("return 1", "return 2"))
    monkeypatch.delitem(sys.modules, HERE)
    assert fingerprint(f"{HERE}:plain") not in ("", before)


def test_a_patch_whose_target_changed_is_left_out_alone_and_said_so(
    module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    applied: list[str] = []
    good = Patch(
        "good", {f"{HERE}:plain": fingerprint(f"{HERE}:plain")}, lambda: applied.append("good")
    )
    old = Patch("old", {f"{HERE}:Thing.still": "0123456789ab"}, lambda: applied.append("old"))
    free = Patch("free", {}, lambda: applied.append("free"))
    left_out = apply_all((old, good, free))
    assert applied == ["good", "free"]
    assert left_out == [f"patch left out: old: {HERE}:Thing.still changed"]
    assert capsys.readouterr().err == f"FreeRouter: {left_out[0]}\n"


def test_a_copy_shares_nothing_that_can_be_changed() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Model(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        model_config = pydantic.ConfigDict(extra="allow")
        names: list[str]
        texts: dict[str, str]

    first = Model(names=["a"], texts={"a": "b"}, more=["c"])
    second = fresh_copy(first)
    assert second == first
    second.names.append("z")
    second.texts["z"] = "z"
    second.more.append("z")
    assert (first.names, first.texts, first.more) == (["a"], {"a": "b"}, ["c"])


ALL = """
import json, sys
from freerouter.process import patches
patches.before_import()
import litellm.proxy.proxy_server
left_out = patches.after_import()
from freerouter.process.patches import admitting, falling_back, serving, streaming
every = (*admitting.PATCHES, *serving.PATCHES, *falling_back.PATCHES, *streaming.PATCHES)
targets = [where for p in every for where in p.replaces]
print(json.dumps({"left_out": left_out, "targets": len(targets)}))
"""


@pytest.mark.gateway
def test_every_target_in_the_pinned_versions_is_what_its_patch_was_written_for(
    world: World,
) -> None:
    said = said_by(ALL, cwd=world.cwd)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    assert found["left_out"] == []
    assert found["targets"] > 20
