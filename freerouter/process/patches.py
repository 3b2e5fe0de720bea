"""What is changed in LiteLLM before it is imported, why, and for which version.

Each patch is for the pinned version only. FREEROUTER_ENGINE_PATCHES=off runs without any of them.
Figures: benchmarks/gateway_start.py.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from typing import TYPE_CHECKING, Any

from freerouter.process.engine import PINNED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

SERVED = (
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/models",
    "/v1/messages",
    "/responses",
    "/model/info",
    "/health/liveliness",
    "/health/liveness",
    "/health/readiness",
    "/audio/",
    "/images/",
    "/rerank",
    "/utils/token_counter",
)
"""Parts of the paths that a gateway without a database serves. About 600 others (keys, teams, UI,
MCP, spend) need one, are of no use here, and cost a quarter of the start."""


def apply(version: str) -> bool:
    """Patch what is about to be imported. Does nothing for another version than the pinned one."""
    if version != PINNED or os.environ.get("FREEROUTER_ENGINE_PATCHES") == "off":
        return False
    defer_schemas()
    serve_only_the_gateway()
    hollow_out_mcp()
    return True


def defer_schemas() -> None:
    """Let pydantic build a model's validator when it is first used: 3,000 models, few ever are."""
    from pydantic._internal import _config

    _config.config_defaults["defer_build"] = True


def serve_only_the_gateway() -> None:
    """Skip registering routes that this gateway does not serve; they answer 404. So does the UI."""
    from fastapi import FastAPI
    from fastapi.routing import APIRouter

    register = APIRouter.add_api_route

    def add_api_route(self: Any, path: str, endpoint: Any, **options: Any) -> None:
        whole = self.prefix + path
        if any(part in whole for part in SERVED):
            register(self, path, endpoint, **options)

    APIRouter.add_api_route = add_api_route
    FastAPI.mount = lambda *_arguments, **_options: None


def hollow_out_mcp() -> None:
    """Stand in for the `mcp` packages, which only routes that are not served would use."""
    sys.meta_path.insert(0, _Hollow())


class _Hollow(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes modules whose every name is an empty pydantic model (or, in capitals, a constant)."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".", maxsplit=1)[0] not in ("mcp", "mcp_types"):
            return None
        if fullname == "mcp.shared.tool_name_validation":
            raise ModuleNotFoundError(fullname)  # LiteLLM has a stand-in of its own for this one
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        from pydantic import BaseModel, ConfigDict

        def stand_in(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            made: Any = name
            if not name.isupper():
                space = {
                    "model_config": ConfigDict(extra="allow"),
                    "__module__": module.__name__,
                    "__class_getitem__": classmethod(lambda cls, _item: cls),
                }
                made = type(name, (BaseModel,), space)
            setattr(module, name, made)
            return made

        module.__getattr__ = stand_in  # type: ignore[method-assign] # PEP 562
