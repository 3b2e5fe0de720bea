"""Modules of LiteLLM that a gateway hardly needs, executed when something of them is used.

LiteLLM imports all that it can do before it serves anything. Of a module named here, importers get
stand-ins for its functions and classes; the first that is called, asked for an attribute, or built
upon executes the module, and everything goes on as if it had been there from the beginning.
importlib's LazyLoader is no help: `from module import name` executes the module at once.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import inspect
import sys
import threading
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

LATE = (
    "litellm.integrations.agentops.",
    "litellm.integrations.arize.",
    "litellm.integrations.clickhouse.",
    "litellm.integrations.dotprompt.",
    "litellm.integrations.opentelemetry.",
    "litellm.proxy._experimental.",
    "litellm.proxy.agent_endpoints.",
    "litellm.proxy.analytics_endpoints.",
    "litellm.proxy.batches_endpoints.",
    "litellm.proxy.fine_tuning_endpoints.",
    "litellm.proxy.lens.",
    "litellm.proxy.management_endpoints.",
    "litellm.proxy.moyai_endpoints.",
    "litellm.proxy.openai_files_endpoints.",
    "litellm.proxy.pass_through_endpoints.",
    "litellm.proxy.policy_engine.",
    "litellm.proxy.public_endpoints.",
    "litellm.proxy.spend_tracking.",
    "litellm.proxy.tracing_endpoints.",
    "litellm.proxy.tracing_runtime.",
    "litellm.proxy.ui_crud_endpoints.",
    "litellm.proxy.vector_store_endpoints.",
    "litellm.router_strategy.adaptive_router.",
    "litellm.router_strategy.complexity_router.",
    "litellm.rust_bridge.trace.",
    "litellm.types.interactions.",
)
"""Modules, and packages with all that is in them. None that anybody imports with a star."""

NAMES = ("__name__", "__qualname__")

waiting: set[str] = set()
"""The names of the modules that were imported late and not executed yet."""
_executing = threading.RLock()


def import_late() -> None:
    """From now on, import the modules of LATE late."""
    sys.meta_path.insert(0, _Finder())


def execute(module: ModuleType) -> None:
    """Execute a module that was imported late, once; any other is left as it is."""
    with _executing:
        if module.__name__ in waiting:
            waiting.remove(module.__name__)
            del module.__getattr__
            module.__spec__.loader.real.exec_module(module)  # type: ignore[union-attr] # _Loader


class Late:
    """Stands for what a module will have under a name once it was executed."""

    def __init__(self, module: ModuleType, name: str) -> None:
        self._module = module
        self._name = name

    def _real(self) -> Any:
        execute(self._module)
        if self._module.__dict__.get(self._name) is self:
            # It defines no such name: a module of this package is meant.
            importlib.import_module(f"{self._module.__name__}.{self._name}")
        return getattr(self._module, self._name)

    def __getattr__(self, name: str) -> Any:
        # What typing and inspect ask of everything is no use of it.
        if name.startswith("__") and name not in NAMES:
            raise AttributeError(name)
        return getattr(self._real(), name)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._real())

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._real()(*given, **named)

    def __getitem__(self, item: Any) -> Any:
        return self._real()[item]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._real())

    def __contains__(self, item: Any) -> bool:
        return item in self._real()

    def __len__(self) -> int:
        return len(self._real())

    def __bool__(self) -> bool:
        return bool(self._real())

    def __or__(self, other: Any) -> Any:
        return Union[self, other]  # noqa: UP007 - `|` would end here again

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]  # noqa: UP007

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._real(),)

    def __instancecheck__(self, instance: Any) -> bool:
        """Of a module that was never executed there are no instances."""
        return self._module.__name__ not in waiting and isinstance(instance, self._real())

    def __subclasscheck__(self, subclass: Any) -> bool:
        return issubclass(subclass, self._real())

    def __get_pydantic_core_schema__(self, _source: Any, handler: Any) -> Any:
        return handler(self._real())


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002 - importlib's signature
    ) -> importlib.machinery.ModuleSpec | None:
        if not f"{fullname}.".startswith(LATE):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, real: importlib.abc.Loader) -> None:
        self.real = real

    def exec_module(self, module: ModuleType) -> None:
        def stand_in(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            if name.isupper():
                # A constant, whose value may be used in ways that no stand-in sees.
                execute(module)
                return getattr(module, name)
            made: Any = _router() if name == "router" else Late(module, name)
            setattr(module, name, made)
            return made

        module.__getattr__ = stand_in  # type: ignore[method-assign] # PEP 562
        waiting.add(module.__name__)


def _router() -> Any:
    """What is included of a module with routes: none of them is served (starting.SERVED)."""
    from fastapi import APIRouter

    return APIRouter()
