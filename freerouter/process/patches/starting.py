"""What lets LiteLLM start sooner: before it is imported, and in its index of prices."""

from __future__ import annotations

import contextlib
import copy
import importlib.abc
import importlib.machinery
import marshal
import os
import sys
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from freerouter.process.engine import PINNED
from freerouter.process.patches.late import import_late

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

PASSED_ON = "litellm.proxy.pass_through_endpoints.pass_through_endpoints"
"""Where the routes of a user's own `pass_through_endpoints` are made."""

HOLLOW = ("mcp.", "mcp_types.", "openai.types.beta.")
"""Packages of which only routes that are not served use anything: MCP's, OpenAI's assistants'."""


def wanted(version: str) -> bool:
    """Whether the engine is the one that these patches are for, and they are not switched off."""
    return version == PINNED and os.environ.get("FREEROUTER_ENGINE_PATCHES") != "off"


def before_import() -> None:
    """Patch what LiteLLM is about to import."""
    # pydantic would look through every installed package for plug-ins; LiteLLM brings 119.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Or /openapi.json would list, to anybody, all that LiteLLM could serve.
    os.environ["NO_OPENAPI"] = "True"
    import_httpx_alone()
    defer_schemas()
    serve_only_the_gateway()
    hollow_out()
    import_late()


def after_import() -> None:
    """Patch LiteLLM itself."""
    index_prices_as_they_come()
    read_yaml_with_libyaml()
    copy_plain_data_at_once()


def import_httpx_alone() -> None:
    """Import httpx without its command line, as where `httpx[cli]` is not installed."""
    command_line = "httpx._main"
    if "httpx" not in sys.modules:
        sys.modules[command_line] = None  # type: ignore[assignment] # importing it fails
        import httpx  # noqa: F401

        del sys.modules[command_line]


def defer_schemas() -> None:
    """Let pydantic build a model's validator when it is first used: 3,000 models, few ever are."""
    from pydantic._internal import _config

    _config.config_defaults["defer_build"] = True


def serve_only_the_gateway() -> None:
    """Skip registering routes that this gateway does not serve; they answer 404. So does the UI.

    What a user has passed on under a path of his own (`pass_through_endpoints`) is served.
    """
    from fastapi import FastAPI
    from fastapi.routing import APIRouter

    register = APIRouter.add_api_route

    def add_api_route(self: Any, path: str, endpoint: Any, **options: Any) -> None:
        whole = self.prefix + path
        if any(part in whole for part in SERVED) or endpoint.__module__ == PASSED_ON:
            register(self, path, endpoint, **options)

    APIRouter.add_api_route = add_api_route
    FastAPI.mount = lambda *_arguments, **_options: None


def hollow_out() -> None:
    """Stand in for packages which only routes that are not served would use."""
    sys.meta_path.insert(0, _Hollow())


def index_prices_as_they_come() -> None:
    """Add a newly registered model to LiteLLM's index of prices instead of building it anew.

    It is rebuilt whole, 3,000 names and more, at each of two registrations a deployment. Only names
    at the end of the price map can be new; a name that was taken out is found stale and handled by
    LiteLLM's own look-up.
    """
    import litellm
    from litellm import utils

    rebuild = utils._invalidate_model_cost_lowercase_map
    known = len(litellm.model_cost)

    def add_new_names() -> None:
        nonlocal known
        prices, index = litellm.model_cost, utils._model_cost_lowercase_map
        added = len(prices) - known
        known = len(prices)
        if index is None or added < 0:
            rebuild()
            return
        index.update((name.lower(), name) for name in islice(reversed(prices), added))
        utils._model_cost_mutation_generation += 1
        utils._cached_get_model_info.cache_clear()
        utils.cached_get_model_info_helper.cache_clear()

    utils._invalidate_model_cost_lowercase_map = add_new_names


def read_yaml_with_libyaml() -> None:
    """Read config.yaml with PyYAML's C loader, where it has one: six times as fast, the same."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", None)
    if loader is not None:
        yaml.safe_load = lambda stream: yaml.load(stream, Loader=loader)  # noqa: S506 - a safe one


def copy_plain_data_at_once() -> None:
    """Copy a configuration in one go: LiteLLM does it seven times, one value after the other."""
    from litellm.proxy import proxy_server
    from litellm.router import Router

    set_model_list = Router.set_model_list

    def set_rows(self: Any, model_list: list[Any]) -> Any:
        return set_model_list(self, _Rows(model_list))

    proxy_server.copy = SimpleNamespace(copy=copy.copy, deepcopy=plain_copy)
    Router.set_model_list = set_rows


def plain_copy(data: Any, memo: Any = None) -> Any:
    """As copy.deepcopy; what consists of lists, maps and plain values only is copied at once."""
    if memo is None and type(data) in (list, dict):
        with contextlib.suppress(ValueError):
            return marshal.loads(marshal.dumps(data))  # noqa: S302 - what was just put in
    return copy.deepcopy(data, memo)


class _Rows(list[Any]):
    """A list whose copy is made at once."""

    def __deepcopy__(self, memo: Any) -> list[Any]:
        return list(plain_copy(list(self)))


class _Hollow(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes modules whose every name is an empty pydantic model (or, in capitals, a constant)."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if not f"{fullname}.".startswith(HOLLOW):
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
