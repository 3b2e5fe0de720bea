"""What it costs to say which models there are: with thousands, a second at every question."""

from __future__ import annotations

from functools import cache
from typing import Any

from freerouter.process.patches.target import Patch

RULES = "litellm.litellm_core_utils.fallback_generalizations:_FallbackGeneralizations"
MOST_MATCHED = 65_536
"""How many names are kept in mind before all are forgotten."""


OWN_WAYS = frozenset(
    ("azure", "bedrock", "bedrock_converse", "bedrock_mantle", "databricks", "gemini",
     "github_copilot", "chatgpt", "huggingface", "vertex_ai", "vertex_ai_beta")
)  # fmt: skip
"""Providers whose models LiteLLM looks for by other names than their own."""


def surely_unknown(model: str, provider: str = "") -> bool:
    """Whether LiteLLM's prices have no such model, told without its search, which goes by seven
    names. False where that takes more than a look.
    """
    from litellm import utils

    prefix, _, rest = model.partition("/")
    for name in (provider, prefix):
        if name in OWN_WAYS or (name in utils.LlmProvidersSet and not _asks_nobody(name)):
            return False
    index = utils._model_cost_lowercase_map
    names = (model, rest, f"{provider}/{model}")
    if index is None or "ft:" in model or any(name.lower() in index for name in names):
        return False
    short = utils._strip_dated_snapshot_suffix(model)
    return _ends().isdisjoint(name.rpartition("/")[2].lower() for name in (model, short))


@cache
def _asks_nobody(provider: str) -> bool:
    """Whether a provider is no other source of what its models are, nor calls them otherwise."""
    from litellm.llms.base_llm.base_utils import BaseLLMModelInfo
    from litellm.types.utils import LlmProviders
    from litellm.utils import ProviderConfigManager

    found = ProviderConfigManager.get_provider_model_info(model="", provider=LlmProviders(provider))
    usual = BaseLLMModelInfo.get_model_cost_key
    return found is None or (
        not callable(getattr(found, "get_model_info", None))
        and getattr(type(found), "get_model_cost_key", usual) is usual
    )


@cache
def _ends() -> frozenset[str]:
    """The last parts of all names that LiteLLM brought prices for."""
    from litellm import model_cost

    return frozenset(name.rpartition("/")[2].lower() for name in model_cost)


def describe_listed_models_once() -> None:
    """Give out copies of a model's description, while prices and deployments are as they were.

    It is made of limits and the mode; which parameters a model takes is not worked out for it.
    """
    from litellm import utils as prices
    from litellm.proxy import utils

    describe = utils.create_model_info_response
    described: dict[tuple[Any, ...], Any] = {}
    state: tuple[Any, ...] = ()

    def create_model_info_response(
        model_id: str,
        provider: str,
        include_metadata: bool = False,
        fallback_type: str | None = None,
        llm_router: Any = None,
        **rest: Any,
    ) -> Any:
        nonlocal state
        words = (model_id, provider, include_metadata, fallback_type, llm_router)
        if rest or include_metadata or llm_router is None:
            return describe(*words, **rest)
        now = (prices._model_cost_mutation_generation, llm_router, len(llm_router.model_list))
        if now != state:
            described.clear()
            state = now
        if (found := described.get(words[:4])) is None:
            found = described[words[:4]] = describe(*words, get_model_info=look_up)
        return dict(found)

    def look_up(model: str) -> Any:
        names = (model, model.partition("/")[2])
        if surely_unknown(model) and not any(map(prices.match_capability_generalizations, names)):
            raise LookupError(model)
        return prices.get_model_info_helper(model)

    utils.create_model_info_response = create_model_info_response


def search_once_at_registration() -> None:
    """Work out which parameters a registered model takes only where something is known of it."""
    from litellm import utils

    look_up = utils._get_builtin_model_info_for_registration

    def known(model: str, custom_llm_provider: str | None) -> Any:
        if surely_unknown(model, custom_llm_provider or ""):
            return None
        try:
            found: Any = utils.get_model_info_helper(
                model=model, custom_llm_provider=custom_llm_provider
            )
        except Exception:  # noqa: BLE001 - what LiteLLM raises for an unknown one
            return None
        return (
            None if utils.is_generalized_model_info(found) else look_up(model, custom_llm_provider)
        )

    utils._get_builtin_model_info_for_registration = known


def leave_model_cards_alone() -> None:
    """Ask huggingface.co for no model's card: it was done at every start, one model after another.

    How long a prompt may be stands in config.yaml, where the provider tells it.
    """
    from litellm import utils

    utils._get_max_position_embeddings = lambda model_name: None  # noqa: ARG005 - called by name


def read_modes_where_they_stand() -> None:
    """Look a deployment's mode up in its row; it was validated anew for that, all of it."""
    from litellm.router import Router

    read = Router.get_configured_mode

    def get_configured_mode(self: Any, model_name: str) -> str | None:
        places = self.model_name_to_deployment_indices.get(model_name)
        row = self.model_list[places[0]] if places else None
        if not isinstance(row, dict):
            found: str | None = read(self, model_name)
            return found
        mode = (row.get("model_info") or {}).get("mode")
        return mode if isinstance(mode, str) and mode.strip() else None

    Router.get_configured_mode = get_configured_mode


def match_rules_once() -> None:
    """Keep which of LiteLLM's rules for unknown models a name matches: 148 expressions a name."""
    from litellm.litellm_core_utils import fallback_generalizations as rules

    match = rules._FallbackGeneralizations.match_capabilities
    matched: dict[str, dict[str, Any] | None] = {}
    of: Any = None

    def match_capabilities(self: Any, model: str) -> dict[str, Any] | None:
        nonlocal of
        if self.capability_rules is not of or len(matched) > MOST_MATCHED:
            matched.clear()
            of = self.capability_rules
        if model not in matched:
            matched[model] = match(self, model)
        found = matched[model]
        return None if found is None else dict(found)

    rules._FallbackGeneralizations.match_capabilities = match_capabilities


SEARCH = {
    "litellm.utils:get_model_info_helper": "6e208fdb8a9e",
    "litellm.utils:get_potential_model_names": "beb18b255d72",
    "litellm.utils:_strip_model_name": "d1decdcec3f8",
    "litellm.utils:get_model_cost_key": "4f0f34adb4c8",
}
"""What `surely_unknown` tells the end of."""
PATCHES = (
    Patch(
        "a listed model is described once",
        {"litellm.proxy.utils:create_model_info_response": "f09195eadbe3", **SEARCH},
        describe_listed_models_once,
    ),
    Patch(
        "a registered model is searched for once",
        {"litellm.utils:_get_builtin_model_info_for_registration": "50ad74b4adf7", **SEARCH},
        search_once_at_registration,
    ),
    Patch(
        "a model's mode is read where it stands",
        {
            "litellm.router:Router.get_configured_mode": "d99872951210",
            "litellm.router:Router.get_deployment_by_model_group_name": "523318aea549",
        },
        read_modes_where_they_stand,
    ),
    Patch(
        "no model card is asked for",
        {"litellm.utils:_get_max_position_embeddings": "90d3681c4c4c"},
        leave_model_cards_alone,
    ),
    Patch(
        "rules for unknown models are matched once",
        {f"{RULES}.match_capabilities": "b731e82ac60a"},
        match_rules_once,
    ),
)
