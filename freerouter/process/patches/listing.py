"""What it costs to say which models there are: with thousands, a second at every question."""

from __future__ import annotations

from typing import Any

from freerouter.process.patches.target import Patch

RULES = "litellm.litellm_core_utils.fallback_generalizations:_FallbackGeneralizations"
MOST_MATCHED = 65_536
"""How many names are kept in mind before all are forgotten."""


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
            look_up = prices.get_model_info_helper
            found = described[words[:4]] = describe(*words, get_model_info=look_up)
        return dict(found)

    utils.create_model_info_response = create_model_info_response


def search_once_at_registration() -> None:
    """Work out which parameters a registered model takes only where something is known of it."""
    from litellm import utils

    look_up = utils._get_builtin_model_info_for_registration

    def known(model: str, custom_llm_provider: str | None) -> Any:
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


PATCHES = (
    Patch(
        "a listed model is described once",
        {"litellm.proxy.utils:create_model_info_response": "f09195eadbe3"},
        describe_listed_models_once,
    ),
    Patch(
        "a registered model is searched for once",
        {"litellm.utils:_get_builtin_model_info_for_registration": "50ad74b4adf7"},
        search_once_at_registration,
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
