"""Makes freerouter/config/validation/litellm.json out of the LiteLLM that is installed.

`python docs/litellm_keys.py`, after the pinned version has changed. What it holds is read by
`freerouter validate`, which never imports LiteLLM itself.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "freerouter" / "config" / "validation" / "litellm.json"
NOT_OF_THE_FILE = {"force_reload", "interval_hours"}
"""Asked for in something else that the proxy calls a config."""
NUMBERS = ("int", "float")
OLDER_SETTINGS = {"telemetry"}
"""Settings that earlier versions look at, and this one takes without complaint."""
CHATS = ("chat", "completion", "responses")


def known() -> dict[str, Any]:
    """The keys, providers, strategies and models that the installed LiteLLM knows."""
    # Or it would ask the internet for its prices.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm
    from litellm import constants, proxy
    from litellm.proxy._types import ConfigGeneralSettings
    from litellm.router_utils.routing_groups import VALID_ROUTING_STRATEGIES
    from litellm.types.router import GenericLiteLLMParams, LiteLLM_Params, ModelInfo
    from litellm.types.utils import ModelInfo as Facts
    from litellm.types.utils import all_litellm_params

    source = "\n".join(_sources(Path(str(litellm.__file__)).parent))
    server = Path(str(proxy.__file__)).with_name("proxy_server.py").read_text(encoding="utf-8")
    prices = {k: v for k, v in litellm.model_cost.items() if k != "sample_spec"}
    params = {
        *LiteLLM_Params.model_fields,
        *all_litellm_params,
        *constants.OPENAI_CHAT_COMPLETION_PARAMS,
        *constants.OPENAI_EMBEDDING_PARAMS,
        *constants.OPENAI_TRANSCRIPTION_PARAMS,
        *_of_providers(),
    }
    return {
        "version": version("litellm"),
        "top": sorted({"include", *_got(server, "config")} - NOT_OF_THE_FILE),
        "litellm_params": sorted(n for n in params if n.isidentifier()),
        "numbers": sorted(_numbers(GenericLiteLLMParams)),
        "model_info": sorted(
            {
                *ModelInfo.model_fields,
                *Facts.__annotations__,
                *(k for v in prices.values() for k in v),
            }
        ),
        "general_settings": sorted(
            {*ConfigGeneralSettings.model_fields, *_got(source, "general_settings")}
        ),
        "litellm_settings": sorted(
            {*_settings(litellm), *_got(source, "litellm_settings"), *_branches(server)}
            | OLDER_SETTINGS
        ),
        "router_settings": sorted(litellm.Router.get_valid_args()),
        "router_numbers": sorted(_number_arguments(litellm.Router)),
        "strategies": sorted(VALID_ROUTING_STRATEGIES),
        "providers": sorted(str(getattr(p, "value", p)) for p in litellm.provider_list),
        "models": sorted(name for name in prices if "/" not in name),
        "deprecated": _deprecated(prices),
    }


def _sources(directory: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(directory.rglob("*.py"))]


def _got(source: str, section: str) -> set[str]:
    """The keys that the proxy asks a section for."""
    asked = rf"\b{section}(?:\.get\(|\[)\s*[\"'](\w+)[\"']"
    return set(re.findall(asked, source))


def _branches(source: str) -> set[str]:
    """The keys of litellm_settings that the proxy looks at one by one."""
    return set(re.findall(r"elif key == \"(\w+)\"", source))


def _settings(module: Any) -> set[str]:
    """What can be set on the module: whatever is a plain value there."""
    values = (bool, int, float, str, list, dict, type(None))
    return {
        name
        for name, value in vars(module).items()
        if isinstance(value, values) and name[:1].islower() and not name.endswith("_models")
    }


def _of_providers() -> set[str]:
    """What single providers take besides, such as `top_k`."""
    from litellm.types.utils import LlmProviders
    from litellm.utils import ProviderConfigManager

    found: set[str] = set()
    for provider in LlmProviders:
        config = ProviderConfigManager.get_provider_chat_config("model", provider)
        if config is not None:
            found |= {
                n for kind in type(config).__mro__ for n in getattr(kind, "__annotations__", ())
            }
    return {name for name in found if not name.startswith("_")}


def _numbers(model: Any) -> set[str]:
    """Fields that hold a number and nothing else."""
    return {
        name for name, field in model.model_fields.items() if _only_numbers(str(field.annotation))
    }


def _number_arguments(function: Any) -> set[str]:
    found = inspect.signature(function.__init__).parameters.values()
    return {p.name for p in found if _only_numbers(str(p.annotation))}


def _only_numbers(annotation: str) -> bool:
    words = set(re.findall(r"\w+", annotation)) - {"class", "typing", "Optional", "Union", "None"}
    return bool(words) and words <= {*NUMBERS, "NoneType"}


def _deprecated(prices: dict[str, Any]) -> dict[str, list[str]]:
    """The models to chat with that end, with their prefix, by the day on which they do."""
    found: dict[str, set[str]] = {}
    for name, facts in prices.items():
        day = str(facts.get("deprecation_date") or "")
        own = name.startswith("azure/")  # a deployment there is named by its user
        if re.fullmatch(r"\d{4}-\d\d-\d\d", day) and facts.get("mode") in CHATS and not own:
            found.setdefault(day, set()).add(_prefixed(name, facts.get("litellm_provider", "")))
    return {day: sorted(names) for day, names in sorted(found.items())}


def _prefixed(name: str, provider: str) -> str:
    """As it is written in a config: `vertex_ai-language-models` are under `vertex_ai/`."""
    prefix = "vertex_ai" if provider.startswith("vertex_ai") else provider
    prefix = prefix.removesuffix("_converse")
    return name if name.startswith(f"{prefix}/") or not prefix else f"{prefix}/{name}"


def text(data: dict[str, Any]) -> str:
    """A line for each list: a change of LiteLLM's shows as what it is."""
    lines = (
        f"  {json.dumps(k)}: {json.dumps(v, separators=(', ', ': '))}" for k, v in data.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(known()), encoding="utf-8")
