"""What is changed in LiteLLM, seen in a process of its own and without LiteLLM itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from beside_engine import said_by

from freerouter.process import patches
from freerouter.process.engine import PINNED
from freerouter.process.patches.starting import plain_copy

if TYPE_CHECKING:
    from conftest import World

pytest.importorskip("fastapi")
pytest.importorskip("pydantic")

LOOK = """
import json, sys
from freerouter.process import patches
applied = patches.wanted(sys.argv[1])
if applied:
    patches.before_import()
from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse
from pydantic._internal import _config
app = FastAPI(openapi_url=None)
router = APIRouter(prefix="/v1")
for path in ("/models", "/chat/completions", "/messages", "/key/generate", "/mcp/tools"):
    router.add_api_route(path, lambda: None)
app.include_router(router)
before = len(app.routes)
app.mount("/ui", PlainTextResponse("ui"))
found = {
    "applied": applied,
    "deferred": _config.config_defaults["defer_build"],
    "paths": [route.path for route in router.routes],
    "mounted": len(app.routes) > before,
    "hollow": any(type(f).__name__ == "_Hollow" for f in sys.meta_path),
}
if applied:
    import mcp.types
    from mcp import ClientSession
    from mcp.types import LATEST_PROTOCOL_VERSION, Tool
    found["mcp"] = [ClientSession.__name__, LATEST_PROTOCOL_VERSION, Tool(name="x").name]
print(json.dumps(found))
"""
EVERY = ["/v1/models", "/v1/chat/completions", "/v1/messages", "/v1/key/generate", "/v1/mcp/tools"]


def look(world: World, version: str, **environ: str) -> dict[str, Any]:
    said = said_by(LOOK, version, cwd=world.cwd, **environ)
    found: dict[str, Any] = json.loads(said)
    return found


def test_the_pinned_version_is_patched(world: World) -> None:
    assert look(world, PINNED) == {
        "applied": True,
        "deferred": True,
        "paths": ["/v1/models", "/v1/chat/completions", "/v1/messages"],
        "mounted": False,
        "hollow": True,
        "mcp": ["ClientSession", "LATEST_PROTOCOL_VERSION", "x"],
    }


@pytest.mark.parametrize(
    ("version", "environ"),
    [
        ("1.0.0", {}),
        (PINNED + ".post1", {}),
        (PINNED, {"FREEROUTER_ENGINE_PATCHES": "off"}),
    ],
)
def test_nothing_is_patched_for_another_version_or_when_switched_off(
    world: World, version: str, environ: dict[str, str]
) -> None:
    assert look(world, version, **environ) == {
        "applied": False,
        "deferred": False,
        "paths": EVERY,
        "mounted": True,
        "hollow": False,
    }


def test_only_off_switches_the_patches_off(world: World) -> None:
    assert look(world, PINNED, FREEROUTER_ENGINE_PATCHES="on")["applied"] is True


def test_what_clients_ask_a_gateway_for_is_served() -> None:
    asked = (
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/models",
        "/v1/messages",
        "/v1/responses",
        "/health/liveliness",
    )
    for path in asked:
        assert any(part in path for part in patches.SERVED), path


REGISTER = """
import json, sys
from freerouter.process import patches
if sys.argv[1] == "patched":
    patches.before_import()
import litellm
from litellm import utils
if sys.argv[1] == "patched":
    patches.after_import()
rebuilt = 0
rebuild = utils._rebuild_model_cost_lowercase_map

def counted():
    global rebuilt
    rebuilt += 1
    return rebuild()

utils.get_model_cost_key("GPT-4O")
utils._rebuild_model_cost_lowercase_map = counted
before = utils.get_model_cost_mutation_generation()
found = []
for name in ("Lab/Model-A", "Lab/Model-B"):
    litellm.register_model({name: {"input_cost_per_token": 1, "litellm_provider": "openai"}})
    found.append(utils.get_model_cost_key(name.upper()))
litellm.register_model({"Lab/Model-A": {"input_cost_per_token": 2}})
litellm.model_cost.pop("Lab/Model-B")
found.append(utils.get_model_cost_key("lab/model-b"))
found.append(litellm.get_model_info("Lab/Model-A")["input_cost_per_token"])
found.append(utils.get_model_cost_mutation_generation() > before)
print(json.dumps({"found": found, "rebuilt": rebuilt}))
"""


@pytest.mark.gateway
@pytest.mark.parametrize("how", ["plain", "patched"])
def test_registered_models_are_found_the_same_with_and_without_the_patch(how: str) -> None:
    said = said_by(REGISTER, how)
    answer = json.loads(said.splitlines()[-1])
    assert answer["found"] == ["Lab/Model-A", "Lab/Model-B", None, 2, True]
    if how == "patched":
        assert answer["rebuilt"] <= 1  # only for the name that was taken out
    else:
        assert answer["rebuilt"] > 1


def test_a_copy_of_plain_data_shares_nothing_and_other_data_is_copied_as_ever() -> None:
    data = {"a": [1, 2.5, None, True, {"b": "ü"}], "c": {}}
    copied = plain_copy(data)
    assert copied == data
    copied["a"][4]["b"] = copied["c"]["d"] = 0
    assert data == {"a": [1, 2.5, None, True, {"b": "ü"}], "c": {}}
    odd: dict[str, Any] = {"lock": Odd(), "list": [1]}
    other = plain_copy(odd)
    assert other["lock"] is not odd["lock"]
    assert isinstance(other["lock"], Odd)
    assert other["list"] == [1]
    assert other["list"] is not odd["list"]


class Odd:
    """What marshal does not take."""
