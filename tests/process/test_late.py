"""Modules that are executed when something of them is used, as if they had always been there."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import typing
from types import new_class
from typing import TYPE_CHECKING, Any

import pytest
from beside_engine import said_by

from freerouter.process.patches import late

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

SHOP = """
from pydantic import BaseModel
from some_shop.stock import Shelf
NAME = "the shop"
router = "of its own"
rooms = {"cellar": 1}
def price(of, *, times=1):
    return len(of) * times
class Till:
    slots = 3
    def __init__(self, coins=0):
        self.coins = coins
class Receipt(BaseModel):
    total: int = 0
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    pytest.importorskip("fastapi")
    package = tmp_path / "some_shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "till.py").write_text(SHOP)
    (package / "stock.py").write_text("class Shelf: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(late, "LATE", ("some_shop.",))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    late.import_late()
    yield importlib.import_module("some_shop.till")
    for name in [n for n in sys.modules if n.startswith("some_shop")]:
        del sys.modules[name]
        late.waiting.discard(name)


def test_importing_names_of_a_late_module_does_not_execute_it(shop: ModuleType) -> None:
    assert isinstance(shop.price, late.Late)
    assert shop.Till is shop.Till
    assert {"some_shop", "some_shop.till"} <= late.waiting
    assert "some_shop.stock" not in sys.modules


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (lambda m: m.price("abc", times=2), 6),
        (lambda m: m.Till(5).coins, 5),
        (lambda m: m.Till.slots, 3),
        (lambda m: m.rooms["cellar"], 1),
        (lambda m: [*m.rooms], ["cellar"]),
        (lambda m: "cellar" in m.rooms, True),
        (lambda m: len(m.rooms), 1),
        (lambda m: bool(m.rooms), True),
        (lambda m: new_class("Drawer", (m.Till,))().coins, 0),
        (lambda m: issubclass(int, m.Till), False),
        (lambda m: str(inspect.signature(m.price)), "(of, *, times=1)"),
        (lambda m: m.Shelf().__class__.__name__, "Shelf"),
        (lambda m: m.NAME, "the shop"),
    ],
)
def test_the_first_use_executes_it(shop: ModuleType, use: Any, expected: Any) -> None:
    assert use(shop) == expected
    assert "some_shop.till" not in late.waiting


def test_of_what_was_never_executed_there_are_no_instances(shop: ModuleType) -> None:
    till = shop.Till
    assert not isinstance(3, till)
    assert "some_shop.till" in late.waiting
    made = till()
    assert isinstance(made, till)


def test_it_may_stand_in_annotations(shop: ModuleType) -> None:
    from pydantic import BaseModel

    late_receipt = shop.Receipt
    assert typing.get_args(late_receipt | None) == (late_receipt, type(None))
    assert typing.get_args(None | late_receipt) == (type(None), late_receipt)
    space = {"__annotations__": {"receipt": late_receipt | None}}
    order: Any = type("Order", (BaseModel,), space)
    assert order.model_validate({"receipt": {"total": 3}}).receipt.total == 3


def test_a_module_of_a_late_package_is_found_by_its_name(shop: ModuleType) -> None:
    package = importlib.import_module("some_shop")
    assert package.stock.Shelf.__name__ == "Shelf"


def test_its_routes_are_none(shop: ModuleType) -> None:
    assert shop.router.routes == []


def test_a_module_that_is_not_late_is_left_as_it_is() -> None:
    late.execute(json)
    assert json.loads("1") == 1


LOOK = """
import ast, json, sys, types
from freerouter.process import patches
from freerouter.process.patches import late
patches.before_import()
from litellm.proxy.proxy_server import app

def walk(routes):
    for route in routes:
        yield route
        inner = getattr(route, "router", None) or getattr(route, "original_router", None)
        yield from walk(getattr(inner, "routes", None) or ())

def calls(dependant):
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)

caught, stars = [], []
for name, module in list(sys.modules.items()):
    path = getattr(module, "__file__", None) or ""
    if not name.startswith("litellm") or not path.endswith(".py") or name in late.waiting:
        continue
    for node in ast.walk(ast.parse(open(path, encoding="utf-8").read())):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            names = [n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)]
            found = [n for n in names if isinstance(getattr(module, n, None), late.Late)]
            caught += [f"{name}: {n}" for n in found]
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
            if f"{node.module}.".startswith(late.LATE):
                stars.append(f"{name}: {node.module}")
depends = [
    getattr(route, "path", "?")
    for route in walk(app.routes)
    if hasattr(route, "dependant") and any(isinstance(c, late.Late) for c in calls(route.dependant))
]
waiting = len(late.waiting)
plain = []
PLAIN = (bool, int, float, str, bytes, tuple, list, dict, set, type(None))
for name in sorted(late.waiting):
    module = sys.modules[name]
    for key, value in list(vars(module).items()):
        if isinstance(value, late.Late):
            if isinstance(value._real(), PLAIN):
                plain.append(f"{name}.{key}")
found = {"caught": caught, "stars": stars, "depends": depends, "plain": plain}
print(json.dumps({**found, "waiting": waiting}))
"""


@pytest.mark.gateway
def test_litellm_uses_its_late_modules_only_in_ways_that_a_stand_in_bears() -> None:
    """Not in an `except`, a `import *` or as a dependency of a route; and no plain value."""
    said = said_by(LOOK)
    found = json.loads(said.splitlines()[-1])
    assert found.pop("waiting") > 50
    assert found == {"caught": [], "stars": [], "depends": [], "plain": []}
